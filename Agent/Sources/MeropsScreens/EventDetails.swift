// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Everything known of an event, for `merops show`.
public struct EventDetails: Sendable {
  private let layout: LineLayout

  public init(layout: LineLayout) { self.layout = layout }

  /// The first line says it in words; then who, the ancestry, and each field with its value.
  public func text(_ event: Event, users: inout UserNames) -> String {
    let line = EventLine(event, users: &users)
    let parts = [line.who, line.did, line.what].filter { !$0.isEmpty }.joined(separator: " ")
    var text = "\(layout.time(event.time)): \(parts)" + (line.outcome.isEmpty ? "" : ": \(line.outcome)") + "\n\n"
    text += "event     \(event.kind.name) \(event.id), \(event.kind.definition.summary.lowercasedStart)\n"
    let chain = [event.process] + Array(event.process.ancestors)
    let names = chain.reversed().map { process in
      let reading = Reading(process)
      return "\(reading.text(.processName) ?? "?")(\(process.key.pid))"
    }
    text += "ancestry  " + names.joined(separator: " > ").visible + "\n"
    text += "event's fields\n" + fields(event.facts)
    text += "process's fields\n" + fields(event.process.facts)
    return text
  }

  private func fields(_ facts: Facts) -> String {
    var rows: [(String, String)] = []
    facts.forEach { field, bytes, isCut in
      rows.append((field.name, Self.words(field, Packed.value(bytes, field.type, isCut: isCut))))
    }
    let width = rows.map(\.0.columns).max() ?? 0
    if rows.isEmpty { return "  none\n" }
    return rows.map { "  \($0.0.fitted(to: width))  \($0.1)\n" }.joined()
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
    case .texts(let texts): texts.map { $0.description.visible }.joined(separator: " ")
    case .address(let address): "\(address)"
    }
  }
}

extension String {
  fileprivate var lowercasedStart: String {
    let text = hasSuffix(".") ? String(dropLast()) : self
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
