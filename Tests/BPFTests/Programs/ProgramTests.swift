// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage
import TestSupport
import Testing

@testable import BPF

@Suite struct ProgramTests {
  /// Loads instructions as they are.
  static func load(
    _ type: ProgramType, _ instructions: [Instruction], name: String = "test", logLevel: UInt32 = 0
  ) throws -> Program {
    let loader = ProgramLoader(
      load: ProgramLoad(type: type.rawValue, name: name), type: type, instructions: instructions, logLevel: logLevel,
      name: name)
    return try loader()
  }

  static let pass: [Instruction] = [.move(.r0, 2), .exit]

  @Test func infoSaysWhatWasLoaded() throws {
    let program = try Self.load(.xdp, Self.pass, name: "test_info")
    let info = try program.info()
    #expect(info.type == .xdp)
    #expect(info.name == "test_info")
    #expect(info.tag.count == 16)
    #expect(info.isGPLCompatible)
    #expect(info.verifiedInstructions == (KernelVersion.running >= "5.16" ? 2 : 0))
    #expect(info.mapIDs.isEmpty)
    #expect(try program.translatedInstructions() == Self.pass)
    #expect(try program.machineCode().allSatisfy { !$0.bytes.isEmpty })
    let json = try Shell.check("bpftool prog show id \(info.id)")
    #expect(json.contains("tag \(info.tag)"))
    #expect(json.contains("xlated \(info.translatedSize)B"))
  }

  @Test func foundAgainByIDNameAndList() throws {
    let program = try Self.load(.xdp, Self.pass, name: "test_reopened_one")
    let id = try program.id()
    #expect(try Program.ids().contains(id))
    let again = try Program(id: id)
    #expect(again.name == "test_reopened_o")
    #expect(again.type == .xdp)
    #expect(try Program.named("test_reopened_one").contains { try $0.id() == id })
    let error = #expect(throws: BPFError.self) { try Program(id: .max - 1) }
    #expect(error?.code == .notFound)
  }

  @Test func packetThroughXDP() throws {
    // r0 = first byte == 0xff ? XDP_DROP : XDP_PASS
    let program = try Self.load(
      .xdp,
      [
        .load(.r2, from: .r1, 0, size: .word), .load(.r3, from: .r1, 4, size: .word), .move(.r0, 2),
        .move(.r4, .r2), .add(.r4, 1), .jump(if: .r4, .greater, .r3, 3),
        .load(.r5, from: .r2, 0, size: .byte), .jump(if: .r5, .notEqual, 0xff, 1), .move(.r0, 1), .exit,
      ])
    var packet = [UInt8](repeating: 0, count: 64)
    #expect(try program.testRun(data: packet).returnValue == 2)
    packet[0] = 0xff
    let result = try program.testRun(data: packet, repetitions: 100)
    #expect(result.returnValue == 1)
    #expect(result.data == packet)
    // Older kernels run it on anything.
    guard KernelVersion.running >= "6.1" else { return }
    let error = #expect(throws: BPFError.self) { try program.testRun(data: [1]) }
    #expect(error?.description.contains("at least 14 bytes") == true)
  }

  @Test func statisticsCountRuns() throws {
    let program = try Self.load(.xdp, Self.pass)
    let statistics = try RunTimeStatistics()
    let before = try program.sample()
    _ = try program.testRun(data: [UInt8](repeating: 0, count: 64), repetitions: 50)
    let sample = try program.sample().since(before)
    _ = consume statistics
    #expect(sample.runCount == 50)
    #expect(sample.nanosecondsPerRun.map { $0 > 0 } == true)
  }

  @Test func refusalIsExplained() throws {
    let error = #expect(throws: BPFError.self) { try Self.load(.xdp, [.move(.r0, .r2), .exit], name: "bad") }
    #expect(error?.code == .verifier)
    let refusal = try #require(error?.underlying as? VerifierError)
    #expect(refusal.cause == "R2 !read_ok")
    #expect(refusal.instruction == 0)
    #expect(refusal.disassembly == "r0 = r2")
    #expect(refusal.errno == .permissionDenied)
  }

  /// A helper of a later kernel is named, and so is the kernel.
  @Test(.enabled(if: KernelVersion.running < "6.1", "this kernel has all helpers"))
  func helpersThatAreNotThereAreNamed() throws {
    let helper = try #require(Helper(named: "ktime_get_tai_ns"))
    let error = #expect(throws: BPFError.self) { try Self.load(.xdp, [.call(helper), .exit]) }
    #expect(error?.code == .verifier)
    #expect(error?.requiredKernel == helper.minimumKernel.map { "\($0)" })
    #expect(error?.description.contains("this kernel does not have bpf_ktime_get_tai_ns") == true)
  }

  @Test func logOnRequest() throws {
    let program = try Self.load(.xdp, Self.pass, logLevel: 2)
    #expect(program.log?.processedInstructions == 2)
    #expect(program.log?.text.contains("(95) exit") == true)
  }

  /// A log beyond the first buffer is read whole.
  @Test func longLogsAreWhole() throws {
    var code: [Instruction] = [.move(.r0, 0)]
    for index in 0..<2000 { code.append(.add(.r0, .immediate(Int32(index)))) }
    let program = try Self.load(.xdp, code + [.exit], logLevel: 2)
    let log = try #require(program.log)
    #expect(log.text.utf8.count > 64 << 10)
    #expect(log.lines.first?.hasPrefix("func#0") == true)
    #expect(log.processedInstructions == 2002)

    let error = #expect(throws: BPFError.self) {
      try Self.load(.xdp, code + [.load(.r0, from: .r0, 0, size: .word), .exit], logLevel: 2)
    }
    let refusal = try #require(error?.underlying as? VerifierError)
    // Older kernels say 'inv' for 'scalar'.
    #expect(refusal.cause.hasPrefix("R0 invalid mem access"))
    #expect(refusal.instruction == 2001)
    #expect(!refusal.log.isTruncated)
  }

  @Test func typeThatIsNotPermittedOrKnown() throws {
    let error = #expect(throws: BPFError.self) { try Self.load(ProgramType(rawValue: 4000), Self.pass) }
    #expect(error?.code == .system)
    #expect(error?.errno == .invalidArgument)
    #expect(error?.hint != nil)
  }
}
