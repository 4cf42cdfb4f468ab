// SPDX-License-Identifier: Apache-2.0

extension String {
  /// The text with its control characters escaped as in JSON (`\n`, `\u001b`), so that whatever a name holds stays on its
  /// line and changes neither the terminal nor the order in which text is read. JSON text stays equal JSON.
  var visible: String { visible(keeping: "") }

  /// - Parameter kept: control characters that are the layout's own.
  func visible(keeping kept: String) -> String {
    // Most text is plain ASCII.
    guard utf8.contains(where: { $0 < 0x20 && !kept.utf8.contains($0) || $0 >= 0x7f }) else { return self }
    let kept = kept.unicodeScalars
    guard unicodeScalars.contains(where: { $0.isInvisible && !kept.contains($0) }) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if !scalar.isInvisible || kept.contains(scalar) {
        text.unicodeScalars.append(scalar)
      } else if let letter = Self.letters[scalar] {
        text += "\\" + letter
      } else {
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return text
  }

  private static let letters: [Unicode.Scalar: String] = ["\n": "n", "\r": "r", "\t": "t"]
}

extension Unicode.Scalar {
  /// Control characters of ASCII and Latin-1, and those that break lines or turn the direction of text.
  fileprivate var isInvisible: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }
}
