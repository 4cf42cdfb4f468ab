// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Testing

@testable import MeropsSinks

/// What others make of our text: OpenTelemetry's own messages, and ClickHouse. They are Python packages (opentelemetry-proto,
/// chdb); without them the tests are skipped.
struct PeerFormatTests {
  static func python(_ program: String, input: [UInt8] = []) -> (code: Int32, output: String) {
    run(["python3", "-c", program], input: input)
  }

  private static func run(_ arguments: [String], input: [UInt8]) -> (code: Int32, output: String) {
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    let (into, out) = (Pipe(), Pipe())
    process.standardInput = into
    process.standardOutput = out
    process.standardError = out
    guard (try? process.run()) != nil else { return (-1, "python3 does not start") }
    let writer = Thread {
      try? into.fileHandleForWriting.write(contentsOf: Data(input))
      try? into.fileHandleForWriting.close()
    }
    writer.start()
    let output = (try? out.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private static func has(_ module: String) -> Bool { python("import \(module)").code == 0 }

  @Test(.enabled(if: has("opentelemetry.proto"), "needs Python's opentelemetry-proto"))
  func openTelemetryReadsTheLogs() {
    let batch = everyKind()
    let (code, output) = Self.python(
      """
      import sys
      from google.protobuf.json_format import Parse
      from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
      request = Parse(sys.stdin.read(), ExportLogsServiceRequest())
      records = request.resource_logs[0].scope_logs[0].log_records
      print(len(records), sum(len(record.attributes) for record in records), records[0].time_unix_nano)
      """, input: OTLPLogs(host: HostFacts(name: "node-1", version: "1")).body(batch))
    var attributes = 0
    for event in batch {
      attributes += 1
      event.process.facts.forEach { _, _, _ in attributes += 1 }
      event.facts.forEach { _, _, _ in attributes += 1 }
    }
    #expect(code == 0 && output == "\(batch.count) \(attributes) \(batch[0].time)\n", "\(output)")
  }

  private static let schema = ProcessInfo.processInfo.environment["MEROPS_OCSF_SCHEMA"]

  @Test(.enabled(if: schema != nil, "needs a checkout of ocsf-schema, named by MEROPS_OCSF_SCHEMA"))
  func ocsfHasWhatWeWrite() {
    var lines: [UInt8] = []
    var format = OCSFLineWriter(host: HostFacts(name: "node-1", version: "1"))
    let batch = everyKind()
    for event in batch { format.append(event, to: &lines) }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Peers/ocsf").path
    let (code, output) = Self.run(["python3", script, Self.schema ?? ""], input: lines)
    #expect(code == 0 && output.hasPrefix("\(batch.count) events as OCSF "), "\(output)")
  }

  @Test(.enabled(if: has("chdb"), "needs Python's chdb")) func clickHouseTakesTheRows() {
    let batch = everyKind()
    var rows: [UInt8] = []
    var format = ClickHouseRows(host: HostFacts(name: "node-1", version: "1"))
    for event in batch { format.append(event, to: &rows) }
    let (code, output) = Self.python(
      """
      import sys
      from chdb import session
      ours = sys.stdin.buffer.read().decode()
      table, rows = ours.split("\\0")
      db = session.Session()
      db.query("CREATE DATABASE logs; USE logs")
      db.query(table)
      db.query("INSERT INTO logs.merops SETTINGS date_time_input_format='best_effort', "
               "input_format_skip_unknown_fields=1 FORMAT JSONEachRow\\n" + rows)
      print(db.query("SELECT count(), countIf(event = 'file.open'), min(toUnixTimestamp64Nano(time)), "
                     "any(destination_address), max(process_pid) FROM logs.merops", "TSV"), end="")
      """, input: Array(ClickHouseRows.tableStatement("logs.merops").utf8) + [0] + rows)
    let expected = "\(batch.count)\t2\t\(batch[0].time)\t::ffff:192.0.2.1\t\(0o100644)\n"
    #expect(code == 0 && output == expected, "\(output)")
  }
}
