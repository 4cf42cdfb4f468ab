// SPDX-License-Identifier: Apache-2.0

import BPFObject
package import BPFSystem
import Synchronization
import SystemPackage

/// A map in the kernel, with keys and values as bytes: what ``Map``, ``PerCPUMap`` and the other typed views stand on.
///
/// It owns its descriptor. The map lives as long as something holds it: this object, a program, a pin, another map.
/// All operations may be called from any thread at any time; each one is a system call of its own.
public final class AnyMap: Sendable {
  let descriptor: Descriptor

  /// The kernel's facts, asked for once.
  public let info: MapInfo

  /// The whole name, where this process created the map or the map's types have it; otherwise the 15 bytes that the kernel
  /// keeps.
  public let name: String

  /// Bytes that a lookup writes: the value, or for per-CPU maps one of each *possible* CPU, each padded to 8 bytes.
  public let lookupSize: Int

  /// What keys and values mean, once asked for.
  let knownTypes: Mutex<KnownTypes>

  /// The memory of an array that user space may map, once asked for.
  let mapping = Mutex<MapMemory?>(nil)

  /// Whether batch lookups are worth trying; false after the kernel has refused one.
  let batches = Atomic<Bool>(true)

  /// Takes ownership of a map's descriptor.
  ///
  /// - Parameters:
  ///   - descriptor: of a map.
  ///   - name: the whole name, where it is known.
  ///   - types: what keys and values mean, where it is known; otherwise they are read from the kernel when needed.
  package init(
    owning descriptor: consuming Descriptor, name: String? = nil, types: MapTypes? = nil
  ) throws(BPFError) {
    do {
      let information = try BPFCall.mapInformation(fd: descriptor.rawValue)
      info = MapInfo(information)
      self.name = name ?? FullName.map(information)
    } catch {
      throw BPFError("reading the information of \(name.map { "map \($0)" } ?? "a map")", errno: error)
    }
    lookupSize = info.type.isPerCPU ? info.valueStride * (try Self.possibleCPUs()) : Self.plainLookupSize(info)
    knownTypes = Mutex(types.map { .known($0) } ?? .unasked)
    self.descriptor = descriptor
  }

  /// Takes ownership of a map's descriptor, which was inherited or received from another process.
  ///
  /// - Throws: `BPFError` of code `.wrongKind` for a descriptor of anything else, which is closed.
  public convenience init(owning fd: CInt) throws(BPFError) {
    let descriptor = Descriptor(owning: fd)
    try Pinning.check(fd, is: .map, "opening map by descriptor \(fd)", "the descriptor")
    try self.init(owning: descriptor)
  }

  /// The descriptor's number, for calls that borrow it. Valid for as long as this object lives.
  public var fd: CInt { descriptor.rawValue }

  /// Maps of descriptors hand ids out as 32 bits, whatever size their values have.
  private static func plainLookupSize(_ info: MapInfo) -> Int {
    info.type.holdsDescriptors ? max(info.valueSize, 4) : info.valueSize
  }

  static func possibleCPUs() throws(BPFError) -> Int {
    do {
      return try CPUSet.possible.count
    } catch {
      throw BPFError(
        "reading the set of possible CPUs", errno: error,
        hint: error == .noSuchFileOrDirectory ? "mount /sys: mount -t sysfs sysfs /sys" : nil)
    }
  }
}

extension AnyMap: CustomStringConvertible {
  public var description: String { "\(info.type) map \(name) (id \(info.id))" }

  /// How errors name it: by its name, or its id if it has none.
  var label: String { name.isEmpty ? "with id \(info.id)" : name }

  /// An error about this map: `reading map counts`.
  func failure(_ action: String, _ errno: Errno, requires: String? = nil) -> BPFError {
    BPFError("\(action) map \(label)", errno: errno, requires: requires)
  }
}

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
