// SPDX-License-Identifier: Apache-2.0

/// C's `bool` in a map: a byte that should be 0 or 1, and may be anything that somebody has stored.
@frozen public struct ByteBool: Hashable, Sendable, BitwiseCopyable, ExpressibleByBooleanLiteral {
  /// The byte.
  public var rawValue: UInt8

  @inlinable public init(_ value: Bool) { rawValue = value ? 1 : 0 }
  @inlinable public init(booleanLiteral value: Bool) { self.init(value) }

  /// Whether the byte is not zero.
  @inlinable public var value: Bool {
    get { rawValue != 0 }
    set { rawValue = newValue ? 1 : 0 }
  }
}

extension ByteBool: CustomStringConvertible {
  public var description: String { "\(value)" }
}
