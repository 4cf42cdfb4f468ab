// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import Yams

/// One place that events go to besides the store.
public struct SinkSettings: Hashable, Sendable {
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case file, syslog, otlp, webhook, clickhouse

    /// What it is, for the reference.
    public var summary: String {
      switch self {
      case .file: "a file of JSON lines, moved away when it is large"
      case .syslog: "RFC 5424 messages"
      case .otlp: "OpenTelemetry's log records over HTTP"
      case .webhook: "JSON lines over HTTP, as the bodies of POST requests"
      case .clickhouse: "rows of a table, over HTTP"
      }
    }
  }

  public enum Format: String, CaseIterable, Hashable, Sendable {
    case json, ocsf, ecs
  }

  public var name = ""
  public var kind = Kind.file
  public var path: String?
  public var url: String?
  public var format = Format.json
  public var condition: String?
  public var table = "events"
  public var tokenFile: String?
  public var size: UInt64 = 100 << 20
  public var keep = 5

  public init() {}

  /// A key of one sink.
  public struct Key: Sendable {
    public let name: String
    public let form: String
    public let summary: String
    let set: @Sendable (ConfigurationValue, inout SinkSettings) throws(ConfigurationProblem) -> Void
    let show: @Sendable (SinkSettings) -> String?
  }

  public static let keys: [Key] = [
    Key(
      name: "name", form: "a word",
      summary: "What status and metrics call it, and where the store remembers its place.",
      set: { value, sink throws(ConfigurationProblem) in
        let text = try value.text()
        let isName = text.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
            || [0x2d, 0x5f, 0x2e].contains(byte)
        }
        guard isName, let first = text.first, first.isLetter || first.isNumber else {
          throw value.problem("has to be a word of letters, digits, `-`, `_` and `.`")
        }
        sink.name = text
      }, show: { $0.name }),
    Key(
      name: "kind", form: Kind.allCases.map(\.rawValue).joined(separator: ", "),
      summary: Kind.allCases.map { "\($0.rawValue): \($0.summary)" }.joined(separator: "; ") + ".",
      set: { value, sink throws(ConfigurationProblem) in
        let text = try value.text()
        guard let kind = Kind(rawValue: text) else {
          throw value.problem(
            "is not a kind of sink", candidates: Kind.allCases.map(\.rawValue), written: text)
        }
        sink.kind = kind
      }, show: { $0.kind.rawValue }),
    Key(
      name: "path", form: "a path", summary: "The file; for syslog a unix socket, such as /dev/log.",
      set: { value, sink throws(ConfigurationProblem) in
        let text = try value.text()
        guard text.hasPrefix("/") else { throw value.problem("has to be a path from the root on") }
        sink.path = text
      }, show: { $0.path }),
    Key(
      name: "url", form: "a URL",
      summary: "Where to: http:// or https://; for syslog udp://HOST:PORT or tcp://HOST:PORT.",
      set: { value, sink throws(ConfigurationProblem) in sink.url = try value.text() }, show: { $0.url }),
    Key(
      name: "format", form: "json, ocsf or ecs", summary: "The names in JSON, for files, syslog and webhooks.",
      set: { value, sink throws(ConfigurationProblem) in
        guard let format = Format(rawValue: try value.text()) else {
          throw value.problem("has to be json, ocsf or ecs")
        }
        sink.format = format
      }, show: { $0.format == .json ? nil : $0.format.rawValue }),
    Key(
      name: "where", form: "a condition", summary: "Which events go there, in the expression language.",
      set: { value, sink throws(ConfigurationProblem) in
        let text = try value.text()
        do { _ = try EventExpression(text) } catch { throw value.problem("is wrong: \(error)") }
        sink.condition = text
      }, show: { $0.condition.map { "'" + $0.replacing("'", with: "''") + "'" } }),
    Key(
      name: "table", form: "a name", summary: "The table of ClickHouse.",
      set: { value, sink throws(ConfigurationProblem) in sink.table = try value.text() },
      show: { $0.kind == .clickhouse ? $0.table : nil }),
    Key(
      name: "token_file", form: "a path", summary: "A file whose first line is sent as `Authorization: Bearer`.",
      set: { value, sink throws(ConfigurationProblem) in sink.tokenFile = try value.text() }, show: { $0.tokenFile }),
    Key(
      name: "size", form: "a number of bytes", summary: "After which a file is moved away.",
      set: { value, sink throws(ConfigurationProblem) in sink.size = try value.bytes() },
      show: { $0.kind == .file ? ConfigurationValue.written(bytes: $0.size) : nil }),
    Key(
      name: "keep", form: "a number", summary: "How many files that were moved away are kept.",
      set: { value, sink throws(ConfigurationProblem) in
        guard let number = Int(try value.text()), (0...1000).contains(number) else {
          throw value.problem("has to be a number from 0 to 1000")
        }
        sink.keep = number
      }, show: { $0.kind == .file ? "\($0.keep)" : nil }),
  ]

  static func read(_ value: ConfigurationValue) throws(ConfigurationProblem) -> [SinkSettings] {
    var sinks: [SinkSettings] = []
    for item in try value.items() {
      guard let block = item.node.mapping else { throw item.problem("has to be a list of blocks: - name: ...") }
      var sink = SinkSettings()
      for (node, content) in block {
        let word = node.scalar?.string ?? ""
        guard let key = keys.first(where: { $0.name == word }) else {
          throw ConfigurationProblem(
            "a sink has no key `\(word)`", node.mark, nearest: word, among: keys.map(\.name))
        }
        try key.set(ConfigurationValue(node: content, name: "sinks.\(word)"), &sink)
      }
      guard !sink.name.isEmpty else { throw ConfigurationProblem("a sink needs a `name`", item.node.mark) }
      guard !sinks.contains(where: { $0.name == sink.name }) else {
        throw ConfigurationProblem("two sinks are called `\(sink.name)`", item.node.mark)
      }
      switch sink.kind {
      case .file where sink.path == nil: throw ConfigurationProblem("a file needs a `path`", item.node.mark)
      case .syslog where sink.path == nil && sink.url == nil:
        throw ConfigurationProblem("syslog needs a `path` or a `url`", item.node.mark)
      case .otlp where sink.url == nil, .webhook where sink.url == nil, .clickhouse where sink.url == nil:
        throw ConfigurationProblem("\(sink.kind.rawValue) needs a `url`", item.node.mark)
      default: break
      }
      sinks.append(sink)
    }
    return sinks
  }

  static func show(_ sinks: [SinkSettings]) -> String {
    if sinks.isEmpty { return "[]" }
    return sinks.map { sink in
      let pairs = keys.compactMap { key in key.show(sink).map { "\(key.name): \($0)" } }
      return "\n  - " + pairs.joined(separator: "\n    ")
    }.joined()
  }
}
