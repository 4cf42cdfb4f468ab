// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

extension BPFCollection {
  var structOpsNames: [String] {
    state.withLock { state in
      state.loaded.structOps.keys.sorted().map { state.plan.spec.maps[$0].name }
    }
  }

  /// Registers the operations of a struct_ops map.
  ///
  /// - Requires: Linux 5.6; 6.4 for maps of a `.struct_ops.link` section
  public func registerStructOps(_ name: String) throws(BPFError) -> Link {
    let map = try filledStructOps(name)
    guard map.info.flags.contains(.link) else {
      // Without BPF_F_LINK the update has registered them.
      return Link(StructOpsRegistration(map), place: "struct_ops \(name)")
    }
    return try map.attachStructOps()
  }

  /// Puts the operations of one of this object's struct_ops maps in place of those that a link has registered, with no
  /// moment between the two. What was registered may be another collection's.
  ///
  /// - Requires: Linux 6.4, maps of `.struct_ops.link` sections
  public func replaceStructOps(of link: borrowing Link, with name: String) throws(BPFError) {
    try link.update(to: try filledStructOps(name))
  }

  /// A struct_ops map with the descriptors of its programs in it, which registers it if it has no link.
  private func filledStructOps(_ name: String) throws(BPFError) -> AnyMap {
    let (map, value) = try state.withLock { (state) throws(BPFError) in
      try state.expect(.loaded, "registering struct_ops of")
      guard let index = state.plan.spec.mapIndex(named: name), let map = state.loaded.maps[index],
        let value = state.loaded.structOps[index]
      else { throw state.unknown("struct_ops map", name, state.plan.spec.maps.map(\.name)) }
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
    return map
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
