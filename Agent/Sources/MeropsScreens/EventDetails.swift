// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Everything known of an event, for `merops show` and the live screen.
public struct EventDetails: Sendable {
  var layout: LineLayout
  /// How many acts before and after the event are shown.
  public static let neighborCount = 5

  public init(layout: LineLayout) { self.layout = layout }

  /// The first line says it in words; then who, with the ancestry; what the process did before and after; and each field with
  /// its value.
  ///
  /// - Parameter events: others of the same process.
  public func lines(_ event: Event, among events: [Event] = [], users: inout UserNames) -> [String] {
    let line = EventLine(event, users: &users)
    let parts = [line.who, line.did, line.what].filter { !$0.isEmpty }.joined(separator: " ")
    let summary = "\(layout.time(event.time)): \(parts)" + (line.outcome.isEmpty ? "" : ": \(line.outcome)")
    var lines = wrapped(summary, 2) + [""]
    let definition = event.kind.definition
    lines += row("event", "\(definition.name) \(event.id): \(definition.summary.lowercasedStart)")
    let process = Reading(event.process)
    let chain = [event.process] + Array(event.process.ancestors)
    let names = chain.reversed().map { "\(Reading($0).text(.processName) ?? "?")(\($0.key.pid))" }
    lines += row("ancestry", names.joined(separator: " > "))
    if let arguments = process.texts(.processArguments), !arguments.isEmpty {
      lines += row("command", arguments.map(EventLine.quoted).joined(separator: " "))
    }
    let container = process.text(.containerID).map { id in
      [process.text(.containerRuntime), id].compactMap { $0 }.joined(separator: " ")
    }
    lines += row("place", "container \(container ?? "none"), cgroup \(process.text(.processCgroupPath) ?? "not known")")
    let own = events.filter { $0.process.key == event.process.key && $0.id != event.id }.sorted {
      ($0.time, $0.id) < ($1.time, $1.id)
    }
    let place = own.firstIndex { ($0.time, $0.id) > (event.time, event.id) } ?? own.endIndex
    for each in own[..<place].suffix(Self.neighborCount) {
      lines += row("before", act(each, Amount.duration(event.time - each.time) + " earlier", &users))
    }
    for each in own[place...].prefix(Self.neighborCount) {
      lines += row("after", act(each, Amount.duration(each.time - event.time) + " later", &users))
    }
    return lines + [""] + fields("the event's fields", event.facts)
      + fields("its process's fields", event.process.facts)
  }

  private func act(_ event: Event, _ time: String, _ users: inout UserNames) -> String {
    let line = EventLine(event, users: &users)
    return "\(time): \(line.did) \(line.what)" + (line.outcome.isEmpty ? "" : ": \(line.outcome)")
  }

  private static let margin = 10

  private func row(_ name: String, _ text: String) -> [String] {
    wrapped(name.fitted(to: Self.margin) + text.visible, Self.margin)
  }

  private func wrapped(_ text: String, _ indent: Int) -> [String] {
    layout.width.map { text.wrapped(to: $0 - 1, indent: indent) } ?? [text]
  }

  private func fields(_ title: String, _ facts: Facts) -> [String] {
    var rows: [(String, String)] = []
    facts.forEach { field, bytes, isCut in
      rows.append((field.name, Self.words(field, Packed.value(bytes, field.type, isCut: isCut))))
    }
    let width = rows.map(\.0.columns).max() ?? 0
    if rows.isEmpty { return ["\(title): none"] }
    return [title] + rows.flatMap { wrapped("  \($0.0.fitted(to: width))  \($0.1)", 4) }
  }

  /// A value with its unit.
  static func words(_ field: Field, _ value: Value) -> String {
    switch value {
    case .bool(let isTrue): isTrue ? "yes" : "no"
    case .int(let number): "\(number)"
    case .uint(let number):
      switch field.definition.unit {
      case "ns" where field != .eventTime: "\(number) (\(Amount.duration(number)))"
      case "bytes": number < 1024 ? "\(number)" : "\(number) (\(Amount.bytes(number)))"
      default: field.name.hasSuffix("mode") ? "0" + String(number, radix: 8) : "\(number)"
      }
    case .text(let text): text.description.visible
    case .texts(let texts): texts.map { EventLine.quoted($0.description).visible }.joined(separator: " ")
    case .address(let address): "\(address)"
    }
  }
}

extension String {
  fileprivate var lowercasedStart: String {
    let text = hasSuffix(".") ? String(dropLast()) : self
    // An abbreviation stays what it is.
    return text.dropFirst().first?.isLowercase == false && text.count > 1 && text.dropFirst().first != " "
      ? text : text.prefix(1).lowercased() + text.dropFirst()
  }
}
