// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// An IPv6 address as in a packet: sixteen bytes, aligned to four (`struct in6_addr`).
@frozen public struct IPv6Address: Hashable, Sendable, BitwiseCopyable {
  /// The address as four words whose bytes lie in network order.
  public var words: (UInt32, UInt32, UInt32, UInt32)

  /// - Parameter words: four words as they lie in memory.
  @inlinable public init(networkOrder words: (UInt32, UInt32, UInt32, UInt32)) { self.words = words }

  /// The address of these eight groups: `2001:db8::1` is `(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)`.
  @inlinable public init(
    _ a: UInt16, _ b: UInt16, _ c: UInt16, _ d: UInt16, _ e: UInt16, _ f: UInt16, _ g: UInt16, _ h: UInt16
  ) {
    words = (
      (UInt32(a) << 16 | UInt32(b)).bigEndian, (UInt32(c) << 16 | UInt32(d)).bigEndian,
      (UInt32(e) << 16 | UInt32(f)).bigEndian, (UInt32(g) << 16 | UInt32(h)).bigEndian
    )
  }

  /// The address of eight groups of 16 bits.
  @inlinable public init(groups g: InlineArray<8, UInt16>) {
    self.init(g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7])
  }

  /// The eight groups of 16 bits, in this machine's order.
  @inlinable public var groups: InlineArray<8, UInt16> {
    func upper(_ word: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: UInt32(bigEndian: word) >> 16) }
    func lower(_ word: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: UInt32(bigEndian: word)) }
    return [
      upper(words.0), lower(words.0), upper(words.1), lower(words.1),
      upper(words.2), lower(words.2), upper(words.3), lower(words.3),
    ]
  }

  /// `::1`.
  @inlinable public static var loopback: IPv6Address { IPv6Address(0, 0, 0, 0, 0, 0, 0, 1) }

  /// `::`.
  @inlinable public static var any: IPv6Address { IPv6Address(networkOrder: (0, 0, 0, 0)) }

  @inlinable public static func == (a: IPv6Address, b: IPv6Address) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension IPv6Address: LosslessStringConvertible {
    /// Reads RFC 4291's text forms: groups of one to four hex digits, one `::`, an IPv4 tail. No zone.
    public init?(_ text: some StringProtocol) {
      let halves = Self.halves(text[...])
      guard halves.count <= 2, let head = Self.groups(of: halves[0], endsText: halves.count == 1) else { return nil }
      guard halves.count == 2 else {
        guard head.count == 8 else { return nil }
        self.init(head, [])
        return
      }
      guard let tail = Self.groups(of: halves[1], endsText: true), head.count + tail.count < 8 else { return nil }
      self.init(head, tail)
    }

    /// Reads RFC 4291's text forms.
    public init?(_ description: String) { self.init(description[...]) }

    private init(_ head: [UInt16], _ tail: [UInt16]) {
      var all = InlineArray<8, UInt16>(repeating: 0)
      for (index, group) in head.enumerated() { all[index] = group }
      for (index, group) in tail.enumerated() { all[8 - tail.count + index] = group }
      self.init(groups: all)
    }

    /// What stands before and after `::`.
    private static func halves<S: StringProtocol>(_ text: S) -> [S.SubSequence] where S.SubSequence == S {
      var result: [S.SubSequence] = []
      var start = text.startIndex
      var index = start
      while index < text.endIndex {
        let next = text.index(after: index)
        if text[index] == ":", next < text.endIndex, text[next] == ":" {
          result.append(text[start..<index])
          start = text.index(after: next)
          index = start
        } else {
          index = next
        }
      }
      return result + [text[start...]]
    }

    /// The groups of one side of `::`; an IPv4 address may stand at the text's end.
    private static func groups(of text: some StringProtocol, endsText: Bool) -> [UInt16]? {
      guard !text.isEmpty else { return [] }
      var result: [UInt16] = []
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        if endsText, index == parts.count - 1, part.contains("."), let v4 = IPv4Address(part) {
          result += [UInt16(v4.hostOrder >> 16), UInt16(v4.hostOrder & 0xffff)]
        } else {
          guard (1...4).contains(part.utf8.count), part.utf8.first != 0x2b, let group = UInt16(part, radix: 16)
          else { return nil }
          result.append(group)
        }
      }
      return result.count <= 8 ? result : nil
    }

    /// RFC 5952: lower case, the first longest run of two or more zero groups as `::`.
    public var description: String {
      let all = (0..<8).map { groups[$0] }
      var best = 0..<0
      var start = 0
      while start < 8 {
        var end = start
        while end < 8, all[end] == 0 { end += 1 }
        if end - start > max(best.count, 1) { best = start..<end }
        start = max(end, start + 1)
      }
      func text(_ range: Range<Int>) -> String {
        all[range].map { String($0, radix: 16) }.joined(separator: ":")
      }
      return best.isEmpty ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
    }
  }
#endif
