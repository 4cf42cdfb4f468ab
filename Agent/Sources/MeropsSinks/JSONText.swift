// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension [UInt8] {
  /// Appends a number with at least so many digits.
  mutating func appendDecimal(_ value: UInt64, digits: Int = 1) {
    var divisor: UInt64 = 1
    var count = 1
    while count < digits || value / divisor >= 10 {
      // 10^19 is the largest power of ten that 64 bits hold.
      if count == 20 { break }
      divisor *= 10
      count += 1
    }
    while divisor > 0 {
      append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }

  mutating func appendDecimal(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    appendDecimal(value.magnitude)
  }

  mutating func appendHexadecimal(_ bytes: RawSpan) {
    for index in 0..<bytes.byteCount { appendHexadecimal(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
  }

  private mutating func appendHexadecimal(_ byte: UInt8) {
    for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
  }

  mutating func appendKey(_ field: Field, _ suffix: String) {
    self += ",\"\(field.name)\(suffix)\":".utf8
  }

  /// Appends text in quotes (RFC 8259).
  ///
  /// - Returns: false if it was not UTF-8, so that U+FFFD stands for some of it.
  mutating func appendJSON(_ text: RawSpan) -> Bool {
    append(UInt8(ascii: "\""))
    let isWhole = text.withUnsafeBytes { appendEscaped($0) }
    append(UInt8(ascii: "\""))
    return isWhole
  }

  private mutating func appendEscaped(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var isWhole = true
    var start = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        index += 1
        continue
      }
      let length = byte < 0x80 ? 0 : Self.sequenceLength(bytes, index)
      if length > 0 {
        index += length
        continue
      }
      append(contentsOf: bytes[start..<index])
      if byte >= 0x80 {
        append(contentsOf: [0xef, 0xbf, 0xbd])
        isWhole = false
      } else {
        appendEscape(byte)
      }
      index += 1
      start = index
    }
    append(contentsOf: bytes[start..<index])
    return isWhole
  }

  private mutating func appendEscape(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    case 0x0a: append(UInt8(ascii: "n"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0d: append(UInt8(ascii: "r"))
    default:
      // DEL, too: a terminal may act on it.
      self += "u00".utf8
      appendHexadecimal(byte)
    }
  }

  /// Bytes of the well-formed sequence that starts there (Unicode, table 3-7); 0 if none does.
  private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
    let (length, second): (Int, ClosedRange<UInt8>)
    switch bytes[index] {
    case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    default: return 0
    }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
    for offset in 2..<Swift.max(length, 2) where bytes[index + offset] & 0xc0 != 0x80 { return 0 }
    return length
  }
}
