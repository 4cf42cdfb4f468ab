// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode

/// Turns a program's slots into operations, once.
///
/// Whatever is malformed becomes an operation that cannot be run, so that running needs no checks but of memory.
struct Decoder {
  let instructions: [Instruction]

  init(_ instructions: [Instruction]) { self.instructions = instructions }

  func decode() -> [Operation] {
    var operations: [Operation] = []
    operations.reserveCapacity(instructions.count + 1)
    var index = 0
    while index < instructions.count {
      let slot = instructions[index]
      guard slot.isWide else {
        operations.append(operation(slot, at: index))
        index += 1
        continue
      }
      guard index + 1 < instructions.count else {
        operations.append(Self.unusable(.malformed))
        break
      }
      operations.append(wide(slot, instructions[index + 1], at: index))
      operations.append(Self.unusable(.secondHalf))
      index += 2
    }
    // Running past the end ends here.
    operations.append(Self.unusable(.end))
    return operations
  }

  static func unusable(_ why: Unusable) -> Operation {
    Operation(code: .unusable, destination: 0, source: 0, offset: 0, constant: why.rawValue)
  }

  private func wide(_ first: Instruction, _ second: Instruction, at index: Int) -> Operation {
    guard first.destination.rawValue < 10 else { return Self.unusable(.malformed) }
    let value = UInt64(UInt32(bitPattern: first.immediate)) | UInt64(UInt32(bitPattern: second.immediate)) << 32
    switch first.registers >> 4 {
    case 0: return make(.wide, first, constant: value)
    case PseudoSource.function:
      let target = index + 1 + Int(first.immediate)
      guard instructions.indices.contains(target) else { return Self.unusable(.malformed) }
      return make(.wide, first, constant: AddressSpace.codeBase + UInt64(target))
    // Whoever fills it in needs the destination.
    default: return make(.unusable, first, constant: Unusable.unresolved.rawValue)
    }
  }

  private func make(_ code: OperationCode, _ slot: Instruction, offset: Int32 = 0, constant: UInt64 = 0) -> Operation {
    Operation(
      code: code, destination: slot.destination.rawValue, source: slot.source.rawValue, offset: offset,
      constant: constant)
  }

  private func operation(_ slot: Instruction, at index: Int) -> Operation {
    guard slot.destination.isValid else { return Self.unusable(.malformed) }
    switch slot.opcode.class {
    case .arithmetic64, .arithmetic32:
      guard slot.destination != .r10, slot.opcode.source == .immediate || slot.source.isValid,
        let code = arithmetic(slot)
      else { return Self.unusable(.malformed) }
      let is32 = slot.opcode.class == .arithmetic32
      let constant =
        is32 ? UInt64(UInt32(bitPattern: slot.immediate)) : UInt64(bitPattern: Int64(slot.immediate))
      return make(code, slot, constant: constant)
    case .jump, .jump32: return jump(slot, at: index)
    case .loadRegister:
      guard slot.destination != .r10, slot.source.isValid, let code = load(slot) else {
        return Self.unusable(.malformed)
      }
      return make(code, slot, offset: Int32(slot.offset))
    case .store:
      guard slot.opcode.mode == .memory else { return Self.unusable(.malformed) }
      let code: OperationCode =
        switch slot.opcode.size {
        case .byte: .store8K
        case .halfWord: .store16K
        case .word: .store32K
        case .doubleWord: .store64K
        }
      return make(code, slot, offset: Int32(slot.offset), constant: UInt64(bitPattern: Int64(slot.immediate)))
    case .storeRegister: return store(slot)
    case .load:
      guard slot.source.isValid, slot.opcode.size != .doubleWord else { return Self.unusable(.malformed) }
      let code: OperationCode
      switch slot.opcode.mode {
      case .absolute: code = .packetAbsolute
      case .indirect: code = .packetIndirect
      default: return Self.unusable(.malformed)
      }
      return make(
        code, slot, offset: Int32(slot.opcode.size.byteCount), constant: UInt64(bitPattern: Int64(slot.immediate)))
    }
  }

  private func load(_ slot: Instruction) -> OperationCode? {
    switch (slot.opcode.mode, slot.opcode.size) {
    case (.memory, .byte): .load8
    case (.memory, .halfWord): .load16
    case (.memory, .word): .load32
    case (.memory, .doubleWord): .load64
    case (.memorySigned, .byte): .loadSigned8
    case (.memorySigned, .halfWord): .loadSigned16
    case (.memorySigned, .word): .loadSigned32
    default: nil
    }
  }

  private func store(_ slot: Instruction) -> Operation {
    guard slot.source.isValid else { return Self.unusable(.malformed) }
    switch (slot.opcode.mode, slot.opcode.size) {
    case (.memory, .byte): return make(.store8X, slot, offset: Int32(slot.offset))
    case (.memory, .halfWord): return make(.store16X, slot, offset: Int32(slot.offset))
    case (.memory, .word): return make(.store32X, slot, offset: Int32(slot.offset))
    case (.memory, .doubleWord): return make(.store64X, slot, offset: Int32(slot.offset))
    case (.atomic, let size):
      let operation = AtomicOperation(rawValue: slot.immediate)
      let isOrdered = operation == .loadAcquire || operation == .storeRelease
      let written = operation == .loadAcquire ? slot.destination : slot.source
      guard operation.isKnown, isOrdered || size == .word || size == .doubleWord,
        !operation.writesRegister || written != .r10
      else { return Self.unusable(.malformed) }
      let code: OperationCode =
        switch size {
        case .byte: .atomic8
        case .halfWord: .atomic16
        case .word: .atomic32
        case .doubleWord: .atomic64
        }
      return make(
        code, slot, offset: Int32(slot.offset), constant: UInt64(UInt32(bitPattern: slot.immediate)))
    default: return Self.unusable(.malformed)
    }
  }
}

/// Why an operation cannot be run.
enum Unusable: UInt64 {
  case malformed = 1
  /// The second slot of a wide load.
  case secondHalf
  /// Control ran past the last slot.
  case end
  /// A reference to something that was never filled in.
  case unresolved
  /// An extern that nobody gave a value.
  case missingExtern
  /// A CO-RE relocation found nothing.
  case poisoned
}
