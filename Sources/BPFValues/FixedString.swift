// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Text in place: `char[capacity]`. The text ends at the first zero byte. The last byte is not zero only if the text was
/// cut, so that user space can tell a cut text from a whole one.
///
/// In a probe, fill it where it is to lie, in a reserved record or a map value: the stack has 512 bytes.
///
///     events.send { $0.path.readUser(from: address) }
@frozen public struct FixedString<let capacity: Int>: BitwiseCopyable, Sendable {
  /// The text, a zero byte, and whatever there was.
  public var bytes: InlineArray<capacity, UInt8>

  /// Empty text, made by writing all of its bytes: for short ones.
  @inlinable public init() { bytes = InlineArray(repeating: 0) }

  /// Whether the text was longer than there is room for, so that it must not be taken for the whole.
  @inlinable public var isCut: Bool { bytes[capacity &- 1] != 0 }

  /// Whether the text is empty.
  @inlinable public var isEmpty: Bool { bytes[0] == 0 }

  /// Whether the text starts with these ASCII characters, which must be fewer than `capacity`.
  @inlinable public func hasPrefix(_ text: StaticString) -> Bool {
    for index in 0..<text.utf8CodeUnitCount where bytes[index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether the text is these ASCII characters, which must be fewer than `capacity`.
  @inlinable public func equals(_ text: StaticString) -> Bool {
    hasPrefix(text) && bytes[text.utf8CodeUnitCount] == 0
  }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension FixedString: LosslessStringConvertible, Hashable {
    /// The text, if it fits with a zero byte behind it and has none inside.
    public init?(_ text: String) {
      guard text.utf8.count < capacity, !text.utf8.contains(0) else { return nil }
      self.init()
      for (index, byte) in text.utf8.enumerated() { bytes[index] = byte }
    }

    /// The bytes up to the first zero byte; all of them if the text was cut.
    public var text: [UInt8] { (0..<capacity).lazy.map { bytes[$0] }.prefix { $0 != 0 } }

    /// The text up to the first zero byte, or all of it if it was cut; what is not UTF-8 is replaced.
    public var description: String { String(decoding: text, as: UTF8.self) }

    /// Compares the texts, not what lies behind them.
    public static func == (a: FixedString, b: FixedString) -> Bool { a.text == b.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }
#endif
