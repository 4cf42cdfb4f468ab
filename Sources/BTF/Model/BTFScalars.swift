// SPDX-License-Identifier: Apache-2.0

/// An integer type: `BTF_KIND_INT`.
public struct BTFInteger: Hashable, Sendable {
  public var name: String
  /// Bytes of storage.
  public var size: Int
  /// How to show and extend the value.
  public var encoding: Encoding
  /// Bits that carry the value: `8 * size`, unless the type is an old-style bit field.
  public var bits: Int
  /// Bits to skip before the value; 0 in all that today's compilers write.
  public var bitOffset: Int

  public init(name: String, size: Int, encoding: Encoding = [], bits: Int? = nil, bitOffset: Int = 0) {
    self.name = name
    self.size = size
    self.encoding = encoding
    self.bits = bits ?? size * 8
    self.bitOffset = bitOffset
  }

  public var isSigned: Bool { encoding.contains(.signed) }
  public var isBool: Bool { encoding.contains(.bool) }

  /// `BTF_INT_SIGNED`, `BTF_INT_CHAR`, `BTF_INT_BOOL`.
  public struct Encoding: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let signed = Encoding(rawValue: 1)
    /// Kept by the format; compilers mark plain `char` as signed or not, and leave this out.
    public static let char = Encoding(rawValue: 2)
    public static let bool = Encoding(rawValue: 4)
  }
}

/// An array: `BTF_KIND_ARRAY`.
public struct BTFArray: Hashable, Sendable {
  public var element: TypeID
  /// The type of the index; any integer, of no use to readers.
  public var index: TypeID
  /// Elements; 0 for a flexible array (`T name[]`).
  public var count: Int

  public init(element: TypeID, index: TypeID, count: Int) {
    self.element = element
    self.index = index
    self.count = count
  }
}

/// An enumeration of either width: `BTF_KIND_ENUM`, `BTF_KIND_ENUM64`.
public struct BTFEnumeration: Hashable, Sendable {
  public var name: String
  /// Bytes of storage: 1, 2, 4 or 8.
  public var size: Int
  /// The record's kind flag. Before Linux 6.0 no compiler set it, even for enumerations with negative values.
  public var isSigned: Bool
  /// Held by the kind with 64-bit values, `BTF_KIND_ENUM64`.
  public var is64Bit: Bool
  public var values: [Value]

  public init(name: String, size: Int, isSigned: Bool = false, is64Bit: Bool = false, values: [Value]) {
    self.name = name
    self.size = size
    self.isSigned = isSigned
    self.is64Bit = is64Bit
    self.values = values
  }

  /// One named constant.
  public struct Value: Hashable, Sendable {
    public var name: String
    /// The value, sign-extended to 64 bits in a signed enumeration and zero-extended otherwise.
    public var bits: UInt64

    public init(name: String, bits: UInt64) {
      self.name = name
      self.bits = bits
    }

    public init(name: String, signed: Int64) { self.init(name: name, bits: UInt64(bitPattern: signed)) }

    /// The value of a constant in a signed enumeration.
    public var signed: Int64 { Int64(bitPattern: bits) }
    /// The value of a constant in an unsigned enumeration.
    public var unsigned: UInt64 { bits }
  }
}
