// SPDX-License-Identifier: Apache-2.0

extension Array where Element == Instruction {
  /// Checks the program's form, as the kernel's verifier does before it simulates anything: known opcodes, registers,
  /// fields that must be zero, jump targets, whole wide loads, and subprograms that stay within themselves and end.
  ///
  /// Relocations need not have been applied.
  /// - Throws: `BytecodeError` with the first slot that is wrong.
  ///
  /// Source: `check_subprogs`, `check_cfg`, `do_check_insn` and `resolve_pseudo_ldimm64` in `kernel/bpf/verifier.c`.
  public func validate() throws(BytecodeError) {
    guard !isEmpty else { throw BytecodeError(.empty) }
    var isStart = [Bool](repeating: false, count: count)
    var index = 0
    while index < count {
      isStart[index] = true
      if let reason = self[index].defect { throw BytecodeError(reason, instruction: index) }
      if self[index].isWide {
        guard index + 1 < count, self[index + 1].isSecondHalf else {
          throw BytecodeError(.malformedWideLoad, instruction: index)
        }
        index += 1
      }
      index += 1
    }
    try checkTargets(isStart)
  }

  /// The first slots of the program's functions, ascending; the first is 0.
  ///
  /// A function starts where a subprogram call or an address load leads; targets outside the program are left out.
  public var subprogramStarts: [Int] {
    var starts: Set<Int> = [0]
    forEachInstruction { index, slot in
      guard slot.isSubprogramCall || slot.isFunctionAddress else { return }
      let target = index + 1 + Int(slot.immediate)
      if indices.contains(target) { starts.insert(target) }
    }
    return starts.sorted()
  }

  private func checkTargets(_ isStart: [Bool]) throws(BytecodeError) {
    let starts = subprogramStarts
    var function = 0
    for index in indices where isStart[index] {
      if function + 1 < starts.count, starts[function + 1] == index { function += 1 }
      let end = function + 1 < starts.count ? starts[function + 1] : count
      let slot = self[index]

      if let distance = slot.relativeTarget {
        let target = index + 1 + distance
        guard indices.contains(target) else { throw BytecodeError(.targetOutOfRange(target), instruction: index) }
        guard isStart[target] else { throw BytecodeError(.targetInsideWideLoad(target), instruction: index) }
        if slot.isJump, target < starts[function] || target >= end {
          throw BytecodeError(.jumpAcrossSubprograms(target), instruction: index)
        }
      }
      let next = index + (slot.isWide ? 2 : 1)
      if next == end, !slot.endsFunction { throw BytecodeError(.fallsThrough, instruction: index) }
    }
  }
}

extension Instruction {
  /// The empty second slot of a wide load.
  var isSecondHalf: Bool { opcode.rawValue == 0 && registers == 0 && offset == 0 }

  /// Whether control never reaches the next slot.
  var endsFunction: Bool { isExit || opcode == .goto || opcode == .gotoLong || opcode == .gotoRegister }

  /// What is wrong with this slot by itself; nil if nothing.
  var defect: BytecodeError.Reason? {
    if !destination.isValid { return .invalidRegister(destination.rawValue) }
    switch opcode.class {
    case .load: return defectOfLoad
    case .loadRegister:
      guard opcode.mode == .memory || opcode.mode == .memorySigned && opcode.size != .doubleWord else { return unknown }
      return first(badSource, needsZero(immediate, "immediate"), writesFramePointer)
    case .store:
      guard opcode.mode == .memory else { return unknown }
      return needsZero(source.rawValue, "source register")
    case .storeRegister: return defectOfStoreRegister
    case .arithmetic32, .arithmetic64: return first(defectOfArithmetic, writesFramePointer)
    case .jump, .jump32: return defectOfJump
    }
  }

  private var unknown: BytecodeError.Reason { .unknownOpcode(opcode.rawValue) }
  private var badSource: BytecodeError.Reason? { source.isValid ? nil : .invalidRegister(source.rawValue) }
  private var writesFramePointer: BytecodeError.Reason? { destination == .r10 ? .writesFramePointer : nil }

  private func needsZero(_ value: some BinaryInteger, _ field: String) -> BytecodeError.Reason? {
    value == 0 ? nil : .reservedField(field)
  }

  private func first(_ defects: BytecodeError.Reason?...) -> BytecodeError.Reason? {
    defects.lazy.compactMap { $0 }.first
  }

  private var defectOfLoad: BytecodeError.Reason? {
    switch opcode.mode {
    case .immediate where isWide:
      guard source.rawValue <= PseudoSource.mapIndexValue else { return .invalidField("source register") }
      return first(needsZero(offset, "offset"), writesFramePointer)
    case .absolute, .indirect:
      guard opcode.size != .doubleWord else { return unknown }
      return first(
        badSource, needsZero(destination.rawValue, "destination register"), needsZero(offset, "offset"),
        opcode.mode == .absolute ? needsZero(source.rawValue, "source register") : nil)
    default: return unknown
    }
  }

  private var defectOfStoreRegister: BytecodeError.Reason? {
    if opcode.mode == .memory { return first(badSource, needsZero(immediate, "immediate")) }
    guard let atomic, atomic.isKnown || opcode.size.byteCount >= 4 else { return unknown }
    guard atomic.isKnown else { return .invalidField("immediate (the atomic operation)") }
    let isOrdered = atomic == .loadAcquire || atomic == .storeRelease
    guard isOrdered || opcode.size.byteCount >= 4 else { return unknown }
    let result: Register = atomic == .loadAcquire ? destination : source
    return first(badSource, atomic.writesRegister && result == .r10 ? .writesFramePointer : nil)
  }

  private var defectOfArithmetic: BytecodeError.Reason? {
    let isWord = opcode.class == .arithmetic32
    let usesRegister = opcode.source == .register
    switch opcode.arithmetic {
    case .endian:
      guard isWord || !usesRegister else { return unknown }
      guard immediate == 16 || immediate == 32 || immediate == 64 else { return .invalidField("immediate (the width)") }
      return first(needsZero(source.rawValue, "source register"), needsZero(offset, "offset"))
    case .negate:
      guard !usesRegister else { return unknown }
      return first(
        needsZero(source.rawValue, "source register"), needsZero(offset, "offset"), needsZero(immediate, "immediate"))
    case .move:
      guard usesRegister else {
        return first(needsZero(source.rawValue, "source register"), needsZero(offset, "offset"))
      }
      if isAddressSpaceCast {
        return immediate == 1 || immediate == 1 << 16 ? badSource : .invalidField("immediate (the address spaces)")
      }
      guard offset == 0 || signExtendedBits != nil else { return .invalidField("offset (the width)") }
      return first(badSource, needsZero(immediate, "immediate"))
    case .add, .subtract, .multiply, .divide, .or, .and, .shiftLeft, .shiftRight, .modulo, .xor, .shiftRightSigned:
      guard offset == 0 || isSignedDivision else { return .reservedField("offset") }
      if usesRegister { return first(badSource, needsZero(immediate, "immediate")) }
      return first(needsZero(source.rawValue, "source register"), defectOfConstant)
    default: return unknown
    }
  }

  private var defectOfConstant: BytecodeError.Reason? {
    switch opcode.arithmetic {
    case .divide, .modulo: return immediate == 0 ? .divisionByZero : nil
    case .shiftLeft, .shiftRight, .shiftRightSigned:
      let bits: Int32 = opcode.class == .arithmetic32 ? 32 : 64
      return immediate < 0 || immediate >= bits ? .shiftOutOfRange(immediate) : nil
    default: return nil
    }
  }

  private var defectOfJump: BytecodeError.Reason? {
    switch opcode {
    case .call:
      guard source.rawValue <= PseudoSource.kfuncCall else { return .invalidField("source register") }
      return first(
        needsZero(destination.rawValue, "destination register"), isKfuncCall ? nil : needsZero(offset, "offset"))
    case .exit, .goto: return first(needsZero(registers, "register field"), noImmediate)
    case .gotoLong: return first(needsZero(registers, "register field"), needsZero(offset, "offset"))
    case .gotoRegister:
      return first(needsZero(source.rawValue, "source register"), needsZero(offset, "offset"), noImmediate)
    case .mayGoto: return first(needsZero(registers, "register field"), noImmediate)
    default:
      guard opcode.jump.isComparison else { return unknown }
      if opcode.source == .register { return first(badSource, noImmediate) }
      return needsZero(source.rawValue, "source register")
    }
  }

  private var noImmediate: BytecodeError.Reason? { needsZero(immediate, "immediate") }
}
