// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct FieldsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fields",
    abstract: "List what conditions (--where) can ask about, with types, units and events.",
    discussion: """
      No agent has to run. Fields without events are those of every event: of its process.

      EXAMPLES
        merops fields                  all
        merops fields file             those whose names begin so
        merops fields network.connect  those that an event of this kind can have
        merops fields --schema         a JSON Schema of the events in JSON
      """)

  @Argument(help: "The beginning of a field's name, or an event.")
  var prefix: String?
  @Flag(help: "Print a JSON Schema (2020-12) of one line of JSON.")
  var schema = false

  func run() throws {
    if schema { return Output.line(EventReference.jsonSchema()) }
    let fields = try found()
    var table = TextTable(["FIELD", "TYPE", "LINUX", "EVENTS", "WHAT IT IS"])
    for field in fields {
      let row = field.definition
      table.add([
        field.name, row.type.rawValue + (row.unit.isEmpty ? "" : ", " + row.unit), EventReference.since(field),
        Self.names(row.kinds), row.summary,
      ])
    }
    Output.lines(Terminal.width.map { table.wrappedLines(width: $0) } ?? table.lines())
  }

  private func found() throws -> [Field] {
    guard let prefix else { return Field.allCases }
    if let kind = EventKind(name: prefix) { return EventReference.fields(of: kind) + EventReference.commonFields }
    let fields = Field.allCases.filter { $0.name == prefix || $0.name.hasPrefix(prefix) }
    guard fields.isEmpty else { return fields }
    let names = Field.allCases.map(\.name) + EventKind.allCases.map(\.name)
    let groups = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) }).sorted()
    let meant = Spelling.nearest(to: prefix, among: names + groups).map { "; did you mean `\($0)`?" } ?? "."
    throw ControlError.notFound(
      "No field's name begins with `\(prefix)`\(meant)\nThey begin with \(groups.joined(separator: ", ")).")
  }

  /// `file.*` for all events of a class.
  private static func names(_ kinds: [EventKind]) -> String {
    var names: [String] = []
    var rest = kinds
    while let kind = rest.first {
      let group = kind.name.split(separator: ".")[0] + "."
      let all = EventKind.allCases.filter { $0.name.hasPrefix(group) }
      if all.count > 1, all.allSatisfy(kinds.contains) {
        names.append(group + "*")
        rest.removeAll { all.contains($0) }
      } else {
        names.append(kind.name)
        rest.removeFirst()
      }
    }
    return names.joined(separator: ", ")
  }
}
