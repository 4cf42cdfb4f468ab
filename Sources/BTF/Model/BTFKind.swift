// SPDX-License-Identifier: Apache-2.0

/// What a BTF record describes: `BTF_KIND_*` of `include/uapi/linux/btf.h`.
public enum BTFKind: UInt8, Hashable, Sendable, CaseIterable {
  /// `BTF_KIND_INT`
  case int = 1
  /// `BTF_KIND_PTR`
  case pointer
  /// `BTF_KIND_ARRAY`
  case array
  /// `BTF_KIND_STRUCT`
  case structure
  /// `BTF_KIND_UNION`
  case union
  /// `BTF_KIND_ENUM`: values of up to 32 bits.
  case enumeration
  /// `BTF_KIND_FWD`: a struct or union known by name only.
  case forward
  /// `BTF_KIND_TYPEDEF`
  case typedef
  /// `BTF_KIND_VOLATILE`
  case volatile
  /// `BTF_KIND_CONST`
  case const
  /// `BTF_KIND_RESTRICT`
  case restrict
  /// `BTF_KIND_FUNC`
  ///
  /// - Requires: Linux 5.0
  case function
  /// `BTF_KIND_FUNC_PROTO`
  ///
  /// - Requires: Linux 5.0
  case functionPrototype
  /// `BTF_KIND_VAR`
  ///
  /// - Requires: Linux 5.2
  case variable
  /// `BTF_KIND_DATASEC`
  ///
  /// - Requires: Linux 5.2
  case dataSection
  /// `BTF_KIND_FLOAT`
  ///
  /// - Requires: Linux 5.13
  case float
  /// `BTF_KIND_DECL_TAG`
  ///
  /// - Requires: Linux 5.16
  case declTag
  /// `BTF_KIND_TYPE_TAG`
  ///
  /// - Requires: Linux 5.17
  case typeTag
  /// `BTF_KIND_ENUM64`: values of up to 64 bits.
  ///
  /// - Requires: Linux 6.0
  case enumeration64
}

extension BTFKind {
  /// Whether the kind only renames or qualifies another type: typedef, const, volatile, restrict, type tag.
  @inlinable public var isModifier: Bool {
    switch self {
    case .typedef, .const, .volatile, .restrict, .typeTag: true
    default: false
    }
  }

  /// Whether the kind has members: struct or union.
  @inlinable public var isComposite: Bool { self == .structure || self == .union }

  /// Whether the kind is an enumeration of either width.
  @inlinable public var isEnumeration: Bool { self == .enumeration || self == .enumeration64 }
}

extension BTFKind: CustomStringConvertible {
  /// The name that the kernel's log and `bpftool btf dump` use, such as `STRUCT`.
  public var description: String {
    switch self {
    case .int: "INT"
    case .pointer: "PTR"
    case .array: "ARRAY"
    case .structure: "STRUCT"
    case .union: "UNION"
    case .enumeration: "ENUM"
    case .forward: "FWD"
    case .typedef: "TYPEDEF"
    case .volatile: "VOLATILE"
    case .const: "CONST"
    case .restrict: "RESTRICT"
    case .function: "FUNC"
    case .functionPrototype: "FUNC_PROTO"
    case .variable: "VAR"
    case .dataSection: "DATASEC"
    case .float: "FLOAT"
    case .declTag: "DECL_TAG"
    case .typeTag: "TYPE_TAG"
    case .enumeration64: "ENUM64"
    }
  }
}
