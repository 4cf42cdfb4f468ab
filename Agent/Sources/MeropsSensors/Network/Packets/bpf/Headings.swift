// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Where in a packet what lies.
import BPFKernel

/// What the headers of a packet say.
struct Heading {
  var source: IPv6Address
  var destination: IPv6Address
  var transport: IPProtocol
  /// Where the header of the transport protocol starts.
  var offset: UInt32
}

/// A packet of a socket.
struct Packet {
  var endpoints: Endpoints
  var transport: IPProtocol
  var networkNamespace: UInt32
  /// Where the payload starts.
  var start: UInt32
  /// Of the payload.
  var length: UInt32
  /// Of TCP: the number of the first byte.
  var sequence: UInt32
  var isOut: Bool
}

@inline(__always)
func heading(_ packet: SocketBuffer) -> Heading? {
  if packet.etherType == .ipv4 {
    guard let ip = packet.load(IPv4Header.self, at: 0), !ip.isLaterFragment else { return nil }
    return Heading(
      source: .mapped(ip.source), destination: .mapped(ip.destination), transport: ip.protocol,
      offset: UInt32(truncatingIfNeeded: ip.length))
  }
  guard packet.etherType == .ipv6, let ip = packet.load(IPv6Header.self, at: 0) else { return nil }
  var next = ip.next
  var offset: UInt32 = 40
  // Hop-by-hop, routing, destination and fragment headers; no sane packet has more.
  for _ in 0..<3 {
    guard next.rawValue == 0 || next.rawValue == 43 || next.rawValue == 60 || next.rawValue == 44 else { break }
    guard let words = packet.load(UInt32.self, at: offset) else { return nil }
    if next.rawValue == 44 {
      // Of a fragment that is not the first, no transport header is there.
      if words.byteSwapped & 0xfff8 != 0 { return nil }
      offset &+= 8
    } else {
      offset &+= (words >> 8 & 0xff) &* 8 &+ 8
    }
    next = IPProtocol(rawValue: UInt8(truncatingIfNeeded: words))
  }
  return Heading(source: ip.source, destination: ip.destination, transport: next, offset: offset)
}
