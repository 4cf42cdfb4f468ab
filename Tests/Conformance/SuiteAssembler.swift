// SPDX-License-Identifier: Apache-2.0
import BPFBytecode

/// Assembles the suite's dialect: `mov32 %r0, 1`, `ldxw %r1, [%r2+4]`, `jne %r3, 0x8, label`, `lock fetch add ...`.
/// `exit` is also the label of the program's first exit.
struct SuiteAssembler {
  private var slots: [Instruction] = []
  private var labels: [String: Int] = [:]
  private var references: [(slot: Int, label: String, isLong: Bool)] = []

  mutating func assemble(_ lines: [String]) throws -> [Instruction] {
    for line in lines {
      if line.hasSuffix(":") {
        labels[String(line.dropLast()).trimmed] = slots.count
        continue
      }
      let words = line.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init)
      guard let mnemonic = words.first else { continue }
      if mnemonic == "exit", labels["exit"] == nil { labels["exit"] = slots.count }
      try emit(mnemonic, Array(words.dropFirst()))
    }
    for reference in references {
      guard let target = labels[reference.label] else {
        throw ConformanceError(description: "label \(reference.label)")
      }
      let distance = target - reference.slot - 1
      if reference.isLong {
        slots[reference.slot].immediate = Int32(truncatingIfNeeded: distance)
      } else {
        slots[reference.slot].offset = Int16(truncatingIfNeeded: distance)
      }
    }
    return slots
  }

  private mutating func emit(_ mnemonic: String, _ operands: [String]) throws {
    func operand(_ index: Int) throws -> String {
      guard operands.indices.contains(index) else { throw ConformanceError(description: "\(mnemonic): operands") }
      return operands[index]
    }
    switch mnemonic {
    case "exit": slots.append(.exit)
    case "lddw": slots += Instruction.loadWide(try register(operand(0)), try number(operand(1)))
    case "call": try call(operands)
    case "lock": try lock(operands)
    case "ja", "ja32":
      try jump(Instruction(mnemonic == "ja" ? .goto : .gotoLong), to: operand(0), isLong: mnemonic == "ja32")
    default:
      if let (size, signed) = Self.loads[mnemonic] {
        let (base, offset) = try place(operand(1))
        slots.append(.load(try register(operand(0)), from: base, offset, size: size, signed: signed))
      } else if let (size, isRegister) = Self.stores[mnemonic] {
        let (base, offset) = try place(operand(0))
        let value: Operand = isRegister ? .register(try register(operand(1))) : .immediate(try word(operand(1)))
        slots.append(.store(value, to: base, offset, size: size))
      } else if let swap = try byteOrder(mnemonic, operands) {
        slots.append(swap)
      } else {
        try arithmeticOrJump(mnemonic, operands)
      }
    }
  }

  private mutating func arithmeticOrJump(_ mnemonic: String, _ operands: [String]) throws {
    guard let first = operands.first else { throw ConformanceError(description: "mnemonic \(mnemonic)") }
    let destination = try register(first)
    if mnemonic.hasPrefix("movsx"), let bits = Self.extensions[mnemonic], operands.count == 2 {
      slots.append(.moveSigned(destination, try register(operands[1]), bits: bits.from, width: bits.width))
      return
    }
    let is32 = mnemonic.hasSuffix("32")
    let name = is32 || mnemonic.hasSuffix("64") ? String(mnemonic.dropLast(2)) : mnemonic
    let width: OperandWidth = is32 ? .bits32 : .bits64
    if let condition = Self.conditions[name], operands.count == 3 {
      let jump = Instruction.jump(if: destination, condition, try second(operands[1]), 0, width: width)
      try self.jump(jump, to: operands[2], isLong: false)
    } else if name == "neg" {
      slots.append(.negate(destination, width: width))
    } else if let operation = Self.operations[name], operands.count == 2 {
      slots.append(.arithmetic(operation, destination, try second(operands[1]), width: width))
    } else if let operation = Self.signedOperations[name], operands.count == 2 {
      slots.append(.signed(operation, destination, try second(operands[1]), width: width))
    } else {
      throw ConformanceError(description: "mnemonic \(mnemonic)")
    }
  }

  private mutating func jump(_ instruction: Instruction, to target: String, isLong: Bool) throws {
    var instruction = instruction
    if target.hasPrefix("+") || target.hasPrefix("-") {
      let distance = Int64(bitPattern: try number(target.hasPrefix("+") ? String(target.dropFirst()) : target))
      if isLong {
        instruction.immediate = Int32(truncatingIfNeeded: distance)
      } else {
        instruction.offset = Int16(truncatingIfNeeded: distance)
      }
    } else {
      references.append((slots.count, target, isLong))
    }
    slots.append(instruction)
  }

  private mutating func call(_ operands: [String]) throws {
    guard let last = operands.last else { throw ConformanceError(description: "call: operands") }
    switch operands.count == 1 ? "helper" : operands[0] {
    case "helper" where last.hasPrefix("%"):
      slots.append(Instruction(.callRegister, destination: try register(last)))
    case "helper": slots.append(.call(Helper(rawValue: UInt32(bitPattern: try word(last)))))
    case "local": try jump(.callSubprogram(0), to: last, isLong: true)
    default: slots.append(.callKernel(btfID: try word(last)))
    }
  }

  private mutating func lock(_ operands: [String]) throws {
    let isFetch = operands.first == "fetch"
    let rest = Array(isFetch ? operands.dropFirst() : operands[...])
    guard rest.count == 3 else { throw ConformanceError(description: "lock: operands") }
    let is32 = rest[0].hasSuffix("32")
    guard var operation = Self.atomics[is32 ? String(rest[0].dropLast(2)) : rest[0]] else {
      throw ConformanceError(description: "lock \(rest[0])")
    }
    if isFetch { operation = AtomicOperation(rawValue: operation.rawValue | 1) }
    let (base, offset) = try place(rest[1])
    slots.append(.atomic(operation, try register(rest[2]), at: base, offset, size: is32 ? .word : .doubleWord))
  }
}

// Operands.
extension SuiteAssembler {
  private func register(_ text: String) throws -> Register {
    guard text.hasPrefix("%r"), let value = UInt8(text.dropFirst(2)), value < 16 else {
      throw ConformanceError(description: "register \(text)")
    }
    return Register(rawValue: value)
  }

  private func word(_ text: String) throws -> Int32 { Int32(truncatingIfNeeded: try number(text)) }

  private func second(_ text: String) throws -> Operand {
    text.hasPrefix("%") ? .register(try register(text)) : .immediate(try word(text))
  }

  /// `[%r1+4]`
  private func place(_ text: String) throws -> (Register, Int16) {
    guard text.hasPrefix("["), text.hasSuffix("]") else { throw ConformanceError(description: "operand \(text)") }
    let inner = text.dropFirst().dropLast()
    guard let sign = inner.firstIndex(where: { $0 == "+" || $0 == "-" }) else {
      return (try register(String(inner)), 0)
    }
    let value = Int64(bitPattern: try number(String(inner[inner.index(after: sign)...])))
    return (try register(String(inner[..<sign])), Int16(truncatingIfNeeded: inner[sign] == "-" ? 0 &- value : value))
  }

  private func byteOrder(_ mnemonic: String, _ operands: [String]) throws -> Instruction? {
    let name = mnemonic.prefix { !$0.isNumber }
    guard ["be", "le", "swap", "bswap"].contains(name), let bits = Int32(mnemonic.dropFirst(name.count)),
      operands.count == 1
    else { return nil }
    let destination = try register(operands[0])
    return switch name {
    case "be": .bigEndian(destination, bits: bits)
    case "le": .littleEndian(destination, bits: bits)
    default: .byteSwap(destination, bits: bits)
    }
  }
}

// Mnemonics.
extension SuiteAssembler {
  private static let loads: [String: (AccessSize, Bool)] = [
    "ldxb": (.byte, false), "ldxh": (.halfWord, false), "ldxw": (.word, false), "ldxdw": (.doubleWord, false),
    "ldxsb": (.byte, true), "ldxsh": (.halfWord, true), "ldxsw": (.word, true),
  ]
  private static let stores: [String: (AccessSize, Bool)] = [
    "stb": (.byte, false), "sth": (.halfWord, false), "stw": (.word, false), "stdw": (.doubleWord, false),
    "stxb": (.byte, true), "stxh": (.halfWord, true), "stxw": (.word, true), "stxdw": (.doubleWord, true),
  ]
  private static let operations: [String: ArithmeticOperation] = [
    "add": .add, "sub": .subtract, "mul": .multiply, "div": .divide, "or": .or, "and": .and, "lsh": .shiftLeft,
    "rsh": .shiftRight, "mod": .modulo, "xor": .xor, "mov": .move, "arsh": .shiftRightSigned,
  ]
  private static let signedOperations: [String: ArithmeticOperation] = ["sdiv": .divide, "smod": .modulo]
  private static let extensions: [String: (from: Int16, width: OperandWidth)] = [
    "movsx832": (8, .bits32), "movsx1632": (16, .bits32), "movsx864": (8, .bits64), "movsx1664": (16, .bits64),
    "movsx3264": (32, .bits64),
  ]
  private static let conditions: [String: JumpOperation] = [
    "jeq": .equal, "jne": .notEqual, "jgt": .greater, "jge": .greaterOrEqual, "jlt": .less, "jle": .lessOrEqual,
    "jset": .anyBit, "jsgt": .greaterSigned, "jsge": .greaterOrEqualSigned, "jslt": .lessSigned,
    "jsle": .lessOrEqualSigned,
  ]
  private static let atomics: [String: AtomicOperation] = [
    "add": .add, "or": .or, "and": .and, "xor": .xor, "xchg": .exchange, "cmpxchg": .compareExchange,
  ]
}
