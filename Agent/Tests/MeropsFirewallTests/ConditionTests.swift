// SPDX-License-Identifier: Apache-2.0
import Glibc
import MeropsModel
import Testing

@testable import MeropsFirewall

/// Rules that ask more of a packet than its source.
@Suite(.enabled(if: isRoot, needsRoot)) struct ConditionTests {
  private func rule(
    _ transport: String?, port: String? = nil, sourcePort: String? = nil, flags: String? = nil, type: UInt8? = nil,
    _ action: PacketRule.Action = .drop
  ) throws -> PacketRule {
    var rule = PacketRule(action, [block("0.0.0.0/0"), block("::/0")])
    rule.conditions = try .init(transport: transport, port: port, sourcePort: sourcePort, flags: flags, icmpType: type)
    return rule
  }

  private func ipv4(_ transport: UInt8, _ payload: [UInt8], fragment: UInt16 = 0) -> [UInt8] {
    Frame.ethernet(0x0800, Frame.ipv4("203.0.113.9", transport: transport, fragment: fragment, payload))
  }

  private func ipv6(_ transport: UInt8, _ payload: [UInt8]) -> [UInt8] {
    Frame.ethernet(0x86dd, Frame.ipv6("2001:db8::9", next: transport, payload))
  }

  /// Options of hop-by-hop and destination, a routing header, a first fragment: then the transport header.
  private func extended(_ transport: UInt8, _ payload: [UInt8]) -> [UInt8] {
    ipv6(
      0,
      [60, 0, 1, 4, 0, 0, 0, 0] + [43, 1] + Array(repeating: 0, count: 14) + [44, 0, 0, 0, 0, 0, 0, 0]
        + [transport, 0, 0, 1, 0, 0, 0, 1] + payload)
  }

  @Test func onlyWhatMeetsTheConditionsIsDropped() throws {
    let (firewall, _) = try firewall()
    let cases: [(PacketRule, [[UInt8]], [[UInt8]])] = [
      (
        try rule("tcp"),
        [ipv4(6, Frame.tcp()), ipv6(6, Frame.tcp()), extended(6, Frame.tcp()), ipv4(6, [1, 2], fragment: 185)],
        [ipv4(17, Frame.udp()), ipv6(58, Frame.icmp(128))]
      ),
      (
        try rule("tcp", port: "80-443"),
        [
          ipv4(6, Frame.tcp(1, 80)), ipv4(6, Frame.tcp(1, 443)), extended(6, Frame.tcp(1, 100)),
          ipv4(6, Frame.tcp(1, 80), fragment: 0x2000),
        ],
        [
          ipv4(6, Frame.tcp(80, 79)), ipv6(6, Frame.tcp(80, 444)), ipv4(17, Frame.udp(1, 80)),
          ipv4(6, Frame.tcp(1, 80), fragment: 185),
        ]
      ),
      (
        try rule("udp", sourcePort: "53"), [ipv6(17, Frame.udp(53, 9))],
        [ipv6(17, Frame.udp(9, 53)), ipv6(6, Frame.tcp(53, 9))]
      ),
      (
        try rule("tcp", flags: "syn,!ack"), [ipv4(6, Frame.tcp(flags: 0x02)), ipv4(6, Frame.tcp(flags: 0xc2))],
        [ipv4(6, Frame.tcp(flags: 0x12)), ipv4(6, Frame.tcp(flags: 0x10))]
      ),
      (try rule("icmp", type: 8), [ipv4(1, Frame.icmp(8))], [ipv4(1, Frame.icmp(0)), ipv6(58, Frame.icmp(8))]),
      (try rule("icmpv6", type: 128), [extended(58, Frame.icmp(128))], [ipv6(58, Frame.icmp(135))]),
      (try rule("gre"), [ipv4(47, [])], [ipv4(50, [])]),
    ]
    for (rule, dropped, passed) in cases {
      try firewall.set([rule])
      for frame in dropped { #expect(try firewall.judge(frame) == .drop, "\(rule.conditions): \(frame)") }
      for frame in passed { #expect(try firewall.judge(frame) == .pass, "\(rule.conditions): \(frame)") }
      var allowed = PacketRule(.pass, rule.sources)
      allowed.conditions = rule.conditions
      try firewall.set([allowed], default: .drop)
      for frame in dropped { #expect(try firewall.judge(frame) == .pass, "allowed, \(rule.conditions): \(frame)") }
      for frame in passed { #expect(try firewall.judge(frame) == .drop, "allowed, \(rule.conditions): \(frame)") }
    }
  }

  /// Where a rule asks for a transport header, a packet that hides its own is dropped.
  @Test func whoHidesTheTransportHeaderIsDropped() throws {
    let (firewall, _) = try firewall()
    let hidden = [
      ipv4(6, Array(Frame.tcp().prefix(19))), ipv4(6, Array(Frame.tcp().prefix(8)), fragment: 0x2000),
      ipv4(6, Array(Frame.tcp().dropFirst(8)), fragment: 1), ipv4(17, [0, 1, 0, 2]), ipv4(1, [8]), ipv6(6, Frame.udp()),
      ipv6(60, Array(repeating: [60, 0, 1, 4, 0, 0, 0, 0], count: 7).flatMap { $0 }), ipv6(0, [6]),
    ]
    for frame in hidden { #expect(try firewall.judge(frame) == .pass) }
    try firewall.set([try rule("tcp", port: "9999")])
    for frame in hidden { #expect(try firewall.judge(frame) == .drop, "\(frame)") }
    #expect(try firewall.status().malformed.packets == UInt64(hidden.count))
  }

  /// A rule that does not meet the packet is as if it were not there: that of a shorter prefix counts.
  @Test func shorterPrefixesCountWhereLongerOnesDoNotMeet() throws {
    let (firewall, _) = try firewall()
    var ssh = try rule("tcp", port: "22", .pass)
    ssh.setSources([block("203.0.113.9")])
    var web = try rule("tcp", port: "443")
    web.setSources([block("203.0.113.0/24")])
    try firewall.set([ssh, web, .drop("203.0.0.0/16"), .pass("203.0.113.0/25")])
    #expect(try firewall.judge(ipv4(6, Frame.tcp(1, 22))) == .pass)
    #expect(try firewall.judge(ipv4(6, Frame.tcp(1, 443))) == .pass)
    try firewall.set([ssh, web, .drop("203.0.0.0/16")])
    #expect(try firewall.judge(ipv4(6, Frame.tcp(1, 22))) == .pass)
    #expect(try firewall.judge(ipv4(6, Frame.tcp(1, 443))) == .drop)
    let counts = try firewall.status().counts
    let ids = firewall.rules.rules.map(\.id)
    #expect(ids.map { counts[$0]?.packets } == [1, 1, 0])
    #expect(try firewall.judge(ipv4(17, Frame.udp())) == .drop)
    // The test run's packets come from the loopback interface.
    var here = PacketRule.pass("203.0.113.9")
    here.interface = "lo"
    try firewall.set([here, .drop("203.0.113.0/24")])
    #expect(try firewall.judge(ipv4(17, Frame.udp())) == .pass)
    here.interface = "nosuch0"
    try firewall.set([here, .drop("203.0.113.0/24")])
    #expect(try firewall.judge(ipv4(17, Frame.udp())) == .drop)
  }

  /// Each source has a rate of its own. The kernel runs all packets of a test run at the same moment but for microseconds.
  @Test func whatIsBeyondARateIsDropped() throws {
    let (firewall, _) = try firewall()
    var rule = PacketRule.drop("0.0.0.0/0", "::/0")
    rule.conditions = try .init(
      transport: "udp", port: nil, sourcePort: nil, flags: nil, icmpType: nil, rate: 1, burst: 10)
    try firewall.set([rule])
    func source(_ number: Int) -> [UInt8] { Frame.ethernet(0x0800, Frame.ipv4("203.0.113.\(number)")) }
    for number in 1...3 {
      let start = Firewall.bootTime()
      var passed = 0
      for _ in 0..<40 where try firewall.judge(source(number)) == .pass { passed += 1 }
      let seconds = Int((Firewall.bootTime() - start) / 1_000_000_000) + 1
      #expect((10...10 + seconds).contains(passed))
    }
    // Other protocols are not counted, and a /64 of IPv6 is one source.
    for _ in 0..<20 { #expect(try firewall.judge(ipv4(6, Frame.tcp())) == .pass) }
    let start = Firewall.bootTime()
    var passed = 0
    for number in 0..<40 where try firewall.judge(Frame.ethernet(0x86dd, Frame.ipv6("2001:db8::\(number)"))) == .pass {
      passed += 1
    }
    #expect((10...11 + Int((Firewall.bootTime() - start) / 1_000_000_000)).contains(passed))
    // After a second there is room for one more.
    let now = Firewall.bootTime()
    while try firewall.judge(source(1)) == .drop { usleep(50_000) }
    #expect(Firewall.bootTime() - now < 60_000_000_000)
    // An allowance up to a rate.
    rule = PacketRule(.pass, rule.sources)
    rule.conditions = try .init(
      transport: nil, port: nil, sourcePort: nil, flags: nil, icmpType: nil, rate: 1, burst: 5)
    try firewall.set([rule], default: .drop)
    #expect(try (0..<5).allSatisfy { _ in try firewall.judge(source(9)) == .pass })
    #expect(try (0..<5).contains { _ in try firewall.judge(source(9)) == .drop })
  }
}
