// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// Strings of fewer bytes are not looked into when BTF is opened. The kernel rejects identifiers of 512 bytes.
  private static let longString = 512

  /// Whether this BTF or its base has a string of many bytes. Looks at few of them unless there is one.
  static func hasLongStrings(_ source: ByteSource, _ strings: Range<Int>, base: BTFTypes?) -> Bool {
    if let base, base.hasLongStrings { return true }
    var start = strings.lowerBound
    while strings.upperBound - start >= longString {
      // The next window starts after the last zero of this one.
      var position = start + longString - 1
      while position >= start, source.byte(at: position) != 0 { position -= 1 }
      if position < start { return true }
      start = position + 1
    }
    return false
  }

  /// Proves that reading each name is work in proportion to the size of the BTF.
  ///
  /// Names may share bytes, so a hostile blob could name ten thousand types by the tails of one long string: reading all
  /// names would be work that grows with the square of its size. Where all strings are short that cannot be; where one
  /// is long (a line of source, a mangled name) the names are read once, up to a limit that compilers stay far below.
  ///
  /// - Throws: `BTFError` for names that add up to many times the BTF.
  func checkNames() throws(BTFError) {
    guard hasLongStrings else { return }
    var left = 16 * (header.types.count + header.strings.count) + 1 << 20
    for position in 0..<offsets.count {
      let record = TypeRecord(home: self, offset: offsets[position])
      left -= utf8(at: record.name)?.count ?? 0
      let words = record.kind.map(Self.wordsPerName) ?? 0
      for element in 0..<(words > 0 ? record.count : 0) where left >= 0 {
        left -= utf8(at: record.word(words * element))?.count ?? 0
      }
      guard left >= 0 else {
        throw BTFError(.tooLarge, at: record.offset, "names overlap so much that they exceed the BTF many times")
      }
    }
  }

  /// The words of an element of a kind, where each element starts with a name; 0 elsewhere.
  private static func wordsPerName(_ kind: BTFKind) -> Int {
    switch kind {
    case .structure, .union, .enumeration64: 3
    case .enumeration, .functionPrototype: 2
    default: 0
    }
  }
}
