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

// Packets.
extension Reading {
  /// Takes a DNS message, or a segment of TCP with some.
  mutating func takeDNS(_ bytes: RawSpan, _ kind: EventKind) {
    guard let record: DNSRecord = bytes.head() else { return }
    let room = MemoryLayout.size(ofValue: record.payload)
    let payload = bytes.part(MemoryLayout<DNSRecord>.offset(of: \.payload) ?? 0, min(Int(record.length), room))
    let process = process(record.header)
    var streams = DNSStreams()
    swap(&streams, &dnsStreams)
    streams.forEachMessage(record, payload) { takeMessage($0, isCut: $1, record, kind, process) }
    swap(&streams, &dnsStreams)
  }

  private mutating func takeMessage(
    _ bytes: RawSpan, isCut: Bool, _ record: DNSRecord, _ kind: EventKind, _ process: MeropsModel.Process
  ) {
    let header = record.header
    var process = process
    facts.removeAll()
    facts.append(.networkTransport, Transport.name(record.transport).span.bytes)
    facts.append(.sourceAddress, .address(Address(record.source)))
    facts.append(.sourcePort, UInt64(record.sourcePort))
    facts.append(.destinationAddress, .address(Address(record.destination)))
    facts.append(.destinationPort, UInt64(record.destinationPort))
    if record.socket != 0 { facts.append(.networkSocket, record.socket) }
    facts.append(.networkNamespace, UInt64(record.networkNamespace))
    if let message = DNSMessage(bytes) {
      let isCut = isCut || message.isCut
      facts.append(.dnsID, UInt64(message.id))
      if let name = message.name {
        facts.append(.dnsName, name.span.bytes)
        facts.append(.dnsType, .text(Text(DNSType.name(message.type))))
      }
      let question = DNSQuestions.Question(
        peers: DNSPeers(record), id: message.id, name: message.name, type: message.type)
      if kind == .dnsQuery {
        dnsQuestions.ask(question, at: header.time, by: process)
      } else {
        facts.append(.dnsCode, .text(Text(DNSCode.name(message.code))))
        if let asked = dnsQuestions.answer(question, at: header.time) {
          process = asked.process
          facts.append(.dnsLatency, header.time &- asked.time)
        }
        if !message.addresses.isEmpty || isCut {
          let texts = message.addresses.reduce(into: [UInt8]()) { $0 += Array("\($1)".utf8) + [0] }
          facts.append(.dnsAddresses, texts.span.bytes, isCut: isCut)
        }
      }
    }
    append(kind, header, by: process)
  }

  /// Reports what went back and forth since the last time.
  mutating func takeFlow(_ key: FlowKey, _ flow: Flow) {
    let header = EventHeader(
      time: flow.last, start: key.start, sequence: 0, pid: key.pid, thread: key.pid, kind: 0, processor: 0, flags: 0)
    let process = process(header)
    facts.removeAll()
    facts.append(.networkTransport, Transport.udp.span.bytes)
    facts.append(.sourceAddress, .address(Address(key.source)))
    if key.sourcePort != 0 { facts.append(.sourcePort, UInt64(key.sourcePort)) }
    facts.append(.destinationAddress, .address(Address(key.destination)))
    if key.destinationPort != 0 { facts.append(.destinationPort, UInt64(key.destinationPort)) }
    facts.append(.networkNamespace, UInt64(key.networkNamespace))
    facts.append(.networkDuration, flow.last > flow.first ? flow.last - flow.first : 0)
    facts.append(.networkBytesSent, flow.bytesSent)
    facts.append(.networkBytesReceived, flow.bytesReceived)
    facts.append(.networkPacketsSent, flow.packetsSent)
    facts.append(.networkPacketsReceived, flow.packetsReceived)
    append(.networkFlow, header, by: process)
  }
}
