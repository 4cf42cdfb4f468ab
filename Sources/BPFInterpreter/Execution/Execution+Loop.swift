// SPDX-License-Identifier: Apache-2.0

// The interpreter's loop. Arithmetic wraps as RFC 9669 §4.1 says: division by zero yields 0, modulo zero leaves the
// destination, the most negative number divided by -1 stays.
extension Execution {
  /// Runs from a slot until the frame at `depth` exits, and returns r0.
  func execute(from start: Int, depth: Int) throws(InterpreterError) -> UInt64 {
    guard var program, start < program.operations.count, var code = program.operations.baseAddress else { return 0 }
    let r = registers
    var memory = space.table
    var budget = self.budget
    var pc = start
    defer { self.budget = budget }

    while true {
      budget &-= 1
      guard budget >= 0 else {
        slot = pc
        throw fault(.tooManyInstructions, "ran more instructions than the limit: does it loop for ever?")
      }
      let op = code[pc]
      let d = Int(op.destination)
      let s = Int(op.source)
      let k = op.constant
      pc &+= 1
      switch op.code {
      case .addK: r[d] &+= k
      case .addX: r[d] &+= r[s]
      case .subtractK: r[d] &-= k
      case .subtractX: r[d] &-= r[s]
      case .multiplyK: r[d] &*= k
      case .multiplyX: r[d] &*= r[s]
      case .divideK: r[d] = k == 0 ? 0 : r[d] / k
      case .divideX: r[d] = r[s] == 0 ? 0 : r[d] / r[s]
      case .signedDivideK: r[d] = signedQuotient(r[d], k)
      case .signedDivideX: r[d] = signedQuotient(r[d], r[s])
      case .orK: r[d] |= k
      case .orX: r[d] |= r[s]
      case .andK: r[d] &= k
      case .andX: r[d] &= r[s]
      case .shiftLeftK: r[d] &<<= k
      case .shiftLeftX: r[d] &<<= r[s]
      case .shiftRightK: r[d] &>>= k
      case .shiftRightX: r[d] &>>= r[s]
      case .shiftRightSignedK: r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: k))
      case .shiftRightSignedX: r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: r[s]))
      case .negate: r[d] = 0 &- r[d]
      case .moduloK: r[d] = k == 0 ? r[d] : r[d] % k
      case .moduloX: r[d] = r[s] == 0 ? r[d] : r[d] % r[s]
      case .signedModuloK: r[d] = signedRemainder(r[d], k)
      case .signedModuloX: r[d] = signedRemainder(r[d], r[s])
      case .xorK: r[d] ^= k
      case .xorX: r[d] ^= r[s]
      case .moveK, .wide:
        r[d] = k
        if op.code == .wide { pc &+= 1 }
      case .moveX: r[d] = r[s]
      case .moveSigned8: r[d] = extended(Int8(truncatingIfNeeded: r[s]))
      case .moveSigned16: r[d] = extended(Int16(truncatingIfNeeded: r[s]))
      case .moveSigned32: r[d] = extended(Int32(truncatingIfNeeded: r[s]))

      case .add32K: r[d] = low(r[d] &+ k)
      case .add32X: r[d] = low(r[d] &+ r[s])
      case .subtract32K: r[d] = low(r[d] &- k)
      case .subtract32X: r[d] = low(r[d] &- r[s])
      case .multiply32K: r[d] = low(r[d] &* k)
      case .multiply32X: r[d] = low(r[d] &* r[s])
      case .divide32K: r[d] = k == 0 ? 0 : low(r[d]) / k
      case .divide32X: r[d] = low(r[s]) == 0 ? 0 : low(r[d]) / low(r[s])
      case .signedDivide32K: r[d] = signedQuotient32(r[d], k)
      case .signedDivide32X: r[d] = signedQuotient32(r[d], r[s])
      case .or32K: r[d] = low(r[d] | k)
      case .or32X: r[d] = low(r[d] | r[s])
      case .and32K: r[d] = low(r[d] & k)
      case .and32X: r[d] = low(r[d] & r[s])
      case .shiftLeft32K: r[d] = low(r[d] &<< (k & 31))
      case .shiftLeft32X: r[d] = low(r[d] &<< (r[s] & 31))
      case .shiftRight32K: r[d] = low(r[d]) &>> (k & 31)
      case .shiftRight32X: r[d] = low(r[d]) &>> (r[s] & 31)
      case .shiftRightSigned32K: r[d] = shiftedSigned32(r[d], k)
      case .shiftRightSigned32X: r[d] = shiftedSigned32(r[d], r[s])
      case .negate32: r[d] = low(0 &- r[d])
      case .modulo32K: r[d] = k == 0 ? low(r[d]) : low(r[d]) % k
      case .modulo32X: r[d] = low(r[s]) == 0 ? low(r[d]) : low(r[d]) % low(r[s])
      case .signedModulo32K: r[d] = signedRemainder32(r[d], k)
      case .signedModulo32X: r[d] = signedRemainder32(r[d], r[s])
      case .xor32K: r[d] = low(r[d] ^ k)
      case .xor32X: r[d] = low(r[d] ^ r[s])
      case .move32K: r[d] = k
      case .move32X: r[d] = low(r[s])
      case .move32Signed8: r[d] = low(extended(Int8(truncatingIfNeeded: r[s])))
      case .move32Signed16: r[d] = low(extended(Int16(truncatingIfNeeded: r[s])))

      case .bigEndian16: r[d] = UInt64(UInt16(truncatingIfNeeded: r[d]).bigEndian)
      case .bigEndian32: r[d] = UInt64(UInt32(truncatingIfNeeded: r[d]).bigEndian)
      case .bigEndian64: r[d] = r[d].bigEndian
      case .littleEndian16: r[d] = UInt64(UInt16(truncatingIfNeeded: r[d]).littleEndian)
      case .littleEndian32: r[d] = UInt64(UInt32(truncatingIfNeeded: r[d]).littleEndian)
      case .littleEndian64: r[d] = r[d].littleEndian
      case .swap16: r[d] = UInt64(UInt16(truncatingIfNeeded: r[d]).byteSwapped)
      case .swap32: r[d] = UInt64(UInt32(truncatingIfNeeded: r[d]).byteSwapped)
      case .swap64: r[d] = r[d].byteSwapped

      case .goto: pc = Int(op.offset)
      case .equalK: if r[d] == k { pc = Int(op.offset) }
      case .equalX: if r[d] == r[s] { pc = Int(op.offset) }
      case .notEqualK: if r[d] != k { pc = Int(op.offset) }
      case .notEqualX: if r[d] != r[s] { pc = Int(op.offset) }
      case .greaterK: if r[d] > k { pc = Int(op.offset) }
      case .greaterX: if r[d] > r[s] { pc = Int(op.offset) }
      case .greaterOrEqualK: if r[d] >= k { pc = Int(op.offset) }
      case .greaterOrEqualX: if r[d] >= r[s] { pc = Int(op.offset) }
      case .lessK: if r[d] < k { pc = Int(op.offset) }
      case .lessX: if r[d] < r[s] { pc = Int(op.offset) }
      case .lessOrEqualK: if r[d] <= k { pc = Int(op.offset) }
      case .lessOrEqualX: if r[d] <= r[s] { pc = Int(op.offset) }
      case .anyBitK: if r[d] & k != 0 { pc = Int(op.offset) }
      case .anyBitX: if r[d] & r[s] != 0 { pc = Int(op.offset) }
      case .greaterSignedK: if signed(r[d]) > signed(k) { pc = Int(op.offset) }
      case .greaterSignedX: if signed(r[d]) > signed(r[s]) { pc = Int(op.offset) }
      case .greaterOrEqualSignedK: if signed(r[d]) >= signed(k) { pc = Int(op.offset) }
      case .greaterOrEqualSignedX: if signed(r[d]) >= signed(r[s]) { pc = Int(op.offset) }
      case .lessSignedK: if signed(r[d]) < signed(k) { pc = Int(op.offset) }
      case .lessSignedX: if signed(r[d]) < signed(r[s]) { pc = Int(op.offset) }
      case .lessOrEqualSignedK: if signed(r[d]) <= signed(k) { pc = Int(op.offset) }
      case .lessOrEqualSignedX: if signed(r[d]) <= signed(r[s]) { pc = Int(op.offset) }

      case .equal32K: if low(r[d]) == k { pc = Int(op.offset) }
      case .equal32X: if low(r[d]) == low(r[s]) { pc = Int(op.offset) }
      case .notEqual32K: if low(r[d]) != k { pc = Int(op.offset) }
      case .notEqual32X: if low(r[d]) != low(r[s]) { pc = Int(op.offset) }
      case .greater32K: if low(r[d]) > k { pc = Int(op.offset) }
      case .greater32X: if low(r[d]) > low(r[s]) { pc = Int(op.offset) }
      case .greaterOrEqual32K: if low(r[d]) >= k { pc = Int(op.offset) }
      case .greaterOrEqual32X: if low(r[d]) >= low(r[s]) { pc = Int(op.offset) }
      case .less32K: if low(r[d]) < k { pc = Int(op.offset) }
      case .less32X: if low(r[d]) < low(r[s]) { pc = Int(op.offset) }
      case .lessOrEqual32K: if low(r[d]) <= k { pc = Int(op.offset) }
      case .lessOrEqual32X: if low(r[d]) <= low(r[s]) { pc = Int(op.offset) }
      case .anyBit32K: if low(r[d]) & k != 0 { pc = Int(op.offset) }
      case .anyBit32X: if low(r[d] & r[s]) != 0 { pc = Int(op.offset) }
      case .greaterSigned32K: if signed32(r[d]) > signed32(k) { pc = Int(op.offset) }
      case .greaterSigned32X: if signed32(r[d]) > signed32(r[s]) { pc = Int(op.offset) }
      case .greaterOrEqualSigned32K: if signed32(r[d]) >= signed32(k) { pc = Int(op.offset) }
      case .greaterOrEqualSigned32X: if signed32(r[d]) >= signed32(r[s]) { pc = Int(op.offset) }
      case .lessSigned32K: if signed32(r[d]) < signed32(k) { pc = Int(op.offset) }
      case .lessSigned32X: if signed32(r[d]) < signed32(r[s]) { pc = Int(op.offset) }
      case .lessOrEqualSigned32K: if signed32(r[d]) <= signed32(k) { pc = Int(op.offset) }
      case .lessOrEqualSigned32X: if signed32(r[d]) <= signed32(r[s]) { pc = Int(op.offset) }
      // The kernel leaves such a loop when it has run long enough; here the limit on instructions ends it.
      case .mayGoto: break

      case .load8:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, UInt8.self) {
          r[d] = UInt64(value)
        } else {
          slot = pc &- 1
          r[d] = try load(address, 1)
        }
      case .load16:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, UInt16.self) {
          r[d] = UInt64(value)
        } else {
          slot = pc &- 1
          r[d] = try load(address, 2)
        }
      case .load32:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, UInt32.self) {
          r[d] = UInt64(value)
        } else {
          slot = pc &- 1
          r[d] = try load(address, 4)
        }
      case .load64:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, UInt64.self) {
          r[d] = value
        } else {
          slot = pc &- 1
          r[d] = try load(address, 8)
        }
      case .loadSigned8:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, Int8.self) {
          r[d] = extended(value)
        } else {
          slot = pc &- 1
          r[d] = extended(Int8(truncatingIfNeeded: try load(address, 1)))
        }
      case .loadSigned16:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, Int16.self) {
          r[d] = extended(value)
        } else {
          slot = pc &- 1
          r[d] = extended(Int16(truncatingIfNeeded: try load(address, 2)))
        }
      case .loadSigned32:
        let address = r[s] &+ extended(op.offset)
        if let value = memory.load(address, Int32.self) {
          r[d] = extended(value)
        } else {
          slot = pc &- 1
          r[d] = extended(Int32(truncatingIfNeeded: try load(address, 4)))
        }
      case .store8K, .store8X:
        let value = op.code == .store8K ? k : r[s]
        let address = r[d] &+ extended(op.offset)
        if !memory.store(address, UInt8(truncatingIfNeeded: value)) {
          slot = pc &- 1
          try store(value, at: address, 1)
        }
      case .store16K, .store16X:
        let value = op.code == .store16K ? k : r[s]
        let address = r[d] &+ extended(op.offset)
        if !memory.store(address, UInt16(truncatingIfNeeded: value)) {
          slot = pc &- 1
          try store(value, at: address, 2)
        }
      case .store32K, .store32X:
        let value = op.code == .store32K ? k : r[s]
        let address = r[d] &+ extended(op.offset)
        if !memory.store(address, UInt32(truncatingIfNeeded: value)) {
          slot = pc &- 1
          try store(value, at: address, 4)
        }
      case .store64K, .store64X:
        let value = op.code == .store64K ? k : r[s]
        let address = r[d] &+ extended(op.offset)
        if !memory.store(address, value) {
          slot = pc &- 1
          try store(value, at: address, 8)
        }
      case .atomic8, .atomic16, .atomic32, .atomic64:
        slot = pc &- 1
        try atomic(op)
      case .packetAbsolute, .packetIndirect:
        slot = pc &- 1
        // A legacy load beyond the packet ends the program with 0.
        guard let value = try legacyLoad(op) else { return try unwind(to: depth) }
        r[0] = value

      case .callHelper, .callRegister, .callKernelFunction:
        slot = pc &- 1
        self.budget = budget
        if op.code == .callHelper, op.offset == Execution.tailCallHelper {
          if let next = try tailCall() {
            program = next
            self.program = next
            code = next.operations.baseAddress.unsafelyUnwrapped
            pc = 0
          }
        } else {
          r[0] = try call(op)
        }
        budget = self.budget
        memory = space.table
      case .callSubprogram:
        let next = frames.count &+ 1
        guard next < Execution.maximumDepth else {
          slot = pc &- 1
          throw tooDeep()
        }
        frames.append(Frame(program: program, returnSlot: pc, saved: (r[6], r[7], r[8], r[9])))
        enterFrame(next)
        pc = Int(op.offset)
      case .exit:
        guard frames.count > depth, let frame = frames.popLast() else {
          slot = pc &- 1
          return r[0]
        }
        (r[6], r[7], r[8], r[9]) = frame.saved
        r[10] = stackTop(frames.count)
        if frame.program !== program {
          program = frame.program
          self.program = program
          code = program.operations.baseAddress.unsafelyUnwrapped
        }
        pc = frame.returnSlot
      case .gotoRegister:
        let target = r[d] &- AddressSpace.codeBase
        guard target < UInt64(program.instructions.count) else {
          slot = pc &- 1
          throw fault(.badAccess, "jumps to 0x\(String(r[d], radix: 16)), which is not in the program")
        }
        pc = Int(target)
      case .unusable:
        slot = pc &- 1
        throw unusable(k)
      }
    }
  }

  /// Ends the program at once, whatever subprogram it is in.
  private func unwind(to depth: Int) throws(InterpreterError) -> UInt64 {
    guard depth == 0 else { throw fault(.badAccess, "a legacy packet load in a callback left the packet") }
    frames.removeAll(keepingCapacity: true)
    return 0
  }
}
