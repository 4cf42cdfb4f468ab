// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFInterpreter
import SwiftObjects
import TestSupport
import Testing

/// What packet programs written in Swift make of packets, asked of the kernel.
@Suite(.requires(.root)) struct PacketProbeTests {
  enum Verdict: UInt32 {
    case aborted
    case drop
    case pass
    case transmit
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var verdict: Verdict
    var bytes: [UInt8]
    init(_ name: String, _ verdict: Verdict, _ packet: Packet) { self.init(name, verdict, packet.bytes) }
    init(_ name: String, _ verdict: Verdict, _ bytes: [UInt8]) {
      (testDescription, self.verdict, self.bytes) = (name, verdict, bytes)
    }
  }

  static let v4 = Packet.Layer.ipv4(from: "192.0.2.1", to: "192.0.2.2")
  static let v6 = Packet.Layer.ipv6(from: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 9], to: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 2])
  static let udp = Packet(.ethernet(), v4, .udp(from: 4000, to: 53)).bytes
  static let syn = Packet(.ethernet(), v4, .tcp(from: 4000, to: 80)).bytes
  static let long = Packet.Layer.payload([UInt8](repeating: 7, count: 32))

  static let cases = [
    Case("TCP SYN to 80", .drop, Packet(.ethernet(), v4, .tcp(from: 4000, to: 80))),
    Case("TCP SYN to 81", .pass, Packet(.ethernet(), v4, .tcp(from: 4000, to: 81))),
    Case("TCP ACK to 80", .pass, Packet(.ethernet(), v4, .tcp(from: 4000, to: 80, flags: 0x10))),
    Case("UDP to 53", .drop, Packet(.ethernet(), v4, .udp(from: 4000, to: 53))),
    Case("UDP to 54", .pass, Packet(.ethernet(), v4, .udp(from: 4000, to: 54))),
    Case("echo 7", .drop, Packet(.ethernet(), v4, .icmpEcho(id: 7))),
    Case("echo 8", .pass, Packet(.ethernet(), v4, .icmpEcho(id: 8))),
    Case("from 10/8", .drop, Packet(.ethernet(), .ipv4(from: "10.9.9.9", to: "192.0.2.2"), .udp(from: 1, to: 2))),
    Case(
      "behind options", .drop,
      Packet(
        .ethernet(), .ipv4(from: "192.0.2.1", to: "192.0.2.2", options: [UInt8](repeating: 1, count: 40)),
        .udp(from: 4000, to: 53))),
    Case(
      "a later fragment", .pass,
      Packet(
        .ethernet(), .ipv4(from: "192.0.2.1", to: "192.0.2.2", fragment: 100, transport: 17),
        .payload([UInt8](repeating: 53, count: 16)))),
    Case("one tag", .drop, Packet(.ethernet(), .vlan(9), v4, .udp(from: 4000, to: 53))),
    Case("two tags", .drop, Packet(.ethernet(), .vlan(9, type: 0x88a8), .vlan(8), v4, .udp(from: 4000, to: 53))),
    Case("VLAN 5 of something", .drop, Packet(.ethernet(), .vlan(5), v4, long)),
    Case("VLAN 6 of something", .pass, Packet(.ethernet(), .vlan(6), v4, long)),
    Case("IPv6 UDP to 53", .drop, Packet(.ethernet(), v6, .udp(from: 4000, to: 53))),
    Case("IPv6 TCP to 81", .pass, Packet(.ethernet(), v6, .tcp(from: 4000, to: 81))),
    Case("IPv6 echo 7", .drop, Packet(.ethernet(), v6, .icmpEcho(id: 7))),
    Case(
      "from 2001:db8::1", .drop,
      Packet(
        .ethernet(), .ipv6(from: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], to: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 2]),
        .udp(from: 1, to: 2))),
    Case("not IP", .pass, Packet(.ethernet(), long)),
    Case("a cut IPv4 header", .aborted, Array(Packet(.ethernet(), v4, .udp(from: 4000, to: 53)).bytes.prefix(30))),
    Case(
      "cut IPv4 options", .aborted,
      Array(
        Packet(
          .ethernet(), .ipv4(from: "10.9.9.9", to: "192.0.2.2", options: [UInt8](repeating: 1, count: 40)),
          .udp(from: 4000, to: 53)
        ).bytes.prefix(14 + 20 + 39))),
    Case("an IPv4 header of 16 bytes", .aborted, udp.with(0x44, at: 14)),
    Case("IPv4 options where the datagram is", .pass, udp.with(0x47, at: 14) + [UInt8](repeating: 0, count: 8)),
    Case("TCP options where nothing is", .aborted, syn.with(0x60, at: 14 + 20 + 12)),
    Case("a TCP header of 16 bytes", .aborted, syn.with(0x40, at: 14 + 20 + 12)),
    Case("a cut UDP header", .aborted, Array(Packet(.ethernet(), v4, .udp(from: 4000, to: 53)).bytes.prefix(40))),
  ]

  @Test(arguments: cases) func parses(_ test: Case) throws {
    let probe = try SwiftCorpus.load("packets", ["parse"])
    let result = try probe.program("parse").testRun(data: test.bytes)
    #expect(Verdict(rawValue: result.returnValue) == test.verdict)
  }

  /// The interpreter is of one mind with the kernel.
  @Test(arguments: cases) func parsesInUserSpace(_ test: Case) throws {
    let probe = try Interpreter(SwiftCorpus.spec("packets"))
    #expect(try probe.run("parse", .xdp(test.bytes)).xdpAction.rawValue == test.verdict.rawValue)
  }

  /// The time to live is one less, and the checksum what it should be.
  @Test func changesInPlace() throws {
    let probe = try SwiftCorpus.load("packets", ["parse", "reflect"])
    let packet = Packet(.ethernet(), Self.v4, .udp(from: 4000, to: 54)).bytes
    let changed = try probe.program("parse").testRun(data: packet).data
    let expected = Packet(
      .ethernet(), .ipv4(from: "192.0.2.1", to: "192.0.2.2", ttl: 63), .udp(from: 4000, to: 54))
    #expect(changed == expected.bytes)
    let back = try probe.program("reflect").testRun(data: packet)
    #expect(Verdict(rawValue: back.returnValue) == .transmit)
    let swapped: [UInt8] = Array(packet[6..<12]) + Array(packet[0..<6]) + Array(packet[12...])
    #expect(back.data == swapped)
  }

  @Test(.requires(kernel: "5.18")) func reachesBytesByHelpers() throws { try reachesBytes("byHelpers") }

  @Test(.requires(kernel: "6.4")) func reachesBytesByDynamicPointer() throws { try reachesBytes("byDynamicPointer") }

  private func reachesBytes(_ program: String) throws {
    let probe = try SwiftCorpus.load("packets", [program])
    let result = try probe.program(program).testRun(data: Packet(.ethernet(), Self.v4, Self.long).bytes)
    #expect(Verdict(rawValue: result.returnValue) == .pass)
    #expect(result.data.prefix(4) == [1, 2, 3, 4])
  }

  /// A tc program changes the port, and the checksum stays right.
  @Test func rewritesPorts() throws {
    let probe = try SwiftCorpus.load("packets", ["classify"])
    let result = try probe.program("classify").testRun(
      data: Packet(.ethernet(), Self.v4, .udp(from: 4000, to: 53), Self.long).bytes)
    #expect(result.returnValue == 2)
    #expect(result.data == Packet(.ethernet(), Self.v4, .udp(from: 4001, to: 53), Self.long).bytes)
  }
}

extension [UInt8] {
  fileprivate func with(_ byte: UInt8, at index: Int) -> [UInt8] { self[..<index] + [byte] + self[(index + 1)...] }
}
