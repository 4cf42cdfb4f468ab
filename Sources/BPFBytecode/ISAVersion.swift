// SPDX-License-Identifier: Apache-2.0

/// A version of the instruction set, as in `clang -mcpu=v3`.
public enum ISAVersion: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
  case v1 = 1
  /// Adds the comparisons `<`, `<=` and their signed twins. Linux 4.14.
  case v2
  /// Adds 32-bit comparisons (Linux 5.1), and atomics other than a plain add (Linux 5.12).
  case v3
  /// Adds sign-extending loads and moves, signed division, `bswap`, `gotol`. Linux 6.6.
  case v4

  public static func < (a: ISAVersion, b: ISAVersion) -> Bool { a.rawValue < b.rawValue }

  public var description: String { "v\(rawValue)" }

  /// The lowest version that has all of these instructions.
  public static func minimum(of program: [Instruction]) -> ISAVersion {
    var version = v1
    program.forEachInstruction { _, slot in version = max(version, slot.minimumISA) }
    return version
  }
}

extension Instruction {
  /// The lowest version of the instruction set with this instruction. 32-bit arithmetic counts as v1: every kernel runs
  /// it, although clang only emits it from v3 on.
  public var minimumISA: ISAVersion { requirement.isa }

  /// The first kernel whose verifier accepts this instruction.
  public var minimumKernel: KernelVersion { requirement.kernel }

  private var requirement: (isa: ISAVersion, kernel: KernelVersion) {
    let first = (ISAVersion.v1, KernelVersion(3, 18))
    let v4 = (ISAVersion.v4, KernelVersion(6, 6))
    switch opcode.class {
    case .load:
      guard isWide else { return first }
      switch registers >> 4 {
      case PseudoSource.mapValue: return (.v1, KernelVersion(5, 2))
      case PseudoSource.btfID: return (.v1, KernelVersion(5, 10))
      case PseudoSource.function: return (.v1, KernelVersion(5, 13))
      case PseudoSource.mapIndex, PseudoSource.mapIndexValue: return (.v1, KernelVersion(5, 14))
      default: return first
      }
    case .loadRegister: return opcode.mode == .memorySigned ? v4 : first
    case .store: return first
    case .storeRegister:
      switch atomic {
      case nil, .add: return first
      case .loadAcquire, .storeRelease: return (.v4, KernelVersion(6, 15))
      default: return (.v3, KernelVersion(5, 12))
      }
    case .arithmetic32, .arithmetic64:
      if opcode.arithmetic == .endian { return opcode.class == .arithmetic64 ? v4 : first }
      if offset == 0 { return first }
      return isAddressSpaceCast ? (.v4, KernelVersion(6, 9)) : v4
    case .jump:
      switch opcode.jump {
      case .less, .lessOrEqual, .lessSigned, .lessOrEqualSigned: return (.v2, KernelVersion(4, 14))
      case .conditional: return (.v4, KernelVersion(6, 9))
      case .always: return opcode == .gotoRegister ? (.v4, KernelVersion(6, 19)) : first
      case .call:
        if isSubprogramCall { return (.v1, KernelVersion(4, 16)) }
        if isKfuncCall { return (.v1, KernelVersion(5, 13)) }
        return (.v1, Helper(rawValue: UInt32(bitPattern: immediate)).minimumKernel ?? KernelVersion(3, 18))
      default: return first
      }
    case .jump32: return opcode.jump == .always ? v4 : (.v3, KernelVersion(5, 1))
    }
  }
}

extension Array where Element == Instruction {
  /// Calls `body` for the first slot of each instruction, with its index: second slots of wide loads are left out.
  @inlinable
  public func forEachInstruction<Failure: Error>(
    _ body: (Int, Instruction) throws(Failure) -> Void
  ) throws(Failure) {
    var index = 0
    while index < count {
      try body(index, self[index])
      index += self[index].isWide ? 2 : 1
    }
  }
}
