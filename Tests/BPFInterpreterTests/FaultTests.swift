// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import BPFObject
import TestSupport
import Testing

/// What the verifier would have refused is an error that says where and why.
@Suite struct FaultTests {
  typealias Code = InterpreterError.Code

  static let array = MapSpec(name: "values", type: .array, keySize: 4, valueSize: 4, maxEntries: 2)

  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var code: Code
    var instruction: Int
    /// A part of the message.
    var text: String
    var program: [Instruction]
  }

  static let cases: [Case] = [
    Case(
      description: "beyond the stack", code: .badAccess, instruction: 0,
      text: "loads 8 bytes at offset 512 of the stack",
      program: [.load(.r0, from: .r10, 0, size: .doubleWord), .exit]),
    Case(
      description: "below the stack", code: .badAccess, instruction: 0, text: "stores 1 byte at offset -1 of the stack",
      program: [.store(0, to: .r10, -513, size: .byte), .exit]),
    Case(
      description: "a null pointer", code: .badAccess, instruction: 1, text: "null pointer",
      program: [.move(.r1, 0), .load(.r0, from: .r1, 0, size: .word), .exit]),
    Case(
      description: "a number", code: .badAccess, instruction: 1, text: "0x1239, which is not an address",
      program: [.move(.r1, 0x1234), .load(.r0, from: .r1, 5, size: .word), .exit]),
    Case(
      description: "an endless loop", code: .tooManyInstructions, instruction: 0, text: "for ever",
      program: [.goto(-1), .exit]),
    Case(
      description: "endless recursion", code: .callTooDeep, instruction: 0, text: "8 frames",
      program: [.callSubprogram(-1), .exit]),
    Case(
      description: "an unknown helper", code: .unknownFunction, instruction: 0, text: "setHelper",
      program: [.call(Helper(rawValue: 4711)), .exit]),
    Case(
      description: "no map", code: .badArgument, instruction: 1, text: "is not a map",
      program: [.move(.r1, 0), .call(.mapLookupElement), .exit]),
    Case(
      description: "beyond an element", code: .badAccess, instruction: 6, text: "element of the values of map values",
      program: Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex)
        + [
          .store(1, to: .r10, -4, size: .word), .move(.r2, .r10), .add(.r2, -4), .call(.mapLookupElement),
          .load(.r0, from: .r0, 2, size: .word), .exit,
        ]),
    Case(
      description: "a map's pointer", code: .badAccess, instruction: 2, text: "a pointer to a map",
      program: Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex) + [
        .load(.r0, from: .r1, size: .word), .exit,
      ]),
    Case(
      description: "an atomic on nothing", code: .badAccess, instruction: 1, text: "changes 8 bytes",
      program: [.move(.r1, 0), .atomic(.add, .r0, at: .r1, size: .doubleWord), .exit]),
  ]

  @Test(arguments: cases) func faults(_ test: Case) throws {
    let error = try Sample.error(test.program, maps: [Self.array])
    #expect(error.code == test.code)
    #expect(error.instruction == test.instruction)
    #expect("\(error)".contains(test.text), "\(error)")
  }

  @Test func malformedProgramsAreRefused() {
    #expect(throws: InterpreterError.self) { try Interpreter(instructions: []) }
    #expect(throws: InterpreterError.self) { try Interpreter(instructions: [.goto(4), .exit]) }
    #expect(throws: InterpreterError.self) { try Interpreter(instructions: [.move(.r10, 1), .exit]) }
  }

  /// Without the check, what is malformed ends the run, not the process.
  @Test func malformedProgramsEnd() throws {
    for code in [[], [.goto(4), .exit], [.move(.r0, 1)], [Instruction(rawValue: .max)]] as [[Instruction]] {
      let interpreter = try Interpreter(instructions: code, validates: false)
      #expect(throws: InterpreterError.self) { try interpreter.run() }
    }
  }

  @Test func packetsEndWhereTheyEnd() throws {
    // Reads byte 14 with no check before it.
    let code: [Instruction] = [
      .load(.r1, from: .r1, 0, size: .word), .load(.r0, from: .r1, 14, size: .byte), .exit,
    ]
    let interpreter = try Interpreter(instructions: code, type: .xdp)
    #expect(try interpreter.run(packet: [UInt8](0..<15)).r0 == 14)
    let error = #expect(throws: InterpreterError.self) { try interpreter.run(packet: [UInt8](0..<14)) }
    #expect(error?.message == "loads 1 byte at offset 14 of the packet, which has 14 bytes")
  }

  @Test func contextsAreWhatTheKernelShows() throws {
    // XDP programs write no field; nothing reads half a pointer.
    for code: [Instruction] in [
      [.store(1, to: .r1, 12, size: .word), .exit], [.load(.r0, from: .r1, 2, size: .halfWord), .exit],
      [.load(.r0, from: .r1, 24, size: .word), .exit],
    ] {
      let interpreter = try Interpreter(instructions: code, type: .xdp)
      let error = #expect(throws: InterpreterError.self) { try interpreter.run(packet: [UInt8](0..<20)) }
      #expect(error?.code == .badAccess)
    }
  }

  @Test func errorsNameTheSourceLine() throws {
    let interpreter = try Sample.interpreter("xdp")
    interpreter.setHelper(.mapLookupElement) { call in 12 }
    let error = #expect(throws: InterpreterError.self) { try interpreter.run("pass", packet: [UInt8](0..<60)) }
    #expect(error?.program == "pass")
    let source = try #require(error?.source)
    #expect(source.file.hasSuffix("xdp.bpf.c"))
    #expect(source.text == "*value += 1;")
  }

  @Test func ringRecordsMustBeSubmitted() throws {
    let ring = MapSpec(name: "events", type: .ringBuffer, keySize: 0, valueSize: 0, maxEntries: 4096)
    let reserve =
      Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex)
      + [.move(.r2, 8), .move(.r3, 0), .call(Helper(rawValue: 131))]
    let error = try Sample.error(reserve + [.exit], maps: [ring])
    #expect(error.code == .unreleased)
    let after = try Sample.error(
      reserve + [
        .move(.r6, .r0), .move(.r1, .r6), .move(.r2, 0), .call(Helper(rawValue: 132)),
        .load(.r0, from: .r6, size: .byte), .exit,
      ], maps: [ring])
    #expect(after.message.contains("which was freed"))
  }
}
