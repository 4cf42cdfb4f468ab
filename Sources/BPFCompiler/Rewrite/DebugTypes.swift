// SPDX-License-Identifier: Apache-2.0

import BTF

/// Writes types as debug metadata of the shape that clang writes for C, from which LLVM makes BTF.
struct DebugTypes {
  private var known: [String: Int] = [:]

  /// The node of a type; equal types share one.
  mutating func node(_ type: SwiftType, in metadata: inout Metadata) -> Int {
    switch type {
    case .integer(let name, let size, let encoding):
      return add("!DIBasicType(name: \"\(name)\", size: \(size * 8), encoding: \(encoding))", &metadata)
    case .pointer(let pointee):
      return pointer(to: pointee.map { node($0, in: &metadata) }, in: &metadata)
    case .array(let element, let count):
      return array(of: node(element, in: &metadata), count: count, size: type.layout.size, in: &metadata)
    case .structure(let name, let fields, let layout):
      let members = fields.map { field in
        (field.name, node(field.type, in: &metadata), field.offset, field.type.layout.stride)
      }
      return structure(name: name, members: members, size: layout.stride, in: &metadata)
    case .enumeration(let name, let cases, let layout):
      let elements = cases.enumerated().map { index, name in
        add("!DIEnumerator(name: \(Self.name(name)), value: \(index), isUnsigned: true)", &metadata)
      }
      let base = node(.integer(name: "unsigned char", size: layout.size, encoding: "DW_ATE_unsigned"), in: &metadata)
      return add(
        "!DICompositeType(tag: DW_TAG_enumeration_type, name: \(Self.name(name)), baseType: !\(base), "
          + "size: \(layout.size * 8), elements: \(tuple(elements, &metadata)))", &metadata)
    case .alias(let name, let type):
      let base = node(type, in: &metadata)
      return add("!DIDerivedType(tag: DW_TAG_typedef, name: \(Self.name(name)), baseType: !\(base))", &metadata)
    case .opaque(let name, let layout):
      let byte = node(.integer(name: "unsigned char", size: 1, encoding: "DW_ATE_unsigned_char"), in: &metadata)
      let bytes = array(of: byte, count: layout.size, size: layout.size, in: &metadata)
      return structure(name: name, members: [("bytes", bytes, 0, layout.size)], size: layout.stride, in: &metadata)
    }
  }

  mutating func pointer(to node: Int?, in metadata: inout Metadata) -> Int {
    let base = node.map { "!\($0)" } ?? "null"
    return add("!DIDerivedType(tag: DW_TAG_pointer_type, baseType: \(base), size: 64)", &metadata)
  }

  mutating func array(of node: Int, count: Int, size: Int, in metadata: inout Metadata) -> Int {
    let range = add("!DISubrange(count: \(count))", &metadata)
    return add(
      "!DICompositeType(tag: DW_TAG_array_type, baseType: !\(node), size: \(size * 8), "
        + "elements: \(tuple([range], &metadata)))", &metadata)
  }

  /// A struct of members with their offset and size in bytes.
  mutating func structure(
    name: String, members: [(name: String, type: Int, offset: Int, size: Int)], size: Int, in metadata: inout Metadata
  ) -> Int {
    let elements = members.map { member in
      add(
        "!DIDerivedType(tag: DW_TAG_member, name: \(Self.name(member.name)), baseType: !\(member.type), "
          + "size: \(member.size * 8), offset: \(member.offset * 8))", &metadata)
    }
    let label = name.isEmpty ? "" : "name: \(Self.name(name)), "
    return add(
      "!DICompositeType(tag: DW_TAG_structure_type, \(label)size: \(size * 8), "
        + "elements: \(tuple(elements, &metadata)))", &metadata)
  }

  /// The type of a function; nil for a result of `void`.
  mutating func function(result: Int?, parameters: [Int], in metadata: inout Metadata) -> Int {
    let types = [result.map { "!\($0)" } ?? "null"] + parameters.map { "!\($0)" }
    let list = add("!{\(types.joined(separator: ", "))}", &metadata)
    return add("!DISubroutineType(types: !\(list))", &metadata)
  }

  /// The kernel takes only C identifiers for names of types and their parts.
  private static func name(_ name: String) -> String { IRText.literal(CIdentifier.encoded(name)) }

  private mutating func tuple(_ nodes: [Int], _ metadata: inout Metadata) -> String {
    "!\(add("!{\(nodes.map { "!\($0)" }.joined(separator: ", "))}", &metadata))"
  }

  private mutating func add(_ text: String, _ metadata: inout Metadata) -> Int {
    if let number = known[text] { return number }
    let number = metadata.append(text)
    known[text] = number
    return number
  }
}
