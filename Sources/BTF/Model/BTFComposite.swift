// SPDX-License-Identifier: Apache-2.0

/// A struct or union: `BTF_KIND_STRUCT`, `BTF_KIND_UNION`.
public struct BTFComposite: Hashable, Sendable {
  /// Empty for an anonymous one.
  public var name: String
  /// Bytes, padding included.
  public var size: Int
  public var members: [Member]

  public init(name: String, size: Int, members: [Member]) {
    self.name = name
    self.size = size
    self.members = members
  }

  /// One field.
  public struct Member: Hashable, Sendable {
    /// Empty for an anonymous struct or union whose fields belong to the enclosing one.
    public var name: String
    public var type: TypeID
    /// Bits from the start of the struct; in a union 0.
    public var bitOffset: Int
    /// Bits of a bit field; 0 for a member that has its whole type.
    ///
    /// Compilers before Linux 4.20 wrote bit fields as integers of few `BTFInteger.bits` instead.
    public var bitSize: Int

    public init(name: String, type: TypeID, bitOffset: Int, bitSize: Int = 0) {
      self.name = name
      self.type = type
      self.bitOffset = bitOffset
      self.bitSize = bitSize
    }

    public var isBitField: Bool { bitSize != 0 }
  }
}
