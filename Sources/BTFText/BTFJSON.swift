// SPDX-License-Identifier: Apache-2.0

public import BTF
import BTFCoding

/// Prints types as JSON, with the member names and values of `bpftool --json btf dump`.
public struct BTFJSON: Sendable {
  public let types: BTFTypes

  public init(_ types: BTFTypes) { self.types = types }

  /// An object whose member `types` is an array of types: those asked for, or all of this BTF itself.
  ///
  /// - Throws: ``BTFError`` for an id that no type has.
  public func text(of ids: [TypeID]? = nil) throws(BTFError) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.key("types")
    json.beginArray()
    if let ids {
      for id in ids { try write(id, to: &json) }
    } else {
      for id in types.ids { try write(id, to: &json) }
    }
    json.endArray()
    json.endObject()
    return json.text
  }

  private func write(_ id: TypeID, to json: inout JSONWriter) throws(BTFError) {
    let type = try types.type(id)
    json.beginObject()
    json.field("id", id.rawValue)
    json.field("kind", type.kind?.description ?? "UNKNOWN")
    json.field("name", Self.shown(type.name))
    Self.write(type, to: &json)
    json.endObject()
  }

  private static func shown(_ name: String) -> String { name.isEmpty ? "(anon)" : name }

  private static func write(_ type: BTFType, to json: inout JSONWriter) {
    switch type {
    case .void: break
    case .int(let integer):
      json.field("size", integer.size)
      json.field("bits_offset", integer.bitOffset)
      json.field("nr_bits", integer.bits)
      json.field("encoding", encoding(integer.encoding))
    case .pointer(let target), .const(let target), .volatile(let target), .restrict(let target),
      .typedef(_, let target):
      json.field("type_id", target.rawValue)
    case .typeTag(let tag): json.field("type_id", tag.type.rawValue)
    case .array(let array):
      json.field("type_id", array.element.rawValue)
      json.field("index_type_id", array.index.rawValue)
      json.field("nr_elems", array.count)
    case .structure(let composite), .union(let composite): members(composite, to: &json)
    case .enumeration(let enumeration): values(enumeration, to: &json)
    case .forward(_, let isUnion): json.field("fwd_kind", isUnion ? "union" : "struct")
    case .function(let function):
      json.field("type_id", function.type.rawValue)
      json.field("linkage", function.linkage.description)
    case .functionPrototype(let prototype):
      json.field("ret_type_id", prototype.result.rawValue)
      array("params", prototype.parameters, to: &json) { parameter, json in
        json.field("name", shown(parameter.name))
        json.field("type_id", parameter.type.rawValue)
      }
    case .variable(let variable):
      json.field("type_id", variable.type.rawValue)
      json.field("linkage", variable.linkage.description)
    case .dataSection(let section):
      json.field("size", section.size)
      array("vars", section.entries, to: &json) { entry, json in
        json.field("type_id", entry.type.rawValue)
        json.field("offset", entry.offset)
        json.field("size", entry.size)
      }
    case .float(_, let size): json.field("size", size)
    case .declTag(let tag):
      json.field("type_id", tag.type.rawValue)
      json.field("component_idx", tag.component ?? -1)
    case .unknown(let unknown):
      json.field("number", unknown.kind)
      json.field("size", unknown.sizeOrType)
    }
  }

  private static func members(_ composite: BTFComposite, to json: inout JSONWriter) {
    json.field("size", composite.size)
    array("members", composite.members, to: &json) { member, json in
      json.field("name", shown(member.name))
      json.field("type_id", member.type.rawValue)
      json.field("bits_offset", member.bitOffset)
      if member.isBitField { json.field("bitfield_size", member.bitSize) }
    }
  }

  private static func values(_ enumeration: BTFEnumeration, to json: inout JSONWriter) {
    json.field("encoding", enumeration.isSigned ? "SIGNED" : "UNSIGNED")
    json.field("size", enumeration.size)
    array("values", enumeration.values, to: &json) { value, json in
      json.field("name", shown(value.name))
      json.key("val")
      enumeration.isSigned ? json.integer(value.signed) : json.integer(value.unsigned)
    }
  }

  private static func array<Element>(
    _ name: String, _ elements: [Element], to json: inout JSONWriter,
    _ body: (Element, inout JSONWriter) -> Void
  ) {
    json.field("vlen", elements.count)
    json.key(name)
    json.beginArray()
    for element in elements {
      json.beginObject()
      body(element, &json)
      json.endObject()
    }
    json.endArray()
  }

  private static func encoding(_ encoding: BTFInteger.Encoding) -> String {
    if encoding.isEmpty { return "(none)" }
    if encoding.contains(.signed) { return "SIGNED" }
    return encoding.contains(.char) ? "CHAR" : encoding.contains(.bool) ? "BOOL" : "UNKN"
  }
}
