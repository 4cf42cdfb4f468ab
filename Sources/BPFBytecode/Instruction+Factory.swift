// SPDX-License-Identifier: Apache-2.0

/// The second operand of an arithmetic instruction or a comparison: a register or a 32-bit constant, sign-extended to
/// 64 bits where the operation has 64.
public enum Operand: Hashable, Sendable, ExpressibleByIntegerLiteral {
  case register(Register)
  case immediate(Int32)

  public init(integerLiteral value: Int32) { self = .immediate(value) }

  public static let r0 = Operand.register(.r0)
  public static let r1 = Operand.register(.r1)
  public static let r2 = Operand.register(.r2)
  public static let r3 = Operand.register(.r3)
  public static let r4 = Operand.register(.r4)
  public static let r5 = Operand.register(.r5)
  public static let r6 = Operand.register(.r6)
  public static let r7 = Operand.register(.r7)
  public static let r8 = Operand.register(.r8)
  public static let r9 = Operand.register(.r9)
  public static let r10 = Operand.register(.r10)

  var kind: OperandKind {
    switch self {
    case .register: .register
    case .immediate: .immediate
    }
  }
  var register: Register { if case .register(let register) = self { register } else { .r0 } }
  var immediate: Int32 { if case .immediate(let value) = self { value } else { 0 } }
}

/// How many bits of its registers an instruction works on.
public enum OperandWidth: Sendable {
  case bits32, bits64
}

// Arithmetic.
extension Instruction {
  /// `destination = destination operation operand`
  public static func arithmetic(
    _ operation: ArithmeticOperation, _ destination: Register, _ operand: Operand, width: OperandWidth = .bits64
  ) -> Instruction {
    Instruction(
      Opcode(width == .bits64 ? .arithmetic64 : .arithmetic32, operation, operand.kind),
      destination: destination, source: operand.register, immediate: operand.immediate)
  }

  public static func move(_ destination: Register, _ operand: Operand, width: OperandWidth = .bits64) -> Instruction {
    arithmetic(.move, destination, operand, width: width)
  }

  /// `destination = (s8/s16/s32) source`: sign-extends the lowest `bits` (8, 16 or, at 64 bits only, 32). ISA v4.
  public static func moveSigned(
    _ destination: Register, _ source: Register, bits: Int16, width: OperandWidth = .bits64
  ) -> Instruction {
    var slot = move(destination, .register(source), width: width)
    slot.offset = bits
    return slot
  }

  public static func add(_ destination: Register, _ operand: Operand, width: OperandWidth = .bits64) -> Instruction {
    arithmetic(.add, destination, operand, width: width)
  }

  public static func and(_ destination: Register, _ operand: Operand, width: OperandWidth = .bits64) -> Instruction {
    arithmetic(.and, destination, operand, width: width)
  }

  public static func negate(_ destination: Register, width: OperandWidth = .bits64) -> Instruction {
    arithmetic(.negate, destination, 0, width: width)
  }

  /// Signed division or modulo. ISA v4.
  public static func signed(
    _ operation: ArithmeticOperation, _ destination: Register, _ operand: Operand, width: OperandWidth = .bits64
  ) -> Instruction {
    var slot = arithmetic(operation, destination, operand, width: width)
    slot.offset = 1
    return slot
  }

  /// Converts the lowest 16, 32 or 64 bits between the machine's order and big endian (`be16` ...).
  public static func bigEndian(_ destination: Register, bits: Int32) -> Instruction {
    Instruction(Opcode(.arithmetic32, .endian, .register), destination: destination, immediate: bits)
  }

  /// Converts the lowest 16, 32 or 64 bits between the machine's order and little endian (`le16` ...).
  public static func littleEndian(_ destination: Register, bits: Int32) -> Instruction {
    Instruction(Opcode(.arithmetic32, .endian, .immediate), destination: destination, immediate: bits)
  }

  /// Swaps the bytes of the lowest 16, 32 or 64 bits (`bswap16` ...). ISA v4.
  public static func byteSwap(_ destination: Register, bits: Int32) -> Instruction {
    Instruction(Opcode(.arithmetic64, .endian, .immediate), destination: destination, immediate: bits)
  }

  /// Converts a pointer between address spaces: from the arena's (1) to the kernel's (0), or back.
  /// - Requires: Linux 6.9
  public static func addressSpaceCast(_ destination: Register, _ source: Register, to: UInt16, from: UInt16)
    -> Instruction
  {
    var slot = move(destination, .register(source))
    slot.offset = 1
    slot.immediate = Int32(bitPattern: UInt32(to) << 16 | UInt32(from))
    return slot
  }
}

// Memory.
extension Instruction {
  /// `destination = *(size *)(base + offset)`, zero-extended, or sign-extended (ISA v4).
  public static func load(
    _ destination: Register, from base: Register, _ offset: Int16 = 0, size: AccessSize, signed: Bool = false
  ) -> Instruction {
    Instruction(
      Opcode(.loadRegister, signed ? .memorySigned : .memory, size), destination: destination, source: base,
      offset: offset)
  }

  /// `*(size *)(base + offset) = operand`
  public static func store(
    _ operand: Operand, to base: Register, _ offset: Int16 = 0, size: AccessSize
  ) -> Instruction {
    let `class` = operand.kind == .register ? InstructionClass.storeRegister : .store
    return Instruction(
      Opcode(`class`, .memory, size), destination: base, source: operand.register, offset: offset,
      immediate: operand.immediate)
  }

  /// An atomic operation of `register` with the memory at `base + offset`. For `loadAcquire`, `register` is what is
  /// loaded.
  public static func atomic(
    _ operation: AtomicOperation, _ register: Register, at base: Register, _ offset: Int16 = 0, size: AccessSize
  ) -> Instruction {
    let isLoad = operation == .loadAcquire
    return Instruction(
      Opcode(.storeRegister, .atomic, size), destination: isLoad ? register : base, source: isLoad ? base : register,
      offset: offset, immediate: operation.rawValue)
  }

  /// `r0 = *(size *)skb[offset]`, the legacy packet load: network order to host order, and exit with 0 if out of bounds.
  public static func loadPacket(_ offset: Int32, size: AccessSize) -> Instruction {
    Instruction(Opcode(.load, .absolute, size), immediate: offset)
  }

  /// `r0 = *(size *)skb[register + offset]`
  public static func loadPacket(_ register: Register, _ offset: Int32, size: AccessSize) -> Instruction {
    Instruction(Opcode(.load, .indirect, size), source: register, immediate: offset)
  }

  /// Both slots of `destination = value`, where `source` may be one of `PseudoSource`.
  public static func loadWide(_ destination: Register, _ value: UInt64, source: UInt8 = 0) -> [Instruction] {
    [
      Instruction(
        .wideLoad, destination: destination, source: Register(rawValue: source),
        immediate: Int32(truncatingIfNeeded: value)),
      Instruction(Opcode(rawValue: 0), immediate: Int32(truncatingIfNeeded: value >> 32)),
    ]
  }

  /// Both slots that load a map, by its file descriptor.
  public static func loadMap(_ destination: Register, descriptor: Int32) -> [Instruction] {
    loadWide(destination, UInt64(UInt32(bitPattern: descriptor)), source: PseudoSource.mapFD)
  }

  /// Both slots that load the address of byte `offset` in the first value of an array map.
  public static func loadMapValue(_ destination: Register, descriptor: Int32, offset: UInt32) -> [Instruction] {
    loadWide(
      destination, UInt64(UInt32(bitPattern: descriptor)) | UInt64(offset) << 32, source: PseudoSource.mapValue)
  }
}

// Control flow. Offsets count slots from the next one; the assembler computes them from labels.
extension Instruction {
  public static func goto(_ offset: Int16) -> Instruction { Instruction(.goto, offset: offset) }

  /// `goto` with a 32-bit distance. ISA v4.
  public static func gotoLong(_ offset: Int32) -> Instruction { Instruction(.gotoLong, immediate: offset) }

  /// Leaves a loop when the kernel says that it ran long enough.
  /// - Requires: Linux 6.9
  public static func mayGoto(_ offset: Int16) -> Instruction { Instruction(.mayGoto, offset: offset) }

  /// `if register condition operand goto offset`
  public static func jump(
    if register: Register, _ condition: JumpOperation, _ operand: Operand, _ offset: Int16,
    width: OperandWidth = .bits64
  ) -> Instruction {
    Instruction(
      Opcode(width == .bits64 ? .jump : .jump32, condition, operand.kind), destination: register,
      source: operand.register, offset: offset, immediate: operand.immediate)
  }

  public static func call(_ helper: Helper) -> Instruction {
    Instruction(.call, immediate: Int32(truncatingIfNeeded: helper.rawValue))
  }

  /// Calls a function of the same program, `offset` slots from the next.
  public static func callSubprogram(_ offset: Int32) -> Instruction {
    Instruction(.call, source: Register(rawValue: PseudoSource.call), immediate: offset)
  }

  /// Calls a kernel function by its BTF id; `module` is 0 for the kernel itself, otherwise an index into the descriptor
  /// array that is handed over with the program.
  public static func callKernel(btfID: Int32, module: Int16 = 0) -> Instruction {
    Instruction(.call, source: Register(rawValue: PseudoSource.kfuncCall), offset: module, immediate: btfID)
  }

  public static let exit = Instruction(.exit)
}
