// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
import SystemPackage

/// Makes an object's maps: creates them or finds them pinned, fills them, pins them.
struct MapCreation {
  let spec: ObjectSpec
  let settings: LoadOptions
  /// The object's types in the kernel; nil where the kernel took none.
  let types: CInt?
  /// Maps that the caller gives in place of the object's, by name.
  let replacements: [String: AnyMap]
  /// The value of the map of kernel options.
  let options: [UInt8]?
  /// By the struct_ops map's index.
  let structOps: [Int: StructOpsLayout]

  /// The maps that were made so far, by index; nil for those that are not created.
  private(set) var maps: [AnyMap?] = []
  /// Pins that were made, for undoing.
  private(set) var pins: [String] = []
  /// The memory of arenas, by index.
  private(set) var arenas: [Int: ArenaMemory] = [:]

  init(
    spec: ObjectSpec, settings: LoadOptions, types: CInt?, replacements: [String: AnyMap], options: [UInt8]?,
    structOps: [Int: StructOpsLayout]
  ) {
    self.spec = spec
    self.settings = settings
    self.types = types
    self.replacements = replacements
    self.options = options
    self.structOps = structOps
  }

  /// Makes all maps. When one fails, pins that were made are removed.
  mutating func make() throws(BPFError) {
    do {
      for index in spec.maps.indices {
        maps.append(try make(index))
        try mapArena(index)
      }
      // A map of maps may hold maps that follow it.
      for index in spec.maps.indices { try fillSlots(index) }
    } catch {
      undo()
      throw error
    }
  }

  func undo() {
    for pin in pins.reversed() { try? Pinning.remove(pin) }
  }

  private mutating func make(_ index: Int) throws(BPFError) -> AnyMap? {
    let map = spec.maps[index]
    if let given = replacements[map.name] { return given }
    guard map.autocreate else { return nil }
    guard map.pinning == .byName else { return try create(index) }
    let path = "\(settings.pinDirectory)/\(map.name)"
    var lost = false
    while true {
      if let found = try AnyMap.reuse(pinned: path, as: try parameters(map), types: mapTypes(map)) { return found }
      let made = try create(index)
      do {
        try Pinning.pin(made.fd, at: path, makingDirectories: true)
        pins.append(path)
        return made
      } catch {
        // Somebody else may have pinned one meanwhile; then that is the map.
        guard error == .fileExists, !lost else {
          throw BPFError("pinning map \(map.name) at \(path)", errno: error, hint: Pinning.hint(error))
        }
        lost = true
      }
    }
  }

  private func create(_ index: Int) throws(BPFError) -> AnyMap {
    let map = spec.maps[index]
    if let layout = structOps[index] { return try create(map, layout) }
    let made = try create(map)
    try fill(made, map)
    return made
  }

  private func create(_ map: MapSpec) throws(BPFError) -> AnyMap {
    let inner = try map.inner.map { spec throws(BPFError) in try create(spec) }
    return try AnyMap(
      creating: parameters(map), types: mapTypes(map), btf: types, inner: inner, token: settings.token?.fd)
  }

  private func parameters(_ map: MapSpec) throws(BPFError) -> MapParameters {
    var parameters = MapParameters(map)
    if case .offload(let interface) = settings.device, map.type != .perfEventArray {
      parameters.interfaceIndex = try interface.resolved()
    }
    // Kernels before 5.5 do not know the flag; the globals are then reached by system calls.
    if map.section.isData, !KernelSupport.hasMappableArrays { parameters.flags.remove(.memoryMappable) }
    return parameters
  }

  private func mapTypes(_ map: MapSpec) -> MapTypes? {
    guard let types = spec.types, map.keyType != nil || map.valueType != nil else { return nil }
    return MapTypes(types, key: map.keyType ?? .void, value: map.valueType ?? .void)
  }

  /// A struct_ops map's value has the kernel's type.
  private func create(_ map: MapSpec, _ layout: StructOpsLayout) throws(BPFError) -> AnyMap {
    var request = MapCreate(
      type: map.type.rawValue, keySize: map.keySize, valueSize: UInt32(layout.value.count),
      maxEntries: map.maxEntries, flags: map.flags.rawValue, name: map.name)
    request.kernelValueTypeID = layout.valueType.rawValue
    request.valueTypeBTFFD = layout.kernelType.module?.fd
    request.btfFD = types
    request.tokenFD = settings.token?.fd
    do {
      let value = MapTypes(layout.kernelType.types, key: .void, value: layout.valueType)
      return try AnyMap(owning: try BPFCall.createMap(request), name: map.name, types: value)
    } catch let error as Errno {
      let isTooOld =
        error == .invalidArgument && map.flags.contains(.link) && KernelRelease.current < KernelRelease(6, 4)
      throw BPFError("creating map \(map.name)", errno: error, requires: isTooOld ? "6.4" : nil)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.system, "creating map \(map.name)", underlying: error)
    }
  }

  /// Writes global variables, and freezes those that are constant, so that the verifier may rely on them.
  private func fill(_ made: AnyMap, _ map: MapSpec) throws(BPFError) {
    guard map.section.isData else { return }
    let content: [UInt8]
    switch map.contents {
    case .bytes(let bytes): content = bytes
    case .none, .slots: content = []
    }
    var value = [UInt8](repeating: 0, count: Int(map.valueSize))
    let initial = map.section == .kconfig ? options ?? content : content
    value.replaceSubrange(0..<min(value.count, initial.count), with: initial.prefix(value.count))
    do {
      var key: UInt32 = 0
      try BPFCall.update(fd: made.fd, key: &key, value: value)
      if map.section.isFrozen { try BPFCall.freeze(fd: made.fd) }
    } catch {
      throw BPFError("filling map \(map.name)", errno: error)
    }
  }

  /// Maps an arena, which has to be done before programs are loaded, and writes the object's variables in it.
  private mutating func mapArena(_ index: Int) throws(BPFError) {
    let map = spec.maps[index]
    guard map.type == .arena, let made = maps[index] else { return }
    var globals: [UInt8] = []
    if case .bytes(let bytes) = map.contents, replacements[map.name] == nil { globals = bytes }
    arenas[index] = try ArenaMemory(made, globals: globals, at: ArenaMemory.globalsOffset(map))
  }

  /// Puts maps into maps of maps.
  private func fillSlots(_ index: Int) throws(BPFError) {
    guard case .slots(let slots) = spec.maps[index].contents, let outer = maps[index],
      replacements[spec.maps[index].name] == nil
    else { return }
    for (slot, target) in slots.sorted(by: { $0.key < $1.key }) {
      guard case .map(let number) = target else { continue }
      guard maps.indices.contains(number), let inner = maps[number] else {
        throw BPFError(.object, "filling map \(outer.name)", detail: "element \(slot) is a map that is not created")
      }
      try Self.put(inner.fd, in: outer, at: slot)
    }
  }

  /// Puts a descriptor into an element of a program array or map of maps.
  static func put(_ descriptor: CInt, in map: AnyMap, at slot: Int) throws(BPFError) {
    var key = UInt32(clamping: slot)
    var value = descriptor
    do {
      try BPFCall.update(fd: map.fd, key: &key, value: &value)
    } catch {
      throw BPFError("filling element \(slot) of map \(map.name)", errno: error)
    }
  }
}
