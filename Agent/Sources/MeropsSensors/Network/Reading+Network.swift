// SPDX-License-Identifier: Apache-2.0
import BPFValues
import MeropsModel

extension Reading {
  /// Takes what happened to a socket.
  mutating func takeSocket(_ bytes: RawSpan, _ kind: EventKind) {
    guard let record: SocketRecord = bytes.head() else { return }
    let header = record.header
    let process = process(header)
    facts.removeAll()
    describe(record)
    switch kind {
    case .networkConnect: if record.began != 0 { facts.append(.networkLatency, header.time &- record.began) }
    case .networkListen: facts.append(.networkBacklog, UInt64(record.backlog))
    case .networkClose:
      if record.began != 0 { facts.append(.networkDuration, header.time &- record.began) }
      facts.append(.networkBytesSent, record.bytesSent)
      facts.append(.networkBytesReceived, record.bytesReceived)
      facts.append(.networkPacketsSent, UInt64(record.packetsSent))
      facts.append(.networkPacketsReceived, UInt64(record.packetsReceived))
      facts.append(.networkRetransmits, UInt64(record.retransmits))
      facts.append(.networkRoundTrip, UInt64(record.roundTrip) * 1000)
    default: break
    }
    append(kind, header, by: process)
  }

  private mutating func describe(_ record: SocketRecord) {
    facts.append(.networkTransport, Transport.name(record.transport).span.bytes)
    facts.append(.sourceAddress, .address(Address(record.source)))
    facts.append(.sourcePort, UInt64(record.sourcePort))
    if record.destinationPort != 0 {
      facts.append(.destinationAddress, .address(Address(record.destination)))
      facts.append(.destinationPort, UInt64(record.destinationPort))
    }
    if record.socket != 0 { facts.append(.networkSocket, record.socket) }
    facts.append(.networkNamespace, UInt64(record.networkNamespace))
    if record.error != 0 { facts.append(.eventError, UInt64(record.error)) }
    if record.header.flags & SocketFlags.isUserAddress != 0 { facts.append(.eventNameSource, Self.user.span.bytes) }
  }

  private static let user = Array("user".utf8)
}

/// The names of transport protocols.
enum Transport {
  static let tcp = Array("tcp".utf8)
  static let udp = Array("udp".utf8)

  static func name(_ number: UInt32) -> [UInt8] {
    switch number {
    case 6: tcp
    case 17: udp
    default: Array("ip\(number)".utf8)
    }
  }
}

extension Address {
  init(_ address: IPv6Address) {
    let words = address.words
    self.init(
      bits: UInt128(UInt32(bigEndian: words.0)) << 96 | UInt128(UInt32(bigEndian: words.1)) << 64
        | UInt128(UInt32(bigEndian: words.2)) << 32 | UInt128(UInt32(bigEndian: words.3)))
  }
}
