// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite(.sameOnEveryKernel) struct PacketTests {
  /// Summing what a checksum covers, the checksum included, gives zero (RFC 1071).
  @Test func checksumsVerify() {
    let packet = Packet(
      .ethernet(), .ipv4(from: "192.0.2.1", to: "198.51.100.2", options: [1, 1, 1]), .tcp(from: 4000, to: 443),
      .payload([1, 2, 3]))
    let network = Array(packet.bytes[14...])
    #expect(network[0] == 0x46)
    #expect(checksum(Array(network[..<24])) == 0)
    let pseudo = Array(network[12..<20]) + [0, 6, 0, UInt8(network.count - 24)]
    #expect(checksum(pseudo + network[24...]) == 0)
  }

  @Test func tagsNest() {
    let packet = Packet(
      .ethernet(), .vlan(7, type: 0x88a8), .vlan(9), .ipv4(from: "1.2.3.4", to: "5.6.7.8"), .udp(from: 1, to: 2))
    #expect(Array(packet.bytes[12..<22]) == [0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, 0x08, 0])
    #expect(packet.bytes.count == 14 + 8 + 20 + 8)
    #expect(packet.bytes[22 + 9] == 17)
  }

  @Test func version6HasNoHeaderChecksum() {
    let packet = Packet(
      .ethernet(), .ipv6(from: [0xfd77, 0, 0, 0, 0, 0, 0, 1], to: [0xfd77, 0, 0, 0, 0, 0, 0, 2]), .icmpEcho())
    #expect(Array(packet.bytes[12..<14]) == [0x86, 0xdd])
    let network = Array(packet.bytes[14...])
    #expect(network[6] == 58)
    let pseudo = Array(network[8..<40]) + [0, 0, 0, 8, 0, 0, 0, 58]
    #expect(checksum(pseudo + network[40...]) == 0)
  }
}
