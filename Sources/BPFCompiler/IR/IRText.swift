// SPDX-License-Identifier: Apache-2.0

/// Small pieces of LLVM's textual IR: names, quotes, brackets.
///
/// Source: https://llvm.org/docs/LangRef.html#identifiers
enum IRText {
  /// The global names (`@name`, `@"name"`) that a line mentions, without `@` and quotes.
  static func globalNames(in line: some StringProtocol) -> [String] {
    var names: [String] = []
    var rest = Substring(line).utf8[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "@") {
        rest.removeFirst()
        if let name = takeName(&rest) { names.append(name) }
      } else if byte == UInt8(ascii: "\"") {
        _ = takeQuoted(&rest)
      } else {
        rest.removeFirst()
      }
    }
    return names
  }

  /// The line with each global name replaced by what `rename` returns for it.
  static func renaming(_ line: some StringProtocol, _ rename: (String) -> String?) -> String {
    let text = Substring(line)
    guard text.utf8.contains(UInt8(ascii: "@")) else { return String(text) }
    var result = ""
    var copied = text.utf8.startIndex
    var rest = text.utf8[...]
    while let byte = rest.first {
      guard byte == UInt8(ascii: "@") else {
        if byte == UInt8(ascii: "\"") { _ = takeQuoted(&rest) } else { rest.removeFirst() }
        continue
      }
      rest.removeFirst()
      let start = rest.startIndex
      guard let name = takeName(&rest), let new = rename(name) else { continue }
      result += text[copied..<start]
      result += quoted(new)
      copied = rest.startIndex
    }
    return result + text[copied...]
  }

  /// A name as the assembler wants it: in quotes unless it is plain, or the number of something without name.
  static func quoted(_ name: String) -> String {
    let isPlain = !name.isEmpty && name.utf8.allSatisfy(isNameByte) && !(48...57).contains(name.utf8.first ?? 48)
    let isNumber = !name.isEmpty && name.utf8.allSatisfy { (48...57).contains($0) }
    return isPlain || isNumber ? name : "\"\(name)\""
  }

  /// A text in quotes, with `\XX` for what may not stand between them.
  static func literal(_ text: some StringProtocol) -> String {
    var bytes = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if (0x20..<0x7f).contains(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "\\"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
  }

  /// What the text between quotes stands for: `\XX` is a byte, `\\` a backslash.
  static func unescaped(_ text: Substring) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      if rest.first == byte {
        bytes.append(byte)
        rest.removeFirst()
      } else if let value = UInt8(String(Substring(rest.prefix(2))), radix: 16), rest.count >= 2 {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let hexadecimal = Array("0123456789ABCDEF".utf8)

  /// Takes a plain or quoted name from the front.
  static func takeName(_ rest: inout Substring.UTF8View) -> String? {
    if rest.first == UInt8(ascii: "\"") { return takeQuoted(&rest) }
    let name = rest.prefix(while: isNameByte)
    guard !name.isEmpty else { return nil }
    rest = rest[name.endIndex...]
    return String(Substring(name))
  }

  /// Takes a quoted text from the front; its escapes stay as they are.
  static func takeQuoted(_ rest: inout Substring.UTF8View) -> String? {
    guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
    let text = rest.prefix { $0 != UInt8(ascii: "\"") }
    rest = rest[text.endIndex...]
    guard rest.popFirst() != nil else { return nil }
    return String(Substring(text))
  }

  /// Splits at commas that stand in no bracket and no quotes, and trims each part.
  static func commaSeparated(_ text: some StringProtocol) -> [Substring] { separated(text, by: ",") }

  /// Splits at characters that stand in no bracket and no quotes, and trims each part.
  static func separated(_ text: some StringProtocol, by separator: Unicode.Scalar) -> [Substring] {
    let text = Substring(text)
    var parts: [Substring] = []
    var depth = 0
    var isQuoted = false
    var start = text.startIndex
    for index in text.utf8.indices {
      switch text.utf8[index] {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case _ where isQuoted: break
      case UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "<"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ">"): depth -= 1
      case UInt8(ascii: separator) where depth == 0:
        parts.append(trimmed(text[start..<index]))
        start = text.utf8.index(after: index)
      default: break
      }
    }
    let last = trimmed(text[start...])
    if !last.isEmpty { parts.append(last) }
    return parts
  }

  /// What stands between the bracket at the start of `text` and its partner, and what follows.
  static func bracketed(_ text: Substring) -> (inside: Substring, rest: Substring)? {
    var depth = 0
    var isQuoted = false
    for index in text.utf8.indices {
      switch text.utf8[index] {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case _ where isQuoted: break
      case UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        guard depth == 0 else { continue }
        let inside = text[text.utf8.index(after: text.startIndex)..<index]
        return (inside, text[text.utf8.index(after: index)...])
      default: break
      }
      if depth == 0 { return nil }
    }
    return nil
  }

  static func trimmed(_ text: Substring) -> Substring { Substring(trimmedEnd(text).drop { $0 == " " }) }

  static func trimmedEnd(_ text: Substring) -> Substring {
    var text = text
    while text.utf8.last == 32 { text.removeLast() }
    return text
  }

  /// The text in quotes that follows `marker`, which ends with the first quote.
  static func quoted(after marker: String, in text: Substring) -> String? {
    guard let range = text.range(ofText: marker) else { return nil }
    return String(Substring(text[range.upperBound...].utf8.prefix { $0 != UInt8(ascii: "\"") }))
  }

  /// `[-a-zA-Z$._0-9]`
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "$"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}
