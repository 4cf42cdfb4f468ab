// SPDX-License-Identifier: Apache-2.0

import BPFInterpreter
import BPFObject
import TestObjects
import TestSupport
import Testing

/// Compiled programs, without a kernel.
@Suite struct CorpusRunTests {
  static let packet = Packet(
    .ethernet(), .ipv4(from: "10.0.0.9", to: "10.0.0.1"), .udp(from: 4000, to: 53), .payload([1, 2, 3])
  ).bytes

  @Test func xdpVerdictsAndCounts() throws {
    let xdp = try Sample.interpreter("xdp")
    #expect(try xdp.run("pass", packet: Self.packet).xdpAction == .pass)
    xdp.environment.cpu = 2
    #expect(try xdp.run("pass", packet: Self.packet).xdpAction == .pass)
    let drop = try xdp.run("drop", packet: Self.packet)
    #expect(drop.xdpAction == .drop)
    #expect(drop.packet == Self.packet)
    let packets = try xdp.map("packets", UInt32.self, UInt64.self)
    #expect(try packets.values(0) == [1, 0, 1, 0])
    #expect(try packets.sum(1) == 1)

    let reflected = try xdp.run("reflect", packet: Self.packet)
    #expect(reflected.xdpAction == .transmit)
    #expect(reflected.packet[0..<12] == Self.packet[6..<12] + Self.packet[0..<6])
    #expect(try xdp.run("reflect", packet: [1, 2]).xdpAction == .aborted)
  }

  @Test func redirectsThroughMaps() throws {
    let xdp = try Sample.interpreter("xdp")
    let none = try xdp.run("to_device", packet: Self.packet)
    #expect(none.xdpAction == .pass && none.redirect == nil)
    try xdp.map("devices", UInt32.self, UInt64.self).set(5, for: 0)
    let run = try xdp.run("to_device", packet: Self.packet)
    #expect(run.xdpAction == .redirect)
    #expect(run.redirect?.map == "devices" && run.redirect?.target == 0)
  }

  @Test func trafficControl() throws {
    let tc = try Sample.interpreter("tc")
    #expect(try tc.run("ingress", packet: Self.packet).trafficAction == .next)
    #expect(try tc.run("egress", .socketBuffer(Self.packet, SocketBufferFields(mark: 0xdead))).trafficAction == .drop)
    #expect(try tc.global("dropped") == 1 as UInt64)
    try tc.setGlobal("drop_mark", to: 7 as UInt32)
    #expect(
      try tc.run("egress", .socketBuffer(Self.packet, SocketBufferFields(mark: 0xdead))).trafficAction == .next)
    let run = try tc.run("rewrite", .socketBuffer(Self.packet, SocketBufferFields(mark: 3)))
    #expect(run.returnValue == Int32(Self.packet.count))
    #expect(run.packet == [0xaa] + Self.packet.dropFirst())
    #expect(run.context[8] == 4)
  }

  @Test func tailCalls() throws {
    let steps = try Sample.interpreter("tail_calls")
    #expect(try steps.run("entry", packet: Self.packet).returnValue == 42)
    #expect(try steps.global("last_step") == 2 as Int32)
    #expect(try steps.run("empty_slot", packet: Self.packet).returnValue == 7)
    try steps.map("steps").set(program: "step_one", for: 0)
    #expect(try steps.run("empty_slot", packet: Self.packet).returnValue == 42)
    // 33 in a row, and no more.
    try steps.map("steps").set(program: "step_one", for: 3)
    #expect(try steps.run("entry", packet: Self.packet).returnValue == -1)
  }

  @Test func callbacks() throws {
    let callbacks = try Sample.interpreter("callbacks")
    let numbers = try callbacks.map("numbers", UInt32.self, UInt64.self)
    for index in UInt32(0)..<8 { try numbers.set(UInt64(index) * 10, for: index) }
    #expect(try callbacks.run("walk", packet: Self.packet).returnValue == 280)
    #expect(try callbacks.run("loop", packet: Self.packet).returnValue == 5)
    #expect(try callbacks.global("steps") == 10 as UInt64)
  }

  @Test func subprograms() throws {
    let object = try Sample.interpreter("subprograms")
    let length = Int32(Self.packet.count)
    #expect(try object.run("uses_static", packet: Self.packet).returnValue == 0)
    #expect(try object.run("uses_global", packet: Self.packet).returnValue == 7 * 3 + 1 + length * 3)
    #expect(try object.run("uses_weak_and_hidden", packet: Self.packet).returnValue == length - 1 + (length ^ 5))
    let results = try object.map("results", UInt32.self, UInt64.self)
    #expect(results.entries.map(\.value) == [3, 2])
  }

  @Test func globals() throws {
    let object = try Sample.interpreter("globals")
    #expect(try object.global("total") == 100 as UInt64)
    try object.setGlobal("threshold", to: 7 as UInt32)
    // Hidden: masks[1] is 2, and 5 more.
    #expect(try object.run("count", packet: Self.packet).returnValue == 7)
    #expect(try object.global("total") == 107 as UInt64)
    #expect(try object.global("in_own_data") == 132 as UInt32)
    #expect(throws: InterpreterError.self) { try object.global("total") as UInt8 }
    #expect(throws: InterpreterError.self) { try object.global("nothing") as UInt8 }
  }

  @Test func mapsOfMaps() throws {
    let object = try Sample.interpreter("map_in_map")
    _ = try object.run("look", packet: Self.packet)
    #expect(try object.map("inner_one", UInt32.self, UInt64.self).get(0) == 1)
    let spec = try #require(object.map("inner_two").spec as MapSpec?)
    let inner = try object.addMap(spec)
    try object.map("outer_array").set(inner, for: [0, 0, 0, 0])
    _ = try object.run("look", packet: Self.packet)
    #expect(try TypedMap<UInt32, UInt64>(inner).get(0) == 1)
  }

  @Test func dynptrsAndRings() throws {
    let object = try Sample.interpreter("dynptr")
    _ = try object.run("reserve", record: [UInt8](repeating: 0, count: 64))
    #expect(try object.map("ring").records == [[42] + [UInt8](repeating: 0, count: 15)])
    try object.setGlobal("size", to: 5000 as UInt32)
    _ = try object.run("reserve", record: [UInt8](repeating: 0, count: 64))
    #expect(try object.global("failures") == 1 as UInt64)
    #expect(try object.map("ring").lostRecords == 1)
  }

  @Test func stringsAndPrinting() throws {
    let object = try Sample.interpreter("strings")
    let run = try object.run("say", arguments: 0, 0)
    #expect(run.printed == ["a literal 1"])
    #expect(run.returnValue == Int32(UInt8(ascii: "a")))
  }

  @Test func storage() throws {
    let object = try Sample.interpreter("storage")
    object.environment.currentTask = try object.place([UInt8](repeating: 0, count: 64), named: "task")
    for _ in 0..<3 { _ = try object.run("count_calls", arguments: 0, 0) }
    let counts = try object.map("per_task", UInt64.self, UInt64.self)
    #expect(try counts.get(object.environment.currentTask) == 3)
  }
}

extension CorpusRunTests {
  /// Whatever a compiled program does with a context of zeroes, it ends: with a value, or with an error that says where.
  @Test(arguments: Corpus.all) func everyProgramEnds(_ entry: Corpus.Entry) throws {
    let object = try ObjectSpec(bytes: entry.bytes, name: entry.name)
    let interpreter = try Interpreter(object)
    interpreter.environment.unmappedLoadsGiveZero = true
    for program in object.programs {
      do throws(InterpreterError) {
        switch program.type {
        case .xdp, .schedCLS, .schedACT, .socketFilter, .cgroupSKB:
          _ = try interpreter.run(program.name, packet: Self.packet)
        default: _ = try interpreter.run(program.name, record: [UInt8](repeating: 0, count: 512))
        }
      } catch {
        #expect(error.program == program.name)
      }
    }
  }
}
