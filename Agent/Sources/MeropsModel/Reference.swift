// SPDX-License-Identifier: Apache-2.0

/// The schema in the forms that people and tools read, made from the tables of ``EventKind`` and ``Field``.
public enum EventReference {
  /// The fields that an event of a kind can have, without those of its process.
  public static func fields(of kind: EventKind) -> [Field] {
    Field.allCases.filter { $0.definition.kinds.contains(kind) }
  }

  /// The fields that every event can have: its own, and those of its process.
  public static var commonFields: [Field] { Field.allCases.filter { $0.definition.kinds.isEmpty } }

  /// The first kernel on which an event can have the field: that of the oldest hook which reports such an event.
  public static func since(_ field: Field) -> String {
    let kinds = field.definition.kinds.isEmpty ? EventKind.allCases : field.definition.kinds
    let versions = kinds.flatMap { kind in
      kind.definition.hooks.isEmpty ? [oldest] : kind.definition.hooks.map { $0.since.isEmpty ? oldest : $0.since }
    }
    return versions.min { numbers($0).lexicographicallyPrecedes(numbers($1)) } ?? oldest
  }

  /// The first kernel that the sensors run on.
  private static let oldest = "5.10"

  private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").compactMap { Int($0) } }

  /// The event reference, as Markdown.
  public static func markdown() -> String {
    var text = """
      # Events

      What `merops` reports, and what expressions (`--where`) can ask about. In JSON, each event is one line: `time`, `event`,
      `id`, then those of the fields below that are known. Text that is not UTF-8 also stands in hexadecimal as `NAME.hex`;
      what the kernel had to cut is marked by `NAME.cut`. An absent field is not known, or does not apply. Fields marked with *
      stand in the JSON of `process.fork`, `process.exec` and `process.credentials` only, so that other lines are short;
      expressions can ask about them in every event, and `merops show` shows them.

      Hooks are listed best first, with the first kernel that has them where that is later than 5.10; `merops status` names
      the ones in use.

      | event | what happened | class | seen by |
      |---|---|---|---|

      """
    for kind in EventKind.allCases {
      let row = kind.definition
      let hooks = row.hooks.map { $0.since.isEmpty ? "`\($0.name)`" : "`\($0.name)` (\($0.since))" }
      text += "| `\(row.name)` | \(row.summary) | \(row.eventClass.name) | \(hooks.joined(separator: ", ")) |\n"
    }
    text += "\n## Fields of every event\n\n" + table(commonFields)
    for kind in EventKind.allCases {
      let fields = fields(of: kind)
      if fields.isEmpty { continue }
      text += "\n## `\(kind.name)`\n\n\(kind.definition.summary)\n\n" + table(fields)
    }
    return text
  }

  private static func table(_ fields: [Field]) -> String {
    fields.reduce("| field | type | what it is |\n|---|---|---|\n") { text, field in
      let row = field.definition
      let unit = row.unit.isEmpty ? "" : ", \(row.unit)"
      return text + "| `\(row.name)`\(field.isDetail ? " \\*" : "") | \(row.type.rawValue)\(unit) | \(row.summary) |\n"
    }
  }

  /// A JSON Schema (2020-12) of one line of JSON output.
  ///
  /// - Parameter indented: whether each property stands on a line of its own.
  public static func jsonSchema(indented: Bool = true) -> String {
    var properties = [
      #""time":{"type":"string","format":"date-time","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{9}Z$"}"#,
      #""event":{"enum":["# + EventKind.allCases.map { "\"\($0.name)\"" }.joined(separator: ",") + "]}",
      #""id":{"type":"string","pattern":"^[0-9A-HJKMNP-TV-Z]{13}$"}"#,
    ]
    for field in Field.allCases where field != .eventKind && field != .eventTime {
      let row = field.definition
      let unit = row.unit.isEmpty ? "" : " In \(row.unit)."
      let kinds = row.kinds.isEmpty ? "" : " Of \(row.kinds.map(\.name).joined(separator: ", "))."
      properties.append("\"\(row.name)\":{\(type(row.type)),\"description\":\(quoted(row.summary + unit + kinds))}")
      if row.type == .text || row.type == .texts {
        properties.append("\"\(row.name).hex\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]*$\"}")
        properties.append("\"\(row.name).cut\":{\"const\":true}")
      }
    }
    let (start, end) = indented ? ("\n", "\n") : ("", "")
    return #"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Merops event","type":"object","#
      + #""required":["time","event","id"],"additionalProperties":false,"properties":{"# + start
      + properties.joined(separator: "," + start) + end + "}}"
  }

  private static func type(_ type: ValueType) -> String {
    switch type {
    case .bool: #""type":"boolean""#
    case .int: #""type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807"#
    case .uint: #""type":"integer","minimum":0,"maximum":18446744073709551615"#
    case .text, .address: #""type":"string""#
    case .texts: #""type":"array","items":{"type":"string"}"#
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

extension String {
  fileprivate func replacing(_ part: Character, with other: String) -> String {
    reduce(into: "") { text, character in
      if character == part { text += other } else { text.append(character) }
    }
  }
}
