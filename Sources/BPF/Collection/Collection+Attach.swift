// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

/// What ``Collection/attachAll()`` did.
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

extension Collection {
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

// struct_ops.
extension Collection {
  private var structOpsNames: [String] {
    state.withLock { state in
      state.loaded.structOps.keys.sorted().map { state.loader.spec.maps[$0].name }
    }
  }

  /// Registers the operations of a struct_ops map.
  ///
  /// - Requires: Linux 5.6; 6.4 for maps of a `.struct_ops.link` section
  public func registerStructOps(_ name: String) throws(BPFError) -> Link {
    let (map, value) = try state.withLock { (state) throws(BPFError) in
      try state.expect(.loaded, "registering struct_ops of")
      guard let index = state.loader.spec.mapIndex(named: name), let map = state.loaded.maps[index],
        let value = state.loaded.structOps[index]
      else { throw state.unknown("struct_ops map", name, state.loader.spec.maps.map(\.name)) }
      return (map, value)
    }
    do {
      var key: UInt32 = 0
      try BPFCall.update(fd: map.fd, key: &key, value: value)
    } catch {
      // A map that was registered by a link once keeps its value, and can be registered again.
      guard error == .resourceBusy, map.info.flags.contains(.link) else {
        throw BPFError(
          "registering struct_ops \(name)", errno: error,
          hint: error == .fileExists ? "operations of this name are registered already" : nil)
      }
    }
    guard map.info.flags.contains(.link) else {
      // Without BPF_F_LINK the update has registered them.
      return Link(StructOpsRegistration(map), place: "struct_ops \(name)")
    }
    return try map.attachStructOps()
  }
}

/// Operations that were registered by filling their map. Emptying it takes them out.
private final class StructOpsRegistration: Attachment {
  private let map: AnyMap

  init(_ map: AnyMap) { self.map = map }

  deinit { try? detach() }

  var linkFD: CInt? { nil }

  func detach() throws(BPFError) {
    var key: UInt32 = 0
    do {
      try BPFCall.delete(fd: map.fd, key: &key)
    } catch {
      if error != .noSuchFileOrDirectory { throw BPFError("taking out struct_ops \(map.name)", errno: error) }
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw BPFError(
      .unsupported, "replacing a program of struct_ops \(map.name)",
      hint: "load another map, and register it in this one's place")
  }
}
