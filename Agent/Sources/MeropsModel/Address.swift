// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address. An IPv4 address and its IPv4-mapped form (`::ffff:192.0.2.1`) are the same address.
public struct Address: Hashable, Sendable {
  /// The address as one number, first byte highest; an IPv4 address in its mapped form.
  public let bits: UInt128

  public init(bits: UInt128) { self.bits = bits }

  public init(ipv4 bits: UInt32) { self.bits = Self.mapped | UInt128(bits) }

  /// Whether it is an IPv4 address, or one in its mapped form.
  public var isIPv4: Bool { bits >> 32 == Self.mapped >> 32 }

  static let mapped: UInt128 = 0xffff_0000_0000
}

/// A block of addresses: `192.0.2.0/24`, `2001:db8::/32`.
public struct AddressBlock: Hashable, Sendable {
  public let base: Address
  /// Leading bits that count, of 128.
  public let prefix: Int

  /// - Returns: nil where bits behind the prefix are set, or the prefix is longer than an address.
  public init?(base: Address, prefix: Int) {
    guard (0...128).contains(prefix), base.bits & ~Self.mask(prefix) == 0 else { return nil }
    self.base = base
    self.prefix = prefix
  }

  public func contains(_ address: Address) -> Bool { address.bits & Self.mask(prefix) == base.bits }

  static func mask(_ prefix: Int) -> UInt128 { prefix == 0 ? 0 : ~UInt128(0) << (128 - prefix) }
}

// Text, RFC 4291 and RFC 5952.
extension Address: CustomStringConvertible {
  /// Parses dotted IPv4 and any form of IPv6; no zone.
  public init?(_ text: some StringProtocol) {
    if !text.contains(":") {
      guard let bits = Self.ipv4(text) else { return nil }
      self.init(ipv4: bits)
      return
    }
    var words: [String] = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
    // "::" at an end splits into two empty words there.
    guard let first = words.first, let last = words.last else { return nil }
    if first.isEmpty { words.removeFirst() }
    if last.isEmpty { words.removeLast() }
    guard !words.isEmpty, !(first.isEmpty && words[0] != ""), !(last.isEmpty && words[words.count - 1] != "") else {
      return nil
    }
    var head: [UInt16] = []
    var tail: [UInt16]?
    for (index, word) in words.enumerated() {
      if word.isEmpty {
        guard tail == nil else { return nil }
        tail = []
        continue
      }
      var values: [UInt16] = []
      if word.contains(".") {
        guard index == words.count - 1, let bits = Self.ipv4(word) else { return nil }
        values = [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else {
        guard word.utf8.count <= 4, word.utf8.allSatisfy({ $0.isHexadecimalDigit }), let value = UInt16(word, radix: 16)
        else {
          return nil
        }
        values = [value]
      }
      if tail == nil { head += values } else { tail?.append(contentsOf: values) }
    }
    let count = head.count + (tail?.count ?? 0)
    guard tail == nil ? count == 8 : count < 8 else { return nil }
    let all = head + Array(repeating: 0, count: 8 - count) + (tail ?? [])
    self.init(bits: all.reduce(0) { $0 << 16 | UInt128($1) })
  }

  private static func ipv4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      // "010" is ten to some and eight to others.
      guard part.utf8.count <= 3, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part == "0" || part.first != "0",
        let value = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(value)
    }
    return bits
  }

  public var description: String {
    if isIPv4 {
      return (0..<4).map { String(UInt8(truncatingIfNeeded: bits >> (24 - 8 * $0))) }.joined(separator: ".")
    }
    let words = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
    // The longest run of at least two zeros is left out, the first of several.
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || words[index] != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    let text = { (range: Range<Int>) in words[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
  }
}

extension AddressBlock: CustomStringConvertible {
  /// Parses `ADDRESS/PREFIX`, or an address alone, which is a block of one.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = Address(parts[0]) else { return nil }
    let bits = parts[0].contains(":") ? 0 : 96
    if parts.count == 1 {
      self.init(base: address, prefix: 128)
    } else {
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]), length <= 128 - bits
      else {
        return nil
      }
      self.init(base: address, prefix: bits + length)
    }
  }

  public var description: String {
    base.isIPv4 && prefix >= 96 ? "\(base)/\(prefix - 96)" : "\(base)/\(prefix)"
  }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
  }
}
