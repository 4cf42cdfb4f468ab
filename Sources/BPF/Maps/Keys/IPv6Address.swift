// SPDX-License-Identifier: Apache-2.0

/// An IPv6 address, laid out as in a packet: sixteen bytes, aligned to four (`struct in6_addr`).
@frozen public struct IPv6Address: Hashable, Sendable, BitwiseCopyable {
  @usableFromInline var words: (UInt32, UInt32, UInt32, UInt32)

  /// The address of these eight groups: `2001:db8::1` is `(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)`.
  public init(groups g: InlineArray<8, UInt16>) {
    func word(_ index: Int) -> UInt32 { (UInt32(g[index]) << 16 | UInt32(g[index + 1])).bigEndian }
    words = (word(0), word(2), word(4), word(6))
  }

  /// The eight groups of 16 bits, in this machine's order.
  public var groups: InlineArray<8, UInt16> {
    InlineArray { index in
      let word = UInt32(bigEndian: [words.0, words.1, words.2, words.3][index / 2])
      return UInt16(truncatingIfNeeded: index % 2 == 0 ? word >> 16 : word)
    }
  }

  /// `::1`.
  public static let loopback = IPv6Address(groups: [0, 0, 0, 0, 0, 0, 0, 1])

  /// `::`.
  public static let any = IPv6Address(groups: [0, 0, 0, 0, 0, 0, 0, 0])

  public static func == (a: IPv6Address, b: IPv6Address) -> Bool { a.words == b.words }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

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
