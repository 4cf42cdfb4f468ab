// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import TestSupport
import Testing

@Suite struct ValidationTests {
  @Test(
    arguments: [
      ([], .empty, nil),
      ([0xe7, 0, 0, 0, 0, 0, 0, 0], .unknownOpcode(0xe7), 0),
      ([0xb7, 0x0b, 0, 0, 0, 0, 0, 0], .invalidRegister(11), 0),
      ([0xbf, 0xc0, 0, 0, 0, 0, 0, 0], .invalidRegister(12), 0),
      ([0xb7, 0x0a, 0, 0, 0, 0, 0, 0], .writesFramePointer, 0),
      ([0xb7, 0x10, 0, 0, 0, 0, 0, 0], .reservedField("source register"), 0),
      ([0x0f, 0x10, 0, 0, 1, 0, 0, 0], .reservedField("immediate"), 0),
      ([0x07, 0x00, 1, 0, 1, 0, 0, 0], .reservedField("offset"), 0),
      ([0x37, 0x00, 0, 0, 0, 0, 0, 0], .divisionByZero, 0),
      ([0x67, 0x00, 0, 0, 64, 0, 0, 0], .shiftOutOfRange(64), 0),
      ([0x64, 0x00, 0, 0, 32, 0, 0, 0], .shiftOutOfRange(32), 0),
      ([0xbf, 0x10, 7, 0, 0, 0, 0, 0], .invalidField("offset (the width)"), 0),
      ([0xbc, 0x10, 32, 0, 0, 0, 0, 0], .invalidField("offset (the width)"), 0),
      ([0xd7, 0x00, 0, 0, 24, 0, 0, 0], .invalidField("immediate (the width)"), 0),
      ([0xdf, 0x00, 0, 0, 16, 0, 0, 0], .unknownOpcode(0xdf), 0),
      ([0x99, 0x10, 0, 0, 0, 0, 0, 0], .unknownOpcode(0x99), 0),  // a sign-extending load of 8 bytes
      ([0xdb, 0x10, 0, 0, 0x02, 0, 0, 0], .invalidField("immediate (the atomic operation)"), 0),
      ([0xd3, 0x10, 0, 0, 0x01, 0, 0, 0], .unknownOpcode(0xd3), 0),  // an atomic add of one byte
      ([0x18, 0x00, 0, 0, 0, 0, 0, 0], .malformedWideLoad, 0),
      ([0x18, 0x00, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], .malformedWideLoad, 0),
      ([0x18, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .invalidField("source register"), 0),
      ([0x85, 0x30, 0, 0, 1, 0, 0, 0], .invalidField("source register"), 0),
      ([0x05, 0x00, 1, 0, 0, 0, 0, 0], .targetOutOfRange(2), 0),
      ([0x05, 0x00, 0xfe, 0xff, 0, 0, 0, 0], .targetOutOfRange(-1), 0),
      ([0xb7, 0x00, 0, 0, 0, 0, 0, 0], .fallsThrough, 0),
    ] as [([UInt8], BytecodeError.Reason, Int?)])
  func refuses(bytes: [UInt8], reason: BytecodeError.Reason, at instruction: Int?) throws {
    let program = try Instruction.decode(bytes)
    #expect(throws: BytecodeError(reason, instruction: instruction)) { try program.validate() }
  }

  @Test func refusesATargetInsideAWideLoad() {
    let program: [Instruction] = [.goto(1)] + Instruction.loadWide(.r0, 1) + [.exit]
    #expect(throws: BytecodeError(.targetInsideWideLoad(2), instruction: 0)) { try program.validate() }
  }

  @Test func subprogramsStayWithinThemselves() throws {
    // 0: call 2; 1: exit | 2: r0 = 0; 3: exit
    try [Instruction.callSubprogram(1), .exit, .move(.r0, 0), .exit].validate()
    #expect(throws: BytecodeError(.jumpAcrossSubprograms(1), instruction: 3)) {
      try [Instruction.callSubprogram(1), .exit, .move(.r0, 0), .goto(-3)].validate()
    }
    #expect(throws: BytecodeError(.fallsThrough, instruction: 1)) {
      try [Instruction.callSubprogram(1), .move(.r0, 0), .move(.r0, 0), .exit].validate()
    }
  }

  @Test func neverTrapsOnAnyBytes() throws {
    var generator = SeededRandom(seed: 6)
    for _ in 0..<2000 {
      let bytes = (0..<8 * Int.random(in: 1...6, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let program = try Instruction.decode(bytes)
      try? program.validate()
      #expect(!program.disassembled().isEmpty)
      #expect(program.subprogramStarts.first == 0)
      _ = ISAVersion.minimum(of: program)
    }
  }
}
