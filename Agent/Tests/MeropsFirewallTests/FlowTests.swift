// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
import MeropsModel
import Testing

@testable import MeropsFirewall

/// What answers is told from what begins: the kernel's test run of both programs, on packets that leave and arrive in turn.
@Suite(.enabled(if: isRoot, needsRoot)) struct FlowTests {
  private static let (here4, there4) = ("198.51.100.1", "203.0.113.9")
  private static let (here6, there6) = ("2001:db8::1", "2001:db8:1::9")

  /// Packets between 198.51.100.1, which is this machine, and 203.0.113.9; or the same in IPv6.
  private struct Wire {
    var isIPv6: Bool

    func out(_ transport: UInt8, _ payload: [UInt8], from: String? = nil) -> [UInt8] {
      isIPv6
        ? Frame.ethernet(0x86dd, Frame.ipv6(from ?? FlowTests.here6, to: FlowTests.there6, next: transport, payload))
        : Frame.ethernet(
          0x0800, Frame.ipv4(from ?? FlowTests.here4, to: FlowTests.there4, transport: transport, payload))
    }

    func back(_ transport: UInt8, _ payload: [UInt8], from: String? = nil) -> [UInt8] {
      isIPv6
        ? Frame.ethernet(0x86dd, Frame.ipv6(from ?? FlowTests.there6, to: FlowTests.here6, next: transport, payload))
        : Frame.ethernet(
          0x0800, Frame.ipv4(from ?? FlowTests.there4, to: FlowTests.here4, transport: transport, payload))
    }

    var icmp: UInt8 { isIPv6 ? 58 : 1 }
    var echo: (request: UInt8, reply: UInt8) { isIPv6 ? (128, 129) : (8, 0) }
    var stranger: String { isIPv6 ? "2001:db8:2::9" : "203.0.113.10" }
  }

  /// All is dropped but what is established.
  private func closed(_ pins: Pins = Pins()) throws -> (Firewall, Pins) {
    let (firewall, pins) = try firewall(pins)
    try firewall.set([try established()], default: .drop)
    return (firewall, pins)
  }

  private func established(_ state: PacketRule.State = .established, _ action: PacketRule.Action = .pass) throws
    -> PacketRule
  {
    var rule = PacketRule(action, [block("0.0.0.0/0"), block("::/0")])
    rule.conditions.state = state
    return rule
  }

  private enum Flag {
    static let (fin, syn, rst, ack): (UInt8, UInt8, UInt8, UInt8) = (1, 2, 4, 16)
  }

  @Test(arguments: [false, true]) func aConnectionOfTCPFromItsBeginToItsEnd(isIPv6: Bool) throws {
    let (firewall, _) = try closed()
    let wire = Wire(isIPv6: isIPv6)
    func out(_ flags: UInt8, acknowledgement: UInt16 = 0) throws {
      try firewall.send(wire.out(6, Frame.tcp(40_000, 443, flags: flags, acknowledgement: acknowledgement)))
    }
    func back(
      _ flags: UInt8, _ source: UInt16 = 443, _ port: UInt16 = 40_000, sequence: UInt16 = 1, from: String? = nil
    )
      throws -> PacketRule.Action
    { try firewall.judge(wire.back(6, Frame.tcp(source, port, flags: flags, sequence: sequence), from: from)) }
    // Nobody asked: whatever is forged is dropped.
    for flags in [Flag.syn, Flag.syn | Flag.ack, Flag.ack, Flag.rst, Flag.rst | Flag.ack, Flag.fin | Flag.ack] {
      #expect(try back(flags) == .drop, "\(flags)")
    }
    try out(Flag.syn)
    #expect(try back(Flag.syn | Flag.ack) == .pass)
    // Another port, at either end, and another address are other flows.
    #expect(try back(Flag.syn | Flag.ack, 444) == .drop)
    #expect(try back(Flag.syn | Flag.ack, 443, 40_001) == .drop)
    #expect(try back(Flag.syn | Flag.ack, from: wire.stranger) == .drop)
    try out(Flag.ack, acknowledgement: 100)
    #expect(try back(Flag.ack) == .pass)
    // A packet that begins a connection is no answer, although its ports fit a flow.
    #expect(try back(Flag.syn) == .drop)
    #expect(try firewall.flows()?.known == 1)
    let flow = try #require(try firewall.object.flows.entries().first)
    #expect(flow.value.end > Firewall.bootTime() + FlowTime.established - 60 * FlowTime.second)
    // An RST that the receiver would not heed ends nothing, one that it heeds does.
    #expect(try back(Flag.rst, sequence: 99) == .pass)
    #expect(try firewall.object.flows.get(flow.key)?.state == FlowState.established)
    #expect(try back(Flag.rst, sequence: 100) == .pass)
    #expect(try firewall.object.flows.get(flow.key)?.state == FlowState.closing)
    // The same ports begin anew; a FIN that leaves ends it within minutes, and what is left of it passes.
    try out(Flag.syn)
    try out(Flag.ack)
    try out(Flag.fin | Flag.ack)
    #expect(try back(Flag.ack) == .pass)
    try out(Flag.ack)
    let ending = try #require(try firewall.object.flows.get(flow.key))
    #expect(ending.state == FlowState.closing)
    #expect(ending.end <= Firewall.bootTime() + FlowTime.closing)
    #expect(try firewall.status().others.packets > 0)
  }

  /// What ends or answers makes nothing known.
  @Test func onlyWhatBeginsOrGoesOnIsLearned() throws {
    let (firewall, _) = try closed()
    let wire = Wire(isIPv6: false)
    for flags in [Flag.rst, Flag.rst | Flag.ack, Flag.fin | Flag.ack, Flag.syn | Flag.ack, 0] {
      try firewall.send(wire.out(6, Frame.tcp(40_000, 443, flags: flags)))
    }
    for type: UInt8 in [0, 3, 11, 13] { try firewall.send(wire.out(1, Frame.icmp(type))) }
    try firewall.send(wire.out(47, [0, 0, 8, 0]))
    try firewall.send(Frame.ethernet(0x0806, Array(repeating: 0, count: 28)))
    try firewall.send(Frame.ethernet(0x0800, Frame.ipv4(Self.here4, to: Self.there4, fragment: 185)))
    try firewall.send(Array(wire.out(17, Frame.udp()).prefix(40)))
    #expect(try firewall.flows() == FlowReport(known: 0, capacity: 65_536, begun: 0, evicted: 0))
    // A connection that was open before: its next packet.
    try firewall.send(wire.out(6, Frame.tcp(40_000, 443, flags: Flag.ack)))
    #expect(try firewall.judge(wire.back(6, Frame.tcp(443, 40_000, flags: Flag.ack))) == .pass)
  }

  @Test(arguments: [false, true]) func answersOfUDPAndEchoes(isIPv6: Bool) throws {
    let (firewall, _) = try closed()
    let wire = Wire(isIPv6: isIPv6)
    let answer = wire.back(17, Frame.udp(53, 40_000))
    #expect(try firewall.judge(answer) == .drop)
    try firewall.send(wire.out(17, Frame.udp(40_000, 53)))
    #expect(try firewall.judge(answer) == .pass)
    #expect(try firewall.judge(wire.back(17, Frame.udp(53, 40_000), from: wire.stranger)) == .drop)
    #expect(try firewall.judge(wire.back(6, Frame.tcp(53, 40_000, flags: Flag.ack))) == .drop)
    let reply = wire.back(wire.icmp, Frame.icmp(wire.echo.reply, identifier: 7))
    #expect(try firewall.judge(reply) == .drop)
    try firewall.send(wire.out(wire.icmp, Frame.icmp(wire.echo.request, identifier: 7)))
    #expect(try firewall.judge(reply) == .pass)
    #expect(try firewall.judge(wire.back(wire.icmp, Frame.icmp(wire.echo.reply, identifier: 8))) == .drop)
    #expect(try firewall.judge(wire.back(wire.icmp, Frame.icmp(wire.echo.request, identifier: 7))) == .drop)
    // By the kernel's clock: what has ended is not known.
    for (key, flow) in try firewall.object.flows.entries() {
      var flow = flow
      flow.end = Firewall.bootTime()
      try firewall.object.flows.set(flow, for: key)
    }
    #expect(try firewall.judge(answer) == .drop)
    #expect(try firewall.judge(reply) == .drop)
    #expect(try firewall.flows() == FlowReport(known: 0, capacity: 65_536, begun: 2, evicted: 0))
  }

  @Test(arguments: [false, true]) func errorsAboutWhatThisMachineSentPass(isIPv6: Bool) throws {
    let (firewall, _) = try closed()
    let wire = Wire(isIPv6: isIPv6)
    // A router has no more of the packet than its IP header and 8 bytes.
    func error(_ type: UInt8, about packet: [UInt8]) throws -> PacketRule.Action {
      let bytes = Array(packet.dropFirst(14).prefix((isIPv6 ? 40 : 20) + 8))
      return try firewall.judge(wire.back(wire.icmp, Frame.icmp(type, about: bytes), from: wire.stranger))
    }
    let types: [UInt8] = isIPv6 ? [1, 2, 3, 4] : [3, 11, 12]
    let packets = [
      wire.out(6, Frame.tcp(40_000, 443, flags: Flag.syn)), wire.out(17, Frame.udp(40_000, 53)),
      wire.out(wire.icmp, Frame.icmp(wire.echo.request, identifier: 7)),
    ]
    for packet in packets {
      for type in types { #expect(try error(type, about: packet) == .drop) }
      try firewall.send(packet)
      for type in types { #expect(try error(type, about: packet) == .pass) }
      // An ICMP redirect is no error. An error about somebody else's packet belongs to no flow.
      #expect(try error(isIPv6 ? 137 : 5, about: packet) == .drop)
    }
    let others = [
      wire.out(6, Frame.tcp(40_001, 443)), wire.out(17, Frame.udp(40_000, 54)),
      wire.out(17, Frame.udp(40_000, 53), from: wire.stranger), wire.out(132, Frame.udp(40_000, 53)),
      Array(packets[0].prefix(14 + (isIPv6 ? 40 : 20) + 2)),
    ]
    for packet in others { #expect(try error(types[0], about: packet) == .drop) }
  }

  /// A state is a condition like others: longer prefixes and blocks of the same prefix come first.
  @Test func statesBesideOtherRules() throws {
    let (firewall, _) = try firewall()
    let wire = Wire(isIPv6: false)
    let answer = wire.back(17, Frame.udp(53, 40_000))
    let other = wire.back(17, Frame.udp(53, 40_001))
    try firewall.set([try established(.new, .drop)])
    try firewall.send(wire.out(17, Frame.udp(40_000, 53)))
    #expect(try firewall.judge(answer) == .pass)
    #expect(try firewall.judge(other) == .drop)
    // What is neither TCP, UDP nor an echo is new, and so is what has no ports.
    #expect(try firewall.judge(wire.back(47, [0, 0, 8, 0])) == .drop)
    #expect(
      try firewall.judge(Frame.ethernet(0x0800, Frame.ipv4(Self.there4, to: Self.here4, fragment: 185))) == .drop)
    try firewall.set([try established(), .drop("203.0.113.0/24")], default: .drop)
    #expect(try firewall.judge(answer) == .drop)
    var udp = try established(.established, .drop)
    udp.conditions.transport = 17
    try firewall.set([try established(), udp], default: .drop)
    #expect(try firewall.judge(answer) == .drop)
    var ssh = PacketRule.pass("203.0.113.0/24")
    ssh.conditions = try .init(transport: "tcp", port: "22", sourcePort: nil, flags: nil, icmpType: nil)
    try firewall.set([try established(), ssh], default: .drop)
    #expect(try firewall.judge(answer) == .pass)
    #expect(try firewall.judge(wire.back(6, Frame.tcp(1, 22))) == .pass)
    #expect(try firewall.judge(wire.back(6, Frame.tcp(1, 23))) == .drop)
    let ids = firewall.rules.rules.map(\.id)
    let counts = try firewall.status().counts
    #expect(ids.map { counts[$0]?.packets } == [1, 1])
    #expect(throws: FirewallError.self) {
      try PacketRule.Conditions(
        transport: nil, port: nil, sourcePort: nil, flags: nil, icmpType: nil, state: "related")
    }
  }

  /// More flows than there is room for: the newest are known, those that are used stay, and the others are counted.
  @Test func aFloodForgetsTheOldestAndCountsThem() throws {
    let (firewall, _) = try closed()
    let wire = Wire(isIPv6: false)
    let (kept, answer) = (wire.out(17, Frame.udp(9, 53)), wire.back(17, Frame.udp(53, 9)))
    try firewall.send(kept)
    let capacity = try #require(try firewall.flows()?.capacity)
    for number in 0..<(capacity + capacity / 2) {
      let port = UInt16(1024 + number % 60_000)
      try firewall.send(wire.out(17, Frame.udp(port, UInt16(1000 + number / 60_000))))
      // It is used all the time.
      if number % 512 == 0 { #expect(try firewall.judge(answer) == .pass, "after \(number)") }
    }
    let flows = try #require(try firewall.flows())
    #expect(flows.begun == UInt64(capacity + capacity / 2 + 1))
    #expect(flows.known <= capacity)
    #expect(flows.evicted == flows.begun - UInt64(flows.known))
    #expect(flows.evicted >= UInt64(capacity / 2))
    #expect(try firewall.judge(answer) == .pass)
    // What has ended makes room, and is not counted as forgotten.
    let now = Firewall.bootTime()
    for (key, flow) in try firewall.object.flows.entries() {
      try firewall.object.flows.set(Flow(end: now - 1, state: flow.state, acknowledged: 0), for: key)
    }
    try firewall.refresh()
    let rest = try #require(try firewall.flows())
    #expect(rest.known == 0)
    // To write an entry, Linux takes room for a second one, and forgets a few.
    #expect(rest.evicted < flows.evicted + UInt64(capacity / 4))
    #expect(try firewall.object.flows.count() == 0)
  }
}
