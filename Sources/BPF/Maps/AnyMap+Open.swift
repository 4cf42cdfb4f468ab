// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

/// What a map that is opened may be used for.
public struct MapAccess: Hashable, Sendable {
  let flags: UInt32

  public static let readWrite = MapAccess(flags: 0)
  /// `BPF_F_RDONLY`.
  public static let readOnly = MapAccess(flags: MapFlags.readOnly.rawValue)
  /// `BPF_F_WRONLY`.
  public static let writeOnly = MapAccess(flags: MapFlags.writeOnly.rawValue)
}

extension AnyMap {
  /// Opens the map with an id.
  ///
  /// - Requires: Linux 4.13, CAP_SYS_ADMIN
  /// - Throws: `notFound` when there is no such map (any more).
  public convenience init(id: UInt32, access: MapAccess = .readWrite) throws(BPFError) {
    let descriptor: Descriptor
    do {
      descriptor = try BPFCall.openByID(.map, id, flags: access.flags)
    } catch {
      throw BPFError("opening the map with id \(id)", errno: error, hint: BPFError.hintForIDs(error))
    }
    try self.init(owning: descriptor)
  }

  /// Opens a pinned map.
  ///
  /// - Parameters:
  ///   - path: in a bpffs: "/sys/fs/bpf/blocked".
  ///   - access: what it is opened for.
  /// - Throws: `BPFError` of code `.wrongKind` where something else is pinned.
  public convenience init(pinned path: String, access: MapAccess = .readWrite) throws(BPFError) {
    try self.init(owning: try Pinning.open(path, as: .map, flags: access.flags))
  }

  /// Opens the only map with a name.
  ///
  /// - Parameters:
  ///   - name: the whole name, or the 15 bytes that the kernel keeps.
  ///   - access: what it is opened for.
  /// - Throws: `notFound` when there is none, `exists` when there are several (the ids are in the message).
  public convenience init(named name: String, access: MapAccess = .readWrite) throws(BPFError) {
    let found = try AnyMap.all(named: name)
    guard let only = found.first else {
      throw BPFError(.notFound, "opening the map named \(name)", hint: "`merops map list` shows the maps there are")
    }
    guard found.count == 1 else {
      throw BPFError(
        .exists, "opening the map named \(name)",
        detail: "\(found.count) maps have that name, with ids \(found.map { "\($0.id)" }.joined(separator: ", "))",
        hint: "open one of them by its id")
    }
    try self.init(id: only.id, access: access)
  }

  /// Calls `body` with each map in the kernel, opened, by ascending id. Maps that go away meanwhile are left out.
  ///
  /// - Requires: Linux 4.13, CAP_SYS_ADMIN
  public static func forEach(access: MapAccess = .readOnly, _ body: (AnyMap) -> Void) throws(BPFError) {
    func next(after id: inout UInt32) throws(BPFError) -> Descriptor? {
      do {
        return try BPFCall.openNext(.map, after: &id, flags: access.flags)
      } catch {
        throw BPFError("listing maps", errno: error, hint: BPFError.hintForIDs(error))
      }
    }
    var id: UInt32 = 0
    while let descriptor = try next(after: &id) { body(try AnyMap(owning: descriptor)) }
  }

  /// The facts of every map in the kernel, by ascending id.
  public static func all() throws(BPFError) -> [MapInfo] {
    var result: [MapInfo] = []
    try forEach { result.append($0.info) }
    return result
  }

  /// The facts of the maps with a name. The kernel keeps 15 bytes of a name; the map's types have the whole of it. The
  /// kernel's 15 bytes find the map too.
  public static func all(named name: String) throws(BPFError) -> [MapInfo] {
    var result: [MapInfo] = []
    try forEach { map in
      if FullName.matches(name, full: map.name, kept: map.info.name) { result.append(map.info) }
    }
    return result
  }
}
