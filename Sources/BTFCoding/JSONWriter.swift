// SPDX-License-Identifier: Apache-2.0

/// Writes JSON (RFC 8259) into a buffer: compact, members in the order given, 64 and 128-bit integers exact.
///
/// Commas and colons are the writer's business; the caller balances `begin` and `end`.
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  /// Whether a comma is due before the next value or key.
  private var commaDue = false

  package init() {}

  /// The text so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// A member's name; its value must follow.
  package mutating func key(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    commaDue = false
  }

  package mutating func string(_ value: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(value)
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func integer(_ value: some BinaryInteger) { raw(value.description) }
  package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
  package mutating func null() { raw("null") }

  /// A number, shortest text that reads back as the same value; what JSON has no number for becomes a string.
  package mutating func float(_ value: Double) {
    value.isFinite ? raw(value.description) : string(value.description)
  }

  package mutating func field(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  package mutating func field(_ name: String, _ value: some BinaryInteger) {
    key(name)
    integer(value)
  }

  /// Text that is already JSON.
  package mutating func raw(_ json: String) {
    separate()
    bytes.append(contentsOf: json.utf8)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    commaDue = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    commaDue = true
  }

  private mutating func separate() {
    if commaDue { bytes.append(UInt8(ascii: ",")) }
    commaDue = true
  }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      if utf8.contains(where: Self.isSpecial) {
        for byte in utf8 { append(escaping: byte) }
      } else {
        bytes.append(contentsOf: utf8)
      }
    }
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func append(escaping byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
    case UInt8(ascii: "\n"): bytes += "\\n".utf8
    case UInt8(ascii: "\r"): bytes += "\\r".utf8
    case UInt8(ascii: "\t"): bytes += "\\t".utf8
    case 0..<0x20, 0x7f:
      let digits = Array("0123456789abcdef".utf8)
      bytes += "\\u00".utf8
      bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: bytes.append(byte)
    }
  }
}
