// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import TestSupport

/// Makes XDP programs that the kernel's verifier accepts: arithmetic, jumps, the stack, the packet's first 64 bytes, an
/// array and a hash. In the end the registers are in the packet, so that nothing goes unseen.
///
/// r6 is the context, r7 the packet; r0 to r5 and r9 hold numbers, r8 sometimes a map's value.
struct RandomProgram {
  static let packetSize = 64
  static let arraySize: Int32 = 4
  static let hashSize: Int32 = 4

  private var random: SeededRandom
  private var code = Assembler()
  private let array: [Instruction]
  private let hash: [Instruction]
  private let numbers: [Register] = [.r0, .r1, .r2, .r3, .r4, .r5, .r9]
  private var jumps = 0

  /// - Parameters:
  ///   - array: the two slots that load the array of `arraySize` values of 8 bytes into r1.
  ///   - hash: those that load a hash of 4-byte keys.
  init(seed: UInt64, array: [Instruction], hash: [Instruction]) {
    random = SeededRandom(seed: seed)
    self.array = array
    self.hash = hash
  }

  mutating func make(length: Int) throws -> [Instruction] {
    code.emit(.move(.r6, .r1), .load(.r7, from: .r6, 0, size: .word), .load(.r8, from: .r6, 4, size: .word))
    code.emit(.move(.r2, .r7), .add(.r2, .immediate(Int32(Self.packetSize))))
    code.jump(to: "short", if: .r2, .greater, .r8)
    for slot in 1...8 {
      code.emit(Instruction.loadWide(.r0, interesting()))
      code.emit(.store(.r0, to: .r10, Int16(-8 * slot), size: .doubleWord))
    }
    for register in numbers { code.emit(Instruction.loadWide(register, interesting())) }
    for _ in 0..<length { emitOne() }
    for (place, register) in numbers.enumerated() {
      code.emit(.store(.register(register), to: .r7, Int16(8 * place), size: .doubleWord))
    }
    code.emit(.exit)
    code.place("short")
    code.emit(.move(.r0, 1), .exit)
    return try code.finish()
  }

  private mutating func number() -> Register { numbers.randomElement(using: &random) ?? .r0 }
  private mutating func width() -> OperandWidth { Bool.random(using: &random) ? .bits64 : .bits32 }
  private mutating func size() -> AccessSize { AccessSize.allCases.randomElement(using: &random) ?? .byte }

  /// Values at the edges of their widths, and any.
  private mutating func interesting() -> UInt64 {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return 0
    case 1: return UInt64.max
    case 2: return 1 << UInt64.random(in: 0..<64, using: &random)
    case 3: return UInt64(bitPattern: Int64(Int32.min))
    case 4: return UInt64.random(in: 0..<256, using: &random)
    case 5: return UInt64(UInt32.max) &- UInt64.random(in: 0..<3, using: &random)
    default: return random.next()
    }
  }

  private mutating func constant() -> Int32 { Int32(truncatingIfNeeded: interesting()) }
  private mutating func operand() -> Operand {
    Bool.random(using: &random) ? .register(number()) : .immediate(constant())
  }

  private mutating func emitOne() {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<9: emitArithmetic()
    case 9, 10: emitConversion()
    case 11, 12: emitStack()
    case 13, 14: emitPacket()
    case 15: emitAtomic()
    case 16, 17: emitJump()
    case 18: emitArray()
    default: emitHash()
    }
  }

  private mutating func emitArithmetic() {
    let operations: [ArithmeticOperation] = [
      .add, .subtract, .multiply, .divide, .or, .and, .shiftLeft, .shiftRight, .modulo, .xor, .move, .shiftRightSigned,
    ]
    let operation = operations.randomElement(using: &random) ?? .add
    let width = width()
    var operand = operand()
    if case .immediate(let value) = operand {
      switch operation {
      case .divide, .modulo: operand = .immediate(value == 0 ? 3 : value)
      case .shiftLeft, .shiftRight, .shiftRightSigned: operand = .immediate(value & (width == .bits64 ? 63 : 31))
      default: break
      }
    }
    if operation == .divide || operation == .modulo, Bool.random(using: &random) {
      code.emit(.signed(operation, number(), operand, width: width))
    } else {
      code.emit(.arithmetic(operation, number(), operand, width: width))
    }
  }

  private mutating func emitConversion() {
    let register = number()
    let bits: Int32 = [16, 32, 64].randomElement(using: &random) ?? 16
    switch Int.random(in: 0..<5, using: &random) {
    case 0: code.emit(.negate(register, width: width()))
    case 1: code.emit(.bigEndian(register, bits: bits))
    case 2: code.emit(.littleEndian(register, bits: bits))
    case 3: code.emit(.byteSwap(register, bits: bits))
    default:
      let from: Int16 = [8, 16, 32].randomElement(using: &random) ?? 8
      code.emit(.moveSigned(register, number(), bits: from, width: from == 32 ? .bits64 : width()))
    }
  }

  private mutating func emitAccess(_ base: Register, _ offset: Int16, _ size: AccessSize) {
    if Bool.random(using: &random) {
      code.emit(.store(operand(), to: base, offset, size: size))
    } else {
      code.emit(
        .load(number(), from: base, offset, size: size, signed: size != .doubleWord && Bool.random(using: &random)))
    }
  }

  private mutating func stackOffset(_ size: AccessSize) -> Int16 {
    -64 + Int16(size.byteCount * Int.random(in: 0..<64 / size.byteCount, using: &random))
  }

  private mutating func emitStack() {
    let size = size()
    emitAccess(.r10, stackOffset(size), size)
  }

  private mutating func emitPacket() {
    let size = size()
    emitAccess(.r7, Int16.random(in: 0...Int16(Self.packetSize - size.byteCount), using: &random), size)
  }

  private mutating func atomic() -> AtomicOperation {
    let all: [AtomicOperation] = [
      .add, .or, .and, .xor, .fetchAdd, .fetchOr, .fetchAnd, .fetchXor, .exchange, .compareExchange,
    ]
    return all.randomElement(using: &random) ?? .add
  }

  private mutating func emitAtomic() {
    let size: AccessSize = Bool.random(using: &random) ? .word : .doubleWord
    code.emit(.atomic(atomic(), number(), at: .r10, stackOffset(size), size: size))
  }

  /// A jump over a few instructions. Few of them, as the verifier follows both ways of each.
  private mutating func emitJump() {
    guard jumps < 8 else { return emitArithmetic() }
    jumps += 1
    let conditions: [JumpOperation] = [
      .equal, .greater, .greaterOrEqual, .anyBit, .notEqual, .greaterSigned, .greaterOrEqualSigned, .less, .lessOrEqual,
      .lessSigned, .lessOrEqualSigned,
    ]
    let label = code.makeLabel()
    code.jump(
      to: label, if: number(), conditions.randomElement(using: &random) ?? .equal, operand(), width: width())
    for _ in 0..<Int.random(in: 1...3, using: &random) { emitArithmetic() }
    code.place(label)
  }

  /// What a call has taken away.
  private mutating func refill() {
    for register in [Register.r1, .r2, .r3, .r4, .r5] { code.emit(Instruction.loadWide(register, interesting())) }
  }

  private mutating func emitArray() {
    let label = code.makeLabel()
    code.emit(.store(.immediate(.random(in: 0..<Self.arraySize + 1, using: &random)), to: .r10, -68, size: .word))
    code.emit(array)
    code.emit(.move(.r2, .r10), .add(.r2, -68), .call(.mapLookupElement), .move(.r8, .r0))
    code.emit(Instruction.loadWide(.r0, interesting()))
    refill()
    code.jump(to: label, if: .r8, .equal, 0)
    let size = size()
    emitAccess(.r8, Int16(size.byteCount * Int.random(in: 0..<8 / size.byteCount, using: &random)), size)
    code.emit(.atomic(atomic(), number(), at: .r8, 0, size: .doubleWord))
    code.place(label)
    code.emit(.move(.r8, 0))
  }

  private mutating func emitHash() {
    code.emit(.store(.immediate(.random(in: 0..<Self.hashSize * 2, using: &random)), to: .r10, -68, size: .word))
    code.emit(hash)
    code.emit(.move(.r2, .r10), .add(.r2, -68))
    if Int.random(in: 0..<3, using: &random) == 0 {
      code.emit(.call(.mapDeleteElement))
    } else {
      let flags = Int32.random(in: 0..<4, using: &random)
      code.emit(.move(.r3, .r10), .add(.r3, -64), .move(.r4, .immediate(flags)), .call(.mapUpdateElement))
    }
    refill()
  }
}
