// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode
internal import BTF

/// A relocation's values, from the object's own types and from the kernel's, as they are put into an instruction.
///
/// Source: `bpf_core_calc_relo` and `bpf_core_patch_insn` in libbpf's `relo_core.c`.
struct COREPatch {
  var kind: COREKind
  var local: COREValue
  /// nil if the kernel has nothing that fits, and the kind cannot say so by a value.
  var target: COREValue?

  /// Patches the instruction at `index`, and the second slot of a wide load.
  func apply(to program: inout [Instruction], at index: Int) throws(COREError.Reason) -> COREResult.Outcome {
    guard program.indices.contains(index) else { throw .outsideProgram }
    guard let target else {
      poison(&program, at: index)
      return .poisoned(.absent)
    }
    var slot = program[index]
    switch slot.opcode.class {
    case .arithmetic32, .arithmetic64:
      guard slot.opcode.source == .immediate else { throw .unexpectedInstruction("\(slot)") }
      let found = UInt64(bitPattern: Int64(slot.immediate))
      try expect(found)
      slot.immediate = Int32(truncatingIfNeeded: target.value)
      program[index] = slot
      return .patched(from: found, to: target.value)

    case .loadRegister, .store, .storeRegister:
      let found = UInt64(bitPattern: Int64(slot.offset))
      try expect(found)
      guard let offset = Int16(exactly: target.value) else { throw .offsetOutOfRange(target.value) }
      if resizing == .wrong {
        poison(&program, at: index)
        return .poisoned(.wrongSize(own: local.field?.size ?? 0, kernel: target.field?.size ?? 0))
      }
      slot.offset = offset
      if resizing == .allowed { try resize(&slot) }
      program[index] = slot
      return .patched(from: found, to: target.value)

    case .load:
      guard slot.isWide, slot.registers >> 4 == 0, slot.offset == 0, index + 1 < program.count,
        program[index + 1].opcode.rawValue == 0, program[index + 1].registers == 0, program[index + 1].offset == 0
      else { throw .unexpectedInstruction("\(slot)") }
      let upper = UInt64(UInt32(bitPattern: program[index + 1].immediate))
      let found = upper << 32 | UInt64(UInt32(bitPattern: slot.immediate))
      var value = target.value
      if isUnsignedEnumerator(found) { value &= 0xffff_ffff } else { try expect(found) }
      program[index].immediate = Int32(truncatingIfNeeded: value)
      program[index + 1].immediate = Int32(truncatingIfNeeded: value >> 32)
      return .patched(from: found, to: value)

    case .jump, .jump32: throw .unexpectedInstruction("\(slot)")
    }
  }

  private func expect(_ found: UInt64) throws(COREError.Reason) {
    guard local.isCertain, found != local.value else { return }
    throw .unexpectedValue(found: Int64(bitPattern: found), expected: Int64(bitPattern: local.value))
  }

  /// Whether the compiler took the enumerator for an unsigned number, whose upper half is zero. Then the kernel's is too.
  private func isUnsignedEnumerator(_ found: UInt64) -> Bool {
    kind == .enumValue && found != local.value && found == local.value & 0xffff_ffff
      && target.map { Int64(bitPattern: $0.value) == Int64(Int32(truncatingIfNeeded: $0.value)) } ?? false
  }

  // MARK: The size of a load or store

  private enum Resizing {
    case none, allowed, wrong
  }

  /// Between sizes, a load only keeps its meaning if it is zero-extended: of pointers and unsigned integers.
  private var resizing: Resizing {
    guard local.field?.size != target?.field?.size else { return .none }
    guard let own = local.field?.type, let other = target?.field?.type else { return .wrong }
    switch (own, other) {
    case (.pointer, .pointer): return .allowed
    case (.int(let own), .int(let other)):
      return own.encoding != .signed && other.encoding != .signed ? .allowed : .wrong
    default: return .wrong
    }
  }

  private func resize(_ slot: inout Instruction) throws(COREError.Reason) {
    let (own, other) = (local.field?.size ?? 0, target?.field?.size ?? 0)
    let access = slot.opcode.size.byteCount
    guard access == own else { throw .unexpectedSize(access: access, field: own) }
    guard let size = AccessSize(byteCount: other) else { throw .unsupportedSize(other) }
    slot.opcode = Opcode(slot.opcode.class, slot.opcode.mode, size)
  }

  // MARK: Poison

  private func poison(_ program: inout [Instruction], at index: Int) {
    if program[index].isWide, index + 1 < program.count { program[index + 1] = CORELinker.poison }
    program[index] = CORELinker.poison
  }
}
