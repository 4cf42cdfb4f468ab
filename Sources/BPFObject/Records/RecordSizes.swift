// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

extension RecordTypes {
  /// The constant sizes that programs hand to the helpers that write records, by map.
  static func sizes(_ spec: ObjectSpec) -> [String: Set<Int>] {
    var sizes: [String: Set<Int>] = [:]
    for program in spec.programs {
      guard let linked = try? program.linked() else { continue }
      let maps = Dictionary(
        linked.references.compactMap { reference -> (Int, Int)? in
          guard case .map(let map) = reference.target else { return nil }
          return (reference.instruction, map)
        }, uniquingKeysWith: { first, _ in first })
      for (index, instruction) in linked.instructions.enumerated() where instruction.isHelperCall {
        guard let (mapRegister, sizeRegister) = arguments(Helper(rawValue: UInt32(bitPattern: instruction.immediate))),
          let load = definition(of: mapRegister, before: index, in: linked.instructions),
          let map = maps[load], spec.maps.indices.contains(map),
          let move = definition(of: sizeRegister, before: index, in: linked.instructions)
        else { continue }
        let value = linked.instructions[move]
        guard value.opcode.class.isArithmetic, value.opcode.arithmetic == .move, value.opcode.source == .immediate,
          value.immediate > 0
        else { continue }
        sizes[spec.maps[map].name, default: []].insert(Int(value.immediate))
      }
    }
    return sizes
  }

  /// The registers that hold the map and the size.
  private static func arguments(_ helper: Helper) -> (map: Register, size: Register)? {
    switch helper {
    case .ringbufReserve: (.r1, .r2)
    case .ringbufOutput: (.r1, .r3)
    case .perfEventOutput: (.r2, .r5)
    default: nil
    }
  }

  /// The instruction that gives a register its value, as straight code tells; nil where it does not.
  private static func definition(of register: Register, before index: Int, in code: [Instruction]) -> Int? {
    var register = register
    var index = index - 1
    let end = max(0, index - 256)
    while index >= end {
      let instruction = code[index]
      // The second slot of a wide load has no opcode.
      if instruction.opcode.rawValue != 0 {
        if instruction.isExit { return nil }
        if instruction.isCall, register.rawValue <= Register.r5.rawValue { return nil }
        let writes =
          instruction.isWide || instruction.opcode.class.isArithmetic || instruction.opcode.class == .loadRegister
        if writes, instruction.destination == register {
          let isCopy =
            instruction.opcode.class == .arithmetic64 && instruction.opcode.arithmetic == .move
            && instruction.opcode.source == .register && instruction.offset == 0
          guard isCopy else { return index }
          register = instruction.source
        }
      }
      index -= 1
    }
    return nil
  }
}
