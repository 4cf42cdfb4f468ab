// SPDX-License-Identifier: Apache-2.0
import MeropsModel

/// A DNS message (RFC 1035): the question, and the addresses that answer it.
///
/// The bytes come from anybody. Every read is checked; a name's pointers lead backward only, so each ends; what makes no
/// sense ends the message, and what was read before counts.
struct DNSMessage {
  var id: UInt16 = 0
  var isResponse = false
  /// With the upper bits of EDNS (RFC 6891).
  var code: UInt16 = 0
  /// As text, with `\.` and `\DDD` (RFC 4343) for bytes that are not; nil without a question.
  var name: [UInt8]?
  var type: UInt16 = 0
  /// Of the name, or of the names that it is an alias of.
  var addresses: [Address] = []
  /// The message went on behind the bytes that there are, or makes no sense from some place on; or its sender left out
  /// what did not fit (the bit TC), and whoever asked asks again over TCP.
  var isCut = false

  /// What a message may have of each, and of names that lead to each other.
  static let recordLimit = 256
  static let aliasLimit = 16

  /// - Returns: nil if there is no header.
  init?(_ bytes: RawSpan) {
    var reader = DNSReader(bytes: bytes)
    guard let id = reader.number16(), let flags = reader.number16(), let questions = reader.number16(),
      let answers = reader.number16(), let authorities = reader.number16(), let additional = reader.number16()
    else { return nil }
    self.id = id
    isResponse = flags & 0x8000 != 0
    code = flags & 0xf
    isCut = flags & 0x0200 != 0
    var question: [UInt8] = []
    for index in 0..<min(Int(questions), Self.recordLimit) {
      guard let asked = reader.name(), let type = reader.number16(), reader.number16() != nil else {
        isCut = true
        return
      }
      if index == 0 {
        name = DNSName.text(asked)
        question = DNSName.lowercased(asked)
        self.type = type
      }
    }
    var records: [Record] = []
    let sections = [Int(answers), Int(authorities), Int(additional)]
    for (section, count) in sections.enumerated() {
      for _ in 0..<min(count, Self.recordLimit) {
        guard let record = reader.record() else {
          isCut = true
          addresses = Self.addresses(of: question, records)
          return
        }
        // Of EDNS: the upper eight bits of the code lie where others have their time to live.
        if record.type == DNSType.edns { code |= UInt16(record.timeToLive >> 24) << 4 }
        if section == 0 { records.append(record) }
      }
    }
    addresses = Self.addresses(of: question, records)
  }

  struct Record {
    var name: [UInt8]
    var type: UInt16
    var timeToLive: UInt32
    var address: Address?
    var alias: [UInt8]?
  }

  /// Follows the aliases of a name, in whatever order they lie, to addresses.
  private static func addresses(of name: [UInt8], _ records: [Record]) -> [Address] {
    var names = [name]
    for _ in 0..<aliasLimit {
      let more = records.compactMap { $0.alias != nil && names.contains($0.name) ? $0.alias : nil }
        .filter { !names.contains($0) }
      guard let next = more.first else { break }
      names.append(next)
    }
    return records.compactMap { record in names.contains(record.name) ? record.address : nil }
  }
}

/// Reads a message from its start on.
private struct DNSReader: ~Escapable {
  let bytes: RawSpan
  var offset = 0

  @_lifetime(copy bytes)
  init(bytes: RawSpan) { self.bytes = bytes }

  private func byte(at offset: Int) -> UInt8? {
    offset < bytes.byteCount ? bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
  }

  @_lifetime(self: copy self)
  mutating func number16() -> UInt16? {
    guard let high = byte(at: offset), let low = byte(at: offset + 1) else { return nil }
    offset += 2
    return UInt16(high) << 8 | UInt16(low)
  }

  /// The labels of a name, each with its length in front, without the root's; pointers are followed.
  @_lifetime(self: copy self)
  mutating func name() -> [UInt8]? {
    var labels: [UInt8] = []
    var place = offset
    var end: Int?
    while let length = byte(at: place) {
      switch length >> 6 {
      case 0 where length == 0:
        offset = end ?? place + 1
        return labels
      case 0:
        guard place + 1 + Int(length) <= bytes.byteCount, labels.count + 1 + Int(length) <= 254 else { return nil }
        for index in 0...Int(length) { byte(at: place + index).map { labels.append($0) } }
        place += 1 + Int(length)
      case 3:
        guard let low = byte(at: place + 1) else { return nil }
        let target = Int(length & 0x3f) << 8 | Int(low)
        // A pointer leads to a name that was there before (RFC 1035, 4.1.4), and so cannot lead in a circle.
        guard target < place else { return nil }
        end = end ?? place + 2
        place = target
      // Labels that are read again on the way could be read for ever if the limit did not count them.
      default: return nil
      }
      if labels.count > 254 { return nil }
    }
    return nil
  }

  @_lifetime(self: copy self)
  mutating func record() -> DNSMessage.Record? {
    guard let owner = name(), let type = number16(), number16() != nil, let high = number16(), let low = number16(),
      let length = number16(), offset + Int(length) <= bytes.byteCount
    else { return nil }
    var record = DNSMessage.Record(
      name: DNSName.lowercased(owner), type: type, timeToLive: UInt32(high) << 16 | UInt32(low))
    let end = offset + Int(length)
    switch (type, length) {
    case (DNSType.a, 4): record.address = Address(ipv4: UInt32(number(4)))
    case (DNSType.aaaa, 16): record.address = Address(bits: number(16))
    case (DNSType.cname, _):
      guard let alias = name() else { return nil }
      record.alias = DNSName.lowercased(alias)
    default: break
    }
    offset = end
    return record
  }

  private func number(_ count: Int) -> UInt128 {
    (0..<count).reduce(0) { $0 << 8 | UInt128(byte(at: offset + $1) ?? 0) }
  }
}

enum DNSType {
  static let a: UInt16 = 1
  static let cname: UInt16 = 5
  static let aaaa: UInt16 = 28
  static let edns: UInt16 = 41

  private static let names: [UInt16: String] = [
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 24: "SIG", 25: "KEY",
    28: "AAAA",
    29: "LOC", 33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC",
    48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY",
    257: "CAA",
  ]

  /// The name of a type; `TYPE4711` (RFC 3597) of one that has none here.
  static func name(_ number: UInt16) -> String { names[number] ?? "TYPE\(number)" }
}

enum DNSCode {
  private static let names = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
    "NOTZONE",
  ]

  /// The name of a code; `RCODE11` of one that has none here.
  static func name(_ number: UInt16) -> String {
    switch Int(number) {
    case names.indices: names[Int(number)]
    case 16: "BADVERS"
    case 23: "BADCOOKIE"
    default: "RCODE\(number)"
    }
  }
}

enum DNSName {
  /// Labels as text: `www.example.org`; the root is `.`.
  static func text(_ labels: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var place = 0
    while place < labels.count {
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      let end = min(place + 1 + Int(labels[place]), labels.count)
      for byte in labels[(place + 1)..<end] {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
        case 0x21...0x7e: text.append(byte)
        default:
          text.append(UInt8(ascii: "\\"))
          for part in [byte / 100, byte / 10 % 10, byte % 10] { text.append(UInt8(ascii: "0") + part) }
        }
      }
      place = end
    }
    return text.isEmpty ? [UInt8(ascii: ".")] : text
  }

  /// Names are the same whatever the case of their letters.
  static func lowercased(_ labels: [UInt8]) -> [UInt8] {
    // The lengths in front of the labels are below 64, where there are no letters.
    labels.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
  }
}
