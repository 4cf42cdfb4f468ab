// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import TestServer
import Testing

@testable import MeropsSinks

/// Lines of JSON, as each sink that has the schema's names writes them, are as the published schema says: to Python's jsonschema.
struct SchemaTests {
  private static let hasValidator = PeerFormatTests.python("import jsonschema").code == 0

  /// What is wrong with lines; empty for nothing.
  private func faults(_ text: [UInt8]) -> String {
    PeerFormatTests.python(
      """
      import json, sys
      from jsonschema import Draft202012Validator
      schema = json.loads(sys.stdin.buffer.readline())
      Draft202012Validator.check_schema(schema)
      validator = Draft202012Validator(schema)
      for number, line in enumerate(sys.stdin.buffer, 1):
        for fault in validator.iter_errors(json.loads(line)): print(number, fault.json_path, fault.message)
      """, input: Array(EventReference.jsonSchema(indented: false).utf8) + [0x0a] + text
    ).output
  }

  /// Events of every kind, some with bytes that are not UTF-8.
  private static func batch() -> EventBatch {
    var builder = EventBatchBuilder()
    for event in everyKind() { builder.append(event) }
    var facts = Facts()
    facts.append(.filePath, .text(Text([0x2f, 0xff, 0x22, 0x0a], isCut: true)))
    var process = Facts()
    process.append(.processArguments, .texts([Text([0xfe]), Text([0x61], isCut: true)]))
    process.append(.processUser, .uint(.max))
    builder.append(
      .fileOpen, id: EventID(rawValue: .max), time: 1_790_000_000_123_456_789,
      by: MeropsModel.Process(key: ProcessKey(start: 0, pid: 1), generation: 0, parent: nil, facts: process), facts)
    return builder.finish()
  }

  enum Writer: CaseIterable {
    case line, details, file, webhook, syslog

    func text(_ batch: EventBatch) throws -> [UInt8] {
      var text: [UInt8] = []
      switch self {
      case .line, .details:
        var writer = JSONLineWriter(everyDetail: self == .details)
        for event in batch { writer.append(event, to: &text) }
      case .file:
        let path = NSTemporaryDirectory() + "merops-schema-\(UUID().uuidString).json"
        defer { unlink(path) }
        let sink = StreamSink("file", to: RotatedFile(path))
        sink.append(batch)
        sink.close()
        text = Array(try Data(contentsOf: URL(filePath: path)))
      case .webhook:
        let server = try TestServer(["200 OK"])
        defer { server.stop() }
        _ = try HTTPDelivery("http://127.0.0.1:\(server.port)/", .lines(JSONLineWriter())).deliver(batch)
        text = try #require(server.requests.first).body
      case .syslog:
        var message = SyslogMessage(host: HostFacts(name: "h", version: "1"), facility: 13, format: JSONLineWriter())
        for event in batch {
          var bytes: [UInt8] = []
          message.append(event, to: &bytes)
          text += bytes[(bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0)...] + (bytes.last == 0x0a ? [] : [0x0a])
        }
      }
      return text
    }
  }

  @Test(.enabled(if: hasValidator, "needs Python's jsonschema"), arguments: Writer.allCases)
  func linesAreAsTheSchemaSays(_ writer: Writer) throws {
    let batch = Self.batch()
    let text = try writer.text(batch)
    #expect(text.split(separator: 0x0a).count == batch.count)
    #expect(faults(text) == "")
  }

  /// A schema that takes everything would prove nothing.
  @Test(
    .enabled(if: hasValidator, "needs Python's jsonschema"),
    arguments: [
      #"{"event":"process.exec","id":"0000000000001"}"#,
      #"{"time":"2026-11-29","event":"process.exec","id":"0000000000001"}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exe","id":"0000000000001"}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"1"}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"0000000000001","process.pid":"1"}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"0000000000001","process.pid":-1}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"0000000000001","pid":1}"#,
      #"{"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"0000000000001","process.command_args":[1]}"#,
      "[]",
    ]) func otherLinesAreNot(_ line: String) throws
  { #expect(faults(Array(line.utf8) + [0x0a]) != "") }
}
