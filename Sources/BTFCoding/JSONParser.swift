// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259, strictly) into a ``BTFValue``: objects as structures with their members in order, integers
/// exact up to 128 bits. Depth is bounded; memory is bounded by the text's size.
struct JSONParser {
  /// What is wrong, and at which byte of the text.
  struct Failure: Error {
    var offset: Int
    var message: String
  }

  /// Deeper than any C type nests, shallow enough for any stack.
  static let depthLimit = 128

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  /// The one value that the text holds.
  static func parse(_ text: some StringProtocol) throws(Failure) -> BTFValue {
    var parser = JSONParser(text)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == parser.bytes.count else { throw parser.failure("text after the value") }
    return value
  }

  /// The value at the start of the text, and how many bytes of UTF-8 it took.
  static func parsePrefix(_ text: some StringProtocol) throws(Failure) -> (value: BTFValue, length: Int) {
    var parser = JSONParser(text)
    let value = try parser.value()
    return (value, parser.position)
  }

  private func failure(_ message: String) -> Failure { Failure(offset: position, message: message) }
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(Failure) -> BTFValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(Failure) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(Failure) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): throw failure("null stands for no C value")
    case nil: throw failure("the text ends where a value should be")
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout Self) throws(Failure) -> BTFValue) throws(Failure) -> BTFValue {
    guard depth < Self.depthLimit else { throw failure("nested more than \(Self.depthLimit) deep") }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(Failure) -> BTFValue {
    var fields: [BTFValue.Field] = []
    if accept("}") { return .structure(fields) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member's name in quotes should be here") }
      let name = try string()
      guard accept(":") else { throw failure("':' should follow the name \"\(name)\"") }
      fields.append(BTFValue.Field(name, try value()))
    } while accept(",")
    guard accept("}") else { throw failure("',' or '}' should be here") }
    return .structure(fields)
  }

  private mutating func array() throws(Failure) -> BTFValue {
    var elements: [BTFValue] = []
    if accept("]") { return .array(elements) }
    repeat { elements.append(try value()) } while accept(",")
    guard accept("]") else { throw failure("',' or ']' should be here") }
    return .array(elements)
  }

  private mutating func word(_ word: StaticString, _ value: BTFValue) throws(Failure) -> BTFValue {
    let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard bytes[position...].starts(with: expected) else { throw failure("no JSON value starts like this") }
    position += expected.count
    return value
  }

  private mutating func number() throws(Failure) -> BTFValue {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let whole = digits()
    guard !whole.isEmpty else { throw failure("no JSON value starts like this") }
    guard whole.count == 1 || whole.first != UInt8(ascii: "0") else { throw failure("a number has no leading zero") }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard !digits().isEmpty else { throw failure("a digit should be here") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      guard !digits().isEmpty else { throw failure("a digit should be here") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger {
      guard let value = BTFValue(integer: text) else { throw failure("an integer of more than 128 bits") }
      return value
    }
    guard let value = Double(text), value.isFinite else { throw failure("a number beyond the range of double") }
    return .float(value)
  }

  private mutating func digits() -> ArraySlice<UInt8> {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return bytes[start..<position]
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw failure("a control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("the string does not end")
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    guard let byte = next else { throw failure("the string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("no such escape")
    }
  }

  private mutating func unicodeEscape() throws(Failure) -> [UInt8] {
    var code = try hexQuad()
    if (0xd800..<0xdc00).contains(code) {
      guard bytes[position...].starts(with: "\\u".utf8) else { throw failure("half of a surrogate pair") }
      position += 2
      let low = try hexQuad()
      guard (0xdc00..<0xe000).contains(low) else { throw failure("half of a surrogate pair") }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
    return Array(String(scalar).utf8)
  }

  private mutating func hexQuad() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("four hexadecimal digits should be here") }
    let quad = bytes[position..<position + 4]
    guard quad.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let code = UInt32(String(decoding: quad, as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits should be here") }
    position += 4
    return code
  }
}
