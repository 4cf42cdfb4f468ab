// SPDX-License-Identifier: Apache-2.0

extension String {
  /// The text without what acts on a terminal: names come from anyone. Control characters, and those that join others, turn
  /// the direction of text or break a line, are escaped as in JSON.
  public var visible: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f }), unicodeScalars.contains(where: \.isInvisible) else {
      return self
    }
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isInvisible:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// Columns that the text takes on a terminal.
  public var columns: Int {
    utf8.allSatisfy { $0 < 0x80 } ? utf8.count : unicodeScalars.reduce(0) { $0 + $1.columns }
  }

  /// The text in exactly so many columns: padded, or cut in its middle, so that both ends of a path can be seen.
  public func fitted(to width: Int) -> String {
    let columns = columns
    guard columns > width else { return self + String(repeating: " ", count: width - columns) }
    guard width > 0 else { return "" }
    let tail = self.ending((width - 1) / 2)
    let head = self.start(width - 1 - tail.columns)
    let text = head + "…" + tail
    return text + String(repeating: " ", count: max(0, width - text.columns))
  }

  /// The text in at most so many columns, without its end where it is longer.
  public func clipped(to width: Int) -> String { columns <= width ? self : start(max(width - 1, 0)) + "…" }

  /// Lines of at most so many columns, broken at spaces where there are some; those behind the first are indented.
  public func wrapped(to width: Int, indent: Int = 0) -> [String] {
    var lines: [String] = []
    var rest = Substring(self)
    var margin = ""
    while margin.columns + String(rest).columns > width {
      let room = max(width - margin.columns, 1)
      var head = Substring(String(rest).start(room))
      if head.isEmpty { head = rest.prefix(1) }
      let isWordEnd = rest.dropFirst(head.count).first == " "
      if !isWordEnd, let space = head.lastIndex(of: " "), !head[..<space].allSatisfy({ $0 == " " }) {
        head = head[..<space]
      }
      lines.append(margin + head)
      rest = rest.dropFirst(head.count).drop { $0 == " " }
      margin = String(repeating: " ", count: min(indent, width / 2))
    }
    if !rest.isEmpty || lines.isEmpty { lines.append(margin + rest) }
    return lines
  }

  private func start(_ width: Int) -> String {
    var used = 0
    return String(
      prefix { character in
        used += character.unicodeScalars.reduce(0) { $0 + $1.columns }
        return used <= width
      })
  }

  /// The end of the text, in at most so many columns.
  func ending(_ width: Int) -> String { String(String(reversed()).start(width).reversed()) }
}

extension Unicode.Scalar {
  /// Columns of a character, as wcwidth(3) of glibc 2.36 (Unicode 15) has them: terminals agree on each character, though not
  /// on what several of them become together.
  var columns: Int {
    if value < 0x300 { return 1 }
    if Self.wide.contains(where: { $0.contains(value) }) { return 2 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return Self.joining.contains { $0.contains(value) } ? 0 : 1
    }
  }

  /// Vowels and final consonants of Hangul, which join the consonant before them.
  private static let joining: [ClosedRange<UInt32>] = [0x1160...0x11ff, 0xd7b0...0xd7fb]

  /// Characters of East Asia, and pictures.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x231a...0x231b, 0x2329...0x232a, 0x23e9...0x23ec, 0x23f0...0x23f0, 0x23f3...0x23f3,
    0x25fd...0x25fe, 0x2614...0x2615, 0x2648...0x2653, 0x267f...0x267f, 0x2693...0x2693, 0x26a1...0x26a1,
    0x26aa...0x26ab, 0x26bd...0x26be, 0x26c4...0x26c5, 0x26ce...0x26ce, 0x26d4...0x26d4, 0x26ea...0x26ea,
    0x26f2...0x26f3, 0x26f5...0x26f5, 0x26fa...0x26fa, 0x26fd...0x26fd, 0x2705...0x2705, 0x270a...0x270b,
    0x2728...0x2728, 0x274c...0x274c, 0x274e...0x274e, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
    0x27b0...0x27b0, 0x27bf...0x27bf, 0x2b1b...0x2b1c, 0x2b50...0x2b50, 0x2b55...0x2b55, 0x2e80...0x3029,
    0x302e...0x303e, 0x3041...0x3096, 0x309b...0xa4c6, 0xa960...0xa97c, 0xac00...0xd7a3, 0xf900...0xfad9,
    0xfe10...0xfe19, 0xfe30...0xfe6b, 0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x16fe3, 0x16ff0...0x1b2fb,
    0x1f004...0x1f004, 0x1f0cf...0x1f0cf, 0x1f18e...0x1f18e, 0x1f191...0x1f19a, 0x1f200...0x1f320, 0x1f32d...0x1f335,
    0x1f337...0x1f37c, 0x1f37e...0x1f393, 0x1f3a0...0x1f3ca, 0x1f3cf...0x1f3d3, 0x1f3e0...0x1f3f0, 0x1f3f4...0x1f3f4,
    0x1f3f8...0x1f43e, 0x1f440...0x1f440, 0x1f442...0x1f4fc, 0x1f4ff...0x1f53d, 0x1f54b...0x1f54e, 0x1f550...0x1f567,
    0x1f57a...0x1f57a, 0x1f595...0x1f596, 0x1f5a4...0x1f5a4, 0x1f5fb...0x1f64f, 0x1f680...0x1f6c5, 0x1f6cc...0x1f6cc,
    0x1f6d0...0x1f6d2, 0x1f6d5...0x1f6df, 0x1f6eb...0x1f6ec, 0x1f6f4...0x1f6fc, 0x1f7e0...0x1f7f0, 0x1f90c...0x1f93a,
    0x1f93c...0x1f945, 0x1f947...0x1f9ff, 0x1fa70...0x1faf6, 0x20000...0x3134a,
  ]

  fileprivate var isInvisible: Bool {
    if value < 0x20 || (0x7f..<0xa0).contains(value) { return true }
    if value < 0xad { return false }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
    // Whether they change a picture's columns depends on the terminal.
    default: return (0xfe00...0xfe0f).contains(value) || (0xe0100...0xe01ef).contains(value)
    }
  }
}
