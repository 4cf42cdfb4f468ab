// SPDX-License-Identifier: Apache-2.0

/// One type, decoded: a plain value that refers to other types by id.
public enum BTFType: Hashable, Sendable {
  /// Id 0. No record describes it.
  case void
  case int(BTFInteger)
  case pointer(TypeID)
  case array(BTFArray)
  case structure(BTFComposite)
  case union(BTFComposite)
  /// Both widths: `BTF_KIND_ENUM` and `BTF_KIND_ENUM64`.
  case enumeration(BTFEnumeration)
  /// A struct or union known by name only.
  case forward(name: String, isUnion: Bool)
  case typedef(name: String, type: TypeID)
  case volatile(TypeID)
  case const(TypeID)
  case restrict(TypeID)
  case function(BTFFunction)
  case functionPrototype(BTFPrototype)
  case variable(BTFVariable)
  case dataSection(BTFDataSection)
  /// `size` in bytes.
  case float(name: String, size: Int)
  case declTag(BTFDeclTag)
  case typeTag(BTFTypeTag)
  /// A kind newer than this library, which the layout section allowed to step over.
  case unknown(BTFUnknown)
}

extension BTFType {
  /// The kind of record that holds the type; nil for `void` and for kinds newer than this library.
  public var kind: BTFKind? {
    switch self {
    case .void, .unknown: nil
    case .int: .int
    case .pointer: .pointer
    case .array: .array
    case .structure: .structure
    case .union: .union
    case .enumeration(let e): e.is64Bit ? .enumeration64 : .enumeration
    case .forward: .forward
    case .typedef: .typedef
    case .volatile: .volatile
    case .const: .const
    case .restrict: .restrict
    case .function: .function
    case .functionPrototype: .functionPrototype
    case .variable: .variable
    case .dataSection: .dataSection
    case .float: .float
    case .declTag: .declTag
    case .typeTag: .typeTag
    }
  }

  /// The type's own name (a tag's text); empty for anonymous types and kinds without name.
  public var name: String {
    switch self {
    case .void, .pointer, .array, .volatile, .const, .restrict, .functionPrototype: ""
    case .int(let i): i.name
    case .structure(let c), .union(let c): c.name
    case .enumeration(let e): e.name
    case .forward(let name, _), .typedef(let name, _), .float(let name, _): name
    case .function(let f): f.name
    case .variable(let v): v.name
    case .dataSection(let s): s.name
    case .declTag(let t): t.name
    case .typeTag(let t): t.name
    case .unknown(let u): u.name
    }
  }

  /// The size in bytes that the record itself states; `BTFTypes.size(of:)` also follows references.
  public var size: Int? {
    switch self {
    case .int(let i): i.size
    case .structure(let c), .union(let c): c.size
    case .enumeration(let e): e.size
    case .dataSection(let s): s.size
    case .float(_, let size): size
    default: nil
    }
  }

  /// The one type that the record refers to: a pointer's target, an array's element, a prototype's result.
  public var referenced: TypeID? {
    switch self {
    case .pointer(let id), .volatile(let id), .const(let id), .restrict(let id), .typedef(_, let id): id
    case .array(let a): a.element
    case .function(let f): f.type
    case .functionPrototype(let p): p.result
    case .variable(let v): v.type
    case .declTag(let t): t.type
    case .typeTag(let t): t.type
    case .void, .int, .structure, .union, .enumeration, .forward, .dataSection, .float, .unknown: nil
    }
  }

  /// The members, when the type is a struct or union.
  public var composite: BTFComposite? {
    switch self {
    case .structure(let c), .union(let c): c
    default: nil
    }
  }
}
