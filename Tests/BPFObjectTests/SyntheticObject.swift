// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF

/// Objects that no compiler writes: functions of calls and exits, without BTF.
struct SyntheticObject {
  enum Slot: Sendable {
    case call(Int32)
    case exit

    var instruction: Instruction {
      switch self {
      case .call(let distance):
        Instruction(
          opcode: Opcode(rawValue: 0x85), registers: PseudoSource.call << 4, immediate: distance)
      case .exit: Instruction(opcode: Opcode(rawValue: 0x95))
      }
    }
  }

  var functions: [(section: String, name: String, slots: [Slot])]
  /// Names of functions that only this file sees.
  var locals: Set<String> = []

  static func code(_ functions: [(String, String, [Slot])]) -> SyntheticObject {
    SyntheticObject(functions: functions.map { (section: $0.0, name: $0.1, slots: $0.2) })
  }

  /// The object; each of `calls` gets a relocation against the target's symbol.
  func bytes(calls: [(section: String, slot: Int, target: String)]) -> [UInt8] {
    var writer = ELFWriter()
    var code: [String: [Instruction]] = [:]
    var places: [(section: String, name: String, start: Int, count: Int)] = []
    var order: [String] = []
    for function in functions {
      if code[function.section] == nil { order.append(function.section) }
      let start = code[function.section]?.count ?? 0
      code[function.section, default: []] += function.slots.map(\.instruction)
      places.append((function.section, function.name, start, function.slots.count))
    }
    var indexes: [String: Int] = [:]
    for section in order {
      indexes[section] = writer.addSection(
        section, flags: [.allocate, .executable], alignment: 8, contents: Instruction.encode(code[section] ?? []))
    }
    var symbols: [String: ELFWriter.SymbolReference] = [:]
    for place in places {
      symbols[place.name] = writer.addSymbol(
        place.name, type: .function, binding: locals.contains(place.name) ? .local : .global,
        placement: .section(indexes[place.section] ?? 0), value: UInt64(8 * place.start), size: UInt64(8 * place.count))
    }
    for call in calls {
      guard let section = indexes[call.section], let symbol = symbols[call.target] else { continue }
      writer.addRelocation(section: section, offset: 8 * call.slot, symbol: symbol, type: .bpf32)
    }
    return writer.encode()
  }
}
