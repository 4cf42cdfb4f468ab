// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import MeropsFirewall
import MeropsModel

/// The parts of `run firewall-peers`, each a process of its own.
enum Peers {
  /// - Returns: whether the words were such a part.
  static func run(_ words: [String]) throws -> Bool {
    switch words.first {
    case "flood" where words.count == 5:
      try flood(words[1], packets: Int(words[2]) ?? 0, sources: UInt32(words[3]) ?? 1, first: UInt32(words[4]) ?? 0)
    case "guard" where words.count == 4:
      try guardInterface(words[1], sources: UInt32(words[2]) ?? 1, first: UInt32(words[3]) ?? 0)
    case "attach" where words.count == 3: try attach(words[1], drops: words[2] == "drop")
    default: return false
    }
    return true
  }

  /// Sends packets out of an interface; prints nanoseconds a packet, the receiver's time included: on a veth pair Linux receives in
  /// between on the same CPU.
  private static func flood(_ interface: String, packets: Int, sources: UInt32, first: UInt32) throws {
    let source = try PacketSource.open()
    source.globals.interface = if_nametoindex(interface)
    source.globals.count = sources
    source.globals.first = first
    let program = try source.load().flood.program()
    var run = TestRun(data: packet, repetitions: packets)
    run.usesLiveFrames = true
    let start = FirewallBenchmark.now()
    _ = try program.testRun(run)
    print((FirewallBenchmark.now() - start) * 1e9 / Double(packets))
  }

  /// From 198.18.0.1 to 10.77.0.2, UDP, with a checksum of its header that is right.
  private static var packet: [UInt8] {
    var header: [UInt8] = [0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 10, 77, 0, 2]
    var sum = stride(from: 0, to: 20, by: 2).reduce(UInt32(0)) { $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1]) }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    (header[10], header[11]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
    return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0] + header + [0x9c, 0x40, 0, 9, 0, 26, 0, 0]
      + Array(repeating: 0, count: 18)
  }

  private static func guardInterface(_ interface: String, sources: UInt32, first: UInt32) throws {
    let firewall = try Firewall(folder: "/sys/fs/bpf/merops-bench-\(getpid())")
    defer { firewall.removeEverything() }
    let blocks = (0..<sources).compactMap {
      AddressBlock(base: Address(ipv4: first + $0 * 13), prefix: 128)
    }
    try firewall.change {
      $0.interfaces = [interface]
      $0.add(PacketRule(.drop, blocks))
    }
    waitForTheEnd()
    let status = try firewall.status()
    print(status.counts.values.reduce(0) { $0 + $1.packets })
  }

  private static func attach(_ interface: String, drops: Bool) throws {
    let programs = try PacketSource.load()
    let program = try drops ? programs.dropAll.program() : programs.passAll.program()
    let link = try program.attach(to: .xdp(interface: Interface(interface), mode: .native))
    waitForTheEnd()
    try link.detach()
  }

  /// Until nobody writes to standard input any more.
  private static func waitForTheEnd() {
    // Past print's buffer: whoever waits for it reads a pipe.
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    while readLine() != nil {}
  }
}
