// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Links that are kept together, each under a name, in the order in which they came.
///
/// A ``Link`` has one owner and cannot be an element of an array or dictionary. A set owns many of them: it attaches
/// nothing itself, and when it goes away, or is cleared, all of its programs are detached.
///
///     let links = LinkSet()
///     for interface in interfaces {
///       links.keep(try filter.attach(to: .xdp(interface: .name(interface))), as: interface)
///     }
///     links.withLink("eth0") { link in print(link.place) }
///     let one = links.take("eth0")    // yours again; the others stay attached
///     try links.detachAll()
///
/// For other shapes keep sets in your own collections (`[Tenant: LinkSet]`), or a link in a class of your own.
/// Safe to share between threads.
public final class LinkSet: Sendable {
  private let held = Mutex<[Held]>([])

  public init() {}

  /// A link under its name. It has a lock of its own, so that the set is not locked while a link is lent.
  private final class Held: Sendable {
    let name: String
    private let link: Mutex<Link?>

    init(_ name: String, _ link: consuming Link) {
      self.name = name
      self.link = Mutex(link)
    }

    func drop() { link.withLock { $0 = nil } }

    func take() -> Link? { link.withLock { held in held.take() } }

    func lend<Result: ~Copyable & Sendable, Failure: Error>(
      _ body: (borrowing Link) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
      try link.withLock { (held) throws(Failure) -> Result? in try held?.lend(to: body) }
    }
  }

  /// Keeps a link. One of the same name that was kept before is detached.
  public func keep(_ link: consuming Link, as name: String) {
    let new = Held(name, link)
    let old = held.withLock { held -> Held? in
      guard let index = held.firstIndex(where: { $0.name == name }) else {
        held.append(new)
        return nil
      }
      defer { held[index] = new }
      return held[index]
    }
    old?.drop()
  }

  /// Keeps a link under the name of its place: `xdp on veth0`.
  ///
  /// - Returns: the name, with a number after it if another link has it already.
  @discardableResult
  public func keep(_ link: consuming Link) -> String {
    let place = link.place
    var name = place
    let names = Set(names)
    var number = 2
    while names.contains(name) {
      name = "\(place) (\(number))"
      number += 1
    }
    keep(link, as: name)
    return name
  }

  /// The names of the links, in order.
  public var names: [String] { held.withLock { $0.map(\.name) } }

  public var count: Int { held.withLock { $0.count } }

  public var isEmpty: Bool { count == 0 }

  /// Takes a link out of the set: it is the caller's to keep.
  public func take(_ name: String) -> Link? {
    let found = held.withLock { held in
      held.firstIndex { $0.name == name }.map { held.remove(at: $0) }
    }
    return found?.take()
  }

  /// Lends a link; nil when none has the name.
  public func withLink<Result: ~Copyable & Sendable, Failure: Error>(
    _ name: String, _ body: (borrowing Link) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let found = held.withLock({ held in held.first { $0.name == name } }) else { return nil }
    return try found.lend(body)
  }

  /// Lends each link in order, with its name.
  public func forEach<Failure: Error>(
    _ body: (_ name: String, _ link: borrowing Link) throws(Failure) -> Void
  ) throws(Failure) {
    for one in held.withLock({ $0 }) {
      _ = try one.lend { (link) throws(Failure) in try body(one.name, link) }
    }
  }

  /// Detaches all links, the last one first, also those that are pinned or held elsewhere (``Link/detach()``).
  ///
  /// - Throws: the first error, after every link was tried. The set is empty then.
  public func detachAll() throws(BPFError) {
    var first: BPFError?
    for one in removed().reversed() {
      guard let link = one.take() else { continue }
      do { try link.detach() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// Lets go of all links, the last one first: what is neither pinned nor held elsewhere is detached.
  public func removeAll() {
    for one in removed().reversed() { one.drop() }
  }

  /// Moves another set's links here, behind those that are here already.
  func absorb(_ other: LinkSet) {
    let moved = other.removed()
    held.withLock { $0 += moved }
  }

  private func removed() -> [Held] {
    held.withLock { held in
      defer { held = [] }
      return held
    }
  }
}

extension Link {
  fileprivate borrowing func lend<Result: ~Copyable & Sendable, Failure: Error>(
    to body: (borrowing Link) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(self)
  }
}
