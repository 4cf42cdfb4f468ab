// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// Names without their flavor: `task_struct___old` and `task_struct` are the same type to CO-RE.
enum COREName {
  /// The name up to its last flavor: three underscores with no other underscore beside them, something before and after.
  static func essential(_ name: String) -> Substring {
    let bytes = name.utf8
    guard bytes.count >= 5 else { return name[...] }
    let underscore = UInt8(ascii: "_")
    var end = bytes.endIndex
    var run = 0
    // From the back, to the first run of exactly three.
    while end > bytes.startIndex {
      let index = bytes.index(before: end)
      if bytes[index] == underscore {
        run += 1
      } else {
        let start = bytes.index(after: index)
        if run == 3, bytes.index(start, offsetBy: 3) < bytes.endIndex { return name[..<start] }
        run = 0
      }
      end = index
    }
    return name[...]
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
