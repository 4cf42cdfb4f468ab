// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// A number in network order, as packets and many contexts hold it. The same bytes as `BPF`'s type of this name.
@frozen
public struct BigEndian<Value: FixedWidthInteger & BitwiseCopyable>: Equatable, BitwiseCopyable,
  ExpressibleByIntegerLiteral
{
  /// The bytes as they lie in memory.
  public var raw: Value

  /// From the bytes as they lie in memory.
  @inline(__always) public init(raw: Value) { self.raw = raw }

  /// From a number. A constant is turned at compile time, so that comparing with one costs nothing.
  @inline(__always) public init(_ value: Value) { raw = value.bigEndian }

  @inline(__always) public init(integerLiteral value: Value.IntegerLiteralType) {
    self.init(Value(integerLiteral: value))
  }

  /// The number.
  public var value: Value {
    @inline(__always) get { Value(bigEndian: raw) }
    @inline(__always) set { raw = newValue.bigEndian }
  }

  @inline(__always)
  public static func == (left: BigEndian, right: BigEndian) -> Bool { left.raw == right.raw }
}
