// SPDX-License-Identifier: Apache-2.0

/// A word of the language, by CEL's lexical rules.
struct Token: Hashable {
  enum Kind: Hashable {
    case identifier(String)
    case int(UInt64)
    case uint(UInt64)
    case text([UInt8])
    /// `&&`, `(`, `.` and their like.
    case symbol(String)
    case end
  }

  var kind: Kind
  var range: Range<Int>
}

/// Splits text into words.
struct Lexer {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  static func tokens(_ text: String) throws(ExpressionError) -> [Token] {
    var lexer = Lexer(text)
    var tokens: [Token] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private static let symbols = ["&&", "||", "==", "!=", "<=", ">="] + "()[]{}.,!<>+-*/%?:".map { String($0) }

  private func byte(_ ahead: Int = 0) -> UInt8 { position + ahead < bytes.count ? bytes[position + ahead] : 0 }

  private mutating func next() throws(ExpressionError) -> Token {
    skipSpace()
    let start = position
    guard position < bytes.count else { return Token(kind: .end, range: start..<start) }
    if let kind = try text() { return Token(kind: kind, range: start..<position) }
    if byte().isLetter {
      while byte().isLetter || byte().isDigit { position += 1 }
      return Token(kind: .identifier(String(decoding: bytes[start..<position], as: UTF8.self)), range: start..<position)
    }
    if byte().isDigit { return Token(kind: try number(), range: start..<position) }
    for symbol in Self.symbols where bytes[position...].starts(with: symbol.utf8) {
      position += symbol.utf8.count
      return Token(kind: .symbol(symbol), range: start..<position)
    }
    position += 1
    while byte() & 0xc0 == 0x80 { position += 1 }
    let character = String(decoding: bytes[start..<position], as: UTF8.self)
    let meant = ["&": "&&", "|": "||", "=": "=="][character]
    throw ExpressionError(
      "`\(character)` does not belong to the language", start..<position, hint: meant.map { "Write `\($0)`" })
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      if [0x20, 0x09, 0x0a, 0x0c, 0x0d].contains(byte()) {
        position += 1
      } else if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
        while position < bytes.count, byte() != 0x0a { position += 1 }
      } else {
        return
      }
    }
  }

  private mutating func number() throws(ExpressionError) -> Token.Kind {
    let start = position
    let isHexadecimal = byte() == UInt8(ascii: "0") && byte(1) | 0x20 == UInt8(ascii: "x")
    if isHexadecimal { position += 2 }
    let digits = position
    while isHexadecimal ? byte().hexadecimal != nil : byte().isDigit { position += 1 }
    let value = UInt64(String(decoding: bytes[digits..<position], as: UTF8.self), radix: isHexadecimal ? 16 : 10)
    if byte() == UInt8(ascii: "."), byte(1).isDigit { throw fraction(start) }
    let isUnsigned = byte() | 0x20 == UInt8(ascii: "u")
    if isUnsigned { position += 1 }
    if byte().isLetter || byte().isDigit {
      if byte() | 0x20 == UInt8(ascii: "e") { throw fraction(start) }
      throw ExpressionError("a number ends where a letter begins", start..<position + 1)
    }
    guard let value else {
      throw ExpressionError(
        digits == position ? "`0x` wants digits behind it" : "the number needs more than 64 bits", start..<position)
    }
    return isUnsigned ? .uint(value) : .int(value)
  }

  private func fraction(_ start: Int) -> ExpressionError {
    ExpressionError(
      "the language has whole numbers only", start..<position + 1,
      hint: "A policy runs in the kernel, which has no floating point")
  }
}

// Text literals: "x", 'x', """x""", r"x", b"x".
extension Lexer {
  private mutating func text() throws(ExpressionError) -> Token.Kind? {
    let start = position
    var (isRaw, isBytes, offset) = (false, false, 0)
    while offset < 2 {
      let letter = byte(offset) | 0x20
      if letter == UInt8(ascii: "r"), !isRaw {
        isRaw = true
      } else if letter == UInt8(ascii: "b"), !isBytes {
        isBytes = true
      } else {
        break
      }
      offset += 1
    }
    let quote = byte(offset)
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    let isLong = byte(offset + 1) == quote && byte(offset + 2) == quote
    position += offset + (isLong ? 3 : 1)
    var result: [UInt8] = []
    while position < bytes.count {
      if byte() == quote, !isLong || byte(1) == quote && byte(2) == quote {
        position += isLong ? 3 : 1
        return .text(result)
      }
      if byte() == 0x0a, !isLong { break }
      if byte() == UInt8(ascii: "\\"), !isRaw {
        result += try escape(isBytes: isBytes)
      } else {
        result.append(byte())
        position += 1
      }
    }
    throw ExpressionError("the text has no closing quote", start..<position)
  }

  private mutating func escape(isBytes: Bool) throws(ExpressionError) -> [UInt8] {
    let start = position
    let letter = byte(1)
    position += 2
    let simple: [UInt8: UInt8] = [
      0x61: 7, 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9, 0x76: 11, 0x5c: 0x5c, 0x3f: 0x3f, 0x22: 0x22, 0x27: 0x27,
      0x60: 0x60,
    ]
    if let byte = simple[letter] { return [byte] }
    var (count, radix) = (0, 16)
    switch letter {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): count = 2
    case UInt8(ascii: "u") where !isBytes: count = 4
    case UInt8(ascii: "U") where !isBytes: count = 8
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
      (count, radix) = (3, 8)
      position -= 1
    default: break
    }
    let digits = bytes[min(position, bytes.count)..<min(position + count, bytes.count)]
    guard count > 0, digits.count == count,
      digits.allSatisfy({ $0.hexadecimal.map { $0 < radix } ?? false }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    else {
      throw ExpressionError(
        "the backslash starts no escape of the language", start..<min(position, bytes.count),
        hint: "Write two backslashes for one, or r\"...\"")
    }
    position += count
    if isBytes { return [UInt8(truncatingIfNeeded: value)] }
    guard let scalar = Unicode.Scalar(value) else {
      throw ExpressionError("there is no character of this number", start..<position)
    }
    return Array(String(Character(scalar)).utf8)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
  fileprivate var isLetter: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) || self == 0x5f }
  fileprivate var hexadecimal: Int? {
    switch self {
    case 0x30...0x39: Int(self) - 0x30
    case 0x41...0x46: Int(self) - 0x37
    case 0x61...0x66: Int(self) - 0x57
    default: nil
    }
  }
}
