// SPDX-License-Identifier: Apache-2.0

/// Writes instructions as text, in the kernel's own notation: what the verifier's log and `bpftool prog dump xlated` print.
///
///     (b7) r0 = 2
///     (79) r1 = *(u64 *)(r6 +8)
///     (55) if r1 != 0x0 goto pc+3
///     (85) call bpf_ktime_get_ns#5
///
/// The number in parentheses is the opcode. `r` registers have 64 bits, `w` registers 32. A jump's distance counts slots
/// from the next one. The text of an instruction that no kernel knows starts with `BUG`, as the kernel's does.
///
/// Source: `kernel/bpf/disasm.c` of Linux 6.18; for operands of wide loads, bpftool's `xlated_dumper.c`.
public struct Disassembler: Sendable {
  /// One instruction of a listing.
  public struct Line: Hashable, Sendable, CustomStringConvertible {
    /// The instruction's first slot.
    public var index: Int
    public var text: String

    /// The line as bpftool prints it: the index in four columns, a colon, the text.
    public var description: String {
      let number = String(index)
      return String(repeating: " ", count: max(0, 4 - number.count)) + number + ": " + text
    }
  }

  /// Names the target of a call; nil leaves the default. For subprograms the answer stands after `call pc` ("+3#name"),
  /// for helpers and kernel functions before `#` and the immediate.
  public var nameOfCall: (@Sendable (Instruction) -> String?)?

  /// Names what a wide load loads; nil leaves the default. Gets the first slot and all 64 bits of the immediate.
  public var nameOfWideLoad: (@Sendable (Instruction, UInt64) -> String?)?

  public init(
    nameOfCall: (@Sendable (Instruction) -> String?)? = nil,
    nameOfWideLoad: (@Sendable (Instruction, UInt64) -> String?)? = nil
  ) {
    self.nameOfCall = nameOfCall
    self.nameOfWideLoad = nameOfWideLoad
  }

  /// The program as text, one line per instruction (a wide load is one).
  public func lines(_ program: [Instruction]) -> [Line] {
    var lines: [Line] = []
    lines.reserveCapacity(program.count)
    program.forEachInstruction { index, slot in
      lines.append(Line(index: index, text: text(slot, next: index + 1 < program.count ? program[index + 1] : nil)))
    }
    return lines
  }

  /// One instruction as text; `next` is the slot after it, which a wide load needs.
  public func text(_ slot: Instruction, next: Instruction? = nil) -> String {
    let code = hexadecimal(slot.opcode.rawValue)
    let body: String? =
      switch slot.opcode.class {
      case .arithmetic32, .arithmetic64: arithmetic(slot)
      case .load: load(slot, next)
      case .loadRegister: loadRegister(slot)
      case .store: store(slot)
      case .storeRegister: slot.opcode.mode == .atomic ? atomic(slot) : storeRegister(slot)
      case .jump, .jump32: jump(slot)
      }
    guard let body else { return "BUG_\(slot.opcode.class.tagOfUnknown)\(code)" }
    return "(\(code)) \(body)"
  }
}

extension Instruction: CustomStringConvertible {
  /// The instruction in the kernel's notation; of a wide load, the lower half only.
  public var description: String { Disassembler().text(self) }
}

extension Array where Element == Instruction {
  /// The program in the kernel's notation, one line per instruction. See ``Disassembler``.
  public func disassembled() -> [Disassembler.Line] { Disassembler().lines(self) }
}

// The parts, by class of instruction. Each returns nil for what no kernel defines.
extension Disassembler {
  private func arithmetic(_ slot: Instruction) -> String? {
    let operation = slot.opcode.arithmetic
    let isWord = slot.opcode.class == .arithmetic32
    let letter = isWord ? "w" : "r"
    let destination = "\(letter)\(slot.destination.rawValue)"
    if operation == .endian {
      let name = isWord ? (slot.opcode.source == .register ? "be" : "le") : "bswap"
      return "\(slot.destination) = \(name)\(slot.immediate) \(slot.destination)"
    }
    if operation == .negate { return "\(destination) = -\(destination)" }
    if slot.isAddressSpaceCast {
      let spaces = UInt32(bitPattern: slot.immediate)
      return "\(destination) = addr_space_cast(\(slot.source), \(spaces >> 16), \(spaces & 0xffff))"
    }
    if slot.isPerCPUAddress { return "\(destination) = &(void __percpu *)(\(slot.source))" }
    guard let sign = symbol(of: operation, signed: slot.isSignedDivision) else { return nil }
    guard slot.opcode.source == .register else { return "\(destination) \(sign) \(slot.immediate)" }
    let widening = slot.signExtendedBits.map { "(s\($0))" } ?? ""
    return "\(destination) \(sign) \(widening)\(letter)\(slot.source.rawValue)"
  }

  private func symbol(of operation: ArithmeticOperation, signed: Bool) -> String? {
    switch operation {
    case .add: "+="
    case .subtract: "-="
    case .multiply: "*="
    case .divide: signed ? "s/=" : "/="
    case .or: "|="
    case .and: "&="
    case .shiftLeft: "<<="
    case .shiftRight: ">>="
    case .modulo: signed ? "s%=" : "%="
    case .xor: "^="
    case .move: "="
    case .shiftRightSigned: "s>>="
    default: nil
    }
  }

  private func load(_ slot: Instruction, _ next: Instruction?) -> String? {
    let size = slot.opcode.size.typeName
    switch slot.opcode.mode {
    case .absolute: return "r0 = *(\(size) *)skb[\(slot.immediate)]"
    case .indirect: return "r0 = *(\(size) *)skb[\(slot.source) + \(slot.immediate)]"
    case .immediate where slot.isWide:
      let low = UInt32(bitPattern: slot.immediate)
      let high = UInt32(bitPattern: next?.immediate ?? 0)
      let value = UInt64(high) << 32 | UInt64(low)
      let text = nameOfWideLoad?(slot, value) ?? wideOperand(slot, low, high, value)
      return "\(slot.destination) = \(text)"
    default: return nil
    }
  }

  private func wideOperand(_ slot: Instruction, _ low: UInt32, _ high: UInt32, _ value: UInt64) -> String {
    switch slot.registers >> 4 {
    case PseudoSource.mapFD: "map[id:\(low)]"
    case PseudoSource.mapValue: "map[id:\(low)][0]+\(high)"
    case PseudoSource.mapIndexValue: "map[idx:\(low)]+\(high)"
    case PseudoSource.function: "subprog[\(signed(slot.immediate))]"
    default: "0x\(String(value, radix: 16))"
    }
  }

  private func loadRegister(_ slot: Instruction) -> String? {
    let size = slot.opcode.size
    switch slot.opcode.mode {
    case .memory: return "\(slot.destination) = *(\(size.typeName) *)(\(slot.source) \(signed(slot.offset)))"
    case .memorySigned where size != .doubleWord:
      return "\(slot.destination) = *(\(size.signedTypeName) *)(\(slot.source) \(signed(slot.offset)))"
    default: return nil
    }
  }

  private func store(_ slot: Instruction) -> String? {
    if slot.opcode.mode == .atomic { return "nospec" }  // a barrier, which only the verifier puts in
    guard slot.opcode.mode == .memory else { return nil }
    return "*(\(slot.opcode.size.typeName) *)(\(slot.destination) \(signed(slot.offset))) = \(slot.immediate)"
  }

  private func storeRegister(_ slot: Instruction) -> String? {
    guard slot.opcode.mode == .memory else { return nil }
    return "*(\(slot.opcode.size.typeName) *)(\(slot.destination) \(signed(slot.offset))) = \(slot.source)"
  }

  private func atomic(_ slot: Instruction) -> String? {
    let operation = AtomicOperation(rawValue: slot.immediate)
    let type = slot.opcode.size.typeName
    let memory = "(\(type) *)(\(slot.destination) \(signed(slot.offset)))"
    let prefix = slot.opcode.size == .doubleWord ? "atomic64" : "atomic"
    return switch operation {
    case .add: "lock *\(memory) += \(slot.source)"
    case .or: "lock *\(memory) |= \(slot.source)"
    case .and: "lock *\(memory) &= \(slot.source)"
    case .xor: "lock *\(memory) ^= \(slot.source)"
    case .fetchAdd: "\(slot.source) = \(prefix)_fetch_add(\(memory), \(slot.source))"
    case .fetchOr: "\(slot.source) = \(prefix)_fetch_or(\(memory), \(slot.source))"
    case .fetchAnd: "\(slot.source) = \(prefix)_fetch_and(\(memory), \(slot.source))"
    case .fetchXor: "\(slot.source) = \(prefix)_fetch_xor(\(memory), \(slot.source))"
    case .exchange: "\(slot.source) = \(prefix)_xchg(\(memory), \(slot.source))"
    case .compareExchange: "r0 = \(prefix)_cmpxchg(\(memory), r0, \(slot.source))"
    case .loadAcquire: "\(slot.destination) = load_acquire((\(type) *)(\(slot.source) \(signed(slot.offset))))"
    case .storeRelease: "store_release(\(memory), \(slot.source))"
    default: nil
    }
  }

  private func jump(_ slot: Instruction) -> String? {
    switch slot.opcode {
    case .call: return "call \(callee(slot))"
    case .callRegister: return "callx \(slot.destination)"
    case .exit: return "exit"
    case .goto: return "goto pc\(signed(slot.offset))"
    case .gotoLong: return "gotol pc\(signed(slot.immediate))"
    case .gotoRegister: return "gotox \(slot.destination)"
    case .mayGoto: return "may_goto pc\(signed(slot.offset))"
    default: break
    }
    guard let sign = symbol(of: slot.opcode.jump) else { return nil }
    let letter = slot.opcode.class == .jump32 ? "w" : "r"
    let operand =
      slot.opcode.source == .register
      ? "\(letter)\(slot.source.rawValue)" : "0x" + String(UInt32(bitPattern: slot.immediate), radix: 16)
    return "if \(letter)\(slot.destination.rawValue) \(sign) \(operand) goto pc\(signed(slot.offset))"
  }

  private func callee(_ slot: Instruction) -> String {
    if slot.isSubprogramCall { return "pc" + (nameOfCall?(slot) ?? signed(slot.immediate)) }
    var name: String?
    if slot.isHelperCall {
      let helper = Helper(rawValue: UInt32(bitPattern: slot.immediate))
      name = helper.name.map { "bpf_" + $0 } ?? (slot.immediate == 0 ? "bpf_unspec" : nil)
    }
    let found = name ?? nameOfCall?(slot) ?? (slot.isKfuncCall ? "kernel-function" : "unknown")
    return "\(found)#\(slot.immediate)"
  }

  private func symbol(of condition: JumpOperation) -> String? {
    switch condition {
    case .equal: "=="
    case .greater: ">"
    case .less: "<"
    case .greaterOrEqual: ">="
    case .lessOrEqual: "<="
    case .anyBit: "&"
    case .notEqual: "!="
    case .greaterSigned: "s>"
    case .lessSigned: "s<"
    case .greaterOrEqualSigned: "s>="
    case .lessOrEqualSigned: "s<="
    default: nil
    }
  }

  private func signed(_ value: some SignedInteger) -> String { value < 0 ? "\(value)" : "+\(value)" }
}

extension InstructionClass {
  /// How the kernel marks an instruction that it does not know.
  fileprivate var tagOfUnknown: String {
    switch self {
    case .load: "ld_"
    case .loadRegister: "ldx_"
    case .store: "st_"
    default: ""
    }
  }
}

extension AccessSize {
  fileprivate var typeName: String { "u\(byteCount * 8)" }
  fileprivate var signedTypeName: String { "s\(byteCount * 8)" }
}
