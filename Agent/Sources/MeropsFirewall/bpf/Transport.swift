// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What is read only of packets that a rule asks more of than their source, and of drops that are told.
import BPFKernel

struct Transport {
  /// The protocol, behind the extension headers of IPv6.
  var number: UInt8 = 0
  /// Whether the header is in this packet, and was read.
  var isThere = false
  /// The packet should have the header, and ends before.
  var isMalformed = false
  var sourcePort: UInt16 = 0
  var port: UInt16 = 0
  /// Of TCP.
  var flags: UInt8 = 0
  var icmpType: UInt8 = 0

  @inline(__always)
  init(_ context: XDPContext) {
    var packet = context.packet
    guard let frame = packet.ethernet() else { return }
    if frame.type == .ipv4 {
      guard let header = packet.ipv4() else { return }
      number = header.protocol.rawValue
      if header.isLaterFragment {
        // Behind 8 bytes of TCP come its flags: a second fragment there would set them anew (RFC 3128).
        isMalformed = header.protocol == .tcp && header.flagsAndOffset.value & 0x1fff == 1
        return
      }
    } else {
      guard frame.type == .ipv6, let header = packet.ipv6() else { return }
      guard let payload = packet.skipExtensions(header.next) else {
        isMalformed = true
        return
      }
      number = payload.protocol.rawValue
      if payload.isLaterFragment { return }
    }
    if number == IPProtocol.tcp.rawValue {
      guard let header = packet.read(TCPHeader.self) else {
        isMalformed = true
        return
      }
      sourcePort = header.sourcePort.value
      port = header.destinationPort.value
      flags = header.flags.rawValue
      isThere = true
    } else if number == IPProtocol.udp.rawValue || number == IPProtocol.sctp.rawValue {
      guard let header = packet.udp() else {
        isMalformed = true
        return
      }
      sourcePort = header.sourcePort.value
      port = header.destinationPort.value
      isThere = true
    } else if number == IPProtocol.icmp.rawValue || number == IPProtocol.icmpv6.rawValue {
      guard let header = packet.icmp() else {
        isMalformed = true
        return
      }
      icmpType = header.type
      isThere = true
    }
  }
}
