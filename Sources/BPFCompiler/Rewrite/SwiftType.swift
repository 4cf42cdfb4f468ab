// SPDX-License-Identifier: Apache-2.0

/// A Swift type as memory: what a map, a record or a global variable holds.
indirect enum SwiftType: Sendable {
  /// An integer, named as C names it, of `size` bytes.
  case integer(name: String, size: Int, encoding: String)
  /// A pointer; nil for `void *`.
  case pointer(SwiftType?)
  case array(of: SwiftType, count: Int)
  case structure(name: String, fields: [Field], layout: Layout)
  /// An enumeration without associated values: the cases are numbered in order, whatever their raw values are.
  case enumeration(name: String, cases: [String], layout: Layout)
  /// Bytes that C has no words for, such as an enumeration with associated values.
  case opaque(name: String, layout: Layout)
  /// A type by another name, which says what it means.
  case alias(name: String, SwiftType)

  /// Bytes: no type of a probe is larger.
  static let largest = 1 << 32

  struct Field: Sendable {
    var name: String
    var type: SwiftType
    /// Bytes from the start of the struct.
    var offset: Int
  }

  /// Bytes. Swift leaves padding at the end of a type to the next field: `size` does not count it, `stride` does.
  struct Layout: Equatable, Sendable {
    var size: Int
    var alignment: Int
    var stride: Int { max(1, (size + alignment - 1) / alignment * alignment) }
  }

  var layout: Layout {
    switch self {
    case .integer(_, let size, _): Layout(size: size, alignment: max(size, 1))
    case .pointer: Layout(size: 8, alignment: 8)
    case .array(let element, let count):
      Layout(size: element.layout.stride * count, alignment: element.layout.alignment)
    case .structure(_, _, let layout), .enumeration(_, _, let layout), .opaque(_, let layout): layout
    case .alias(_, let type): type.layout
    }
  }

  /// The bytes that C's `sizeof` counts: with the padding at the end of a struct.
  var bytes: Int {
    switch self {
    case .structure, .opaque: layout.stride
    case .integer, .pointer, .array, .enumeration: layout.size
    case .alias(_, let type): type.bytes
    }
  }

  /// A struct with fields one after the other, each at a multiple of its alignment: the rule of Swift, and of C.
  static func structure(name: String, fields: [(name: String, type: SwiftType)]) -> SwiftType {
    var placed: [Field] = []
    var layout = Layout(size: 0, alignment: 1)
    for (name, type) in fields {
      let alignment = type.layout.alignment
      let offset = (layout.size + alignment - 1) / alignment * alignment
      placed.append(Field(name: name, type: type, offset: offset))
      layout = Layout(size: offset + type.layout.size, alignment: max(layout.alignment, alignment))
    }
    return .structure(name: name, fields: placed, layout: layout)
  }

  static let character = SwiftType.integer(name: "char", size: 1, encoding: "DW_ATE_signed_char")
  static let byte = SwiftType.integer(name: "unsigned char", size: 1, encoding: "DW_ATE_unsigned_char")
  static let int = SwiftType.integer(name: "int", size: 4, encoding: "DW_ATE_signed")
  static let unsignedInt = SwiftType.integer(name: "unsigned int", size: 4, encoding: "DW_ATE_unsigned")
}
