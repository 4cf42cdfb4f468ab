// SPDX-License-Identifier: Apache-2.0

/// An integer of the kernel, as C and Swift name it.
struct KernelScalar: Hashable, Sendable {
  var bytes: Int
  var isSigned: Bool
  var isBool = false
  /// The enumeration that it is of. One without name gets one: CO-RE compares the names only if both have one.
  var enumeration: String?

  var swift: String { isBool ? "Bool" : (isSigned ? "Int" : "UInt") + "\(bytes * 8)" }

  var c: String {
    if isBool { return "_Bool" }
    let name =
      switch bytes {
      case 1: "char"
      case 2: "short"
      case 4: "int"
      default: "long long"
      }
    return (isSigned ? (bytes == 1 ? "signed " : "") : "unsigned ") + name
  }
}

/// What a field is, as far as reading it goes.
indirect enum FieldShape: Hashable, Sendable {
  case scalar(KernelScalar)
  case bitField(KernelScalar, bits: Int)
  /// To a struct or union with a view of this name.
  case pointer(view: String)
  /// To an array of pointers to such.
  case pointerList(view: String)
  /// To integers of more than a byte.
  case scalarList(KernelScalar)
  /// To text, bytes, functions, and what has no name.
  case rawPointer
  /// Part of a view, at a path in it: a struct or union without name, and whatever lies in a context.
  case embedded(view: String)
  /// A struct or union inside, with a view of this name.
  case structure(view: String)
  case scalars(KernelScalar, count: Int)
  case pointers(view: String, count: Int)
  /// Of a struct or union with a view of this name.
  case structures(view: String, LocalKey, count: Int)
  /// Where the field is, and no more.
  case address
  /// Where the text of a tracepoint's record is; with `__rel_loc_`, counted from the end of the field.
  case text(isRelative: Bool)
}

/// A field as the probe names it.
struct ViewField: Hashable, Sendable {
  var name: String
  /// As C names it: with the prefix of a tracepoint's text.
  var member: String
  var shape: FieldShape
  /// The struct that has it, if it is another one than the view's: of a flavor.
  var flavor: LocalKey?
}

/// A Swift type that is one address: of a struct or union, or of one that holds it.
struct KernelView: Hashable, Sendable {
  /// How the view is used.
  enum Role: Hashable, Sendable {
    /// A type of its own, to be read directly or by probing.
    case object
    /// Part of another, at `path`: `whole` is the view of the struct that it is, if that has a name.
    case part(whole: String?)
    /// What a program is given: read directly.
    case context(namespace: String)
  }

  var name: String
  var role: Role
  /// The struct whose address is held.
  var root: LocalKey
  /// From there to what is viewed.
  var path: [String]
  /// Whether it is a context or part of one: read from the context's own address.
  var isInContext = false
  var fields: [ViewField] = []
  /// What is asked about fields without reading them.
  var inquiries: [FieldInquiry: [ViewField]] = [:]
  var typeInquiries: Set<TypeInquiry> = []
  /// Whether other addresses are taken for the type: `task_struct.cast(address)`.
  var isCastTo = false
}

/// What CO-RE can answer about a field: `task_struct.exists.comm`.
enum FieldInquiry: String, CaseIterable {
  case exists, offset, fieldSize, isSigned, leftShift, rightShift
}

/// What CO-RE can answer about a type: `task_struct.size`.
enum TypeInquiry: String, CaseIterable {
  case isPresent, size, matches, localID, kernelID
}

/// A struct or union by name.
struct LocalKey: Hashable, Sendable, Comparable {
  var isUnion: Bool
  var name: String

  var c: String { (isUnion ? "union " : "struct ") + name }

  static func < (a: LocalKey, b: LocalKey) -> Bool {
    (a.name, a.isUnion ? 1 : 0) < (b.name, b.isUnion ? 1 : 0)
  }
}
