// SPDX-License-Identifier: Apache-2.0

package import BTFCoding

extension BTFDiff: CustomStringConvertible {
  /// The difference for people: a line per type, indented lines for what changed in it.
  ///
  /// `+` is on the new side only, `-` on the old side only, `~` on both. Offsets are bytes, or bytes:bits.
  public var description: String {
    if isEmpty { return "no difference\n" }
    var text = "\(added.count) added, \(removed.count) removed, \(changed.count) changed\n"
    for (sign, entries) in [("+", added), ("-", removed)] where !entries.isEmpty {
      text += "\n"
      for entry in entries {
        let hasSize = entry.kind == .structure || entry.kind == .union
        text += "\(sign) \(entry.declaration)\(hasSize ? " (\(entry.size ?? 0) bytes)" : "")\n"
      }
    }
    if !changed.isEmpty { text += "\n" }
    for change in changed {
      text += "~ \(change.kind.rawValue) \(change.name)\n"
      for line in Self.lines(change.details) { text += "    \(line)\n" }
    }
    return text
  }

  private static func lines(_ details: [Detail]) -> [String] {
    var lines: [String] = []
    var rest = details[...]
    while let detail = rest.popFirst() {
      guard case .memberMoved(let first, let from, let to) = detail else {
        lines.append(line(detail))
        continue
      }
      // Whatever follows a new member moves with it: one line for all.
      var (last, count) = (first, 1)
      while case .memberMoved(let name, let start, let end)? = rest.first, end - start == to - from {
        (last, count) = (name, count + 1)
        rest = rest.dropFirst()
      }
      let by = (to > from ? "+" : "-") + place(abs(to - from))
      lines.append(
        count == 1
          ? "~ \(first): moved \(place(from)) -> \(place(to))"
          : "~ \(first) ... \(last): \(count) members moved by \(by), from \(place(from)) -> \(place(to))")
    }
    return lines
  }

  private static func line(_ detail: Detail) -> String {
    switch detail {
    case .size(let from, let to): "size \(from) -> \(to)"
    case .type(let from, let to): "\(from) -> \(to)"
    case .memberAdded(let name, let type, let offset): "+ \(name): \(type), at \(place(offset))"
    case .memberRemoved(let name, let type, let offset): "- \(name): \(type), at \(place(offset))"
    case .memberType(let name, let from, let to): "~ \(name): \(from) -> \(to)"
    case .memberMoved(let name, let from, let to): "~ \(name): moved \(place(from)) -> \(place(to))"
    case .valueAdded(let name, let value): "+ \(name) = \(value)"
    case .valueRemoved(let name, let value): "- \(name) = \(value)"
    case .valueChanged(let name, let from, let to): "~ \(name): \(from) -> \(to)"
    }
  }

  private static func place(_ bits: Int) -> String { bits % 8 == 0 ? "\(bits / 8)" : "\(bits / 8):\(bits % 8)" }
}

extension BTFDiff {
  /// The difference as one JSON object: `added`, `removed`, `changed`; offsets in bits, sizes in bytes.
  public var json: String {
    var json = JSONWriter()
    write(to: &json)
    return json.text
  }

  package func write(to json: inout JSONWriter) {
    json.beginObject()
    for (name, entries) in [("added", added), ("removed", removed)] {
      json.key(name)
      json.beginArray()
      for entry in entries {
        json.beginObject()
        json.field("kind", entry.kind.rawValue)
        json.field("name", entry.name)
        json.field("declaration", entry.declaration)
        if let size = entry.size { json.field("size", size) }
        json.endObject()
      }
      json.endArray()
    }
    json.key("changed")
    json.beginArray()
    for change in changed {
      json.beginObject()
      json.field("kind", change.kind.rawValue)
      json.field("name", change.name)
      json.key("details")
      json.beginArray()
      for detail in change.details { Self.write(detail, to: &json) }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  private static func write(_ detail: Detail, to json: inout JSONWriter) {
    json.beginObject()
    switch detail {
    case .size(let from, let to): fields("size", from, to, &json)
    case .type(let from, let to): fields("type", from, to, &json)
    case .memberAdded(let name, let type, let offset), .memberRemoved(let name, let type, let offset):
      if case .memberAdded = detail {
        json.field("change", "member added")
      } else {
        json.field("change", "member removed")
      }
      json.field("name", name)
      json.field("type", type)
      json.field("bit_offset", offset)
    case .memberType(let name, let from, let to): fields("member type", name: name, from, to, &json)
    case .memberMoved(let name, let from, let to): fields("member moved", name: name, from, to, &json)
    case .valueAdded(let name, let value), .valueRemoved(let name, let value):
      if case .valueAdded = detail {
        json.field("change", "value added")
      } else {
        json.field("change", "value removed")
      }
      json.field("name", name)
      json.field("value", value)
    case .valueChanged(let name, let from, let to): fields("value changed", name: name, from, to, &json)
    }
    json.endObject()
  }

  private static func fields(
    _ change: String, name: String? = nil, _ from: some BinaryInteger, _ to: some BinaryInteger,
    _ json: inout JSONWriter
  ) {
    json.field("change", change)
    if let name { json.field("name", name) }
    json.field("from", from)
    json.field("to", to)
  }

  private static func fields(
    _ change: String, name: String? = nil, _ from: String, _ to: String, _ json: inout JSONWriter
  ) {
    json.field("change", change)
    if let name { json.field("name", name) }
    json.field("from", from)
    json.field("to", to)
  }
}
