// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import TestSupport
import Testing

@Suite struct InstructionTests {
  @Test func isOneSlotOfTheKernel() {
    #expect(MemoryLayout<Instruction>.size == 8)
    #expect(MemoryLayout<Instruction>.stride == 8)
  }

  @Test(
    arguments: [
      // if w3 s> -2 goto +0x102 ; *(u64 *)(r10 - 8) = r1
      ([0x66, 0x03, 0x02, 0x01, 0xfe, 0xff, 0xff, 0xff], [0x66, 0x30, 0x01, 0x02, 0xff, 0xff, 0xff, 0xfe]),
      ([0x7b, 0x1a, 0xf8, 0xff, 0, 0, 0, 0], [0x7b, 0xa1, 0xff, 0xf8, 0, 0, 0, 0]),
    ] as [([UInt8], [UInt8])])
  func readsBothByteOrders(little: [UInt8], big: [UInt8]) throws {
    let slots = try Instruction.decode(little)
    #expect(try Instruction.decode(big, bigEndian: true) == slots)
    #expect(Instruction.encode(slots) == little)
  }

  @Test func fieldsAreIndependent() throws {
    let slot = try Instruction.decode([0x7b, 0x1a, 0xf8, 0xff, 0, 0, 0, 0])[0]
    #expect(slot.opcode.class == .storeRegister)
    #expect(slot.opcode.mode == .memory)
    #expect(slot.opcode.size == .doubleWord)
    #expect(slot.destination == .r10)
    #expect(slot.source == .r1)
    #expect(slot.offset == -8)
    var changed = slot
    changed.destination = .r3
    changed.source = .r9
    #expect(changed.registers == 0x93)
  }

  @Test func roundTripsAnyBytes() throws {
    var generator = SeededRandom(seed: 8)
    let bytes = (0..<8 * 4096).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(Instruction.encode(try Instruction.decode(bytes)) == bytes)
  }

  @Test func refusesAPartOfASlot() {
    #expect(throws: BytecodeError(.truncated(byteCount: 12))) {
      try Instruction.decode([UInt8](repeating: 0, count: 12))
    }
  }
}
