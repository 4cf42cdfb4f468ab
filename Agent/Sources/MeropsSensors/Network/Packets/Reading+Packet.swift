// SPDX-License-Identifier: Apache-2.0
import MeropsModel

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
    append(record.endpoints, Transport.name(record.transport), record.socket, record.networkNamespace)
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
    append(key.endpoints, Transport.udp, 0, key.networkNamespace)
    facts.append(.networkDuration, flow.last > flow.first ? flow.last - flow.first : 0)
    facts.append(.networkBytesSent, flow.bytesSent)
    facts.append(.networkBytesReceived, flow.bytesReceived)
    facts.append(.networkPacketsSent, flow.packetsSent)
    facts.append(.networkPacketsReceived, flow.packetsReceived)
    append(.networkFlow, header, by: process)
  }
}
