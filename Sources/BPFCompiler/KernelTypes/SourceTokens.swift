// SPDX-License-Identifier: Apache-2.0

/// A word or a sign of Swift source, with its place.
struct SourceToken: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// An identifier or keyword, without backticks.
    case word
    case number
    /// A string, without what is interpolated into it.
    case string
    /// One character of punctuation or of an operator.
    case sign
  }

  var kind: Kind
  var text: String
  /// Counted from 1.
  var line: Int
  /// In bytes, counted from 1.
  var column: Int
  /// Open braces around it.
  var depth: Int
}

/// Splits Swift source into words and signs. Comments are left out; what is interpolated into strings is kept.
struct SourceTokens {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0
  private var depth = 0
  private(set) var tokens: [SourceToken] = []

  static func of(_ source: String) -> [SourceToken] {
    var scanner = SourceTokens(bytes: Array(source.utf8))
    scanner.scan(untilClosing: false)
    return scanner.tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func peek(_ distance: Int = 0) -> UInt8 {
    position + distance < bytes.count ? bytes[position + distance] : 0
  }

  private func starts(with text: StaticString) -> Bool {
    text.withUTF8Buffer { text in
      position + text.count <= bytes.count && bytes[position..<position + text.count].elementsEqual(text)
    }
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where position < bytes.count {
      if bytes[position] == UInt8(ascii: "\n") {
        line += 1
        lineStart = position + 1
      }
      position += 1
    }
  }

  /// Scans to the end, or past the parenthesis that closes an interpolation.
  private mutating func scan(untilClosing: Bool) {
    var open = 0
    while position < bytes.count {
      let byte = peek()
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") || byte == 13 {
        advance()
      } else if starts(with: "//") {
        while position < bytes.count, peek() != UInt8(ascii: "\n") { advance() }
      } else if starts(with: "/*") {
        skipComment()
      } else if let hashes = stringStart() {
        string(hashes: hashes)
      } else if Self.startsWord(byte) || byte == UInt8(ascii: "`") {
        word()
      } else if Self.isDigit(byte) {
        take(.number, while: { Self.startsWord($0) || Self.isDigit($0) })
      } else {
        if byte == UInt8(ascii: "(") { open += 1 }
        if byte == UInt8(ascii: ")") {
          open -= 1
          if untilClosing, open < 0 {
            advance()
            return
          }
        }
        if byte == UInt8(ascii: "}") { depth = max(0, depth - 1) }
        add(.sign, String(decoding: CollectionOfOne(byte), as: UTF8.self), length: 1)
        if byte == UInt8(ascii: "{") { depth += 1 }
      }
    }
  }

  private mutating func add(_ kind: SourceToken.Kind, _ text: String, length: Int) {
    tokens.append(SourceToken(kind: kind, text: text, line: line, column: position - lineStart + 1, depth: depth))
    advance(length)
  }

  private mutating func take(_ kind: SourceToken.Kind, while belongs: (UInt8) -> Bool) {
    var end = position
    while end < bytes.count, belongs(bytes[end]) { end += 1 }
    add(kind, String(decoding: bytes[position..<end], as: UTF8.self), length: end - position)
  }

  private mutating func word() {
    guard peek() == UInt8(ascii: "`") else { return take(.word) { Self.startsWord($0) || Self.isDigit($0) } }
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "`"), bytes[end] != UInt8(ascii: "\n") { end += 1 }
    add(.word, String(decoding: bytes[position + 1..<end], as: UTF8.self), length: end + 1 - position)
  }

  private mutating func skipComment() {
    var nesting = 0
    repeat {
      if starts(with: "/*") {
        nesting += 1
        advance(2)
      } else if starts(with: "*/") {
        nesting -= 1
        advance(2)
      } else {
        advance()
      }
    } while nesting > 0 && position < bytes.count
  }

  /// The number of `#` before a string that starts here; nil if none does.
  private func stringStart() -> Int? {
    var hashes = 0
    while peek(hashes) == UInt8(ascii: "#") { hashes += 1 }
    return peek(hashes) == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func string(hashes: Int) {
    let first = position
    tokens.append(SourceToken(kind: .string, text: "", line: line, column: position - lineStart + 1, depth: depth))
    let index = tokens.count - 1
    advance(hashes)
    let quotes = starts(with: "\"\"\"") ? 3 : 1
    advance(quotes)
    let start = position
    var end = bytes.count
    while position < bytes.count {
      if quotes == 1, peek() == UInt8(ascii: "\n") {
        end = position
        break
      }
      if peek() == UInt8(ascii: "\\"), follows(hashes, UInt8(ascii: "#"), after: 1) {
        advance(1 + hashes)
        if peek() == UInt8(ascii: "(") {
          advance()
          scan(untilClosing: true)
        } else {
          advance()
        }
      } else if follows(quotes, UInt8(ascii: "\""), after: 0), follows(hashes, UInt8(ascii: "#"), after: quotes) {
        end = position
        advance(quotes + hashes)
        break
      } else {
        advance()
      }
    }
    if start <= end, first < start { tokens[index].text = String(decoding: bytes[start..<end], as: UTF8.self) }
  }

  private func follows(_ count: Int, _ byte: UInt8, after distance: Int) -> Bool {
    (0..<count).allSatisfy { peek(distance + $0) == byte }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func startsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}
