// SPDX-License-Identifier: Apache-2.0

/// What a field of a C structure is set to.
public enum FieldValue: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral
{
  /// An integer, an enumerator's number or an address, of the field's own size.
  case number(UInt64)
  /// Text with its final zero, which has to fit.
  case text(String)
  /// The field's first bytes.
  case bytes([UInt8])

  public init(integerLiteral value: Int64) { self = .number(UInt64(bitPattern: value)) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(arrayLiteral elements: UInt8...) { self = .bytes(elements) }
  /// An integer of any type.
  public init(_ value: some BinaryInteger) { self = .number(UInt64(truncatingIfNeeded: value)) }
}
