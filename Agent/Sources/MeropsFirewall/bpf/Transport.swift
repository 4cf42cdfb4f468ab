// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What is read only of packets that a rule asks more of than their source, of those that leave, and of drops that are told.
import BPFKernel

/// An address; one of IPv4 in the upper half's upper half.
struct End {
  var upper: UInt64 = 0
  var lower: UInt64 = 0

  @inline(__always) init() {}

  @inline(__always) init(_ address: IPv4Address) { upper = UInt64(address.hostOrder) << 32 }

  @inline(__always) init(_ address: IPv6Address) { (upper, lower) = (address.upper, address.lower) }
}

struct Transport {
  var source = End()
  var destination = End()
  var isIPv6 = false
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
  var sequence: UInt32 = 0
  var acknowledgement: UInt32 = 0
  var icmpType: UInt8 = 0
  /// Of an echo.
  var identifier: UInt16 = 0
}

extension Packet {
  /// Reads from the Ethernet header to the transport header, and moves behind it.
  @inline(__always) @_lifetime(self: copy self)
  mutating func transport() -> Transport {
    var result = Transport()
    guard let frame = ethernet() else { return result }
    if frame.type == .ipv4 {
      guard let header = ipv4() else { return result }
      (result.source, result.destination) = (End(header.source), End(header.destination))
      result.number = header.protocol.rawValue
      if header.isLaterFragment {
        // Behind 8 bytes of TCP come its flags: a second fragment there would set them anew (RFC 3128).
        result.isMalformed = header.protocol == .tcp && header.flagsAndOffset.value & 0x1fff == 1
        return result
      }
    } else {
      guard frame.type == .ipv6, let header = ipv6() else { return result }
      (result.source, result.destination) = (End(header.source), End(header.destination))
      result.isIPv6 = true
      guard let payload = skipExtensions(header.next) else {
        result.isMalformed = true
        return result
      }
      result.number = payload.protocol.rawValue
      if payload.isLaterFragment { return result }
    }
    if result.number == IPProtocol.tcp.rawValue {
      guard let header = read(TCPHeader.self) else {
        result.isMalformed = true
        return result
      }
      result.sourcePort = header.sourcePort.value
      result.port = header.destinationPort.value
      result.flags = header.flags.rawValue
      result.sequence = header.sequence.value
      result.acknowledgement = header.acknowledgement.value
      result.isThere = true
    } else if result.number == IPProtocol.udp.rawValue || result.number == IPProtocol.sctp.rawValue {
      guard let header = udp() else {
        result.isMalformed = true
        return result
      }
      result.sourcePort = header.sourcePort.value
      result.port = header.destinationPort.value
      result.isThere = true
    } else if result.number == IPProtocol.icmp.rawValue || result.number == IPProtocol.icmpv6.rawValue {
      guard let header = icmp() else {
        result.isMalformed = true
        return result
      }
      result.icmpType = header.type
      result.identifier = header.identifier
      result.isThere = true
    }
    return result
  }
}
