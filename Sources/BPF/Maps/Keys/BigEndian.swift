// SPDX-License-Identifier: Apache-2.0

/// An integer that lies in memory most significant byte first, as in packets: `BigEndian<UInt16>(443)` is what a kernel
/// program sees in `tcp->dest`.
@frozen
public struct BigEndian<Value: FixedWidthInteger & BitwiseCopyable & Sendable>: Hashable, Sendable,
  BitwiseCopyable, ExpressibleByIntegerLiteral, CustomStringConvertible
{
  @usableFromInline var storage: Value

  /// Stores `value` in network byte order.
  @inlinable public init(_ value: Value) { storage = value.bigEndian }

  @inlinable public init(integerLiteral value: Value.IntegerLiteralType) { self.init(Value(integerLiteral: value)) }

  /// The value in this machine's order.
  @inlinable public var value: Value {
    get { Value(bigEndian: storage) }
    set { storage = newValue.bigEndian }
  }

  public var description: String { "\(value)" }
}
