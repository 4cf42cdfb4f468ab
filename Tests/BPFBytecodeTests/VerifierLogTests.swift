// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import Foundation
import TestSupport
import Testing

/// A program from our assembler, which the kernel's verifier accepts and prints back word for word.
@Suite(.requires(.root), .requires(.command("bpftool")), .requires(kernel: "6.15"))
struct VerifierLogTests {
  @Test func verifierReadsWhatWeWrite() throws {
    let program = try Self.everyForm()
    try program.validate()
    #expect(ISAVersion.minimum(of: program) == .v4)

    var writer = ELFWriter()
    let section = writer.addSection(
      "raw_tp/sys_enter", flags: [.allocate, .executable], alignment: 8, contents: Instruction.encode(program))
    writer.addSymbol(
      "probe", type: .function, binding: .global, placement: .section(section), size: UInt64(program.count * 8))
    writer.addSection("license", flags: [.allocate], contents: Array("GPL\0".utf8))
    let log = try withTemporaryDirectory { directory in
      let file = directory + "/probe.bpf.o"
      try Data(writer.encode()).write(to: URL(fileURLWithPath: file))
      // The path to pin at does not exist, so that nothing stays loaded.
      return try Shell.run(["bpftool", "-d", "prog", "load", file, "/sys/fs/bpf/no/such/directory"]).output
    }
    #expect(log.contains("processed "), "not accepted:\n\(log)")

    // "12: (b7) r1 = 2        ; R1_w=2": before the semicolon stands what the verifier read.
    var seen: [Int: String] = [:]
    for match in log.matches(of: /(?m)^(\d+): (\([0-9a-f]{2}\) [^;\n]*?) *(;.*)?$/) {
      seen[Int(match.1) ?? -1] = String(match.2)
    }
    for line in program.disassembled() { #expect(seen[line.index] == line.text) }
  }

  /// Each form of each instruction that a tracing program may hold, all reached by the verifier.
  private static func everyForm() throws(BytecodeError) -> [Instruction] {
    var code = Assembler(maximumISA: .v4)
    let stack = Register.r10
    code.emit(.move(.r6, 7), .move(.r7, 9, width: .bits32))
    for bits in [8, 16, 32] as [Int16] { code.emit(.moveSigned(.r1, .r6, bits: bits)) }
    for bits in [8, 16] as [Int16] { code.emit(.moveSigned(.r1, .r6, bits: bits, width: .bits32)) }
    for width in [OperandWidth.bits32, .bits64] {
      code.emit(.move(.r1, 100, width: width), .move(.r2, 3, width: width))
      for operation in [ArithmeticOperation.add, .subtract, .multiply, .or, .and, .xor, .divide, .modulo] {
        code.emit(.arithmetic(operation, .r1, 5, width: width), .arithmetic(operation, .r1, .r2, width: width))
      }
      for operation in [ArithmeticOperation.shiftLeft, .shiftRight, .shiftRightSigned] {
        code.emit(.arithmetic(operation, .r1, 3, width: width), .arithmetic(operation, .r1, .r2, width: width))
      }
      for operation in [ArithmeticOperation.divide, .modulo] {
        code.emit(.signed(operation, .r1, -5, width: width), .signed(operation, .r1, .r2, width: width))
      }
      code.emit(.negate(.r1, width: width))
    }
    for bits in [16, 32, 64] as [Int32] {
      code.emit(.bigEndian(.r1, bits: bits), .littleEndian(.r1, bits: bits), .byteSwap(.r1, bits: bits))
    }
    code.emit(.store(.r6, to: stack, -8, size: .doubleWord), .store(-3, to: stack, -16, size: .doubleWord))
    for size in AccessSize.allCases {
      code.emit(.store(.r6, to: stack, -24, size: size), .store(77, to: stack, -24, size: size))
      code.emit(.load(.r1, from: stack, -8, size: size))
      if size != .doubleWord { code.emit(.load(.r1, from: stack, -8, size: size, signed: true)) }
      code.emit(.atomic(.loadAcquire, .r1, at: stack, -8, size: size))
      code.emit(.atomic(.storeRelease, .r6, at: stack, -8, size: size))
    }
    for (size, offset) in [(AccessSize.doubleWord, -8), (.word, -16)] as [(AccessSize, Int16)] {
      let atomics: [AtomicOperation] = [.add, .or, .and, .xor, .fetchAdd, .fetchOr, .fetchAnd, .fetchXor, .exchange]
      for operation in atomics { code.emit(.atomic(operation, .r7, at: stack, offset, size: size)) }
      code.emit(.move(.r0, 0), .atomic(.compareExchange, .r7, at: stack, offset, size: size))
    }
    // Numbers that the verifier cannot know, so that it follows both ways.
    code.emit(.call(.ktimeGetNS), .move(.r6, .r0), .call(.ktimeGetNS), .move(.r7, .r0))
    let conditions: [JumpOperation] = [
      .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .lessSigned, .lessOrEqualSigned,
      .greaterSigned, .greaterOrEqualSigned, .anyBit,
    ]
    for width in [OperandWidth.bits32, .bits64] {
      for (index, condition) in conditions.enumerated() {
        let next = code.makeLabel()
        code.jump(to: next, if: .r6, condition, .immediate(1 << Int32(index)), width: width)
        code.jump(to: next, if: .r6, condition, .r7, width: width)
        code.place(next)
      }
    }
    code.emit(Instruction.loadWide(.r1, 0x1234_5678_9abc_def0))
    code.emit(.gotoLong(0), .goto(0))
    code.mayGoto("end")
    code.place("end")
    code.emit(.move(.r0, 0), .exit)
    return try code.finish()
  }
}
