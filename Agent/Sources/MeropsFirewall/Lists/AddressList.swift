// SPDX-License-Identifier: Apache-2.0
public import MeropsModel

/// Addresses out of a text: a plain list, what `ipset save` writes, or what `nft list set` does.
///
/// A plain list has an address, a block (`203.0.113.0/24`) or a range (`203.0.113.5-203.0.113.9`) on each line, and comments
/// behind `#` or `;`. What cannot be understood is an error with its line: nothing is left out silently.
public struct AddressList: Hashable, Sendable {
  public enum Form: Hashable, Sendable {
    case plain, ipset, nftables
  }

  public private(set) var form = Form.plain
  public private(set) var blocks: [AddressBlock] = []
  /// Entries whose own time or comment was left out.
  public private(set) var entriesWithMore = 0

  /// - Throws: ``FirewallError``
  public init(_ text: String) throws(FirewallError) { try self.init(Array(text.utf8)) }

  public init(_ bytes: [UInt8]) throws(FirewallError) {
    let lines = Lines(bytes)
    for (number, line) in lines {
      if let form = Self.form(line.text) {
        self.form = form
        break
      }
      if number > 200 { break }
    }
    switch form {
    case .plain: for (number, line) in lines { try addPlain(line, number) }
    case .ipset: for (number, line) in lines { try addIPSet(line.text, number) }
    case .nftables: try addNFTables(lines)
    }
  }

  private static func form(_ line: Substring) -> Form? {
    let words = line.split(separator: " ", maxSplits: 2).map { $0.trimmed }
    switch words.first {
    case "create"?, "add"?, "-N"?, "-A"?: return .ipset
    case "table"?, "set"?, "elements"?: return .nftables
    default: return nil
    }
  }

  private mutating func addPlain(_ line: ArraySlice<UInt8>, _ number: Int) throws(FirewallError) {
    // Most lines of most lists: a million of them are to be read in a moment.
    if let block = Self.ipv4(line) {
      blocks.append(block)
      return
    }
    let entry = line.text.prefix { $0 != "#" && $0 != ";" }.trimmed
    if entry.isEmpty { return }
    try add(entry, number)
  }

  /// `203.0.113.0/24` with nothing else on the line; nil for everything else, mistakes among it.
  private static func ipv4(_ line: ArraySlice<UInt8>) -> AddressBlock? {
    var (bits, parts, number, digits, prefix): (UInt32, Int, UInt32, Int, UInt32?) = (0, 0, 0, 0, nil)
    for byte in line.last == 0x0d ? line.dropLast() : line {
      switch byte {
      case 0x30...0x39:
        // No leading zeros: "010" is eight to some.
        guard digits < 3, digits == 0 || number > 0 else { return nil }
        number = number * 10 + UInt32(byte - 0x30)
        digits += 1
      case UInt8(ascii: "."), UInt8(ascii: "/"):
        guard digits > 0, number < 256, prefix == nil, parts < 4 else { return nil }
        guard byte == UInt8(ascii: ".") ? parts < 3 : parts == 3 else { return nil }
        bits = bits << 8 | number
        parts += 1
        if byte == UInt8(ascii: "/") { prefix = 0 }
        (number, digits) = (0, 0)
      default: return nil
      }
    }
    guard digits > 0 else { return nil }
    if prefix == nil {
      guard parts == 3, number < 256 else { return nil }
      return AddressBlock(base: Address(ipv4: bits << 8 | number), prefix: 128)
    }
    guard number <= 32 else { return nil }
    return AddressBlock(base: Address(ipv4: bits), prefix: 96 + Int(number))
  }

  /// `add NAME ENTRY [timeout N] [comment "..."] [nomatch]`
  private mutating func addIPSet(_ line: Substring, _ number: Int) throws(FirewallError) {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard let first = words.first, first == "add" || first == "-A" else { return }
    guard words.count >= 3 else { throw Self.mistake(number, "`add` without an entry") }
    guard !words.dropFirst(3).contains("nomatch") else {
      throw Self.mistake(
        number, "an entry with `nomatch`, which is an exception: allow it with `merops firewall allow` instead")
    }
    if words.count > 3 { entriesWithMore += 1 }
    try add(words[2], number)
  }

  /// `elements = { ENTRY [timeout T] [expires T] [comment "..."], ... }`, over several lines.
  private mutating func addNFTables(_ lines: Lines) throws(FirewallError) {
    var isInside = false
    for (number, line) in lines {
      var rest = line.text
      if !isInside {
        guard let word = rest.range(of: "elements"), let brace = rest[word.upperBound...].firstIndex(of: "{") else {
          continue
        }
        rest = rest[rest.index(after: brace)...]
        isInside = true
      }
      if let brace = rest.firstIndex(of: "}") {
        rest = rest[..<brace]
        isInside = false
      }
      for part in rest.split(separator: ",") {
        let words = part.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard let entry = words.first else { continue }
        if words.count > 1, words[1] == "." {
          throw Self.mistake(number, "an entry of several fields: only addresses are imported")
        }
        if words.count > 1 { entriesWithMore += 1 }
        try add(entry, number)
      }
    }
  }

  private mutating func add(_ entry: Substring, _ number: Int) throws(FirewallError) {
    do {
      if entry.contains("-"), !entry.contains("/") {
        blocks += try Self.range(entry)
      } else {
        blocks.append(try Self.block(entry))
      }
    } catch {
      throw Self.mistake(number, error.description)
    }
  }

  private static func mistake(_ line: Int, _ what: String) -> FirewallError {
    FirewallError(.invalid, "Line \(line): \(what)")
  }

  /// A block of addresses; bits behind the prefix are a mistake.
  public static func block(_ text: some StringProtocol) throws(FirewallError) -> AddressBlock {
    if let block = AddressBlock(text) { return block }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let address = Address(parts[0]), let length = Int(parts[1]) {
      let most = parts[0].contains(":") ? 128 : 32
      if (0...most).contains(length) {
        let prefix = length + 128 - most
        let mask: UInt128 = prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
        let meant = AddressBlock(base: Address(bits: address.bits & mask), prefix: prefix).map { "\($0)" } ?? ""
        throw FirewallError(.invalid, "'\(text)' has bits behind its prefix: write \(meant), or \(address)/\(most).")
      }
    }
    throw FirewallError(
      .invalid, "'\(text.prefix(80))' is no address: write one such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.")
  }

  /// `FIRST-LAST` as the fewest blocks.
  static func range(_ text: Substring) throws(FirewallError) -> [AddressBlock] {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { $0.trimmed }
    guard ends.count == 2, let first = Address(ends[0]), let last = Address(ends[1]), first.bits <= last.bits,
      ends[0].contains(":") == ends[1].contains(":")
    else {
      throw FirewallError(
        .invalid, "'\(text.prefix(80))' is no range of addresses: write FIRST-LAST, such as 203.0.113.5-203.0.113.9.")
    }
    var result: [AddressBlock] = []
    var start = first.bits
    while true {
      // The largest block that begins here and does not end too far.
      var size = min(start.trailingZeroBitCount, 127)
      while size > 0, start | (UInt128(1) << UInt128(size) - 1) > last.bits { size -= 1 }
      guard let block = AddressBlock(base: Address(bits: start), prefix: 128 - size) else { break }
      result.append(block)
      let end = start | (UInt128(1) << UInt128(size) - 1)
      if end >= last.bits { break }
      start = end + 1
    }
    return result
  }
}

/// The lines of a text, with their numbers.
private struct Lines: Sequence {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func makeIterator() -> Iterator { Iterator(bytes: bytes) }

  struct Iterator: IteratorProtocol {
    let bytes: [UInt8]
    private var offset = 0
    private var number = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> (Int, ArraySlice<UInt8>)? {
      guard offset < bytes.count else { return nil }
      let end = bytes[offset...].firstIndex(of: 0x0a) ?? bytes.count
      defer { offset = end + 1 }
      number += 1
      return (number, bytes[offset..<end])
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate var text: Substring { Substring(decoding: self, as: UTF8.self) }
}

extension Substring {
  /// Without spaces around it.
  fileprivate var trimmed: Substring {
    let start = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" }) else { return "" }
    return start[...last]
  }

  /// The first place of a word.
  fileprivate func range(of word: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(word) { return start..<index(start, offsetBy: word.count) }
      start = index(after: start)
    }
    return nil
  }
}
