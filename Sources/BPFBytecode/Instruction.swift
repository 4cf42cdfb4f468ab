// SPDX-License-Identifier: Apache-2.0

/// One slot of eight bytes, laid out as `struct bpf_insn` of a little-endian kernel.
///
/// A wide load (`lddw`) takes *two* slots. Every index in this module counts slots, as the kernel's jump offsets, its
/// verifier log and `.BTF.ext` do.
///
/// Source: RFC 9669 §3.
@frozen
public struct Instruction: Hashable, Sendable, BitwiseCopyable {
  public var opcode: Opcode
  /// The destination in the low four bits, the source in the high four.
  public var registers: UInt8
  public var offset: Int16
  public var immediate: Int32

  @inlinable
  public init(opcode: Opcode, registers: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0) {
    self.opcode = opcode
    self.registers = registers
    self.offset = offset
    self.immediate = immediate
  }

  @inlinable
  public init(
    _ opcode: Opcode, destination: Register = .r0, source: Register = .r0, offset: Int16 = 0, immediate: Int32 = 0
  ) {
    self.init(
      opcode: opcode, registers: destination.rawValue & 0x0f | source.rawValue << 4, offset: offset,
      immediate: immediate)
  }

  /// The slot as the eight bytes of a little-endian program, first byte lowest.
  @inlinable
  public init(rawValue: UInt64) {
    self.init(
      opcode: Opcode(rawValue: UInt8(truncatingIfNeeded: rawValue)),
      registers: UInt8(truncatingIfNeeded: rawValue >> 8),
      offset: Int16(truncatingIfNeeded: rawValue >> 16),
      immediate: Int32(truncatingIfNeeded: rawValue >> 32))
  }

  /// The slot as the eight bytes of a little-endian program, first byte lowest.
  @inlinable public var rawValue: UInt64 {
    UInt64(opcode.rawValue) | UInt64(registers) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
      | UInt64(UInt32(bitPattern: immediate)) << 32
  }

  @inlinable public var destination: Register {
    get { Register(rawValue: registers & 0x0f) }
    set { registers = registers & 0xf0 | newValue.rawValue & 0x0f }
  }

  /// The source register; in wide loads and calls one of `PseudoSource`.
  @inlinable public var source: Register {
    get { Register(rawValue: registers >> 4) }
    set { registers = registers & 0x0f | newValue.rawValue << 4 }
  }
}

extension Instruction {
  /// Whether the next slot holds the upper 32 bits of the immediate.
  @inlinable public var isWide: Bool { opcode.rawValue == 0x18 }

  @inlinable public var isCall: Bool { opcode.rawValue == 0x85 }
  /// A call of a kernel helper by its number.
  @inlinable public var isHelperCall: Bool { isCall && registers >> 4 == 0 }
  /// A call of a function of the same program, by relative offset.
  @inlinable public var isSubprogramCall: Bool { isCall && registers >> 4 == PseudoSource.call }
  /// A call of a kernel function by its BTF id.
  @inlinable public var isKfuncCall: Bool { isCall && registers >> 4 == PseudoSource.kfuncCall }
  @inlinable public var isExit: Bool { opcode.rawValue == 0x95 }

  /// A wide load of a subprogram's address.
  @inlinable public var isFunctionAddress: Bool { isWide && registers >> 4 == PseudoSource.function }

  /// Whether this may continue at a place other than the next slot of the same function: conditional and unconditional
  /// jumps, but not calls and `exit`.
  @inlinable public var isJump: Bool { opcode.class.isJump && opcode.jump != .call && opcode.jump != .exit }

  /// The distance of a jump's or subprogram call's target from the *next* slot; nil for anything else, and for `gotox`.
  @inlinable public var relativeTarget: Int? {
    if isSubprogramCall || isFunctionAddress { return Int(immediate) }
    guard isJump, opcode != .gotoRegister else { return nil }
    return opcode == .gotoLong ? Int(immediate) : Int(offset)
  }

  /// The atomic operation; nil for anything but an atomic.
  @inlinable public var atomic: AtomicOperation? {
    opcode.class == .storeRegister && opcode.mode == .atomic ? AtomicOperation(rawValue: immediate) : nil
  }
}

// Forms that arithmetic takes when its offset is not zero.
extension Instruction {
  /// Signed division or modulo. ISA v4.
  public var isSignedDivision: Bool {
    opcode.class.isArithmetic && (opcode.arithmetic == .divide || opcode.arithmetic == .modulo) && offset == 1
  }

  /// How many low bits a sign-extending move keeps; nil for anything else. ISA v4.
  public var signExtendedBits: Int? {
    guard opcode.class.isArithmetic, opcode.arithmetic == .move, opcode.source == .register else { return nil }
    switch offset {
    case 8, 16: return Int(offset)
    case 32: return opcode.class == .arithmetic64 ? 32 : nil
    default: return nil
    }
  }

  /// A move between address spaces (arenas). Linux 6.9.
  public var isAddressSpaceCast: Bool { opcode.rawValue == 0xbf && offset == 1 }

  /// The address of this CPU's copy, from a per-CPU address. Only the verifier makes it: loaded programs show it.
  public var isPerCPUAddress: Bool { opcode.rawValue == 0xbf && offset == -1 }
}
