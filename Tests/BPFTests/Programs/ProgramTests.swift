// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BPF

@Suite struct ProgramTests {
  /// Loads instructions as they are.
  static func load(
    _ type: ProgramType, _ instructions: [Instruction], name: String = "test", logLevel: UInt32 = 0
  ) throws -> Program {
    try PreparedProgram(type, name: name, instructions: instructions).load(logLevel: logLevel)
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
    // It has no types, which would have the whole name.
    #expect(again.name == "test_reopened_o")
    #expect(again.type == .xdp)
    #expect(try Program.named("test_reopened_one").contains { try $0.id() == id })
    let error = #expect(throws: BPFError.self) { try Program(id: .max - 1) }
    #expect(error?.code == .notFound)
  }

  @Test func namesAreWhole() throws {
    let collection = try open("long_names")
    try collection.load()
    let program = try collection.program("handle_connection_close")
    #expect(try Program(id: program.id()).name == "handle_connection_close")
    let found = try Program.named("handle_connection_close").map { try $0.id() }
    #expect(try found.contains(program.id()))
    #expect(try !found.contains(collection.program("handle_connection_open").id()))
    // The kernel's own 15 bytes are those of both.
    let both = try Set(Program.named("handle_connecti").map { try $0.id() })
    #expect(try both.isSuperset(of: collection.programs.map { try $0.id() }))

    let map = try collection.map("addresses_of_connections")
    #expect(try AnyMap(id: map.info.id).name == "addresses_of_connections")
    #expect(try AnyMap.all(named: "addresses_of_connections").contains(map.info))
    #expect(try !AnyMap.all(named: "addresses_of_connections").contains(collection.map("ports_of_connections").info))
  }

  /// A pin or a descriptor of another kind is an error that says so, and never taken for what it is not.
  @Test func kindsOfObjectAreChecked() throws {
    let pins = try TestBPFFS()
    let program = try Self.load(.xdp, Self.pass)
    let map = try AnyMap(creating: MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 1))
    let (programPin, mapPin) = ("\(pins.path)/prog", "\(pins.path)/counts")
    try program.pin(at: programPin)
    try map.pin(at: mapPin)
    let asMap = #expect(throws: BPFError.self) { try AnyMap(pinned: programPin) }
    #expect(asMap?.code == .wrongKind)
    #expect(asMap?.description == "opening \(programPin): the pin is a program, not a map")
    let asProgram = #expect(throws: BPFError.self) { try Program(pinned: mapPin) }
    #expect(asProgram?.description == "opening \(mapPin): the pin is a map, not a program")
    let asLink = #expect(throws: BPFError.self) { try Link.open(pinned: mapPin).fd }
    #expect(asLink?.description == "opening \(mapPin): the pin is a map, not a link")
    let reused = #expect(throws: BPFError.self) {
      try AnyMap.reuse(pinned: programPin, as: MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 1))
    }
    #expect(reused?.code == .wrongKind)
    #expect(throws: BPFError.self) { try Program.unpin(mapPin) }
    #expect(throws: BPFError.self) { try AnyMap.unpin(programPin) }
    #expect(pins.entries.sorted() == ["counts", "prog"])

    let asDescriptor = #expect(throws: BPFError.self) { try AnyMap(owning: dup(program.fd)) }
    #expect(asDescriptor?.code == .wrongKind)
    #expect(throws: BPFError.self) { try Program(owning: dup(map.fd)) }
    #expect(throws: BPFError.self) { try Program(owning: Glibc.open("/dev/null", O_RDONLY)) }
    #expect(try AnyMap(owning: dup(map.fd)).info == map.info)
    try Program.unpin(programPin)
    try AnyMap.unpin(mapPin)
  }

  /// Each cause has its own words, whatever the errno.
  @Test func pathsThatCannotBePins() throws {
    let pins = try TestBPFFS()
    let program = try Self.load(.xdp, Self.pass)
    func refusal(_ body: () throws -> Void) -> String {
      "\(#expect(throws: BPFError.self, performing: body)?.description ?? "")"
    }
    #expect(refusal { _ = try AnyMap(pinned: "/etc/passwd") }.contains("/etc/passwd is not in a bpffs"))
    #expect(refusal { _ = try AnyMap(pinned: pins.path) }.contains("is a directory, not a pin"))
    #expect(refusal { _ = try Program(pinned: "\(pins.path)/none/such") }.contains("does not exist"))
    #expect(refusal { try program.pin(at: "\(pins.path)/a.b") }.contains("a bpffs does not allow a dot in a name"))
    #expect(refusal { try program.pin(at: "/tmp/merops_test_pin") }.contains("/tmp/merops_test_pin is not in a bpffs"))
    for path in ["/etc/passwd", pins.path, "\(pins.path)/none/such"] {
      #expect(!refusal { _ = try AnyMap(pinned: path) }.contains("as root"))
    }
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
    let statistics = try Program.RunTimeStatistics()
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
    #expect(error?.code == .unsupported && error?.underlying is VerifierError)
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
