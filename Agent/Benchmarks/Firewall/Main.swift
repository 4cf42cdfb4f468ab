// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import MeropsFirewall
import MeropsModel

/// What the firewall costs: a packet, by the kernel's test run, and an exchange of rules; beside the kernel's trie.
@main
enum FirewallBenchmark {
  static func main() throws {
    if try Peers.run(Array(CommandLine.arguments.dropFirst())) { return }
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let sizes = arguments.isEmpty ? [1, 1000, 100_000, 1_000_000] : Array(arguments)
    let folder = "/sys/fs/bpf/merops-bench-\(getpid())"
    let firewall = try Firewall(folder: folder)
    defer { firewall.removeEverything() }
    let trie = try TrieFilter.load()
    print(
      "ns a packet: hit is a blocked source, miss another one, cold 20,000 random blocked ones in turn (one run each)")
    let pass = try Self.nanoseconds(try trie.passAll.program(), Packet.ipv4(1))
    print("a program that passes: \(pass)")
    for kind in Sources.Kind.allCases {
      for size in sizes { try compare(kind, size, firewall, trie) }
    }
    try addresses(firewall)
  }

  private static func compare(_ kind: Sources.Kind, _ size: Int, _ firewall: Firewall, _ trie: TrieFilter) throws {
    let sources = Sources(kind, size)
    let rule = PacketRule(.drop, sources.blocks)
    var (times, cpuTimes): ([Double], [Double]) = ([], [])
    for _ in 0..<(size > 10_000 ? 5 : 20) {
      let (start, cpu) = (now(), now(CLOCK_PROCESS_CPUTIME_ID))
      try firewall.change {
        $0.rules = []
        $0.add(rule)
      }
      times.append(now() - start)
      cpuTimes.append(now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
    }
    let status = try firewall.status()
    let ours = try Line(firewall.program, sources)
    let (start, cpu) = (now(), now(CLOCK_PROCESS_CPUTIME_ID))
    let empty = try sources.fill(trie)
    let (fill, cpuFill) = (now() - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
    let theirs = try Line(try trie.byTrie.program(), sources)
    try empty()
    print(
      "\(kind) \(size): \(ours) with \(status.table), \(status.memory >> 10) KB, exchanged in \(ms(times)), CPU \(ms(cpuTimes)); trie \(theirs), filled in \(ms([fill])), CPU \(ms([cpuFill]))"
    )
  }

  /// One address more beside a few rules, and beside a million addresses.
  private static func addresses(_ firewall: Firewall) throws {
    for size in [10, 1_000_000] {
      try firewall.change {
        $0.rules = []
        $0.add(PacketRule(.drop, Sources(.addresses4, size).blocks))
      }
      var times: [Double] = []
      for number in 0..<20 {
        // The kernel waits for readers of the image before, and so does the next change.
        usleep(100_000)
        let start = now()
        try firewall.change {
          _ = $0.put(
            PacketRule(
              .drop, [AddressBlock(base: Address(ipv4: 0x0a00_0000 + UInt32(number)), prefix: 128)].compactMap { $0 }))
        }
        times.append(now() - start)
      }
      print("one address more beside \(size): \(ms(times))")
    }
  }

  struct Line: CustomStringConvertible {
    var hit: Int
    var miss: Int
    var cold: Int

    init(_ program: Program, _ sources: Sources) throws {
      hit = try nanoseconds(program, sources.packet(of: sources.blocks[sources.blocks.count / 2].base))
      miss = try nanoseconds(program, sources.packet(of: sources.stranger))
      var sum = 0
      var random = SystemRandomNumberGenerator()
      for _ in 0..<20_000 {
        guard let block = sources.blocks.randomElement(using: &random) else { continue }
        sum += try program.testRun(TestRun(data: sources.packet(of: block.base))).nanoseconds
      }
      cold = sum / 20_000
    }

    var description: String { "hit \(hit), miss \(miss), cold \(cold)" }
  }

  /// The least of some rounds: the machine does other work.
  static func nanoseconds(_ program: Program, _ packet: [UInt8]) throws -> Int {
    try (0..<7).map { _ in try program.testRun(TestRun(data: packet, repetitions: 300_000)).nanoseconds }.min() ?? 0
  }

  static func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The least and the median.
  static func ms(_ times: [Double]) -> String {
    let sorted = times.sorted()
    func text(_ time: Double) -> String { String(format: "%.1f", time * 1000) }
    return "\(text(sorted.first ?? 0)) ms (median \(text(sorted[sorted.count / 2])))"
  }
}

/// Blocks of addresses that are made up, the same each time.
struct Sources {
  enum Kind: String, CaseIterable {
    /// Single addresses.
    case addresses4
    /// As lists have them: mostly single ones and /24, lengths from 8 on.
    case mixed4
    case addresses6
    /// /32, /48, /56, /64 and single ones.
    case mixed6
  }

  private let kind: Kind
  private(set) var blocks: [AddressBlock] = []

  init(_ kind: Kind, _ count: Int) {
    self.kind = kind
    var state: UInt64 = 42
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 16 ^ state << 31
    }
    var known: Set<AddressBlock> = []
    while known.count < count {
      var (bits, prefix): (UInt128, Int)
      switch kind {
      case .addresses4, .mixed4:
        bits = UInt128(Address(ipv4: UInt32(truncatingIfNeeded: next() % 0xd000_0000 + 0x0100_0000)).bits)
        prefix = 128
        if kind == .mixed4 {
          let choice = next() % 100
          prefix =
            96
            + (choice < 60
              ? 32 : choice < 85 ? 24 : choice < 99 || count < 10_000 ? Int(22 + next() % 10) : Int(14 + next() % 8))
        }
      case .addresses6, .mixed6:
        bits = UInt128(0x2000 | next() & 0x0fff) << 112 | UInt128(next() & 0xffff_ffff_ffff) << 64 | UInt128(next())
        prefix = kind == .addresses6 ? 128 : [32, 48, 48, 56, 64, 64, 64, 128][Int(next() % 8)]
      }
      bits &= UInt128.max << UInt128(128 - prefix)
      if let block = AddressBlock(base: Address(bits: bits), prefix: prefix) { known.insert(block) }
    }
    // As rules have them.
    blocks = PacketRule(.drop, Array(known)).sources
  }

  var isIPv4: Bool { kind == .addresses4 || kind == .mixed4 }

  /// An address that is not blocked.
  var stranger: Address { isIPv4 ? Address(ipv4: 0xdf01_0203) : Address(bits: UInt128(0x3fff) << 112 | 7) }

  func packet(of address: Address) -> [UInt8] {
    isIPv4 ? Packet.ipv4(UInt32(truncatingIfNeeded: address.bits)) : Packet.ipv6(address.bits)
  }

  /// Fills the trie; returns what empties it.
  func fill(_ trie: TrieFilter) throws -> () throws -> Void {
    if isIPv4 {
      let keys = blocks.map {
        LPMKey(IPv4Address(hostOrder: UInt32(truncatingIfNeeded: $0.base.bits)), prefixLength: $0.prefix - 96)
      }
      let map = try Map<LPMKey<IPv4Address>, UInt32>(trie.collection.map("blocked4"))
      try map.set([UInt32](repeating: 9, count: keys.count), for: keys)
      return { for key in keys { try map.delete(key) } }
    }
    let keys = blocks.map { block in
      let bits = block.base.bits
      func word(_ shift: Int) -> UInt32 { UInt32(truncatingIfNeeded: bits >> UInt128(shift)).bigEndian }
      return LPMKey(
        IPv6Address(networkOrder: (word(96), word(64), word(32), word(0))), prefixLength: block.prefix)
    }
    let map = try Map<LPMKey<IPv6Address>, UInt32>(trie.collection.map("blocked6"))
    try map.set([UInt32](repeating: 9, count: keys.count), for: keys)
    return { for key in keys { try map.delete(key) } }
  }
}

enum Packet {
  private static let addresses: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]

  static func ipv4(_ source: UInt32) -> [UInt8] {
    addresses + [8, 0, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0]
      + (0..<4).map { UInt8(truncatingIfNeeded: source >> (24 - 8 * $0)) }
      + [198, 51, 100, 1] + Array(repeating: 0, count: 26)
  }

  static func ipv6(_ source: UInt128) -> [UInt8] {
    addresses + [0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64]
      + (0..<16).map { UInt8(truncatingIfNeeded: source >> UInt128(120 - 8 * $0)) }
      + Array(repeating: 0, count: 24)
  }
}
