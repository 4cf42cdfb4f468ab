// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsFirewall

/// Random numbers that are the same each time.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea, Flood, 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// The kernel's answers beside those of an obvious evaluator, over rules that lie in each other in all ways.
@Suite(.enabled(if: isRoot, needsRoot)) struct SearchTests {
  /// The rule that counts for an address.
  static func answer(_ rules: FirewallRules, _ address: Address, isIPv4: Bool, now: UInt64) -> PacketRule.Action {
    var best: (prefix: Int, action: PacketRule.Action)?
    for rule in rules.rules where (rule.end ?? .max) > now {
      for block in rule.sources where block.isIPv4 == isIPv4 && block.contains(address) {
        if let best, best.prefix > block.prefix || best.prefix == block.prefix && best.action == .drop { continue }
        best = (block.prefix, rule.action)
      }
    }
    return best?.action ?? rules.defaultAction
  }

  /// Blocks and addresses that are close to each other: few bits differ.
  static func bits(_ random: inout SeededGenerator, isIPv4: Bool) -> UInt128 {
    var bits: UInt128 = isIPv4 ? 0xffff_c000_0000 : UInt128(0x2001_0db8) << 96
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      bits ^= 1 << UInt128(Int.random(in: 0..<(isIPv4 ? 30 : 90), using: &random))
    }
    return bits
  }

  static func block(_ random: inout SeededGenerator, isIPv4: Bool) -> AddressBlock {
    let first = isIPv4 ? 96 : 0
    let usual = isIPv4 ? [104, 112, 118, 120, 121, 124, 127, 128] : [32, 48, 56, 63, 64, 65, 96, 127, 128]
    let prefix =
      Int.random(in: 0..<2, using: &random) == 0
      ? Int.random(in: first...128, using: &random) : usual.randomElement(using: &random) ?? 128
    let mask: UInt128 = prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
    return AddressBlock(base: Address(bits: bits(&random, isIPv4: isIPv4) & mask), prefix: prefix)!
  }

  /// The large array takes a debug build long to fill.
  @Test(arguments: [(1, false), (2, false), (3, false), (4, false), (5, false), (6, false), (7, true)])
  func theKernelAnswersAsTheRulesSay(seed: UInt64, direct: Bool) throws {
    var random = SeededGenerator(seed: seed)
    let (firewall, _) = try firewall(direct: direct)
    var answers: [PacketRule.Action: Int] = [:]
    for _ in 0..<8 {
      var rules: [PacketRule] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let count = [1, 3, 40].randomElement(using: &random) ?? 1
        var rule = PacketRule(
          Bool.random(using: &random) ? .drop : .pass,
          (0..<count).map { _ in Self.block(&random, isIPv4: Bool.random(using: &random)) })
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where rules.filter({ $0.end != nil }).count < 12: rule.end = 1
        case 1 where rules.filter({ $0.end != nil }).count < 12: rule.end = .max
        default: break
        }
        rules.append(rule)
      }
      // Those that ended are in the image, too: nobody cleans it up first.
      var wanted = FirewallRules()
      wanted.defaultAction = Bool.random(using: &random) ? .drop : .pass
      for rule in rules { wanted.add(rule) }
      let now = wanted
      try firewall.changeUncleaned { $0 = now }
      for _ in 0..<200 {
        let isIPv4 = Bool.random(using: &random)
        let sources = wanted.rules.flatMap(\.sources).filter { $0.isIPv4 == isIPv4 }
        var bits = Self.bits(&random, isIPv4: isIPv4)
        // Mostly inside a block, or right beside.
        if let block = sources.randomElement(using: &random), Int.random(in: 0..<4, using: &random) > 0 {
          bits = block.base.bits
          if block.prefix < 128 { bits |= (UInt128.max >> UInt128(block.prefix)) & UInt128(random.next()) }
          if Int.random(in: 0..<6, using: &random) == 0 { bits ^= 1 << UInt128(Int.random(in: 0..<30, using: &random)) }
        }
        let address = Address(bits: bits)
        // The kernel looks at such a source as at one of IPv4.
        guard isIPv4 == address.isIPv4 else { continue }
        let frame =
          isIPv4
          ? Frame.ethernet(0x0800, Frame.ipv4("\(address)")) : Frame.ethernet(0x86dd, Frame.ipv6("\(address)"))
        let right = Self.answer(wanted, address, isIPv4: isIPv4, now: Firewall.bootTime())
        answers[right, default: 0] += 1
        #expect(try firewall.judge(frame) == right, "seed \(seed): \(address)")
      }
    }
    #expect(answers[.drop] ?? 0 > 100 && answers[.pass] ?? 0 > 100)
  }

  /// Every address of a list is found, and none beside it, whatever bucket its hash names.
  @Test(arguments: [(1, false), (7, false), (100, false), (3000, false), (3000, true)]) func listsOfEverySize(
    count: Int, direct: Bool
  ) throws {
    var random = SeededGenerator(seed: UInt64(count))
    let (firewall, _) = try firewall(direct: direct)
    let ipv4 = (0..<count).map { _ in Address(ipv4: UInt32.random(in: 1 << 24..<224 << 24, using: &random) & ~1) }
    let ipv6 = (0..<count).map { _ in
      Address(bits: UInt128(0x2a) << 120 | UInt128(UInt64.random(in: 0...(.max >> 8), using: &random)) << 64 | 2)
    }
    try firewall.set([PacketRule(.drop, (ipv4 + ipv6).map { AddressBlock(base: $0, prefix: 128)! })])
    for (index, address) in ipv4.enumerated() where index < 500 {
      #expect(try firewall.judge(Frame.ethernet(0x0800, Frame.ipv4("\(address)"))) == .drop)
      let next = Address(bits: address.bits | 1)
      #expect(try firewall.judge(Frame.ethernet(0x0800, Frame.ipv4("\(next)"))) == .pass)
    }
    for (index, address) in ipv6.enumerated() where index < 500 {
      #expect(try firewall.judge(Frame.ethernet(0x86dd, Frame.ipv6("\(address)"))) == .drop)
      let next = Address(bits: address.bits | 1)
      #expect(try firewall.judge(Frame.ethernet(0x86dd, Frame.ipv6("\(next)"))) == .pass)
    }
  }
}
