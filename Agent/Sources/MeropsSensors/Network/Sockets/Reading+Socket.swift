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
    if kind == .unixConnect { describeUnix(record, bytes) } else { describe(record) }
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
    var endpoints = record.endpoints
    // What listens has no other side.
    if endpoints.destinationPort == 0 { endpoints.destination = .any }
    append(endpoints, Transport.name(record.transport), record.socket, record.networkNamespace)
    if record.error != 0 { facts.append(.eventError, UInt64(record.error)) }
    if record.header.flags & SocketFlags.isUserAddress != 0 { facts.append(.eventNameSource, Self.user.span.bytes) }
  }

  private mutating func describeUnix(_ record: SocketRecord, _ bytes: RawSpan) {
    let flags = record.header.flags
    facts.append(.networkTransport, Transport.unix.span.bytes)
    let name = bytes.part(MemoryLayout<SocketRecord>.size, bytes.byteCount)
    if flags & SocketFlags.isPackedPath != 0 {
      appendPath(.unixPath, name, isCut: flags & RecordFlags.pathIsCut != 0)
    } else if name.byteCount > 0 {
      // An abstract name starts with a zero byte and may hold more of them; a path ends with one.
      var text = Packed.copied(name)
      if text[0] == 0 { text[0] = UInt8(ascii: "@") } else { text = Array(text.prefix { $0 != 0 }) }
      facts.append(.unixPath, text.span.bytes)
    }
    if record.socket != 0 { facts.append(.networkSocket, record.socket) }
    if record.error != 0 { facts.append(.eventError, UInt64(record.error)) }
    if flags & SocketFlags.isUserAddress != 0 { facts.append(.eventNameSource, Self.user.span.bytes) }
  }

  private static let user = Array("user".utf8)

  /// Appends both sides, and leaves out what is not known: ports and numbers that are 0, `::` for a destination.
  mutating func append(_ endpoints: Endpoints, _ transport: [UInt8], _ socket: UInt64, _ networkNamespace: UInt32) {
    facts.append(.networkTransport, transport.span.bytes)
    facts.append(.sourceAddress, .address(Address(endpoints.source)))
    if endpoints.sourcePort != 0 { facts.append(.sourcePort, UInt64(endpoints.sourcePort)) }
    if endpoints.destination != .any { facts.append(.destinationAddress, .address(Address(endpoints.destination))) }
    if endpoints.destinationPort != 0 { facts.append(.destinationPort, UInt64(endpoints.destinationPort)) }
    if socket != 0 { facts.append(.networkSocket, socket) }
    facts.append(.networkNamespace, UInt64(networkNamespace))
  }
}

/// The names of transport protocols.
enum Transport {
  static let tcp = Array("tcp".utf8)
  static let udp = Array("udp".utf8)
  static let unix = Array("unix".utf8)

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
