// SPDX-License-Identifier: Apache-2.0

/// A note on a declaration, from `__attribute__((btf_decl_tag("...")))`: `BTF_KIND_DECL_TAG`.
public struct BTFDeclTag: Hashable, Sendable {
  /// The note's text.
  public var name: String
  /// The struct, union, typedef, variable or function it is on.
  public var type: TypeID
  /// The member or parameter it is on, counted from 0; nil for the declaration itself.
  public var component: Int?
  /// The record's kind flag: the text is a whole attribute, not a tag.
  public var isAttribute: Bool

  public init(name: String, type: TypeID, component: Int? = nil, isAttribute: Bool = false) {
    self.name = name
    self.type = type
    self.component = component
    self.isAttribute = isAttribute
  }
}

/// A note on a type, from `__attribute__((btf_type_tag("...")))`, such as `rcu`: `BTF_KIND_TYPE_TAG`.
public struct BTFTypeTag: Hashable, Sendable {
  /// The note's text.
  public var name: String
  /// The type it qualifies.
  public var type: TypeID
  /// The record's kind flag: the text is a whole attribute, such as `address_space(1)`, not a tag.
  public var isAttribute: Bool

  public init(name: String, type: TypeID, isAttribute: Bool = false) {
    self.name = name
    self.type = type
    self.isAttribute = isAttribute
  }
}

/// A record of a kind that this library does not know, kept as it stands.
public struct BTFUnknown: Hashable, Sendable {
  public var name: String
  /// The kind's number, 20 to 127.
  public var kind: UInt8
  /// The record's `vlen`.
  public var count: Int
  /// The record's kind flag, bit 31 of `info`.
  public var flag: Bool
  /// The record's `size` or `type`.
  public var sizeOrType: UInt32
  /// What follows the record's first 12 bytes.
  public var payload: [UInt32]

  public init(name: String, kind: UInt8, count: Int, flag: Bool, sizeOrType: UInt32, payload: [UInt32]) {
    self.name = name
    self.kind = kind
    self.count = count
    self.flag = flag
    self.sizeOrType = sizeOrType
    self.payload = payload
  }
}
