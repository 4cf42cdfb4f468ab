// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

extension BPFCollection {
  /// What ``BPFCollection/attachAll()`` did.
  public struct AttachReport: Sendable, Hashable {
    /// Programs and struct_ops maps that the call attached, with the place of each.
    public var attached: [Entry] = []
    /// Programs whose section does not say where they attach: attach them with ``Program/attach(to:)``.
    public var waiting: [Entry] = []

    public struct Entry: Sendable, Hashable {
      public var name: String
      /// Where it is attached, or the section that it waits with.
      public var place: String
    }
  }
}

extension BPFCollection {
  /// Attaches every program that was loaded and whose section says where, and registers struct_ops maps. The collection
  /// keeps the links until it closes. What is attached already is passed over, also when two threads attach at once.
  ///
  /// - Throws: `BPFError` naming the program; what this call had attached before is detached again.
  /// - Returns: what this call attached, and which programs you have to attach yourself.
  public func attachAll() throws(BPFError) -> AttachReport {
    try attaching.withLock { _ throws(BPFError) in try attachTheRest() }
  }

  private func attachTheRest() throws(BPFError) -> AttachReport {
    let programs = try state.withLock { (state) throws(BPFError) in
      try state.expect(.loaded, "attaching")
      return state.loaded.programs
    }
    let names = Set(links.names)
    var report = AttachReport()
    let made = LinkSet()
    do throws(BPFError) {
      for program in programs where !names.contains(program.name) {
        guard let spec = program.spec, spec.autoattach, program.type != .structOps else { continue }
        guard try Hook(spec) != nil else {
          report.waiting.append(AttachReport.Entry(name: program.name, place: spec.sectionName))
          continue
        }
        let link = try program.attach()
        report.attached.append(AttachReport.Entry(name: program.name, place: link.place))
        made.keep(link, as: program.name)
      }
      for name in structOpsNames where !names.contains(name) {
        let link = try registerStructOps(name)
        report.attached.append(AttachReport.Entry(name: name, place: link.place))
        made.keep(link, as: name)
      }
      try state.withLock { (state) throws(BPFError) in
        // Somebody may have closed the collection meanwhile.
        try state.expect(.loaded, "attaching")
        links.absorb(made)
      }
    } catch {
      made.removeAll()
      throw error
    }
    return report
  }

  /// Keeps a link with the collection, so that it lives as long: in ``links``.
  public func keep(_ link: consuming Link, as name: String) { links.keep(link, as: name) }

  /// Detaches what this collection attached; programs and maps stay loaded.
  public func detachAll() { links.removeAll() }
}
