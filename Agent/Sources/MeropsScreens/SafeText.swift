// SPDX-License-Identifier: Apache-2.0

extension String {
  /// The text without what acts on a terminal: names come from anyone. Control characters, and those that turn the direction
  /// of text or break a line, are escaped as in JSON.
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
  var columns: Int { utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.columns } }

  /// The text in exactly so many columns: padded, or cut in its middle, so that both ends of a path can be seen.
  func fitted(to width: Int) -> String {
    let columns = columns
    guard columns > width else { return self + String(repeating: " ", count: width - columns) }
    guard width > 0 else { return "" }
    let tail = self.end((width - 1) / 2)
    let head = self.start(width - 1 - tail.columns)
    let text = head + "…" + tail
    return text + String(repeating: " ", count: max(0, width - text.columns))
  }

  private func start(_ width: Int) -> String {
    var used = 0
    return String(
      prefix {
        used += $0.columns
        return used <= width
      })
  }

  private func end(_ width: Int) -> String { String(String(reversed()).start(width).reversed()) }
}

extension Character {
  /// Two for characters of East Asia and pictures, by the blocks that hold them; one for the rest.
  fileprivate var columns: Int {
    guard let value = unicodeScalars.first?.value else { return 0 }
    switch value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isInvisible: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }
}
