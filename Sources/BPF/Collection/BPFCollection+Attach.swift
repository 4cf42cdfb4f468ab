// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

/// What ``BPFCollection/attachAll()`` did.
public struct AttachReport: Sendable, Hashable {
  /// Programs and struct_ops maps that are attached now, with the place of each.
  public var attached: [Entry] = []
  /// Programs whose section does not say where they belong: attach them with ``Program/attach(to:)``.
  public var waiting: [Entry] = []

  public struct Entry: Sendable, Hashable {
    public var name: String
    /// Where it is attached, or the section that it waits with.
    public var place: String
  }
}

extension BPFCollection {
  /// Attaches every program that was loaded and whose section says where, and registers struct_ops maps. The links are
  /// kept until the collection closes.
  ///
  /// - Throws: `BPFError` naming the program; what this call had attached before is detached again.
  /// - Returns: what is attached, and what has to be told where.
  @discardableResult
  public func attachAll() throws(BPFError) -> AttachReport {
    let (programs, names) = try state.withLock { (state) throws(BPFError) in
      try state.expect(.loaded, "attaching")
      return (state.loaded.programs, Set(state.links.keys))
    }
    var report = AttachReport()
    var made: [HeldLink] = []
    do throws(BPFError) {
      for program in programs where !names.contains(program.name) {
        guard let spec = program.spec, spec.autoattach, program.type != .structOps else { continue }
        guard try Hook(spec) != nil else {
          report.waiting.append(AttachReport.Entry(name: program.name, place: spec.sectionName))
          continue
        }
        let link = try program.attach()
        report.attached.append(AttachReport.Entry(name: program.name, place: link.place))
        made.append(HeldLink(program.name, link))
      }
      for name in structOpsNames where !names.contains(name) {
        let link = try registerStructOps(name)
        report.attached.append(AttachReport.Entry(name: name, place: link.place))
        made.append(HeldLink(name, link))
      }
    } catch {
      for link in made.reversed() { link.drop() }
      throw error
    }
    state.withLock { state in
      for link in made { state.links[link.name] = link }
    }
    return report
  }

  /// Keeps a link with the collection, so that it lives as long.
  public func keep(_ link: consuming Link, as name: String) {
    let held = HeldLink(name, link)
    let old = state.withLock { state in state.links.updateValue(held, forKey: name) }
    old?.drop()
  }

  /// Takes a link out of the collection: it is the caller's to keep.
  public func takeLink(_ name: String) -> Link? {
    let held = state.withLock { state in state.links.removeValue(forKey: name) }
    return held?.take()
  }

  /// Lends a link that the collection keeps, by the name of its program or struct_ops map.
  public func withLink<Result: Sendable>(
    _ name: String, _ body: (borrowing Link) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    let held = state.withLock { state in state.links[name] }
    guard let result = try held?.withLink(body) else {
      throw BPFError(.notFound, "looking for the link of \(name)", hint: "it is not attached, or was taken")
    }
    return result
  }

  /// The names of the programs and struct_ops maps that this collection holds links of.
  public var attachedNames: [String] { state.withLock { $0.links.keys.sorted() } }

  /// Detaches what this collection attached; programs and maps stay loaded.
  public func detachAll() {
    let links = state.withLock { state -> [HeldLink] in
      defer { state.links = [:] }
      return Array(state.links.values)
    }
    for link in links { link.drop() }
  }
}
