// SPDX-License-Identifier: Apache-2.0

/// The raw values of an enumeration, as its source gives them: the compiler's debug information does not have them.
struct RawEnumeration {
  /// Whether the raw values are 0, 1, 2, ... in the order of the cases: the numbers of the cases in Swift's own layout.
  var isNumberedInOrder: Bool

  /// The enumerations with a raw type in some files, by where they are declared.
  static func all(in files: some Sequence<(String, String)>) -> [SourceLocation: RawEnumeration] {
    var result: [SourceLocation: RawEnumeration] = [:]
    for (file, source) in files {
      let tokens = SourceTokens.of(source)
      for index in tokens.indices where tokens[index].kind == .word && tokens[index].text == "enum" {
        guard index + 3 < tokens.count, tokens[index + 2].text == ":",
          let open = tokens[index...].firstIndex(where: { $0.text == "{" && $0.kind == .sign })
        else { continue }
        result[SourceLocation(file: file, line: tokens[index + 1].line)] = RawEnumeration(tokens, after: open)
      }
    }
    return result
  }

  private init(_ tokens: [SourceToken], after open: Int) {
    isNumberedInOrder = true
    var next = 0
    var expected = 0
    let inside = tokens[(open + 1)...].prefix { $0.depth > tokens[open].depth }
    var isCase = false
    var line = 0
    var index = inside.startIndex
    while index < inside.endIndex {
      let token = inside[index]
      defer { index += 1 }
      guard token.depth == tokens[open].depth + 1 else { continue }
      if token.kind == .word, token.text == "case" {
        (isCase, line) = (true, token.line)
      } else if isCase, token.kind == .word {
        // A name, and the value that it may be given.
        if token.line != line, inside[index - 1].text != "," {
          isCase = false
          continue
        }
        line = token.line
        if index + 1 < inside.endIndex, inside[index + 1].text == "=" {
          guard index + 2 < inside.endIndex, let value = Self.number(inside[index + 2].text) else {
            isNumberedInOrder = false
            return
          }
          next = value
          index += 2
        }
        if next != expected { isNumberedInOrder = false }
        next += 1
        expected += 1
      }
    }
  }

  private static func number(_ text: String) -> Int? {
    let digits = text.filter { $0 != "_" }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      return Int(digits.dropFirst(2), radix: radix)
    }
    return Int(digits)
  }
}
