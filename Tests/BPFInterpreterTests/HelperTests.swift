// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import BPFObject
import TestObjects
import TestSupport
import Testing

/// Helpers as compiled programs use them, and one by one.
@Suite struct HelperTests {
  static let record = [UInt8](repeating: 0, count: 64)

  /// Runs a program that calls one helper with arguments that are constants or places on the stack (`.stack(offset)`).
  enum Argument: ExpressibleByIntegerLiteral {
    case number(UInt64)
    case stack(Int32)
    case map(UInt64)
    init(integerLiteral value: Int64) { self = .number(UInt64(bitPattern: value)) }
  }

  static func call(_ name: String, _ arguments: Argument..., then after: [Instruction] = []) throws -> [Instruction] {
    var code: [Instruction] = []
    for (index, argument) in arguments.enumerated() {
      let register = Register(rawValue: UInt8(index + 1))
      switch argument {
      case .number(let value): code += Instruction.loadWide(register, value)
      case .stack(let offset): code += [.move(register, .r10), .add(register, .immediate(offset))]
      case .map(let index): code += Instruction.loadWide(register, index, source: PseudoSource.mapIndex)
      }
    }
    return code + [.call(try #require(Helper(named: name)))] + after + [.exit]
  }

  @Test func environment() throws {
    func value(_ name: String, _ change: (inout Environment) -> Void) throws -> UInt64 {
      let interpreter = try Interpreter(instructions: Self.call(name))
      change(&interpreter.environment)
      return try interpreter.run().r0
    }
    #expect(try value("ktime_get_ns") { $0.time = 5 } == 5)
    #expect(try value("ktime_get_boot_ns") { ($0.time, $0.suspendedTime) = (5, 7) } == 12)
    #expect(try value("get_current_pid_tgid") { ($0.processID, $0.threadID) = (3, 4) } == 3 << 32 | 4)
    #expect(try value("get_current_pid_tgid") { $0.processID = 3 } == 3 << 32 | 3)
    #expect(try value("get_current_uid_gid") { ($0.userID, $0.groupID) = (5, 6) } == 6 << 32 | 5)
    #expect(try value("get_smp_processor_id") { $0.cpu = 2 } == 2)
    #expect(try value("get_current_cgroup_id") { $0.cgroupID = 9 } == 9)
    #expect(try value("get_attach_cookie") { $0.attachCookie = 77 } == 77)
    let first = try value("get_prandom_u32") { $0.randomSeed = 1 }
    #expect(try value("get_prandom_u32") { $0.randomSeed = 1 } == first)
    #expect(try value("get_prandom_u32") { $0.randomSeed = 2 } != first)
    #expect(first <= 0xffff_ffff)
  }

  @Test func clockAdvances() throws {
    let code: [Instruction] = [
      .call(.ktimeGetNS), .move(.r6, .r0), .call(.ktimeGetNS), .arithmetic(.subtract, .r0, .r6), .exit,
    ]
    let interpreter = try Interpreter(instructions: code)
    interpreter.environment.timeStep = 250
    #expect(try interpreter.run().r0 == 250)
  }

  @Test func command() throws {
    let code = try Self.call(
      "get_current_comm", .stack(-16), 16, then: [.load(.r0, from: .r10, -16, size: .doubleWord)])
    let interpreter = try Interpreter(instructions: code)
    interpreter.environment.command = "bash"
    #expect(try interpreter.run().r0 == 0x6873_6162)
  }

  @Test func probeReadsOfSuppliedMemory() throws {
    let interpreter = try Interpreter(instructions: [.exit])
    let kernel = try interpreter.place([1, 0, 0, 0, 0, 0, 0, 0])
    let user = try interpreter.place(string: "hello", in: .user)
    try interpreter.place([9, 0, 0, 0, 0, 0, 0, 0], at: 0xffff_8880_0000_1000)
    func read(_ name: String, _ size: UInt64, _ address: UInt64, value: Bool) throws -> Int64 {
      let after: [Instruction] = value ? [.load(.r0, from: .r10, -8, size: .doubleWord)] : []
      let code = try Self.call(name, .stack(-8), .number(size), .number(address), then: after)
      let other = try Interpreter(instructions: code)
      #expect(try other.place([1, 0, 0, 0, 0, 0, 0, 0]) == kernel)
      #expect(try other.place(string: "hello", in: .user) == user)
      try other.place([9, 0, 0, 0, 0, 0, 0, 0], at: 0xffff_8880_0000_1000)
      return Int64(bitPattern: try other.run().r0)
    }
    #expect(try read("probe_read_kernel", 8, kernel, value: true) == 1)
    #expect(try read("probe_read_kernel", 8, 0xffff_8880_0000_1000, value: true) == 9)
    #expect(try read("probe_read_kernel", 8, user, value: false) == -14)
    #expect(try read("probe_read_kernel", 8, kernel + 1, value: false) == -14)
    #expect(try read("probe_read_kernel", 8, 0, value: true) == 0)
    #expect(try read("probe_read_user", 4, user, value: true) == 0x6c6c_6568)
    #expect(try read("probe_read_user", 8, kernel, value: false) == -14)
    #expect(try read("probe_read_user_str", 8, user, value: false) == 6)
    #expect(try read("probe_read_user_str", 4, user, value: false) == 4)
    #expect(try read("probe_read_user_str", 4, user, value: true) == 0x006c_6568)
    #expect(try read("probe_read_kernel_str", 8, user, value: false) == -14)
  }

  @Test(
    arguments: [
      ("%d %u %x", [UInt64.max, UInt64.max, 255], "-1 4294967295 ff"),
      ("%ld %llu %lx", [UInt64.max, 7, UInt64.max], "-1 7 ffffffffffffffff"),
      ("%5d|%-5d|%05d", [42, 42, UInt64(bitPattern: -42)], "   42|42   |-0042"),
      ("%c%c %%", [UInt64(UInt8(ascii: "o")), UInt64(UInt8(ascii: "k"))], "ok %"),
      ("%#x %X", [255, 255], "0xff FF"), ("%px", [0x1234], "0000000000001234"),
    ] as [(String, [UInt64], String)])
  func printing(_ format: String, _ values: [UInt64], _ expected: String) throws {
    let interpreter = try Interpreter(instructions: [.exit])
    let address = try interpreter.place(string: format)
    let padded = values + [0, 0, 0]
    let code = try Self.call(
      "trace_printk", .number(address), .number(UInt64(format.utf8.count + 1)), .number(padded[0]), .number(padded[1]),
      .number(padded[2]))
    let other = try Interpreter(instructions: code)
    #expect(try other.place(string: format) == address)
    let run = try other.run()
    #expect(run.printed == [expected])
    #expect(run.r0 == UInt64(expected.utf8.count))
  }

  @Test(
    arguments: [
      ("42 rest", 10, 42, 2), ("-7", 0, -7, 2), ("0x1f", 0, 31, 4), ("017", 0, 15, 3), ("  9", 10, 9, 3),
      ("x", 10, 0, -22), ("99999999999999999999", 10, 0, -34),
    ] as [(String, UInt64, Int64, Int64)])
  func numbers(_ text: String, _ base: UInt64, _ value: Int64, _ result: Int64) throws {
    let address = try Interpreter(instructions: [.exit]).place(string: text)
    for looks in [false, true] {
      let code = try Self.call(
        "strtol", .number(address), .number(UInt64(text.utf8.count + 1)), .number(base), .stack(-8),
        then: looks ? [.load(.r0, from: .r10, -8, size: .doubleWord)] : [])
      let interpreter = try Interpreter(instructions: code)
      try interpreter.place(string: text)
      #expect(Int64(bitPattern: try interpreter.run().r0) == (looks ? value : result))
    }
  }

  /// A checksum over words, against one that was made another way.
  @Test func checksums() throws {
    var random = SeededRandom(seed: 3)
    for _ in 0..<50 {
      let words = (0..<4).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
      let bytes = words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } }
      let interpreter = try Interpreter(
        instructions: Self.call("csum_diff", 0, 0, .number(try Interpreter(instructions: [.exit]).place(bytes)), 16, 0))
      try interpreter.place(bytes)
      let sum = UInt16(truncatingIfNeeded: try interpreter.run().r0)
      #expect((~sum).bigEndian == checksum(bytes))
    }
  }

  @Test func ownHelpersAndOverrides() throws {
    let interpreter = try Interpreter(
      instructions: Self.call(
        "get_socket_uid", 5, .stack(-8),
        then: [
          .load(.r1, from: .r10, -8, size: .doubleWord), .add(.r0, .r1),
        ]))
    interpreter.setHelper(try #require(Helper(named: "get_socket_uid"))) { call in
      try call.write(value: call[0] * 2, to: call[1])
      return 100
    }
    #expect(try interpreter.run().r0 == 110)
    struct Refusal: Error {}
    interpreter.setHelper(try #require(Helper(named: "get_socket_uid"))) { _ in throw Refusal() }
    let error = #expect(throws: InterpreterError.self) { try interpreter.run() }
    #expect(error?.instruction == 4)
  }

  @Test func execSnoopWithoutAKernel() throws {
    let object = try Sample.interpreter("execsnoop")
    let parent = try object.place(structure: "task_struct", ["tgid": 17])
    let task = try object.place(structure: "task_struct", ["tgid": 4711, "real_parent": FieldValue(parent)])
    let file = try object.place(string: "/usr/bin/true")
    let binary = try object.place(structure: "linux_binprm", ["argc": 3, "filename": FieldValue(file)])
    _ = try object.run("on_exec", arguments: task, 0, binary)
    struct Event: BitwiseCopyable {
      var pid: Int32, parent: Int32, argumentCount: Int32
    }
    let event = try #require(try object.map("events").records(as: Event.self).first ?? nil)
    #expect(event.pid == 4711 && event.parent == 17 && event.argumentCount == 3)
    #expect(try object.map("events").records[0].dropFirst(12).prefix(14) == Array("/usr/bin/true".utf8) + [0])
    #expect(throws: InterpreterError.self) { try object.place(structure: "task_struct", ["nothing": 1]) }
    #expect(throws: InterpreterError.self) { try object.structure("task_struct", ["tgid": 0x1_0000_0000]) }
  }

  @Test func timers() throws {
    let object = try Sample.interpreter("timers")
    #expect(try object.run("start", packet: [UInt8](repeating: 0, count: 64)).returnValue == 0)
    #expect(try object.advanceTime(by: 999_999) == 0)
    #expect(try object.advanceTime(by: 1) == 1)
    #expect(try object.global("fired") == 1 as UInt64)
    #expect(try object.advanceTime(by: 10_000_000) == 0)
  }

  @Test func ringsFillUp() throws {
    let object = try Sample.interpreter("ring_buffer")
    // 64 bytes and 8 of header each; every eighth is discarded.
    for _ in 0..<1200 { _ = try object.run("reserve", arguments: 0, 0) }
    let lost = try object.global("lost", as: UInt64.self)
    let ring = try object.map("ring")
    #expect(ring.records.count == 65536 / 72)
    #expect(lost > 0 && ring.lostRecords == Int(lost))
    #expect(ring.takeRecords().count == 65536 / 72)
    for _ in 0..<8 { _ = try object.run("reserve", arguments: 0, 0) }
    #expect(ring.records.count == 7)
  }

  @Test func stacksAndStackIDs() throws {
    let object = try Sample.interpreter("perf_event")
    object.environment.kernelStack = [0xffff_ffff_8100_0010, 0xffff_ffff_8100_0020]
    _ = try object.run("on_sample", record: [UInt8](repeating: 0, count: 256))
    let id = try object.global("last_stack", as: Int32.self)
    #expect(id >= 0)
    let frames = try #require(try object.map("stacks").get(withUnsafeBytes(of: id) { Array($0) }))
    #expect(frames.prefix(16) == [0x10, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff])
  }

  @Test func packetsGrowAndShrink() throws {
    func run(_ helper: String, _ amount: Int32) throws -> Run {
      let code: [Instruction] = [.move(.r2, .immediate(amount)), .call(try #require(Helper(named: helper))), .exit]
      return try Interpreter(instructions: code, type: .xdp).run(packet: [UInt8](0..<60))
    }
    #expect(try run("xdp_adjust_head", 14).packet == [UInt8](14..<60))
    #expect(try run("xdp_adjust_head", -8).packet == [UInt8](repeating: 0, count: 8) + [UInt8](0..<60))
    #expect(try run("xdp_adjust_head", 50).returnValue == -22)
    #expect(try run("xdp_adjust_head", -250).returnValue == -22)
    #expect(try run("xdp_adjust_tail", -20).packet == [UInt8](0..<40))
    #expect(try run("xdp_adjust_tail", 4).packet == [UInt8](0..<60) + [0, 0, 0, 0])
    #expect(try run("xdp_adjust_tail", -50).returnValue == -22)
    let metadata = try run("xdp_adjust_meta", -8)
    #expect(metadata.returnValue == 0 && metadata.packetMetadata.count == 8)
    #expect(try run("xdp_adjust_meta", -6).returnValue == -22)
  }
}

extension HelperTests {
  @Test func signalsPathsAndReturns() throws {
    let signal = try Interpreter(instructions: Self.call("send_signal", 9)).run()
    #expect(signal.signals == [9] && signal.r0 == 0)
    #expect(try Interpreter(instructions: Self.call("send_signal", 99)).run().returnValue == -22)
    #expect(try Interpreter(instructions: Self.call("set_retval", -13)).run().overriddenReturn == -13)

    let path = try Interpreter(
      instructions: Self.call("d_path", 77, .stack(-16), 16, then: [.load(.r0, from: .r10, -16, size: .word)]))
    #expect(throws: InterpreterError.self) { try path.run() }
    path.environment.paths[77] = "/etc"
    #expect(try path.run().r0 == 0x6374_652f)
    path.environment.paths[77] = "/a/path/that/is/too/long"
    #expect(try path.run().r0 == 0)
  }
}
