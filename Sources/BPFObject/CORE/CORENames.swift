// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// Names without their flavor: `task_struct___old` and `task_struct` are the same type to CO-RE.
enum COREName {
  /// The name up to its last flavor: three underscores with another character on either side.
  static func essential(_ name: String) -> Substring {
    var name = name
    let length = name.withUTF8 { BTFTypes.essentialLength(of: UnsafeRawBufferPointer($0)) }
    return name[..<name.utf8.index(name.startIndex, offsetBy: length)]
  }

  static func match(_ a: String, _ b: String) -> Bool { essential(a) == essential(b) }
}

extension COREKind {
  var isField: Bool { rawValue <= COREKind.fieldRightShift.rawValue }

  var isEnumValue: Bool { self == .enumValueExists || self == .enumValue }

  var isType: Bool { !isField && !isEnumValue }

  /// In words, for messages.
  var words: String {
    switch self {
    case .fieldByteOffset: "field offset"
    case .fieldByteSize: "field size"
    case .fieldExists: "field existence"
    case .fieldSigned: "field signedness"
    case .fieldLeftShift: "bit field's left shift"
    case .fieldRightShift: "bit field's right shift"
    case .localTypeID: "local type id"
    case .targetTypeID: "kernel's type id"
    case .typeExists: "type existence"
    case .typeSize: "type size"
    case .enumValueExists: "enumerator existence"
    case .enumValue: "enumerator value"
    case .typeMatches: "type match"
    }
  }
}
