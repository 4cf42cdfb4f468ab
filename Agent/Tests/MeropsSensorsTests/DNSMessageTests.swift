// SPDX-License-Identifier: Apache-2.0
import BPFValues
import MeropsModel
import Testing

@testable import MeropsSensors

/// DNS messages, from packets written out here.
@Suite struct DNSMessageTests {
  /// A message's header, with counts of questions, answers, authorities and additional records.
  static func header(_ flags: UInt16, _ counts: [UInt8]) -> [UInt8] {
    [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 0xff)] + counts.flatMap { [0, $0] }
  }

  static func name(_ labels: String...) -> [UInt8] {
    labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  static func record(_ name: [UInt8], _ type: UInt8, _ data: [UInt8], timeToLive: [UInt8] = [0, 0, 0, 60]) -> [UInt8] {
    name + [0, type, 0, 1] + timeToLive + [0, UInt8(data.count)] + data
  }

  static let question = name("www", "example", "org") + [0, 1, 0, 1]
  /// A pointer to the question's name.
  static let same: [UInt8] = [0xc0, 12]

  static func parsed(_ bytes: [UInt8]) -> DNSMessage? { DNSMessage(bytes.span.bytes) }

  static func text(_ message: DNSMessage?) -> String {
    guard let message else { return "none" }
    let name = message.name.map { String(decoding: $0, as: UTF8.self) } ?? "-"
    let addresses = message.addresses.map(\.description).joined(separator: ",")
    return "\(name) \(DNSType.name(message.type)) \(DNSCode.name(message.code)) [\(addresses)]"
      + (message.isCut ? " cut" : "")
  }

  @Test(
    arguments: [
      ("a question", header(0x0100, [1, 0, 0, 0]) + question, "www.example.org A NOERROR []"),
      (
        "an address, compressed", header(0x8180, [1, 1, 0, 0]) + question + record(same, 1, [192, 0, 2, 7]),
        "www.example.org A NOERROR [192.0.2.7]"
      ),
      (
        "an alias of an alias, in the wrong order",
        header(0x8180, [1, 4, 0, 0]) + question + record(name("c"), 1, [192, 0, 2, 1])
          + record(name("b"), 5, name("C")) + record(same, 5, name("b")) + record(name("d"), 1, [192, 0, 2, 2]),
        "www.example.org A NOERROR [192.0.2.1]"
      ),
      (
        "aliases in a circle",
        header(0x8180, [1, 3, 0, 0]) + question + record(same, 5, name("b")) + record(name("b"), 5, same)
          + record(name("b"), 1, [192, 0, 2, 1]), "www.example.org A NOERROR [192.0.2.1]"
      ),
      (
        "letters of both cases",
        header(0x8180, [1, 1, 0, 0]) + question + record(name("WWW", "Example", "ORG"), 1, [192, 0, 2, 1]),
        "www.example.org A NOERROR [192.0.2.1]"
      ),
      (
        "IPv6",
        header(0x8180, [1, 1, 0, 0]) + question
          + record(same, 28, [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]),
        "www.example.org A NOERROR [2001:db8::1]"
      ),
      (
        "an address of another name counts for nothing",
        header(0x8180, [1, 1, 0, 0]) + question + record(name("evil"), 1, [6, 6, 6, 6]), "www.example.org A NOERROR []"
      ),
      (
        "additional addresses count for nothing",
        header(0x8180, [1, 0, 0, 1]) + question + record(same, 1, [6, 6, 6, 6]), "www.example.org A NOERROR []"
      ),
      (
        "an answer that did not fit", header(0x8380, [1, 1, 0, 0]) + question + record(same, 1, [192, 0, 2, 7]),
        "www.example.org A NOERROR [192.0.2.7] cut"
      ),
      ("no such name", header(0x8183, [1, 0, 0, 0]) + question, "www.example.org A NXDOMAIN []"),
      (
        "a code of EDNS", header(0x8180, [1, 0, 0, 1]) + question + record([0], 41, [], timeToLive: [1, 0, 0, 0]),
        "www.example.org A BADVERS []"
      ),
      ("the root", header(0, [1, 0, 0, 0]) + [0, 0, 2, 0, 1], ". NS NOERROR []"),
      (
        "bytes that are not text", header(0, [1, 0, 0, 0]) + [3, 0x2e, 0, 0xff, 0, 0, 65, 0, 1],
        "\\.\\000\\255 HTTPS NOERROR []"
      ),
      ("a type without a name", header(0, [1, 0, 0, 0]) + [0, 0xff, 0xfe, 0, 1], ". TYPE65534 NOERROR []"),
      ("no question", header(0x8180, [0, 0, 0, 0]), "- TYPE0 NOERROR []"),
      ("no header", [1, 2, 3], "none"),
      ("nothing", [], "none"),
      ("a pointer to itself", header(0, [1, 0, 0, 0]) + [0xc0, 12, 0, 1, 0, 1], "- TYPE0 NOERROR [] cut"),
      ("a pointer forward", header(0, [1, 0, 0, 0]) + [0xc0, 14, 0, 0, 1, 0, 1], "- TYPE0 NOERROR [] cut"),
      (
        "two pointers to each other", header(0x8180, [1, 1, 0, 0]) + question + [0xc0, 35, 0xc0, 33, 0, 1, 0, 1],
        "www.example.org A NOERROR [] cut"
      ),
      (
        "a label of a kind that does not exist", header(0, [1, 0, 0, 0]) + [0x80, 0, 0, 1, 0, 1],
        "- TYPE0 NOERROR [] cut"
      ),
      ("a name beyond the end", header(0, [1, 0, 0, 0]) + [63, 0x61], "- TYPE0 NOERROR [] cut"),
      (
        "an answer that was cut",
        header(0x8180, [1, 2, 0, 0]) + question + record(same, 1, [192, 0, 2, 7]) + [0xc0, 12, 0, 1],
        "www.example.org A NOERROR [192.0.2.7] cut"
      ),
      (
        "data that is longer than the message",
        header(0x8180, [1, 1, 0, 0]) + question + same + [0, 1, 0, 1, 0, 0, 0, 60, 0xff, 0xff, 1, 2],
        "www.example.org A NOERROR [] cut"
      ),
      (
        "an address of three bytes", header(0x8180, [1, 1, 0, 0]) + question + record(same, 1, [1, 2, 3]),
        "www.example.org A NOERROR []"
      ),
      ("more questions than there are", header(0, [0xff, 0, 0, 0]) + question, "www.example.org A NOERROR [] cut"),
    ] as [(String, [UInt8], String)])
  func aMessageSays(what: String, bytes: [UInt8], text: String) { #expect(Self.text(Self.parsed(bytes)) == text) }

  @Test func aNameOf255BytesIsReadAndALongerOneIsNot() {
    let label = [UInt8](repeating: 0x61, count: 63)
    let long = ([63] + label) + ([63] + label) + ([63] + label)
    let whole = Self.header(0, [1, 0, 0, 0]) + long + [61] + label[..<61] + [0, 0, 1, 0, 1]
    #expect(Self.parsed(whole)?.name?.count == 253)
    let over = Self.header(0, [1, 0, 0, 0]) + long + [62] + label[..<62] + [0, 0, 1, 0, 1]
    #expect(Self.parsed(over)?.name == nil)
  }

  @Test func hostileBytesAreReadWithoutHarm() {
    // Good messages with a few bytes changed, and random ones: as many have to make sense as chance allows.
    var random = SystemRandomNumberGenerator()
    let good =
      Self.header(0x8180, [1, 3, 1, 1]) + Self.question + Self.record(Self.same, 5, Self.name("cdn", "example"))
      + Self.record(Self.name("cdn", "example"), 1, [192, 0, 2, 7])
      + Self.record(Self.same, 28, [UInt8](repeating: 7, count: 16))
      + Self.record(Self.same, 6, [1, 2, 3]) + Self.record([0], 41, [])
    var (named, addressed, longest, most) = (0, 0, 0, 0)
    for round in 0..<20_000 {
      var bytes = good
      if round % 4 == 0 {
        bytes = (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        for _ in 0..<(round % 4) { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &random) }
        if round % 8 > 4 { bytes.removeLast(Int.random(in: 0..<bytes.count)) }
      }
      guard let message = Self.parsed(bytes) else { continue }
      if let name = message.name {
        named += 1
        longest = max(longest, name.count)
      }
      if !message.addresses.isEmpty { addressed += 1 }
      most = max(most, message.addresses.count)
    }
    #expect(longest <= 4 * 255)
    #expect(most <= DNSMessage.recordLimit)
    #expect(named > 6_000)
    #expect(addressed > 2_000)
  }
}

/// Messages over TCP, however they are cut into segments.
@Suite struct DNSStreamTests {
  private static func record(_ sequence: UInt32, _ length: Int) -> DNSRecord {
    DNSRecord(
      header: EventHeader(
        time: 0, start: 0, sequence: 0, pid: 1, thread: 1, kind: DNSRecordKind.query, processor: 0, flags: 0),
      socket: 1, endpoints: Endpoints(source: .any, destination: .any, sourcePort: 40000, destinationPort: 53),
      transport: 6, networkNamespace: 1,
      sequence: sequence, length: UInt32(length), isPadding: 0, payload: InlineArray(repeating: 0))
  }

  /// What is known of segments, each with its sequence number, its bytes, and how many of them were copied.
  private static func messages(_ segments: [(UInt32, [UInt8], Int)]) -> [String] {
    var streams = DNSStreams()
    var told: [String] = []
    for (sequence, bytes, copied) in segments {
      let payload = Array(bytes[..<copied])
      streams.forEachMessage(record(sequence, bytes.count), payload.span.bytes) { message, isCut in
        told.append(message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } + (isCut ? "…" : ""))
      }
    }
    return told
  }

  private static let stream: [UInt8] = [0, 3] + Array("one".utf8) + [0, 0] + [0, 5] + Array("three".utf8)

  @Test func everyCutGivesTheSameMessages() {
    let count = Self.stream.count
    for first in 1..<count {
      for second in first...count {
        let parts = [0..<first, first..<second, second..<count].filter { !$0.isEmpty }
        // The numbers wrap in the middle.
        let segments = parts.map {
          (UInt32.max - 5 &+ UInt32($0.lowerBound), Array(Self.stream[$0]), $0.count)
        }
        #expect(Self.messages(segments) == ["one", "", "three"])
        // All of it again.
        #expect(Self.messages(segments + segments) == ["one", "", "three"])
      }
    }
  }

  @Test func whatWasNotCopiedIsCutAndTheNextMessageIsFound() {
    let long = [UInt8](repeating: 0x61, count: 100)
    let all = [0, 100] + long + [0, 2] + Array("ok".utf8)
    #expect(
      Self.messages([(7, Array(all[..<60]), 20), (67, Array(all[60..<102]), 42), (109, Array(all[102...]), 4)])
        == [String(repeating: "a", count: 18) + "…", "ok"])
    // In one segment, what is behind the bytes that were copied is lost.
    #expect(Self.messages([(7, all, 20), (7 + UInt32(all.count), [0, 2] + Array("go".utf8), 4)]).count == 2)
  }
}
