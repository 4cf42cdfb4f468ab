// SPDX-License-Identifier: Apache-2.0

/// What an array of `char` holds, such that no byte is lost.
///
/// C's text ends at its first zero byte, and programs leave what they like behind it: mostly zeros, at times the rest of a
/// longer text. An array that does not begin with text is bytes: an address, a hash.
enum TextParts {
  /// Text, and nothing but zeros behind it.
  case text(UnsafeRawBufferPointer)
  /// Text, then a zero, then bytes of which the last is not zero: perhaps more texts with zeros between, as arguments are.
  case textAndRest(UnsafeRawBufferPointer, UnsafeRawBufferPointer, isText: Bool)
  case bytes

  /// What follows the name of a member to name the bytes behind its text.
  static let suffix = ".rest"

  /// - Parameter isFlexible: whether the length is not known when the value is written again, so that zeros count.
  init(_ bytes: UnsafeRawBufferPointer, isFlexible: Bool) {
    let end = bytes.firstIndex(of: 0) ?? bytes.count
    let head = UnsafeRawBufferPointer(rebasing: bytes[..<end])
    let last = bytes[end...].lastIndex { $0 != 0 }
    guard Self.isText(head, breakingLines: last == nil), !isFlexible || end == bytes.count, !head.isEmpty || last == nil
    else {
      self = .bytes
      return
    }
    guard let last else {
      self = .text(head)
      return
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...last])
    self = .textAndRest(head, rest, isText: Self.isText(rest, breakingLines: false, holdingZeros: true))
  }

  /// The text up to the first zero byte; nil for bytes that do not begin with text.
  static func text(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    let end = bytes.firstIndex(of: 0) ?? bytes.count
    let head = UnsafeRawBufferPointer(rebasing: bytes[..<end])
    guard isText(head, breakingLines: true), !head.isEmpty || !bytes.contains(where: { $0 != 0 }) else { return nil }
    return head
  }

  /// Whether the bytes are UTF-8 without control characters, but for those that break lines where these may be.
  private static func isText(
    _ bytes: UnsafeRawBufferPointer, breakingLines: Bool, holdingZeros: Bool = false
  ) -> Bool {
    var isASCII = true
    for byte in bytes {
      if byte >= 0x80 { isASCII = false }
      let isBreak = byte == 0x09 || byte == 0x0a || byte == 0x0d
      guard byte >= 0x20 && byte != 0x7f || isBreak && breakingLines || byte == 0 && holdingZeros else { return false }
    }
    if isASCII { return true }
    return bytes.withMemoryRebound(to: UInt8.self) { (try? UTF8Span(validating: $0.span)) != nil }
  }
}
