// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Implementations of kernel interfaces: variables of struct types whose function pointers are programs.
extension ObjectReader {
  func readStructOps() throws(ObjectError) {
    for section in sections(.structOps) {
      guard let types, let (_, declared) = declarations.section(named: section.name) else {
        throw ObjectError(
          .malformedMap, "section \(section.name)", "the object has no BTF that describes it; compile with -g")
      }
      var end = 0
      for entry in declared.entries {
        let map = try readStructOpsMap(entry, section, types)
        try keep(map.name)
        guard entry.offset >= end else {
          throw ObjectError(.malformedMap, "map \(map.name)", "it overlaps the map before it")
        }
        end = entry.offset + Int(map.valueSize)
        definedMaps[Place(section: section.index, offset: UInt64(entry.offset))] = maps.count
        maps.append(map)
      }
    }
  }

  private func readStructOpsMap(
    _ entry: BTFDataSection.Entry, _ section: ELFFile.Section, _ types: BTFTypes
  ) throws(ObjectError) -> MapSpec {
    let name = types.name(entry.type)
    let context = "map \(name)"
    let (id, size) = try withTypes(context) { () throws(BTFError) -> (TypeID, Int) in
      guard case .variable(let variable) = try types.type(entry.type) else { return (.void, 0) }
      let id = try types.resolved(variable.type)
      return types.kind(id) == .structure ? (id, try types.size(of: id)) : (.void, 0)
    }
    guard !types.name(id).isEmpty else {
      throw ObjectError(
        .malformedMap, context, "section \(section.name) is only for variables whose type is a struct with a name")
    }
    guard entry.offset <= section.size, size <= section.size - entry.offset else {
      throw ObjectError(.malformedMap, context, "it extends beyond the end of section \(section.name)")
    }
    let isOptional = section.name.hasPrefix("?")
    let sectionName = isOptional ? String(section.name.dropFirst()) : section.name
    var map = MapSpec(
      name: name, type: .structOps, keySize: 4, valueSize: UInt32(truncatingIfNeeded: size), maxEntries: 1,
      flags: sectionName == ".struct_ops.link" ? [.link] : [])
    map.valueType = id
    map.section = .structOps
    map.sectionName = sectionName
    map.autocreate = !isOptional
    map.contents = .bytes(Array(file.bytes(of: section).dropFirst(entry.offset).prefix(size)))
    return map
  }

  /// Finds the programs that function pointers of struct_ops variables refer to.
  func readOperations() throws(ObjectError) {
    let programNames = Dictionary(
      programs.filter { $0.type == .structOps }.map { ($0.function, $0.name) }, uniquingKeysWith: { first, _ in first })
    for section in sections(.structOps) {
      guard let (_, declared) = declarations.section(named: section.name) else { continue }
      let entries = declared.entries
      var pointers: [TypeID: [Int: (index: Int, name: String)]] = [:]
      for relocation in try relocations(for: section) {
        let symbol = file.symbols[relocation.symbolIndex]
        let context = "relocation of \(section.name) at \(relocation.offset), against \(label(symbol))"
        let after = entries.partitioningIndex { $0.offset > relocation.offset }
        guard after > 0,
          let map = definedMaps[Place(section: section.index, offset: UInt64(entries[after - 1].offset))],
          let type = maps[map].valueType
        else { throw ObjectError(.badRelocation, context, "it is not within a variable") }
        if pointers[type] == nil {
          let found = try functionPointers(of: type, context)
          for pointer in found.values { try keep(pointer.name) }
          pointers[type] = found
        }
        let offset = relocation.offset - entries[after - 1].offset
        guard let member = pointers[type]?[offset] else {
          throw ObjectError(.badRelocation, context, "map \(maps[map].name) does not have a function pointer there")
        }
        guard case .section(let code) = symbol.placement, symbol.value % 8 == 0,
          let slot = Int(exactly: symbol.value / 8), let function = functions.index(section: code, slot: slot),
          let program = programNames[function]
        else {
          throw ObjectError(.badRelocation, context, "member \(member.name) needs a program of section struct_ops")
        }
        try keep(member.name)
        maps[map].operations.append(
          MapSpec.StructOperation(member: member.name, index: member.index, offset: offset, program: program))
      }
    }
  }

  /// The function pointers of a struct, by byte offset.
  private func functionPointers(
    of type: TypeID, _ context: String
  ) throws(ObjectError) -> [Int: (index: Int, name: String)] {
    guard let types else { return [:] }
    return try withTypes(context) { () throws(BTFError) in
      var result: [Int: (index: Int, name: String)] = [:]
      for (index, member) in (try types.type(type).composite?.members ?? []).enumerated() {
        guard case .pointer(let target) = try types.type(try types.resolved(member.type)),
          types.kind(try types.resolved(target)) == .functionPrototype
        else { continue }
        result[member.bitOffset / 8] = (index, member.name)
      }
      return result
    }
  }
}
