// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFBytecode
import TestSupport
import Testing

@Suite(.requires(.root), .requires(kernel: "5.10")) struct TestRunTests {
  /// Adds one to the packet's first byte, and returns the byte.
  private static func counter() throws -> Program {
    try ProgramTests.load(
      .xdp,
      [
        .load(.r2, from: .r1, 0, size: .word), .load(.r3, from: .r1, 4, size: .word), .move(.r0, 0),
        .move(.r4, .r2), .add(.r4, 14), .jump(if: .r4, .greater, .r3, 3),
        .load(.r0, from: .r2, 0, size: .byte), .add(.r0, 1), .store(.r0, to: .r2, 0, size: .byte), .exit,
      ])
  }

  @Test func kernelRepeatsOnThePacketAsItWasLeft() throws {
    let result = try Self.counter().testRun(data: [UInt8](repeating: 0, count: 64), repetitions: 10)
    #expect(result.returnValue == 10 && result.data.first == 10)
  }

  @Test func eachRepetitionMayHaveAFreshPacket() throws {
    var run = TestRun(data: [UInt8](repeating: 0, count: 64), repetitions: 10)
    run.usesFreshInput = true
    let program = try Self.counter()
    let result = try program.testRun(run)
    #expect(result.returnValue == 1 && result.data.first == 1 && result.data.count == 64)
    run.data[0] = 7
    #expect(try program.testRun(run).returnValue == 8)
  }

  /// Too short and too long for the kernel: the cause, and not that a map is full or memory is short.
  @Test func packetsThatDoNotFit() throws {
    // Of XDP, older kernels take packets of any length.
    let program = try ProgramTests.load(.schedCLS, [.move(.r0, 0), .exit])
    for (count, text) in [(0, "at least 14 bytes, not 0"), (13, "at least 14 bytes, not 13"), (1 << 20, "too long")] {
      let error = try #require(throws: BPFError.self) {
        try program.testRun(data: [UInt8](repeating: 0, count: count))
      }
      #expect(error.code == .invalid && error.description.contains(text), "\(error)")
      #expect(!error.description.contains("memory control group"), "\(error)")
    }
  }

  @Test func logLevelsThatThereAreNot() throws {
    let program = PreparedProgram(.socketFilter, instructions: [.move(.r0, 0), .exit])
    _ = try program.load(logLevel: 7)
    let error = try #require(throws: BPFError.self) { try program.load(logLevel: 99) }
    #expect(error.code == .invalid && error.description.contains("99 is not a log level"), "\(error)")
  }
}
