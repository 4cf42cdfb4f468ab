// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import Testing

@Suite struct AssemblerTests {
  @Test func resolvesLabelsForwardsAndBackwards() throws {
    var code = Assembler()
    code.emit(.move(.r6, 10))
    code.place("again")
    code.jump(to: "done", if: .r6, .equal, 0)
    code.emit(.add(.r6, -1))
    code.jump(to: "again")
    code.place("done")
    code.emit(.move(.r0, 0), .exit)
    #expect(
      try code.finish().disassembled().map(\.text) == [
        "(b7) r6 = 10",
        "(15) if r6 == 0x0 goto pc+2",
        "(07) r6 += -1",
        "(05) goto pc-3",
        "(b7) r0 = 0",
        "(95) exit",
      ])
  }

  @Test func jumpsOverWideLoadsBySlots() throws {
    var code = Assembler()
    code.jump(to: "end", if: .r1, .notEqual, .r2, width: .bits32)
    code.emit(Instruction.loadWide(.r1, 0x1234_5678_9abc_def0))
    code.place("end")
    code.emit(.exit)
    let program = try code.finish()
    #expect(program[0].offset == 2)
    #expect(
      program.disassembled().map(\.description).joined(separator: "\n") == """
           0: (5e) if w1 != w2 goto pc+2
           1: (18) r1 = 0x123456789abcdef0
           3: (95) exit
        """)
  }

  @Test func callsSubprogramsAndTakesTheirAddress() throws {
    var code = Assembler()
    code.call("helper")
    code.loadAddress(.r2, of: "helper")
    code.emit(.exit)
    code.place("helper")
    code.emit(.move(.r0, 1), .exit)
    let program = try code.finish()
    #expect(program[0] == .callSubprogram(3))
    #expect(program[1].isFunctionAddress && program[1].immediate == 2)
    #expect(program.subprogramStarts == [0, 4])
    try program.validate()
  }

  @Test func madeLabelsDiffer() throws {
    var code = Assembler()
    let (a, b) = (code.makeLabel("x"), code.makeLabel("x"))
    code.jump(to: a)
    code.place(b)
    code.emit(.exit)
    code.place(a)
    code.emit(.exit)
    #expect(try code.finish()[0].offset == 1)
  }

  /// The distance of the last jump that fits in 16 bits, and of the first that does not.
  @Test(arguments: [(32767, true), (32768, false)])
  func sixteenBitsReach(distance: Int, fits: Bool) throws {
    func program(_ isa: ISAVersion) throws(BytecodeError) -> [Instruction] {
      var code = Assembler(maximumISA: isa)
      code.jump(to: "end", if: .r1, .equal, 0)
      code.emit([Instruction](repeating: .move(.r0, 0), count: distance))
      code.place("end")
      code.emit(.exit)
      return try code.finish()
    }
    if fits {
      #expect(try program(.v3)[0].offset == 32767)
    } else {
      #expect(throws: BytecodeError(.labelTooFar("end", distance: distance), instruction: 0)) { try program(.v3) }
      let far = try program(.v4)
      #expect(Array(far[..<3]) == [.jump(if: .r1, .equal, 0, 1), .goto(1), .gotoLong(Int32(distance))])
      #expect(far.count == distance + 4)
      try far.validate()
    }
  }

  /// Lengthening one jump can push another out of reach.
  @Test func lengtheningSpreads() throws {
    var code = Assembler(maximumISA: .v4)
    code.place("start")
    code.jump(to: "end", if: .r1, .equal, 0)  // far by itself: two slots longer
    code.emit([Instruction](repeating: .move(.r0, 0), count: 32766))
    code.jump(to: "start")  // fits only while the first is short
    code.emit([Instruction](repeating: .move(.r0, 0), count: 10))
    code.place("end")
    code.emit(.exit)
    let program = try code.finish()
    #expect(program[3 + 32766] == .gotoLong(-32770))
    try program.validate()
  }

  @Test func namesLabelsThatAreWrong() {
    #expect(throws: BytecodeError(.unknownLabel("nowhere"), instruction: 0)) {
      var code = Assembler()
      code.jump(to: "nowhere")
      _ = try code.finish()
    }
    #expect(throws: BytecodeError(.duplicateLabel("here"), instruction: 1)) {
      var code = Assembler()
      code.place("here")
      code.emit(.exit)
      code.place("here")
      _ = try code.finish()
    }
  }
}
