// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Maps that hold global variables: one element, which is a whole section.
extension ObjectReader {
  func readDataMaps() throws(ObjectError) {
    let symbols = symbols(in: \.isData)
    for section in file.sections where roles[section.index].isData && section.size > 0 {
      guard let size = UInt32(exactly: section.size), size <= UInt32(Int32.max) else {
        throw ObjectError(
          .unsupported, "section \(section.name)", "it has \(section.size) bytes, more than a map can hold")
      }
      let role = roles[section.index]
      var map = MapSpec(
        name: dataMapName(section.name), type: .array, keySize: 4, valueSize: size, maxEntries: 1)
      map.sectionName = section.name
      map.section = role == .rodata ? .rodata : role == .bss ? .bss : .data
      map.contents = role == .bss ? .none : .bytes(Array(file.bytes(of: section)))
      if role == .rodata { map.flags.insert(.readOnlyForPrograms) }
      map.valueType = declarations.section(named: section.name)?.id
      // BTF describes one section of each name.
      let isDescribed = map.valueType != nil && file.section(named: section.name)?.index == section.index
      map.variables =
        isDescribed ? try variables(of: section) : symbolVariables(of: section, symbols[section.index] ?? [])
      if isDescribed && hasVisibleVariable(section.name) { map.flags.insert(.memoryMappable) }
      dataMaps[section.index] = maps.count
      maps.append(map)
    }
  }

  /// The map that the kernel's configuration is put into: see ``readExterns()`` for its layout.
  func addKconfigMap() {
    var variables: [VariableSpec] = []
    for one in externs {
      guard case .kconfig(let type, _, let offset, let size) = one.kind else { continue }
      variables.append(VariableSpec(name: one.name, offset: offset, size: size, type: type))
    }
    guard let last = variables.last else { return }
    var map = MapSpec(
      name: dataMapName(".kconfig"), type: .array, keySize: 4,
      valueSize: UInt32(truncatingIfNeeded: last.offset + last.size), maxEntries: 1, flags: [.readOnlyForPrograms])
    map.section = .kconfig
    map.sectionName = ".kconfig"
    map.valueType = declarations.section(named: ".kconfig")?.id
    map.variables = variables
    if hasVisibleVariable(".kconfig") { map.flags.insert(.memoryMappable) }
    kconfigMap = maps.count
    maps.append(map)
  }

  /// What libbpf calls the map (`internal_map_name`): up to 15 bytes, of which the section's name takes at least seven.
  func dataMapName(_ sectionName: String) -> String {
    let limit = 15
    let section = Array(sectionName.utf8)
    let suffixLength = min(max(7, section.count), limit)
    let isCustom = section.dropFirst().contains(UInt8(ascii: "."))
    let prefix = isCustom ? [] : Array(name.utf8.prefix(limit - suffixLength))
    let bytes = (prefix + section.prefix(suffixLength)).map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
        byte
      default: UInt8(ascii: "_")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether user space is to see a variable of the section, so that the map is made to be mapped into memory.
  private func hasVisibleVariable(_ sectionName: String) -> Bool {
    guard let types, let section = declarations.section(named: sectionName)?.section else { return false }
    return section.entries.contains { entry in
      guard case .variable(let variable)? = try? types.type(entry.type) else { return false }
      return variable.linkage != .static
    }
  }

  /// The variables of a section as BTF describes them.
  func variables(of section: ELFFile.Section) throws(ObjectError) -> [VariableSpec] {
    guard let types, let declared = declarations.section(named: section.name)?.section else { return [] }
    var result: [VariableSpec] = []
    for entry in declared.entries {
      let context = "section \(section.name)"
      guard case .variable(let variable) = try withTypes(context, { () throws(BTFError) in try types.type(entry.type) })
      else { continue }
      guard entry.offset + entry.size <= section.size else {
        throw ObjectError(
          .malformedVariable, "variable \(variable.name)", "it extends beyond the end of section \(section.name)")
      }
      try keep(variable.name)
      result.append(
        VariableSpec(
          name: variable.name, offset: entry.offset, size: entry.size, type: variable.type,
          isGlobal: variable.linkage != .static))
    }
    return result
  }

  /// The variables of a section that BTF does not describe.
  private func symbolVariables(of section: ELFFile.Section, _ symbols: [ELFFile.Symbol]) -> [VariableSpec] {
    let size = UInt64(section.size)
    let known = symbols.filter {
      $0.type == .object && !$0.name.isEmpty && $0.value <= size && $0.size <= size - $0.value
    }
    return known.stablySorted { $0.value < $1.value }.map { symbol in
      VariableSpec(
        name: symbol.name, offset: Int(symbol.value), size: Int(symbol.size), type: nil,
        isGlobal: symbol.binding != .local && !symbol.isHidden)
    }
  }
}
