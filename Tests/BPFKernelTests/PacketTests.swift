// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BPFKernel

/// The cursor reads on the host what it reads in the kernel, and nothing beyond the end.
@Suite struct PacketTests {
  static let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
  static let ipv4: [UInt8] = [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]
  static let tcp: [UInt8] = [0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]
  static let ipv6Addresses: [UInt8] =
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]

  /// Lends a packet of these bytes, which end where memory that may be touched does not.
  private func withPacket<Result>(_ bytes: some Collection<UInt8>, _ body: (inout Packet) -> Result) -> Result {
    Array(bytes).withUnsafeBytes { buffer in
      let start = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 16).unsafelyUnwrapped
      var packet = Packet(start: start, end: start + buffer.count)
      return body(&packet)
    }
  }

  @Test func readsTCPOverIPv4() {
    withPacket(Self.ethernet + [8, 0] + Self.ipv4 + Self.tcp + [0xaa]) { packet in
      let frame = packet.ethernet()
      #expect(frame?.type == .ipv4)
      #expect(frame?.vlan == nil)
      #expect(frame?.header.source == MACAddress(2, 0, 0, 0, 0, 2))
      let header = packet.ipv4()
      #expect(header?.protocol == .tcp)
      #expect(header?.source == IPv4Address(192, 0, 2, 1))
      #expect(header?.totalLength.value == 40)
      let segment = packet.tcp()
      #expect(segment?.destinationPort == 80)
      #expect(segment?.flags == .syn)
      #expect(packet.read(UInt8.self) == 0xaa)
      #expect(packet.read(UInt8.self) == nil)
    }
  }

  @Test func passesOverTagsAndOptions() {
    let options = Self.ipv4.with(0x47, at: 0) + [1, 1, 1, 1, 1, 1, 1, 0]
    withPacket(Self.ethernet + [0x88, 0xa8, 0x20, 7, 0x81, 0, 0x60, 42, 8, 0] + options + Self.tcp) { packet in
      let frame = packet.ethernet()
      #expect(frame?.type == .ipv4)
      #expect(frame?.serviceVLAN?.id == 7)
      #expect(frame?.vlan?.id == 42)
      #expect(frame?.vlan?.priority == 3)
      #expect(packet.ipv4()?.length == 28)
      #expect(packet.tcp()?.sourcePort == 12345)
    }
  }

  @Test func passesOverExtensionHeaders() {
    let header: [UInt8] = [0x60, 0, 0, 0, 0, 40, 0, 64]
    let hopByHop: [UInt8] = [44, 0, 1, 4, 0, 0, 0, 0]
    let fragment: [UInt8] = [60, 0, 0, 1, 0, 0, 0, 9]
    let options: [UInt8] = [17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    let udp: [UInt8] = [0, 53, 0, 54, 0, 8, 0, 0]
    withPacket(header + Self.ipv6Addresses + hopByHop + fragment + options + udp) { packet in
      let ip = packet.ipv6()
      #expect(ip?.source == IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))
      let payload = packet.skipExtensions(ip?.next ?? .icmp)
      #expect(payload?.protocol == .udp)
      #expect(payload?.isLaterFragment == false)
      #expect(packet.udp()?.destinationPort == 54)
    }
    withPacket(header + Self.ipv6Addresses + hopByHop + fragment.with(1, at: 2) + options) { packet in
      let ip = packet.ipv6()
      #expect(packet.skipExtensions(ip?.next ?? .icmp)?.isLaterFragment == true)
    }
  }

  @Test func everyCutIsNoticed() {
    let whole = Self.ethernet + [8, 0] + Self.ipv4 + Self.tcp
    for length in 0..<whole.count {
      let isWhole = withPacket(Array(whole.prefix(length))) { packet in
        packet.ethernet() != nil && packet.ipv4() != nil && packet.tcp() != nil
      }
      #expect(!isWhole, "\(length) bytes")
    }
  }

  /// A length that no header has, and options that the packet does not hold.
  @Test func refusesHeadersThatLie() {
    for words in UInt8(0)..<5 {
      withPacket(Self.ipv4.with(0x40 | words, at: 0) + Self.tcp) { packet in #expect(packet.ipv4() == nil) }
      withPacket(Self.tcp.with(words << 4, at: 12) + Self.tcp) { packet in #expect(packet.tcp() == nil) }
    }
    for words in UInt8(5)...15 {
      let options = [UInt8](repeating: 1, count: Int(words - 5) * 4)
      let ip = Self.ipv4.with(0x40 | words, at: 0) + options
      withPacket(ip) { packet in #expect(packet.ipv4() != nil && packet.count == 0) }
      withPacket(ip.dropLast()) { packet in #expect(packet.ipv4() == nil) }
      let tcp = Self.tcp.with(words << 4, at: 12) + options
      withPacket(tcp) { packet in #expect(packet.tcp() != nil && packet.count == 0) }
      withPacket(tcp.dropLast()) { packet in #expect(packet.tcp() == nil) }
    }
  }

  @Test func changesInPlace() {
    var bytes = Self.ipv4
    bytes.withUnsafeMutableBytes { buffer in
      let start = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped)
      let packet = Packet(start: start, end: start + buffer.count)
      #expect(packet.modify(IPv4Header.self, at: packet.mark) { $0.timeToLive = 9 })
      #expect(!packet.modify(IPv6Header.self, at: packet.mark) { $0.hopLimit = 9 })
    }
    #expect(bytes == Self.ipv4.with(9, at: 8))
  }
}

extension [UInt8] {
  func with(_ byte: UInt8, at index: Int) -> [UInt8] {
    var copy = self
    copy[index] = byte
    return copy
  }
}
