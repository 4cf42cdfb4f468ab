// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// Objects within objects. A comma is written before each member but the first: the last byte tells, since a text ends with a
/// quote.
extension [UInt8] {
  private mutating func appendComma() {
    guard let last, last != UInt8(ascii: "{"), last != UInt8(ascii: "["), last != UInt8(ascii: "\n") else { return }
    append(UInt8(ascii: ","))
  }

  mutating func appendMember(_ name: String) {
    appendComma()
    append(UInt8(ascii: "\""))
    self += name.utf8
    self += "\":".utf8
  }

  mutating func open(_ name: String? = nil, _ bracket: Character = "{") {
    if let name { appendMember(name) } else { appendComma() }
    self += String(bracket).utf8
  }

  mutating func close(_ bracket: Character = "}") { self += String(bracket).utf8 }

  mutating func member(_ name: String, _ value: UInt64) {
    appendMember(name)
    appendDecimal(value)
  }

  mutating func member(_ name: String, _ value: Int) {
    appendMember(name)
    appendDecimal(Int64(value))
  }

  mutating func member(_ name: String, _ value: Bool) {
    appendMember(name)
    self += (value ? "true" : "false").utf8
  }

  mutating func member(_ name: String, _ text: String) {
    appendMember(name)
    append(json: text)
  }

  mutating func member(_ name: String, _ text: RawSpan) {
    appendMember(name)
    _ = appendJSON(text)
  }

  mutating func element(_ text: String) {
    appendComma()
    append(json: text)
  }

  mutating func element(_ text: RawSpan) {
    appendComma()
    _ = appendJSON(text)
  }

  mutating func append(json text: String) {
    let bytes = Array(text.utf8)
    _ = appendJSON(bytes.span.bytes)
  }

  /// A value under a name, as its type has it; beside it `NAME.hex` where it is text that is not UTF-8, and `NAME.cut`.
  mutating func member(_ name: String, _ field: Field, _ bytes: RawSpan, isCut: Bool, asText: Bool = false) {
    appendMember(name)
    var isWhole = true
    switch field.type {
    case .bool: self += (Packed.truth(bytes) ? "true" : "false").utf8
    case .int, .uint:
      if asText { append(UInt8(ascii: "\"")) }
      if field.type == .int {
        appendDecimal(Int64(bitPattern: Packed.number(bytes)))
      } else {
        appendDecimal(Packed.number(bytes))
      }
      if asText { append(UInt8(ascii: "\"")) }
    case .text: isWhole = appendJSON(bytes)
    case .address: append(json: "\(Packed.address(bytes))")
    case .texts:
      append(UInt8(ascii: "["))
      Packed.forEachText(bytes, isCut: isCut) { text, _ in
        appendComma()
        if !appendJSON(text) { isWhole = false }
      }
      append(UInt8(ascii: "]"))
    }
    if !isWhole {
      appendMember(name + ".hex")
      append(UInt8(ascii: "\""))
      appendHexadecimal(bytes)
      append(UInt8(ascii: "\""))
    }
    if isCut { member(name + ".cut", true) }
  }
}
