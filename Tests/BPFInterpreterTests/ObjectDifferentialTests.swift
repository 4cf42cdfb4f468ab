// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFInterpreter
import BPFObject
import TestObjects
import TestSupport
import Testing

@testable import dynamic_firewall

/// Compiled packet programs in the kernel and in the interpreter: verdicts, packets, maps.
@Suite(.requires(.root)) struct ObjectDifferentialTests {
  /// Packets of the kinds that programs tell apart, some cut short, some random.
  static func packets(_ count: Int, seed: UInt64) -> [[UInt8]] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { index in
      var layers: [Packet.Layer] = [.ethernet()]
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        layers.append(.vlan(5, type: Bool.random(using: &random) ? 0x8100 : 0x88a8))
      }
      let source = "10.0.0.\(Int.random(in: 1...6, using: &random))"
      let options = [UInt8](repeating: 1, count: 4 * Int.random(in: 0...4, using: &random))
      if Int.random(in: 0..<5, using: &random) > 0 {
        layers.append(.ipv4(from: source, to: "10.0.0.9", options: options))
      }
      layers.append(.udp(from: 4000, to: 53))
      layers.append(.payload([UInt8](repeating: 7, count: Int.random(in: 0...40, using: &random))))
      var bytes = Packet(layers).bytes
      if Int.random(in: 0..<4, using: &random) == 0 {
        bytes = Array(bytes.prefix(Int.random(in: 14...40, using: &random)))
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        for _ in 0..<4 {
          bytes[Int.random(in: 12..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      }
      return bytes
    }
  }

  static func contents(_ map: AnyMap) throws -> [[UInt8]: [UInt8]] {
    var result: [[UInt8]: [UInt8]] = [:]
    for key in try map.keys() { result[key] = try map.get(key) }
    return result
  }

  /// Runs each program on each packet and compares all that can be seen.
  static func compare(
    _ object: ObjectSpec, _ programs: [String], packets: [[UInt8]],
    prepare: (BPFCollection, Interpreter) throws -> Void = { _, _ in }
  ) throws {
    let collection = BPFCollection(object)
    try collection.select(programs: programs)
    try collection.load()
    let interpreter = try Interpreter(object)
    try prepare(collection, interpreter)
    for name in programs {
      let program = try collection.program(name)
      let hidesEthernet = program.type == .socketFilter || program.type == .cgroupSKB
      for (index, packet) in packets.enumerated() {
        // Newer kernels refuse socket buffers that end within their network header.
        if program.type != .xdp, packet.count < 60 { continue }
        let kernel = try program.testRun(data: packet)
        let run = try interpreter.run(name, packet: packet)
        try #require(UInt32(truncatingIfNeeded: run.r0) == kernel.returnValue, "\(name), packet \(index): \(packet)")
        // The kernel gives a header of zeroes back where it had taken it off.
        let skipped = hidesEthernet ? 14 : 0
        try #require(run.packet.dropFirst(skipped) == kernel.data.dropFirst(skipped), "\(name), packet \(index)")
      }
    }
    for map in interpreter.maps where [.array, .hash].contains(map.type) {
      let kernel = try contents(try collection.map(map.name))
      let own = Dictionary(uniqueKeysWithValues: map.entries.map { ($0.key, $0.value) })
      #expect(own == kernel, "\(object.name), map \(map.name)")
    }
  }

  @Test func firewall() throws {
    let object = try ObjectSpec(bytes: Objects.dynamicFirewall, name: "dynamic_firewall")
    try Self.compare(object, ["dynamic_firewall"], packets: Self.packets(cases(2000), seed: 1)) {
      collection, interpreter in
      for last in [UInt8(2), 3, 5] {
        let value: [UInt8] = last == 3 ? [0] : [1]
        try collection.map("blocked_addresses").set(value, for: [10, 0, 0, last])
        try interpreter.map("blocked_addresses").set(value, for: [10, 0, 0, last])
      }
    }
  }

  @Test(arguments: [
    ("xdp", ["pass", "drop", "reflect"]), ("tc", ["ingress", "egress", "drop_all", "rewrite"]),
    ("tail_calls", ["entry", "step_one", "step_two", "empty_slot"]), ("loops", ["loops"]),
    ("subprograms", ["uses_static", "uses_global", "uses_weak_and_hidden"]), ("globals", ["count", "reset"]),
    ("map_in_map", ["look"]),
  ])
  func corpus(_ name: String, _ programs: [String]) throws {
    try Self.compare(try Sample.object(name), programs, packets: Self.packets(cases(200), seed: 7))
  }

  @Test(.requires(kernel: "5.17")) func callbacks() throws {
    try Self.compare(try Sample.object("callbacks"), ["walk", "loop"], packets: Self.packets(50, seed: 9))
  }
}

/// The same firewall, on any machine.
@Suite struct FirewallTests {
  @Test func blockedSourcesAreDropped() throws {
    let firewall = try Interpreter(ObjectSpec(bytes: Objects.dynamicFirewall))
    try firewall.map("blocked_addresses").set([1], for: [10, 0, 0, 9])
    let packet = Packet(.ethernet(), .ipv4(from: "10.0.0.9", to: "10.0.0.1"), .udp(from: 4000, to: 53)).bytes

    let run = try firewall.run("dynamic_firewall", packet: packet)
    #expect(run.xdpAction == .drop)
    #expect(try firewall.global("dropped") == 1 as UInt64)
    #expect(
      try firewall.map("drop_counts").get([10, 0, 0, 9])?.prefix(16) == [
        1, 0, 0, 0, 0, 0, 0, 0, UInt8(packet.count), 0, 0, 0, 0, 0, 0, 0,
      ])
  }
}
