// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF

/// What instructions refer to: libbpf's `bpf_program__record_reloc`.
extension ObjectReader {
  func readCodeRelocations() throws(ObjectError) {
    for section in sections(.code) {
      for relocation in try relocations(for: section) {
        if let addend = relocation.addend, addend != 0 {
          throw ObjectError(
            .unsupported, "section \(section.name)",
            "the relocation at \(relocation.offset) has an addend, which eBPF objects do not have")
        }
        guard relocation.offset % 8 == 0 else {
          throw ObjectError(
            .badRelocation, "section \(section.name)",
            "the relocation at \(relocation.offset) is in the middle of an instruction")
        }
        // No function is there when a weak one was overridden by another file's.
        guard let index = functions.index(section: section.index, slot: relocation.offset / 8) else { continue }
        let slot = relocation.offset / 8 - functions[index].slots.lowerBound
        let symbol = file.symbols[relocation.symbolIndex]
        let target = try self.target(of: slot, in: index, section.index, symbol)
        functions[index].relocations.append(CodeRelocation(instruction: slot, target: target))
      }
    }
    for index in functions.indices {
      functions[index].relocations = functions[index].relocations.stablySorted { $0.instruction < $1.instruction }
      // Another name for the same code.
      if index > 0, functions[index].relocations.isEmpty, functions[index - 1].section == functions[index].section,
        functions[index - 1].slots == functions[index].slots
      {
        functions[index].relocations = functions[index - 1].relocations
      }
    }
  }

  private func target(
    of slot: Int, in index: Int, _ codeSection: Int, _ symbol: ELFFile.Symbol
  ) throws(ObjectError) -> CodeRelocation.Target {
    let slots = functions[index].slots
    func error(_ message: String) -> ObjectError {
      ObjectError(.badRelocation, "\(functions[index].label), instruction \(slot), against \(label(symbol))", message)
    }
    guard let instruction = code[codeSection]?[slots.lowerBound + slot] else {
      throw error("the section does not hold code")
    }
    guard instruction.isCall || (instruction.isWide && slot + 1 < slots.count) else {
      throw error(
        "only calls and wide loads can be relocated, not opcode 0x\(String(instruction.opcode.rawValue, radix: 16))")
    }
    if symbol.isExtern {
      guard let index = externIndexes[symbol.index] else { throw error("the extern does not have a name") }
      guard case .kconfig(_, _, let offset, _) = externs[index].kind, let kconfigMap else { return .extern(index) }
      guard !instruction.isCall else { throw error("a kernel configuration value cannot be called") }
      return .mapValue(kconfigMap, offset: UInt32(truncatingIfNeeded: offset))
    }
    guard case .section(let section) = symbol.placement else {
      throw error("the object does not define it: is a definition or an initial value missing?")
    }
    if instruction.isCall {
      guard instruction.isSubprogramCall else { throw error("the instruction does not call a subprogram") }
      guard roles[section] == .code else { throw error("section \(file.sections[section].name) does not hold code") }
      guard symbol.value % 8 == 0 else { throw error("the function does not start at an instruction") }
      return .call(section: section, symbol: symbol.value)
    }
    switch roles[section] {
    case .code:
      guard symbol.value % 8 == 0, instruction.immediate % 8 == 0 else {
        throw error("the function does not start at an instruction")
      }
      return .functionAddress(section: section, symbol: symbol.value)
    case .maps, .legacyMaps:
      guard let map = definedMaps[Place(section: section, offset: symbol.value)] else {
        throw error("that is not a map")
      }
      return .map(map)
    case .data, .rodata, .bss, .arena:
      guard let map = dataMaps[section] else {
        throw error("section \(file.sections[section].name) does not hold variables")
      }
      let offset = UInt32(truncatingIfNeeded: symbol.value) &+ UInt32(bitPattern: instruction.immediate)
      return .mapValue(map, offset: offset)
    case .jumpTables:
      guard symbol.value % 8 == 0, symbol.size % 8 == 0, symbol.value / 8 <= UInt64(jumpTables.count),
        symbol.size / 8 <= UInt64(jumpTables.count) - symbol.value / 8
      else { throw error("the jump table extends beyond the end of its section") }
      return .jumpTable(Int(symbol.value / 8)..<Int(symbol.value / 8 + symbol.size / 8))
    default:
      throw error(
        "instructions cannot refer to what is in section \(file.sections[section].name): put variables into .data, .rodata or .bss"
      )
    }
  }
}
