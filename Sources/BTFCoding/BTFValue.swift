// SPDX-License-Identifier: Apache-2.0

/// A value of any C type that BTF can describe: what a map's key or a ring's record says, free of its layout.
///
/// ``BTFCodec`` makes one from bytes and bytes from one.
public enum BTFValue: Hashable, Sendable {
  /// A named member of a structure, or a view of a union.
  public struct Field: Hashable, Sendable {
    public var name: String
    public var value: BTFValue

    public init(_ name: String, _ value: BTFValue) {
      self.name = name
      self.value = value
    }
  }

  case bool(Bool)
  case signed(Int64)
  case unsigned(UInt64)
  indirect case signed128(Int128)
  indirect case unsigned128(UInt128)
  case float(Double)
  /// An enumerator; the name is nil for a value that the type does not name.
  indirect case enumeration(name: String?, value: Int128)
  /// An array of `char` that holds text.
  case string(String)
  /// Bytes without a meaning of their own: an array of `unsigned char`, or text that is not text.
  case bytes([UInt8])
  case pointer(UInt64)
  case array([BTFValue])
  /// Members in the order of their declaration. A union has all its views; those of unnamed members stand here too.
  case structure([Field])

  /// The member of a structure with this name.
  public subscript(name: String) -> BTFValue? {
    guard case .structure(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The element of an array.
  public subscript(index: Int) -> BTFValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// The value as a whole number, where it is one.
  public var integer: Int128? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .signed(let value): Int128(value)
    case .unsigned(let value), .pointer(let value): Int128(value)
    case .signed128(let value): value
    case .unsigned128(let value): Int128(exactly: value)
    case .enumeration(_, let value): value
    case .float, .string, .bytes, .array, .structure: nil
    }
  }

  /// A whole number from decimal text, in the smallest case that holds it.
  init?(integer text: String) {
    if let value = UInt64(text) {
      self = .unsigned(value)
    } else if let value = Int64(text) {
      self = .signed(value)
    } else if let value = UInt128(text) {
      self = .unsigned128(value)
    } else if let value = Int128(text) {
      self = .signed128(value)
    } else {
      return nil
    }
  }
}
