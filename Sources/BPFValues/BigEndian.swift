// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// An integer that lies in memory most significant byte first, as packets and many contexts hold it: a port that is 443
/// is `BigEndian<UInt16>(443)`.
@frozen
public struct BigEndian<Value: FixedWidthInteger & BitwiseCopyable>: Hashable, BitwiseCopyable,
  ExpressibleByIntegerLiteral
{
  /// The bytes as they lie in memory, seen as an integer of this machine's order (`__be16`, `__be32`, `__be64`).
  public var raw: Value

  /// - Parameter raw: the bytes as they lie in memory.
  @inlinable public init(raw: Value) { self.raw = raw }

  /// Stores `value` in network byte order. A constant is turned when the program is compiled.
  @inlinable public init(_ value: Value) { raw = value.bigEndian }

  @inlinable public init(integerLiteral value: Value.IntegerLiteralType) { self.init(Value(integerLiteral: value)) }

  /// The value in this machine's order.
  @inlinable public var value: Value {
    get { Value(bigEndian: raw) }
    set { raw = newValue.bigEndian }
  }

  @inlinable public static func == (a: BigEndian, b: BigEndian) -> Bool { a.raw == b.raw }
}

extension BigEndian: Sendable where Value: Sendable {}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension BigEndian: CustomStringConvertible {
    public var description: String { "\(value)" }
  }
#endif
