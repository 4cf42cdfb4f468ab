// SPDX-License-Identifier: Apache-2.0

/// Bytes as people write them.
enum Hexadecimal {
  /// `0a ff`
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  /// Reads `0a ff`, `0aff` or `0x0aff`; nil for anything else.
  static func bytes(_ text: String) -> [UInt8]? {
    var digits = text.filter { !$0.isWhitespace }
    if digits.hasPrefix("0x") { digits.removeFirst(2) }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    var rest = digits[...]
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}
