// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsFirewall

/// Rules that change while packets arrive, in network namespaces of the test's own.
@Suite(.serialized, .enabled(if: isRoot, needsRoot)) struct NoGapTests {
  /// How often rules are exchanged. MEROPS_SWAPS asks for more.
  static let swaps = ProcessInfo.processInfo.environment["MEROPS_SWAPS"].flatMap { Int($0) } ?? 200

  private static func guarded(_ cable: Cable, _ pins: Pins, direct: Bool? = nil) throws -> Firewall {
    let firewall = try Firewall(folder: pins.folder, direct: direct)
    try cable.far.inside {
      try firewall.change {
        $0.interfaces = ["veth1"]
        $0.add(.drop("10.77.0.1"))
      }
    }
    return firewall
  }

  /// Both sets of rules block the sender, each by another rule, prefix and table.
  @Test func whatBothRulesBlockNeverPasses() throws {
    let (cable, pins) = (try Cable(), Pins())
    let firewall = try Self.guarded(cable, pins)
    let receiver = try cable.receiver()
    let sender = try cable.sender()
    defer { sender.stop() }
    let sets: [[PacketRule]] = [
      [.drop("10.77.0.0/24"), .pass("10.77.0.0/16")], [.drop("10.77.0.1"), .pass("10.77.0.0/24")],
      [.drop("10.0.0.0/8"), .drop("192.0.2.0/24", "198.51.100.0/25")],
    ]
    var dropped: UInt64 = 0
    for number in 0..<Self.swaps {
      sender.waitForMore(20)
      dropped += try firewall.status().counts.values.reduce(0) { $0 + $1.packets }
      try cable.far.inside { try firewall.set(sets[number % sets.count]) }
    }
    #expect(receiver.take() == 0)
    #expect(try firewall.status().others.packets == 0)
    #expect(dropped > UInt64(Self.swaps))
  }

  /// The control: with a moment between the two sets the same witness sees packets.
  @Test func deletingFirstLeaks() throws {
    let (cable, pins) = (try Cable(), Pins())
    let firewall = try Self.guarded(cable, pins)
    let receiver = try cable.receiver()
    let sender = try cable.sender()
    defer { sender.stop() }
    var received = 0
    for _ in 0..<10_000 where received == 0 {
      sender.waitForMore(20)
      try cable.far.inside {
        try firewall.set([])
        try firewall.set([.drop("10.77.0.1")])
      }
      received += receiver.take()
    }
    #expect(received > 0)
    #expect(try firewall.status().others.packets > 0)
  }

  /// No packet is dropped that both sets let pass.
  @Test func whatBothRulesAllowIsNeverDropped() throws {
    let (cable, pins) = (try Cable(), Pins())
    let firewall = try Self.guarded(cable, pins)
    try cable.far.inside { try firewall.set([.pass("10.77.0.1")], default: .drop) }
    let receiver = try cable.receiver()
    let sender = try cable.sender()
    defer { sender.stop() }
    for number in 0..<Self.swaps {
      sender.waitForMore(20)
      try cable.far.inside {
        try firewall.set([number % 2 == 0 ? .pass("10.77.0.0/24") : .pass("10.77.0.1")], default: .drop)
      }
      _ = receiver.take()
    }
    let status = try firewall.status()
    #expect(status.others.packets == 0)
    #expect(try firewall.drops().isEmpty)
  }

  /// What one process pinned goes on without it, and the next one has it: rules, counts and interfaces.
  @Test func enforcementOutlivesTheProcessAndIsAdopted() throws {
    let (cable, pins) = (try Cable(), Pins())
    var rules = FirewallRules()
    do {
      let firewall = try Self.guarded(cable, pins)
      try cable.far.inside {
        try firewall.change {
          var rule = PacketRule.drop("2001:db8::/32", "192.0.2.1", "::/0", "128.0.0.0/1", "2001:db8::1/128")
          rule.reason = "why not: ü"
          rule.list = "drop"
          rule.end = .max - 1
          rule.interface = "veth1"
          rule.conditions.transport = 6
          rule.conditions.ports = 1...65535
          rule.conditions.sourcePorts = 5...5
          rule.conditions.flags = (3, 2)
          rule.conditions.icmpType = 8
          rule.conditions.rate = .init(packets: 7, burst: 9)
          $0.add(rule)
        }
      }
      rules = firewall.rules
      #expect(!firewall.isAdopted)
    }
    let receiver = try cable.receiver()
    let sender = try cable.sender()
    defer { sender.stop() }
    sender.waitForMore(2000)
    #expect(receiver.take() == 0)
    let adopted = try cable.far.inside { try Firewall(folder: pins.folder) }
    #expect(adopted.isAdopted)
    #expect(adopted.rules == rules)
    let status = try adopted.status()
    #expect(status.counts[1]?.packets ?? 0 >= 1000)
    #expect(status.interfaces == [.init(name: "veth1", mode: .native)])
    #expect(status.others.packets == 0)
    try cable.far.inside { try adopted.change { $0.rules = [] } }
    while receiver.take() == 0 { sender.waitForMore() }
    try cable.far.inside { try adopted.set([.drop("10.77.0.1")]) }
    adopted.removeEverything()
    _ = receiver.take()
    while receiver.take() == 0 { sender.waitForMore() }
    #expect(!FileManager.default.fileExists(atPath: pins.folder))
  }

  /// Another program on the interface stays, and one sentence says so.
  @Test func itStandsBackFromOtherPrograms() throws {
    let (cable, pins, others) = (try Cable(), Pins(), Pins())
    let other = try Self.guarded(cable, others)
    let firewall = try Firewall(folder: pins.folder)
    let error = #expect(throws: FirewallError.self) {
      try cable.far.inside { try firewall.change { $0.interfaces = ["veth1"] } }
    }
    #expect(error?.kind == .conflict)
    #expect(error?.description.contains("veth1 has an XDP program of somebody else") == true)
    #expect(firewall.rules.interfaces == [])
    #expect(try other.status().interfaces == [.init(name: "veth1", mode: .native)])
    #expect(throws: FirewallError.self) { try cable.far.inside { try firewall.change { $0.interfaces = ["veth9"] } } }
  }

  /// An interface that goes and comes back is guarded again.
  @Test func anInterfaceThatComesBackIsGuarded() throws {
    let (cable, pins) = (try Cable(), Pins())
    let firewall = try Self.guarded(cable, pins)
    try cable.far.inside {
      try run("ip link delete veth1")
      try firewall.refresh()
      #expect(try firewall.status().interfaces == [.init(name: "veth1", mode: .absent)])
      try run("ip link add veth1 type veth peer name veth2")
      try firewall.refresh()
      #expect(try firewall.status().interfaces == [.init(name: "veth1", mode: .native)])
    }
  }
}
