// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension Hook {
  /// What an iterator walks over, where its program leaves a choice. An open set.
  public struct IteratorTarget: Sendable {
    /// `union bpf_iter_link_info`: map_fd | {order, cgroup_fd, cgroup_id} | {tid, pid, pid_fd}, all 32 bits but the id.
    fileprivate var words: [UInt32] = []
    fileprivate var requires: String?
    /// What the descriptor in `words` belongs to.
    fileprivate var map: AnyMap?
    fileprivate var cgroup: String?

    /// Everything there is.
    public static let all = IteratorTarget()

    /// The entries of a map (`bpf_map_elem`, `bpf_sk_storage_map`, `sockmap`).
    public static func map(_ map: AnyMap) -> IteratorTarget {
      IteratorTarget(words: [UInt32(bitPattern: map.fd)], map: map)
    }

    /// One thread (`task`, `task_file`, `task_vma`).
    ///
    /// - Requires: Linux 6.1
    public static func thread(_ id: UInt32) -> IteratorTarget {
      IteratorTarget(words: [id, 0, 0, 0], requires: "6.1")
    }

    /// One process (`task`, `task_file`, `task_vma`).
    ///
    /// - Requires: Linux 6.1
    public static func process(_ id: UInt32) -> IteratorTarget {
      IteratorTarget(words: [0, id, 0, 0], requires: "6.1")
    }

    /// A cgroup by path (`cgroup`).
    ///
    /// - Requires: Linux 6.1
    public static func cgroup(path: String, order: CgroupOrder = .descendantsPreOrder) -> IteratorTarget {
      IteratorTarget(words: [order.rawValue, 0, 0, 0], requires: "6.1", cgroup: path)
    }

    /// In which order cgroups are walked (`enum bpf_cgroup_iter_order`).
    public struct CgroupOrder: RawRepresentable, Sendable, Hashable {
      public var rawValue: UInt32
      public init(rawValue: UInt32) { self.rawValue = rawValue }

      /// The named cgroup alone.
      public static let selfOnly = CgroupOrder(rawValue: 1)
      /// The cgroup, then those below it.
      public static let descendantsPreOrder = CgroupOrder(rawValue: 2)
      /// Those below it, then the cgroup.
      public static let descendantsPostOrder = CgroupOrder(rawValue: 3)
      /// The cgroup, its parent, and so on to the root.
      public static let ancestorsUp = CgroupOrder(rawValue: 4)
    }
  }

  /// An iterator program's own target; ``Link/read(_:)`` runs it.
  public static func iterator(_ target: IteratorTarget = .all) -> Hook {
    Hook("iterator", .tracing) { (program, words) throws(BPFError) in
      let place = program.spec?.sectionName ?? words
      func link(_ words: [UInt32]) throws(BPFError) -> Link {
        try program.createLink(
          at: place, attachType: .traceIter,
          detail: words.isEmpty ? .none : .iterator(words.withUnsafeBytes { Array($0) }), requires: target.requires
        ) { error in
          error == .badFileDescriptor && target.map == nil
            ? "this iterator walks over one map: attach it to .iterator(.map(...))" : nil
        }
      }
      guard let path = target.cgroup else { return try link(target.words) }
      let cgroup = try program.openTarget(path, place)
      var words = target.words
      words[1] = UInt32(bitPattern: cgroup.rawValue)
      return try link(words)
    }
  }
}

extension Link {
  /// Runs the iterator once over all there is now, and returns what its program wrote.
  ///
  /// - Requires: an iterator's link
  public borrowing func output() throws(BPFError) -> [UInt8] {
    var run = try iteratorRun()
    var result: [UInt8] = []
    while let chunk = try run.next() { result.append(contentsOf: chunk) }
    return result
  }

  /// Runs the iterator once, passing on what its program writes as it comes.
  ///
  /// - Parameters:
  ///   - body: gets a buffer that is valid during the call. An error that it throws ends the run.
  /// - Throws: ``BPFError``, or what `body` throws.
  /// - Requires: an iterator's link
  public borrowing func read(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var run = try iteratorRun()
    while let chunk = try run.next() { try body(chunk) }
  }

  private borrowing func iteratorRun() throws(BPFError) -> IteratorRun {
    guard let fd else {
      throw BPFError(.invalid, "reading \(place)", detail: "it is not an iterator's link")
    }
    return try IteratorRun(link: fd, place)
  }
}

/// A file that runs an iterator program while it is read.
private struct IteratorRun: ~Copyable {
  private let file: Descriptor
  private let place: String
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

  init(link: CInt, _ place: String) throws(BPFError) {
    self.place = place
    do { file = try BPFCall.createIterator(link: link) } catch {
      throw BPFError(
        error == .invalidArgument ? .invalid : .init(error), "reading \(place)", errno: error,
        detail: error == .invalidArgument ? "it is not an iterator's link" : nil)
    }
  }

  deinit { buffer.deallocate() }

  /// What the program wrote next, valid until the next call; nil at the end.
  mutating func next() throws(BPFError) -> UnsafeRawBufferPointer? {
    do {
      let count = try SystemFile.read(file, into: buffer)
      return count > 0 ? UnsafeRawBufferPointer(rebasing: buffer[..<count]) : nil
    } catch {
      throw BPFError("reading \(place)", errno: error)
    }
  }
}
