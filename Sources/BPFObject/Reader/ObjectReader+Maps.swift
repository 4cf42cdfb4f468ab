// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Maps that the source defines in `.maps`, and what they are filled with.
extension ObjectReader {
  func readDefinedMaps() throws(ObjectError) {
    guard let section = sections(.maps).last else { return }
    guard let types, let (_, declared) = declarations.section(named: ".maps") else {
      throw ObjectError(.malformedMap, "section .maps", "the object has no BTF that defines its maps; compile with -g")
    }
    for entry in declared.entries {
      let definition = try readDefinedMap(entry, section, types)
      definedMaps[Place(section: section.index, offset: UInt64(entry.offset))] = maps.count
      valuesOffsets.append(definition.valuesOffset)
      try keep(definition.map.name)
      try keep(definition.map.inner?.name ?? "")
      maps.append(definition.map)
    }
  }

  private func readDefinedMap(
    _ entry: BTFDataSection.Entry, _ section: ELFFile.Section, _ types: BTFTypes
  ) throws(ObjectError) -> MapDefinition {
    let name = types.name(entry.type)
    let context = name.isEmpty ? "section .maps" : "map \(name)"
    guard case .variable(let variable) = try withTypes(context, { () throws(BTFError) in try types.type(entry.type) }),
      !name.isEmpty
    else { throw ObjectError(.malformedMap, context, "type \(entry.type) in .maps is not a variable with a name") }
    guard variable.linkage == .global else {
      throw ObjectError(.unsupported, context, "it is \(variable.linkage), but a map has to be global and not hidden")
    }
    guard entry.offset + entry.size <= section.size else {
      throw ObjectError(.malformedMap, context, "it extends beyond the end of section .maps")
    }
    let (type, size) = try withTypes(context) { () throws(BTFError) in
      let type = try types.resolved(variable.type)
      return (type, try types.size(of: type))
    }
    guard size <= entry.size else {
      throw ObjectError(.malformedMap, context, "its definition has \(size) bytes, its variable only \(entry.size)")
    }
    return try MapDefinition(name: name, type: type, types)
  }

  /// Finds the object's arena, and what its variables start with.
  func readArena() throws(ObjectError) {
    let arenas = maps.indices.filter { maps[$0].type == .arena }
    if arenas.count > 1 {
      throw ObjectError(
        .unsupported, "map \(maps[arenas[1]].name)", "it is the second arena of the object, which can have only one")
    }
    guard let section = sections(.arena).last else { return }
    guard let arena = arenas.first else {
      throw ObjectError(
        .malformedMap, "section \(section.name)", "it holds arena variables, but .maps does not define an arena")
    }
    maps[arena].contents = .bytes(Array(file.bytes(of: section)))
    maps[arena].variables = try variables(of: section)
    dataMaps[section.index] = arena
  }

  /// Fills program arrays and maps of maps with what their definitions point to.
  func readSlots() throws(ObjectError) {
    guard let section = sections(.maps).last, let (_, declared) = declarations.section(named: ".maps") else { return }
    // Entries are sorted by offset, so the map of a relocation is found by bisection.
    let entries = declared.entries
    for relocation in try relocations(for: section) {
      let symbol = file.symbols[relocation.symbolIndex]
      let context = "relocation of .maps at \(relocation.offset), against \(label(symbol))"
      let after = entries.partitioningIndex { $0.offset > relocation.offset }
      guard after > 0, relocation.offset + 8 <= entries[after - 1].offset + entries[after - 1].size,
        let index = definedMaps[Place(section: section.index, offset: UInt64(entries[after - 1].offset))]
      else { throw ObjectError(.badRelocation, context, "it is not within the definition of a map") }
      let entry = entries[after - 1]
      let target = try slotTarget(of: maps[index], symbol, section, context)
      guard let values = valuesOffsets[index], relocation.offset - entry.offset >= values else {
        throw ObjectError(.badRelocation, context, "map \(maps[index].name) does not have `values` there")
      }
      let distance = relocation.offset - entry.offset - values
      guard distance % 8 == 0 else {
        throw ObjectError(.badRelocation, context, "it is not at the start of an element of `values`")
      }
      var slots: [Int: MapSpec.SlotTarget] = [:]
      if case .slots(let known) = maps[index].contents { slots = known }
      maps[index].contents = .none  // so that the dictionary is not copied
      slots[distance / 8] = target
      maps[index].contents = .slots(slots)
    }
  }

  private func slotTarget(
    of map: MapSpec, _ symbol: ELFFile.Symbol, _ section: ELFFile.Section, _ context: String
  ) throws(ObjectError) -> MapSpec.SlotTarget {
    if map.type.isMapOfMaps {
      guard symbol.placement == .section(section.index) else {
        throw ObjectError(
          .badRelocation, context, "the elements of map \(map.name) can only be maps that .maps defines")
      }
      guard map.type != .hashOfMaps || map.keySize == 4 else {
        throw ObjectError(
          .unsupported, context,
          "map \(map.name) can be filled by index only if its keys have 4 bytes, not \(map.keySize)")
      }
      guard let inner = definedMaps[Place(section: section.index, offset: symbol.value)] else {
        throw ObjectError(.badRelocation, context, "that is not a map")
      }
      return .map(inner)
    }
    guard map.type == .programArray else {
      throw ObjectError(
        .badRelocation, context, "map \(map.name) of type \(map.type) cannot be filled by its definition")
    }
    guard case .section(let code) = symbol.placement, symbol.value % 8 == 0, let slot = Int(exactly: symbol.value / 8),
      let function = functions.index(section: code, slot: slot), functions[function].slots.lowerBound == slot,
      functions[function].isEntryPoint
    else {
      throw ObjectError(.badRelocation, context, "that is not a program, and only programs can be called by tail calls")
    }
    return .program(functions[function].name)
  }
}

extension Array {
  /// The first index whose element satisfies the predicate, if all after it do.
  func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
