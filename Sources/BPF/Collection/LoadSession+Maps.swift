// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
import SystemPackage

// An object's maps: created or found pinned, filled, pinned.
extension LoadSession {
  /// Makes all maps.
  mutating func makeMaps() throws(BPFError) {
    for index in spec.maps.indices {
      let made = try make(index)
      loaded.maps.append(made)
      descriptors.append(made?.fd)
      try mapArena(index)
    }
    // A map of maps may hold maps that follow it.
    for index in spec.maps.indices { try fillSlots(index) }
  }

  private mutating func make(_ index: Int) throws(BPFError) -> AnyMap? {
    let map = spec.maps[index]
    if let given = plan.replacements[map.name] { return given }
    guard map.autocreate else { return nil }
    guard map.pinning == .byName else { return try create(index) }
    let path = "\(plan.options.pinDirectory)/\(map.name)"
    var lost = false
    while true {
      if let found = try AnyMap.reuse(pinned: path, as: try parameters(map), types: mapTypes(map)) { return found }
      let made = try create(index)
      do {
        loaded.pins.directories += try Pinning.pin(made.fd, at: path, makingDirectories: true)
        loaded.pins.paths.append(path)
        return made
      } catch {
        // Somebody else may have pinned one meanwhile; then that is the map.
        guard error == .fileExists, !lost else {
          throw Pinning.failure("pinning map \(map.name) at \(path)", at: path, error)
        }
        lost = true
      }
    }
  }

  private mutating func create(_ index: Int) throws(BPFError) -> AnyMap {
    let map = spec.maps[index]
    if let layout = structOps[index] { return try create(map, layout) }
    let made = try create(map)
    try fill(made, map)
    return made
  }

  private mutating func create(_ map: MapSpec) throws(BPFError) -> AnyMap {
    var inner: AnyMap?
    if let spec = map.inner { inner = try create(spec, isTyped: !isFilledByUserSpace(map)) }
    return try create(map, isTyped: true, inner: inner)
  }

  private mutating func create(_ map: MapSpec, isTyped: Bool, inner: AnyMap? = nil) throws(BPFError) -> AnyMap {
    var creation = try MapCreation(
      try parameters(map), types: mapTypes(map), btf: isTyped ? types?.fd : nil, inner: inner,
      token: plan.options.token?.fd)
    let made = try creation.map()
    if let refusal = creation.typesRefusal {
      loaded.omissions.append(
        BPFCollection.Omission(
          .mapTypes, of: "map \(map.name)", because: "the kernel refused the map with them (\(refusal))"))
    }
    return made
  }

  /// Whether maps without types are put into a map of maps.
  ///
  /// Linux 5.15 to 6.1 take no map without types where the one that it has to be like has a structure as its value
  /// (`bpf_map_meta_equal` in kernel/bpf/map_in_map.c compares where a timer would be), and none with them where that one has none.
  private func isFilledByUserSpace(_ map: MapSpec) -> Bool {
    if case .slots(let slots) = map.contents, !slots.isEmpty { return false }
    guard let types = spec.types, let value = map.inner?.valueType else { return true }
    return !MapCodec.needsTypes(value, in: types)
  }

  /// A struct_ops map's value has the kernel's type.
  private func create(_ map: MapSpec, _ layout: StructOpsLayout) throws(BPFError) -> AnyMap {
    var parameters = MapParameters(map)
    parameters.valueSize = layout.value.count
    var creation = try MapCreation(
      parameters, types: MapTypes(layout.kernelType.types, key: .void, value: layout.valueType), btf: types?.fd,
      kernelValueModule: layout.kernelType.module, token: plan.options.token?.fd)
    return try creation.map()
  }

  private func parameters(_ map: MapSpec) throws(BPFError) -> MapParameters {
    var parameters = MapParameters(map)
    if case .offload(let interface) = plan.options.device, map.type != .perfEventArray {
      parameters.interfaceIndex = try interface.resolved()
    }
    return parameters
  }

  private func mapTypes(_ map: MapSpec) -> MapTypes? {
    guard let types = spec.types, map.keyType != nil || map.valueType != nil else { return nil }
    return MapTypes(types, key: map.keyType ?? .void, value: map.valueType ?? .void)
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
    let initial = map.section == .kconfig ? externs.options ?? content : content
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
    guard map.type == .arena, let made = loaded.maps[index] else { return }
    var globals: [UInt8] = []
    if case .bytes(let bytes) = map.contents, plan.replacements[map.name] == nil { globals = bytes }
    loaded.arenas[index] = try ArenaMemory(made, globals: globals, at: ArenaMemory.globalsOffset(map))
  }

  /// Puts maps into maps of maps.
  private func fillSlots(_ index: Int) throws(BPFError) {
    guard case .slots(let slots) = spec.maps[index].contents, let outer = loaded.maps[index],
      plan.replacements[spec.maps[index].name] == nil
    else { return }
    for (slot, target) in slots.sorted(by: { $0.key < $1.key }) {
      guard case .map(let number) = target else { continue }
      guard loaded.maps.indices.contains(number), let inner = loaded.maps[number] else {
        throw BPFError(.object, "filling map \(outer.name)", detail: "entry \(slot) is a map that is not created")
      }
      try Self.put(inner.fd, in: outer, at: slot)
    }
  }

  /// Puts a descriptor into an entry of a program array or map of maps.
  static func put(_ descriptor: CInt, in map: AnyMap, at slot: Int) throws(BPFError) {
    var key = UInt32(clamping: slot)
    var value = descriptor
    do {
      try BPFCall.update(fd: map.fd, key: &key, value: &value)
    } catch {
      throw BPFError("filling entry \(slot) of map \(map.name)", errno: error)
    }
  }
}
