// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MeropsModel

/// ClickHouse over HTTP: `INSERT ... FORMAT JSONEachRow`. Columns have the fields' names with `_` for the point. A table may
/// have fewer columns than there are fields: what it does not have is passed over.
public struct ClickHouseRows: EventFormat {
  private let host: HostFacts

  public init(host: HostFacts) { self.host = host }

  private static let columns: [String] = (0...255).map { number in
    Field(rawValue: UInt8(number)).map { column($0) } ?? ""
  }

  private static func column(_ field: Field) -> String {
    String(field.name.map { $0 == "." ? "_" : $0 })
  }

  public mutating func append(_ event: Event, to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "{"))
    // Nanoseconds, as DateTime64(9) takes a whole number.
    buffer.member("time", "\(event.time / 1_000_000_000).\(Self.nineDigits(event.time % 1_000_000_000))")
    buffer.member("event", event.kind.name)
    buffer.member("id", event.id.description)
    buffer.member("host", host.name)
    var cut: [String] = []
    func append(_ field: Field, _ bytes: RawSpan, _ isCut: Bool) {
      let name = Self.columns[Int(field.rawValue)]
      if isCut { cut.append(name) }
      switch field.type {
      case .text:
        buffer.member(name, bytes)
      case .texts:
        buffer.open(name, "[")
        Packed.forEachText(bytes, isCut: isCut) { text, _ in buffer.element(text) }
        buffer.close("]")
      // An IPv6 column has IPv4 addresses in their mapped form, and takes them as such.
      case .address: buffer.member(name, Self.mapped(Packed.address(bytes)))
      default: buffer.member(name, field, bytes, isCut: false)
      }
    }
    event.process.facts.forEach { append($0, $1, $2) }
    event.withFacts { facts in Packed.forEach(facts) { append($0, $1, $2) } }
    if !cut.isEmpty {
      buffer.open("cut", "[")
      for name in cut { buffer.element(name) }
      buffer.close("]")
    }
    buffer += "}\n".utf8
  }

  private static func nineDigits(_ value: UInt64) -> String {
    let digits = String(value)
    return String(repeating: "0", count: 9 - digits.count) + digits
  }

  private static func mapped(_ address: Address) -> String { address.isIPv4 ? "::ffff:\(address)" : "\(address)" }

  /// The statement that makes a table for all fields, made from the schema.
  public static func tableStatement(_ table: String) -> String {
    let fields = Field.allCases.filter { $0 != .eventKind && $0 != .eventTime }.map { field in
      let type =
        switch field.type {
        case .bool: "Nullable(Bool)"
        case .int: "Nullable(Int64)"
        case .uint: "Nullable(UInt64)"
        case .text: "LowCardinality(Nullable(String))"
        case .texts: "Array(String)"
        case .address: "Nullable(IPv6)"
        }
      return "  \(column(field)) \(type)"
    }
    return """
      CREATE TABLE IF NOT EXISTS \(table) (
        time DateTime64(9, 'UTC'),
        event LowCardinality(String),
        id String,
        host LowCardinality(String),
        cut Array(String),
      \(fields.joined(separator: ",\n"))
      ) ENGINE = ReplacingMergeTree ORDER BY (host, time, id)

      """
  }

  /// For the server's URL, such as `http://127.0.0.1:8123/`, with the query that the server needs.
  ///
  /// - Throws: ``DeliveryError`` if the table's name is none.
  public static func url(_ server: String, table: String) throws(DeliveryError) -> String {
    let isName = table.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
        || byte == 0x2e
    }
    guard isName, !table.isEmpty, var parts = URLComponents(string: server) else {
      throw DeliveryError(
        "\"\(table)\" at \"\(server)\" is not a table of ClickHouse: use letters, digits, \"_\" and \".\".")
    }
    parts.queryItems =
      (parts.queryItems ?? []) + [
        URLQueryItem(name: "query", value: "INSERT INTO \(table) FORMAT JSONEachRow"),
        URLQueryItem(name: "input_format_skip_unknown_fields", value: "1"),
        URLQueryItem(name: "date_time_input_format", value: "best_effort"),
      ]
    return parts.string ?? server
  }
}
