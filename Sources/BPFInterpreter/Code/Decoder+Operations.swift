// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode

// Which operation an opcode is.
extension Decoder {
  func arithmetic(_ slot: Instruction) -> OperationCode? {
    let isRegister = slot.opcode.source == .register
    let is32 = slot.opcode.class == .arithmetic32
    func pick(_ k: OperationCode, _ x: OperationCode, _ k32: OperationCode, _ x32: OperationCode) -> OperationCode? {
      guard slot.offset == 0 else { return nil }
      return is32 ? (isRegister ? x32 : k32) : (isRegister ? x : k)
    }
    func signed(_ k: OperationCode, _ x: OperationCode, _ k32: OperationCode, _ x32: OperationCode) -> OperationCode? {
      guard slot.offset == 1 else { return nil }
      return is32 ? (isRegister ? x32 : k32) : (isRegister ? x : k)
    }
    switch slot.opcode.arithmetic {
    case .add: return pick(.addK, .addX, .add32K, .add32X)
    case .subtract: return pick(.subtractK, .subtractX, .subtract32K, .subtract32X)
    case .multiply: return pick(.multiplyK, .multiplyX, .multiply32K, .multiply32X)
    case .divide:
      return pick(.divideK, .divideX, .divide32K, .divide32X)
        ?? signed(.signedDivideK, .signedDivideX, .signedDivide32K, .signedDivide32X)
    case .or: return pick(.orK, .orX, .or32K, .or32X)
    case .and: return pick(.andK, .andX, .and32K, .and32X)
    case .shiftLeft: return pick(.shiftLeftK, .shiftLeftX, .shiftLeft32K, .shiftLeft32X)
    case .shiftRight: return pick(.shiftRightK, .shiftRightX, .shiftRight32K, .shiftRight32X)
    case .negate: return isRegister ? nil : pick(.negate, .negate, .negate32, .negate32)
    case .modulo:
      return pick(.moduloK, .moduloX, .modulo32K, .modulo32X)
        ?? signed(.signedModuloK, .signedModuloX, .signedModulo32K, .signedModulo32X)
    case .xor: return pick(.xorK, .xorX, .xor32K, .xor32X)
    case .move: return move(slot, is32, isRegister)
    case .shiftRightSigned:
      return pick(.shiftRightSignedK, .shiftRightSignedX, .shiftRightSigned32K, .shiftRightSigned32X)
    case .endian: return byteOrder(slot, is32, isRegister)
    default: return nil
    }
  }

  private func move(_ slot: Instruction, _ is32: Bool, _ isRegister: Bool) -> OperationCode? {
    switch slot.offset {
    case 0: is32 ? (isRegister ? .move32X : .move32K) : (isRegister ? .moveX : .moveK)
    case 8: isRegister ? (is32 ? .move32Signed8 : .moveSigned8) : nil
    case 16: isRegister ? (is32 ? .move32Signed16 : .moveSigned16) : nil
    case 32: isRegister && !is32 ? .moveSigned32 : nil
    // A cast between address spaces: an arena has one address here.
    case 1: isRegister && !is32 ? .moveX : nil
    default: nil
    }
  }

  private func byteOrder(_ slot: Instruction, _ is32: Bool, _ isRegister: Bool) -> OperationCode? {
    guard slot.offset == 0 else { return nil }
    switch (is32, isRegister, slot.immediate) {
    case (true, true, 16): return .bigEndian16
    case (true, true, 32): return .bigEndian32
    case (true, true, 64): return .bigEndian64
    case (true, false, 16): return .littleEndian16
    case (true, false, 32): return .littleEndian32
    case (true, false, 64): return .littleEndian64
    case (false, false, 16): return .swap16
    case (false, false, 32): return .swap32
    case (false, false, 64): return .swap64
    default: return nil
    }
  }

  func jump(_ slot: Instruction, at index: Int) -> Operation {
    switch slot.opcode {
    case .exit: return make(.exit, slot, 0, 0)
    case .call: return call(slot, at: index)
    case .callRegister: return make(.callRegister, slot, 0, 0)
    case .gotoRegister: return make(.gotoRegister, slot, 0, 0)
    default: break
    }
    let code: OperationCode?
    switch slot.opcode {
    case .goto, .gotoLong: code = .goto
    case .mayGoto: code = .mayGoto
    default: code = comparison(slot)
    }
    guard let code, slot.opcode.source == .immediate || slot.source.isValid, let distance = slot.relativeTarget,
      let target = Int32(exactly: index + 1 + distance), instructions.indices.contains(Int(target))
    else { return Self.unusable(.malformed) }
    let is32 = slot.opcode.class == .jump32
    let constant = is32 ? UInt64(UInt32(bitPattern: slot.immediate)) : UInt64(bitPattern: Int64(slot.immediate))
    return make(code, slot, target, constant)
  }

  private func call(_ slot: Instruction, at index: Int) -> Operation {
    switch slot.registers >> 4 {
    case 0:
      let isPoison = slot.immediate == 0xbad_2310
      return isPoison ? Self.unusable(.poisoned) : make(.callHelper, slot, slot.immediate, 0)
    case PseudoSource.call:
      let target = index + 1 + Int(slot.immediate)
      guard instructions.indices.contains(target) else { return Self.unusable(.malformed) }
      return make(.callSubprogram, slot, Int32(truncatingIfNeeded: target), 0)
    case PseudoSource.kfuncCall: return make(.callKernelFunction, slot, slot.immediate, 0)
    default: return Self.unusable(.malformed)
    }
  }

  private func make(_ code: OperationCode, _ slot: Instruction, _ offset: Int32, _ constant: UInt64) -> Operation {
    Operation(
      code: code, destination: slot.destination.rawValue, source: slot.source.rawValue & 0x0f, offset: offset,
      constant: constant)
  }

  private func comparison(_ slot: Instruction) -> OperationCode? {
    let isRegister = slot.opcode.source == .register
    let is32 = slot.opcode.class == .jump32
    func pick(_ k: OperationCode, _ x: OperationCode, _ k32: OperationCode, _ x32: OperationCode) -> OperationCode {
      is32 ? (isRegister ? x32 : k32) : (isRegister ? x : k)
    }
    switch slot.opcode.jump {
    case .equal: return pick(.equalK, .equalX, .equal32K, .equal32X)
    case .notEqual: return pick(.notEqualK, .notEqualX, .notEqual32K, .notEqual32X)
    case .greater: return pick(.greaterK, .greaterX, .greater32K, .greater32X)
    case .greaterOrEqual: return pick(.greaterOrEqualK, .greaterOrEqualX, .greaterOrEqual32K, .greaterOrEqual32X)
    case .less: return pick(.lessK, .lessX, .less32K, .less32X)
    case .lessOrEqual: return pick(.lessOrEqualK, .lessOrEqualX, .lessOrEqual32K, .lessOrEqual32X)
    case .anyBit: return pick(.anyBitK, .anyBitX, .anyBit32K, .anyBit32X)
    case .greaterSigned: return pick(.greaterSignedK, .greaterSignedX, .greaterSigned32K, .greaterSigned32X)
    case .greaterOrEqualSigned:
      return pick(
        .greaterOrEqualSignedK, .greaterOrEqualSignedX, .greaterOrEqualSigned32K, .greaterOrEqualSigned32X)
    case .lessSigned: return pick(.lessSignedK, .lessSignedX, .lessSigned32K, .lessSigned32X)
    case .lessOrEqualSigned:
      return pick(.lessOrEqualSignedK, .lessOrEqualSignedX, .lessOrEqualSigned32K, .lessOrEqualSigned32X)
    default: return nil
    }
  }
}
