// SPDX-License-Identifier: Apache-2.0

/// The first byte of an instruction.
///
/// The low three bits are the class; the class decides what the upper five mean: an operation and the kind of its second
/// operand (arithmetic and jumps), or an addressing mode and an access size (loads and stores).
///
/// Source: RFC 9669 §3.1.
@frozen
public struct Opcode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8

  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable public init(_ class: InstructionClass, _ operation: ArithmeticOperation, _ source: OperandKind) {
    rawValue = `class`.rawValue | operation.rawValue | source.rawValue
  }

  @inlinable public init(_ class: InstructionClass, _ operation: JumpOperation, _ source: OperandKind) {
    rawValue = `class`.rawValue | operation.rawValue | source.rawValue
  }

  @inlinable public init(_ class: InstructionClass, _ mode: AddressingMode, _ size: AccessSize) {
    rawValue = `class`.rawValue | mode.rawValue | size.rawValue
  }

  @inlinable public var `class`: InstructionClass {
    // Three bits, eight cases: the lookup cannot fail.
    InstructionClass(rawValue: rawValue & 0x07) ?? .load
  }

  /// The addressing mode. Meaningful for loads and stores.
  @inlinable public var mode: AddressingMode { AddressingMode(rawValue: rawValue & 0xe0) }

  /// The access size. Meaningful for loads and stores.
  @inlinable public var size: AccessSize { AccessSize(rawValue: rawValue & 0x18) ?? .word }

  /// Whether the second operand is the immediate or the source register. Meaningful for arithmetic and jumps.
  @inlinable public var source: OperandKind { rawValue & 0x08 == 0 ? .immediate : .register }

  /// The operation's four bits, as they stand in the opcode. Meaningful for arithmetic and jumps.
  @inlinable public var operation: UInt8 { rawValue & 0xf0 }

  @inlinable public var arithmetic: ArithmeticOperation { ArithmeticOperation(rawValue: operation) }
  @inlinable public var jump: JumpOperation { JumpOperation(rawValue: operation) }

  /// `lddw`: loads 64 bits of immediate from two slots.
  public static let wideLoad = Opcode(.load, .immediate, .doubleWord)
  public static let call = Opcode(.jump, .call, .immediate)
  /// `callx`: a call of the address in the destination register. Compilers know it, no kernel does.
  public static let callRegister = Opcode(.jump, .call, .register)
  public static let exit = Opcode(.jump, .exit, .immediate)
  /// `goto` with a 16-bit offset.
  public static let goto = Opcode(.jump, .always, .immediate)
  /// `gotol`: `goto` with the offset in the 32-bit immediate.
  public static let gotoLong = Opcode(.jump32, .always, .immediate)
  /// `gotox`: jumps to the address in the destination register.
  public static let gotoRegister = Opcode(.jump, .always, .register)
  /// `may_goto` (`BPF_JMP | BPF_JCOND`): the kernel decides when a loop has run long enough.
  public static let mayGoto = Opcode(.jump, .conditional, .immediate)
}

/// What kind of instruction an opcode is: the low three bits. RFC 9669 §3.1.
@frozen
public enum InstructionClass: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// `BPF_LD`: wide immediates, and the legacy packet loads.
  case load = 0
  /// `BPF_LDX`: memory to register.
  case loadRegister = 1
  /// `BPF_ST`: immediate to memory.
  case store = 2
  /// `BPF_STX`: register to memory, and atomics.
  case storeRegister = 3
  /// `BPF_ALU`: 32-bit arithmetic; the upper half of the destination becomes zero.
  case arithmetic32 = 4
  /// `BPF_JMP`: jumps comparing 64 bits, calls, exit.
  case jump = 5
  /// `BPF_JMP32`: jumps comparing 32 bits.
  case jump32 = 6
  /// `BPF_ALU64`: 64-bit arithmetic.
  case arithmetic64 = 7

  @inlinable public var isArithmetic: Bool { self == .arithmetic32 || self == .arithmetic64 }
  @inlinable public var isJump: Bool { self == .jump || self == .jump32 }
}

/// Whether the second operand is an immediate (`BPF_K`) or a register (`BPF_X`).
///
/// In a byte swap of the 32-bit class the same bit chooses little (`BPF_TO_LE`) or big endian (`BPF_TO_BE`).
@frozen
public enum OperandKind: UInt8, Sendable, BitwiseCopyable {
  case immediate = 0x00
  case register = 0x08
}

/// Width of a memory access.
@frozen
public enum AccessSize: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// `BPF_W`: 4 bytes.
  case word = 0x00
  /// `BPF_H`: 2 bytes.
  case halfWord = 0x08
  /// `BPF_B`: 1 byte.
  case byte = 0x10
  /// `BPF_DW`: 8 bytes.
  case doubleWord = 0x18

  @inlinable public var byteCount: Int {
    switch self {
    case .byte: 1
    case .halfWord: 2
    case .word: 4
    case .doubleWord: 8
    }
  }

  /// The size for `byteCount` bytes; nil unless that is 1, 2, 4 or 8.
  @inlinable public init?(byteCount: Int) {
    switch byteCount {
    case 1: self = .byte
    case 2: self = .halfWord
    case 4: self = .word
    case 8: self = .doubleWord
    default: return nil
    }
  }
}

/// How a load or store finds its data: the upper three bits. RFC 9669 §5.
@frozen
public struct AddressingMode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// `BPF_IMM`: the wide load.
  public static let immediate = AddressingMode(rawValue: 0x00)
  /// `BPF_ABS`: legacy packet load at a constant offset.
  public static let absolute = AddressingMode(rawValue: 0x20)
  /// `BPF_IND`: legacy packet load at register + constant.
  public static let indirect = AddressingMode(rawValue: 0x40)
  /// `BPF_MEM`: register + 16-bit offset.
  public static let memory = AddressingMode(rawValue: 0x60)
  /// `BPF_MEMSX`: the same, sign-extending the loaded value (ISA v4).
  public static let memorySigned = AddressingMode(rawValue: 0x80)
  /// `BPF_ATOMIC`: the immediate names the atomic operation.
  public static let atomic = AddressingMode(rawValue: 0xc0)
}

/// Arithmetic operations: the upper four bits of an opcode of class ALU or ALU64. RFC 9669 §4.1.
@frozen
public struct ArithmeticOperation: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let add = ArithmeticOperation(rawValue: 0x00)
  public static let subtract = ArithmeticOperation(rawValue: 0x10)
  public static let multiply = ArithmeticOperation(rawValue: 0x20)
  /// Unsigned; signed where the instruction's offset is 1 (ISA v4).
  public static let divide = ArithmeticOperation(rawValue: 0x30)
  public static let or = ArithmeticOperation(rawValue: 0x40)
  public static let and = ArithmeticOperation(rawValue: 0x50)
  public static let shiftLeft = ArithmeticOperation(rawValue: 0x60)
  public static let shiftRight = ArithmeticOperation(rawValue: 0x70)
  public static let negate = ArithmeticOperation(rawValue: 0x80)
  /// Unsigned; signed where the instruction's offset is 1 (ISA v4).
  public static let modulo = ArithmeticOperation(rawValue: 0x90)
  public static let xor = ArithmeticOperation(rawValue: 0xa0)
  /// Sign-extends from the offset's 8, 16 or 32 bits where that is not zero (ISA v4).
  public static let move = ArithmeticOperation(rawValue: 0xb0)
  public static let shiftRightSigned = ArithmeticOperation(rawValue: 0xc0)
  /// Byte swap of the immediate's 16, 32 or 64 bits.
  public static let endian = ArithmeticOperation(rawValue: 0xd0)
}

/// Jump conditions: the upper four bits of an opcode of class JMP or JMP32. RFC 9669 §4.3.
@frozen
public struct JumpOperation: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let always = JumpOperation(rawValue: 0x00)
  public static let equal = JumpOperation(rawValue: 0x10)
  public static let greater = JumpOperation(rawValue: 0x20)
  public static let greaterOrEqual = JumpOperation(rawValue: 0x30)
  /// `BPF_JSET`: any bit in common.
  public static let anyBit = JumpOperation(rawValue: 0x40)
  public static let notEqual = JumpOperation(rawValue: 0x50)
  public static let greaterSigned = JumpOperation(rawValue: 0x60)
  public static let greaterOrEqualSigned = JumpOperation(rawValue: 0x70)
  public static let call = JumpOperation(rawValue: 0x80)
  /// `callx`: a call of the address in the destination register. Compilers know it, no kernel does.
  public static let callRegister = Opcode(.jump, .call, .register)
  public static let exit = JumpOperation(rawValue: 0x90)
  public static let less = JumpOperation(rawValue: 0xa0)
  public static let lessOrEqual = JumpOperation(rawValue: 0xb0)
  public static let lessSigned = JumpOperation(rawValue: 0xc0)
  public static let lessOrEqualSigned = JumpOperation(rawValue: 0xd0)
  /// `BPF_JCOND`: only as `may_goto`.
  public static let conditional = JumpOperation(rawValue: 0xe0)

  /// Whether this compares two operands (as opposed to `always`, calls, exit and `may_goto`).
  @inlinable public var isComparison: Bool {
    switch self {
    case .always, .call, .exit: false
    default: rawValue < JumpOperation.conditional.rawValue
    }
  }
}
