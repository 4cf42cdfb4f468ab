// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
import MeropsModel
import Testing

@testable import MeropsFirewall

/// What becomes of which packet, as the kernel's test run of the program says.
@Suite(.enabled(if: isRoot, needsRoot)) struct JudgeTests {
  static let ipv4 = Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9"))
  static let ipv6 = Frame.ethernet(0x86dd, Frame.ipv6("2001:db8:1::9"))

  /// Behind each name: a frame of 203.0.113.9 or 2001:db8:1::9, in one guise or another.
  static let guises: [(String, [UInt8])] = [
    ("IPv4", ipv4),
    ("IPv6", ipv6),
    ("a VLAN", Frame.ethernet(0x0800, tags: [(0x8100, 7)], Frame.ipv4("203.0.113.9"))),
    ("two VLANs", Frame.ethernet(0x0800, tags: [(0x88a8, 7), (0x8100, 8)], Frame.ipv4("203.0.113.9"))),
    ("two VLANs of one kind", Frame.ethernet(0x86dd, tags: [(0x8100, 7), (0x8100, 8)], Frame.ipv6("2001:db8:1::9"))),
    ("options", Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", options: 10))),
    ("a first fragment", Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", fragment: 0x2000))),
    ("a later fragment", Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", fragment: 185, [1, 2, 3, 4, 5, 6, 7, 8]))),
    ("no payload", Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", []))),
    ("an unknown protocol", Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", transport: 254, [1]))),
    ("IPv4 in IPv6's form", Frame.ethernet(0x86dd, Frame.ipv6("::ffff:203.0.113.9"))),
    (
      "hop-by-hop options",
      Frame.ethernet(0x86dd, Frame.ipv6("2001:db8:1::9", next: 0, [17, 0, 1, 4, 0, 0, 0, 0] + Frame.udp()))
    ),
    (
      "a fragment of IPv6",
      Frame.ethernet(0x86dd, Frame.ipv6("2001:db8:1::9", next: 44, [17, 0, 0, 9, 0, 0, 0, 1, 0, 0]))
    ),
    (
      "seven extension headers",
      Frame.ethernet(
        0x86dd,
        Frame.ipv6("2001:db8:1::9", next: 60, Array(repeating: [60, 0, 1, 4, 0, 0, 0, 0], count: 7).flatMap { $0 }))
    ),
    ("an unknown extension header", Frame.ethernet(0x86dd, Frame.ipv6("2001:db8:1::9", next: 253, [1, 2, 3]))),
  ]

  @Test(arguments: [false, true]) func aSourceIsBlockedInEveryGuise(direct: Bool) throws {
    let (firewall, _) = try firewall(direct: direct)
    for (name, frame) in Self.guises { #expect(try firewall.judge(frame) == .pass, "\(name), before") }
    try firewall.set([.drop("203.0.113.0/24", "2001:db8:1::/48")])
    for (name, frame) in Self.guises { #expect(try firewall.judge(frame) == .drop, "\(name)") }
    try firewall.set([.drop("203.0.112.0/24", "2001:db8:2::/48")])
    for (name, frame) in Self.guises { #expect(try firewall.judge(frame) == .pass, "\(name), beside the block") }
    try firewall.set([.pass("203.0.113.9", "2001:db8:1::9")], default: .drop)
    for (name, frame) in Self.guises { #expect(try firewall.judge(frame) == .pass, "\(name), allowed") }
    try firewall.set([.pass("203.0.113.8", "2001:db8:1::8")], default: .drop)
    for (name, frame) in Self.guises { #expect(try firewall.judge(frame) == .drop, "\(name), not allowed") }
  }

  /// Whether a rule or none: what ends too early is dropped, what is no IP passes.
  @Test(arguments: [PacketRule.Action.pass, .drop]) func whatHasNoSource(action: PacketRule.Action) throws {
    let (firewall, _) = try firewall()
    try firewall.set([], default: action)
    var dropped = 0
    for count in 14..<34 {  // Without the last byte of an IPv4 header.
      #expect(try firewall.judge(Array(Self.ipv4.prefix(count))) == .drop, "\(count) bytes")
      dropped += 1
    }
    for count in 14..<54 {
      #expect(try firewall.judge(Array(Self.ipv6.prefix(count))) == .drop, "\(count) bytes of IPv6")
      dropped += 1
    }
    var short = Self.ipv4
    short[14] = 0x44
    var version = Self.ipv4
    version[14] = 0x65
    let options = Array(Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", options: 10)).prefix(60))
    let tag = Frame.ethernet(0x8100, [0, 7])
    for frame in [short, version, options, tag] {
      #expect(try firewall.judge(frame) == .drop)
      dropped += 1
    }
    #expect(try firewall.status().malformed.packets == UInt64(dropped))
    let three = Frame.ethernet(0x0800, tags: [(0x8100, 1), (0x8100, 2), (0x8100, 3)], Frame.ipv4("203.0.113.9"))
    #expect(try firewall.judge(three) == .drop)
    #expect(try firewall.status().unreadable.packets == 1)
    #expect(try firewall.judge(Frame.ethernet(0x0806, Array(repeating: 0, count: 28))) == .pass)
    #expect(try firewall.judge(Frame.ethernet(0x88cc, [1, 2])) == .pass)
    #expect(try firewall.status().notIP.packets == 2)
  }

  @Test func theLongestPrefixCountsAndOfTheSameOneThatDrops() throws {
    let (firewall, _) = try firewall()
    try firewall.set([.drop("203.0.113.0/24", "2001:db8::/32"), .pass("203.0.113.9", "2001:db8:1::/48")])
    #expect(try firewall.judge(Self.ipv4) == .pass)
    #expect(try firewall.judge(Self.ipv6) == .pass)
    try firewall.set([.pass("203.0.113.9"), .drop("203.0.113.9")])
    #expect(try firewall.judge(Self.ipv4) == .drop)
    try firewall.set([.drop("203.0.113.9"), .pass("203.0.113.9")])
    #expect(try firewall.judge(Self.ipv4) == .drop)
    // All of IPv6 is not all of IPv4, and the other way round.
    try firewall.set([.drop("::/0")])
    #expect(try firewall.judge(Self.ipv4) == .pass)
    #expect(try firewall.judge(Self.ipv6) == .drop)
    try firewall.set([.drop("0.0.0.0/0")])
    #expect(try firewall.judge(Self.ipv4) == .drop)
    #expect(try firewall.judge(Self.ipv6) == .pass)
  }

  @Test func aRuleEndsByTheKernelsClock() throws {
    let (firewall, _) = try firewall()
    let now = Firewall.bootTime()
    var allowed = PacketRule.pass("203.0.113.9")
    allowed.end = now + 3600 * 1_000_000_000
    var ended = PacketRule.drop("203.0.113.9")
    ended.end = now + 300_000_000
    // While both hold, the one that drops counts; then the other; behind it lies a block of them all.
    try firewall.set([.drop("203.0.113.0/24"), allowed, ended])
    if Firewall.bootTime() < now + 200_000_000 { #expect(try firewall.judge(Self.ipv4) == .drop) }
    while Firewall.bootTime() <= now + 300_000_000 { usleep(10_000) }
    let generation = try firewall.status().generation
    #expect(try firewall.judge(Self.ipv4) == .pass)
    #expect(try firewall.status().generation == generation)
    try firewall.refresh()
    #expect(try firewall.status().generation == generation + 1)
    #expect(firewall.rules.rules.count == 2)
    #expect(try firewall.judge(Self.ipv4) == .pass)
  }

  @Test func tooManyRulesWithATimeOverEachOtherAreRefused() throws {
    let (firewall, _) = try firewall()
    let rules = (8...24).map { length in
      var rule = PacketRule.drop("10.0.0.0/\(length)")
      rule.end = .max
      return rule
    }
    try firewall.set(Array(rules.dropLast()))
    let error = #expect(throws: FirewallError.self) { try firewall.set(rules) }
    #expect(error?.description.contains("16") == true)
    #expect(firewall.rules.rules.count == 16)
    #expect(try firewall.judge(Frame.ethernet(0x0800, Frame.ipv4("10.0.0.1"))) == .drop)
  }

  @Test func everyPacketIsCountedOfOneRule() throws {
    let (firewall, _) = try firewall()
    try firewall.set([.drop("203.0.113.0/24"), .pass("203.0.113.9")])
    let ids = firewall.rules.rules.map(\.id)
    for _ in 0..<5 { _ = try firewall.judge(Self.ipv4) }
    let other = Frame.ethernet(0x0800, Frame.ipv4("203.0.113.10"))
    for _ in 0..<3 { _ = try firewall.judge(other) }
    _ = try firewall.judge(Self.ipv6)
    var status = try firewall.status()
    #expect(status.counts[ids[0]] == .init(packets: 3, bytes: UInt64(3 * other.count)))
    #expect(status.counts[ids[1]] == .init(packets: 5, bytes: UInt64(5 * Self.ipv4.count)))
    #expect(status.others == .init(packets: 1, bytes: UInt64(Self.ipv6.count)))
    // A rule that stays goes on counting; a new one begins at zero, in whatever slot.
    try firewall.change { rules in
      rules.rules.removeFirst()
      rules.add(.drop("203.0.113.0/24"))
    }
    status = try firewall.status()
    #expect(status.counts[ids[1]]?.packets == 5)
    #expect(status.counts[try #require(firewall.rules.rules.last?.id)]?.packets == 0)
    // What rules did that are gone stays in the totals.
    #expect(status.formerlyDropped == .init(packets: 3, bytes: UInt64(3 * other.count)))
    try firewall.set([], default: .drop)
    _ = try firewall.judge(other)
    status = try firewall.status()
    #expect(status.formerlyPassed == .init(packets: 5, bytes: UInt64(5 * Self.ipv4.count)))
    #expect(status.formerlyDropped.packets == 3)
    #expect(status.passedByDefault.packets == 1)
    #expect(status.droppedByDefault == .init(packets: 1, bytes: UInt64(other.count)))
  }

  @Test func dropsAreTold() throws {
    let (firewall, _) = try firewall()
    try firewall.set([.drop("203.0.113.0/24", "2001:db8::/32")])
    let id = try #require(firewall.rules.rules.first?.id)
    _ = try firewall.judge(
      Frame.ethernet(0x0800, tags: [(0x8100, 7)], Frame.ipv4("203.0.113.9", transport: 6, Frame.tcp())))
    _ = try firewall.judge(Self.ipv6)
    _ = try firewall.judge(Array(Self.ipv4.prefix(20)))
    let drops = try firewall.drops(wait: 10)
    #expect(drops.map(\.cause) == [.rule(id), .rule(id), .malformed])
    #expect(drops.map(\.source) == [Address("203.0.113.9"), Address("2001:db8:1::9"), nil])
    #expect(drops.map(\.destination) == [Address("198.51.100.1"), Address("2001:db8::1"), nil])
    #expect(drops.map(\.transport) == [6, 17, 0])
    #expect(drops.map(\.destinationPort) == [443, 53, 0])
    #expect(drops.map(\.vlan) == [7, nil, nil])
    #expect(drops.map(\.generation) == [2, 2, 0])
    // A flood is counted, and told in part.
    _ = try firewall.program.testRun(TestRun(data: Self.ipv4, repetitions: 100_000))
    let told = try firewall.drops(wait: 10)
    #expect(told.count >= 60 && told.count < 10_000)
    #expect(try firewall.status().counts[id]?.packets == 100_002)
  }
}
