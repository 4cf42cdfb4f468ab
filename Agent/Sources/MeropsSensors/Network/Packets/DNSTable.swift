// SPDX-License-Identifier: Apache-2.0
import MeropsModel

/// One DNS conversation, from this side.
struct DNSPeers: Hashable {
  private var endpoints: Endpoints
  private var networkNamespace: UInt32
  private var transport: UInt32

  init(_ record: DNSRecord) {
    (endpoints, networkNamespace, transport) = (record.endpoints, record.networkNamespace, record.transport)
  }
}

/// Questions that wait for their answers.
struct DNSQuestions {
  struct Question: Hashable {
    var peers: DNSPeers
    var id: UInt16
    /// Ports and ids are used again: an answer to another name is not this question's.
    var name: [UInt8]?
    var type: UInt16
  }

  private struct Asked {
    var time: UInt64
    var process: MeropsModel.Process
  }

  private var questions: [Question: Asked] = [:]

  /// How long a question waits, in nanoseconds since boot.
  static let patience: UInt64 = 60_000_000_000
  static let limit = 8192

  /// Remembers a question. One that is asked again is answered from the first time on.
  mutating func ask(_ question: Question, at time: UInt64, by process: MeropsModel.Process) {
    if let before = questions[question], time &- before.time < Self.patience { return }
    if questions.count >= Self.limit {
      questions = questions.filter { time &- $0.value.time < Self.patience }
      // So many that nobody answers: the older half goes.
      if questions.count >= Self.limit {
        let times = questions.values.map(\.time).sorted()
        questions = questions.filter { $0.value.time > times[times.count / 2] }
      }
    }
    questions[question] = Asked(time: time, process: process)
  }

  /// When a question was asked, and by which process; nil if nobody asked. An answer that comes again has no question.
  mutating func answer(_ question: Question, at time: UInt64) -> (time: UInt64, process: MeropsModel.Process)? {
    guard let asked = questions.removeValue(forKey: question), time &- asked.time < Self.patience else { return nil }
    return (asked.time, asked.process)
  }
}

/// What connections over TCP have sent so far.
struct DNSStreams {
  private var streams: [DNSStream.Key: DNSStream] = [:]
  static let limit = 256

  /// Calls a closure with each message that a packet completes, and whether only its beginning is there.
  mutating func forEachMessage(_ record: DNSRecord, _ payload: RawSpan, _ body: (RawSpan, Bool) -> Void) {
    guard record.transport == 6 else {
      body(payload, payload.byteCount < Int(record.length))
      return
    }
    let key = DNSStream.Key(peers: DNSPeers(record), kind: record.header.kind)
    if streams.count >= Self.limit, streams[key] == nil { streams.removeAll() }
    streams[key, default: DNSStream()].take(record, payload, body)
  }
}

/// One direction of a TCP connection: messages, each with two bytes of length in front (RFC 1035, 4.2.2).
private struct DNSStream {
  struct Key: Hashable {
    var peers: DNSPeers
    var kind: UInt16
  }

  private var next: UInt32?
  private var bytes: [UInt8] = []
  /// Bytes of a message that was reported which are not there yet.
  private var rest = 0

  mutating func take(_ record: DNSRecord, _ payload: RawSpan, _ body: (RawSpan, Bool) -> Void) {
    let whole = Int(record.length)
    let start = Int(Int32(bitPattern: record.sequence &- (next ?? record.sequence)))
    // Sent again, all of it or some; or a hole, behind which a message starts for all that is known.
    let known = start < 0 ? min(-start, whole) : 0
    guard known < whole else { return }
    if start > 0 { (bytes, rest) = ([], 0) }
    next = record.sequence &+ UInt32(truncatingIfNeeded: whole)
    let skipped = min(rest, whole - known)
    rest -= skipped
    let from = min(known + skipped, payload.byteCount)
    payload.extracting(from..<payload.byteCount).withUnsafeBytes { bytes.append(contentsOf: $0) }
    // Bytes of the segment that were not copied.
    let missing = max(0, whole - max(payload.byteCount, known + skipped))
    var place = 0
    while bytes.count - place >= 2 {
      let length = Int(bytes[place]) << 8 | Int(bytes[place + 1])
      let end = place + 2 + length
      if end > bytes.count && missing == 0 { break }
      let part = place + 2..<min(end, bytes.count)
      bytes.withUnsafeBytes { body($0.bytes.extracting(part), end > part.upperBound) }
      if end > bytes.count { rest = max(0, end - bytes.count - missing) }
      place = part.upperBound
    }
    bytes.removeFirst(missing > 0 ? bytes.count : place)
  }
}
