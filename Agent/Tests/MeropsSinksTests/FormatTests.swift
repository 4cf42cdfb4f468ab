// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Testing

@testable import MeropsSinks

private let host = HostFacts(name: "node-1", version: "1.0")

struct OCSFTests {
  /// What OCSF 1.4 requires (github.com/ocsf/ocsf-schema: `events`, `objects`): attributes, and of which some must be there.
  private static let required: [Int: [String]] = [
    0: [], 1001: ["device", "actor", "file"], 1002: ["device", "actor", "driver"], 1003: ["device", "actor", "kernel"],
    1007: ["device", "actor", "process"], 2004: ["finding_info"], 4001: [], 4003: [],
  ]
  private static let base = [
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
  ]
  private static let objects: [String: (all: [String], some: [String])] = [
    "metadata": (["product", "version"], []), "product": ([], ["name", "uid"]),
    "device": (["type_id"], ["ip", "uid", "name", "hostname"]), "os": (["name", "type_id"], []),
    "actor": ([], ["process", "user"]), "process": ([], ["pid", "uid"]), "ancestry": ([], ["pid", "path", "name"]),
    "file": (["name", "type_id"], []), "file_result": (["name", "type_id"], []), "driver": (["file"], []),
    "kernel": (["name", "type_id"], []), "user": ([], ["name", "uid"]), "container": ([], ["name", "uid"]),
    "connection_info": (["direction_id"], []), "src_endpoint": ([], ["ip", "hostname", "name"]),
    "dst_endpoint": ([], ["ip", "hostname", "name"]), "query": (["hostname"], []), "answers": (["rdata"], []),
    "environment_variables": (["name", "value"], []), "finding_info": (["uid", "title"], []),
    "attacks": ([], ["technique", "tactic"]), "policy": ([], ["name", "uid"]),
  ]

  private func check(_ name: String, _ object: [String: Any]) {
    if let rule = Self.objects[name] {
      for key in rule.all { #expect(object[key] != nil, "\(name).\(key)") }
      if !rule.some.isEmpty { #expect(rule.some.contains { object[$0] != nil }, "\(name): one of \(rule.some)") }
    }
    for (key, value) in object where key != "unmapped" {
      if let inner = value as? [String: Any] { check(key, inner) }
      for inner in value as? [[String: Any]] ?? [] { check(key, inner) }
    }
  }

  @Test func whatIsRequiredIsThere() throws {
    let batch = everyKind()
    let lines = try parsed(OCSFLineWriter(host: host), batch)
    #expect(lines.count == batch.count)
    var classes: Set<Int> = []
    for (line, event) in zip(lines, batch) {
      let uid = try #require(line["class_uid"] as? Int)
      classes.insert(uid)
      for key in Self.base + (Self.required[uid] ?? ["an unknown class"]) {
        #expect(line[key] != nil, "\(uid): \(key)")
      }
      #expect(line["type_uid"] as? Int == uid * 100 + (line["activity_id"] as? Int ?? -1))
      #expect(line["category_uid"] as? Int == uid / 1000)
      if uid > 4000 { #expect(line["src_endpoint"] != nil || line["dst_endpoint"] != nil) }
      #expect(line["time"] as? UInt64 == event.time / 1_000_000)
      check("", line)
    }
    #expect(classes == Set(Self.required.keys))
  }

  @Test func anExecAndAConnect() throws {
    let lines = try parsed(OCSFLineWriter(host: host), everyKind())
    let exec = try #require(lines.first { $0["activity_name"] as? String == "process.exec" })
    #expect(exec["class_uid"] as? Int == 1007 && exec["activity_id"] as? Int == 1)
    let process = try #require(exec["process"] as? [String: Any])
    #expect(process["pid"] as? Int == 77 && process["cmd_line"] as? String == "A=1 two words")
    #expect((process["file"] as? [String: Any])?["name"] as? String == "process.executable.path")
    #expect((process["ancestry"] as? [[String: Any]])?.count == 1)
    #expect(((exec["actor"] as? [String: Any])?["process"] as? [String: Any])?["pid"] as? Int == 1)
    let connect = try #require(lines.first { $0["activity_name"] as? String == "network.connect" })
    #expect((connect["dst_endpoint"] as? [String: Any])?["ip"] as? String == "192.0.2.1")
    #expect((connect["connection_info"] as? [String: Any])?["direction_id"] as? Int == 2)
  }

  /// What a rule denied is a finding that says who did it and which rule it was; what was told is one that went on.
  @Test func aDecisionIsAFinding() throws {
    var builder = EventBatchBuilder()
    for action in ["deny", "audit"] {
      var facts = Facts()
      for (field, text) in [
        (Field.policyName, "web"), (.policyRule, "no"), (.policyAction, action), (.policySeverity, "high"),
        (.policyMessage, "not there"), (.attackTechnique, "T1071"), (.attackTactic, "command-and-control"),
      ] { facts.append(field, .text(Text(text))) }
      facts.append(.destinationAddress, .address(Address(ipv4: 0xc000_0201)))
      facts.append(.destinationPort, UInt64(443))
      facts.append(.policyVersion, UInt64(7))
      builder.append(
        .policyDecision, id: EventID(rawValue: 1), time: 1, by: try #require(everyKind().first).process, facts)
    }
    let lines = try parsed(OCSFLineWriter(host: host), builder.finish())
    #expect(lines.map { $0["action_id"] as? Int } == [2, 3] && lines.map { $0["disposition_id"] as? Int } == [2, 15])
    let line = try #require(lines.first)
    #expect(line["severity_id"] as? Int == 4 && line["is_alert"] as? Bool == true)
    let finding = try #require(line["finding_info"] as? [String: Any])
    #expect(finding["title"] as? String == "not there")
    let attack = try #require((finding["attacks"] as? [[String: Any]])?.first)
    #expect((attack["technique"] as? [String: Any])?["uid"] as? String == "T1071")
    let policy = try #require(line["policy"] as? [String: Any])
    #expect(policy["uid"] as? String == "web/no" && policy["version"] as? String == "7")
    let evidence = try #require((line["evidences"] as? [[String: Any]])?.first)
    #expect((evidence["process"] as? [String: Any])?["pid"] as? Int == 77)
    #expect((evidence["dst_endpoint"] as? [String: Any])?["port"] as? Int == 443)
    let alerts = try parsed(ECSLineWriter(host: host), everyKind()).filter { $0["event.kind"] as? String == "alert" }
    #expect(alerts.allSatisfy { $0["event.action"] as? String == "policy.decision" } && !alerts.isEmpty)
  }
}

struct ECSTests {
  private static let categories: Set = [
    "process", "file", "network", "driver", "host", "intrusion_detection", "configuration",
  ]
  private static let types: Set = [
    "access", "change", "connection", "creation", "deletion", "denied", "end", "error", "info", "protocol", "start",
  ]

  /// No field is left out, and those of ECS have the types that ECS says.
  @Test func everyFieldIsThere() throws {
    let batch = everyKind()
    let lines = try parsed(ECSLineWriter(host: host), batch)
    var names: Set<String> = []
    for (line, event) in zip(lines, batch) {
      names.formUnion(line.keys)
      #expect(line["ecs.version"] as? String == "8.17.0" && line["host.name"] as? String == "node-1")
      #expect(Self.categories.isSuperset(of: line["event.category"] as? [String] ?? ["none"]))
      #expect(Self.types.isSuperset(of: line["event.type"] as? [String] ?? ["none"]))
      #expect(line["event.outcome"] as? String == (event[.eventError] == nil ? "success" : "failure"))
      #expect((line["@timestamp"] as? String)?.hasPrefix("2026-09-21T") == true)
      for key in ["process.user.id", "file.inode", "error.code", "dns.id"] where line[key] != nil {
        #expect(line[key] is String, "\(key) is a keyword")
      }
      for key in ["process.pid", "source.port", "event.duration"] where line[key] != nil { #expect(line[key] is Int) }
    }
    for field in Field.allCases where field.definition.kinds != [] {
      #expect(
        names.contains("merops." + field.name) || !names.isDisjoint(with: ["merops." + field.name]) || isRenamed(field))
    }
    #expect(names.isSuperset(of: ["merops.process.cgroup.id", "process.executable", "file.path", "dns.question.name"]))
  }

  private func isRenamed(_ field: Field) -> Bool {
    var facts = Facts()
    switch field.type {
    case .bool: facts.append(field, true)
    case .int: facts.append(field, Int64(1))
    case .uint: facts.append(field, UInt64(1))
    case .text: facts.append(field, .text("a"))
    case .texts: facts.append(field, .texts(["a"]))
    case .address: facts.append(field, .address(Address(ipv4: 1)))
    }
    var builder = EventBatchBuilder()
    let process = MeropsModel.Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: Facts())
    builder.append(.fileOpen, id: EventID(rawValue: 1), time: 1, by: process, facts)
    builder.append(.fileOpen, id: EventID(rawValue: 1), time: 1, by: process)
    let lines = try? parsed(ECSLineWriter(host: host), builder.finish())
    return (lines?[0].count ?? 0) > (lines?[1].count ?? 0) || field == .eventError
  }
}

@Test func hostileTextStaysJSON() throws {
  var random = SystemRandomNumberGenerator()
  for _ in 0..<500 {
    var facts = Facts()
    func text() -> Text {
      Text((0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    for field in [Field.filePath, .fileTarget, .dnsName, .unixPath] { facts.append(field, .text(text())) }
    var own = Facts()
    for field in [Field.processExecutable, .processName, .processWorkingDirectory, .containerID] {
      own.append(field, .text(text()))
    }
    own.append(.processArguments, .texts([text(), text()]))
    own.append(.processEnvironment, .texts([text()]))
    let process = MeropsModel.Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: own)
    var builder = EventBatchBuilder()
    for kind in [EventKind.fileRename, .unixConnect, .dnsQuery, .processExec] {
      builder.append(kind, id: EventID(rawValue: 1), time: 1, by: process, facts)
    }
    let batch = builder.finish()
    let formats: [any EventFormat] = [
      OCSFLineWriter(host: host), ECSLineWriter(host: host), JSONLineWriter(), ClickHouseRows(host: host),
    ]
    for format in formats { #expect(try parsed(format, batch).count == 4) }
    #expect(try JSONSerialization.jsonObject(with: Data(OTLPLogs(host: host).body(batch))) is [String: Any])
  }
}

@Test func openTelemetryLogs() throws {
  let batch = everyKind()
  let body = try #require(
    try JSONSerialization.jsonObject(with: Data(OTLPLogs(host: host).body(batch))) as? [String: Any])
  let resource = try #require((body["resourceLogs"] as? [[String: Any]])?.first)
  let scope = try #require((resource["scopeLogs"] as? [[String: Any]])?.first)
  let records = try #require(scope["logRecords"] as? [[String: Any]])
  #expect(records.count == batch.count)
  for (record, event) in zip(records, batch) {
    #expect(record["timeUnixNano"] as? String == "\(event.time)" && record["eventName"] as? String == event.kind.name)
    let attributes = try #require(record["attributes"] as? [[String: Any]])
    var names: [String] = []
    for attribute in attributes {
      names.append(try #require(attribute["key"] as? String))
      let value = try #require(attribute["value"] as? [String: Any])
      let kind = try #require(value.keys.first)
      #expect(value.count == 1 && ["stringValue", "intValue", "boolValue", "arrayValue"].contains(kind))
      if kind == "intValue" { #expect(Int64(value[kind] as? String ?? "") != nil) }
    }
    var fields = ["event.id"]
    event.process.facts.forEach { field, _, _ in fields.append(field.name) }
    event.facts.forEach { field, _, _ in fields.append(field.name) }
    #expect(names == fields)
  }
  let rejected = OTLPLogs(host: host).form.rejected
  #expect(rejected(Array(#"{"partialSuccess":{"rejectedLogRecords":"3"}}"#.utf8)) == 3)
  #expect(rejected(Array(#"{"partialSuccess":{}}"#.utf8)) == 0 && rejected([]) == 0)
}

@Test func clickHouseTable() throws {
  let statement = ClickHouseRows.tableStatement("logs.merops")
  let columns = Set(
    statement.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) })
  for line in try parsed(ClickHouseRows(host: host), everyKind()) {
    #expect(columns.isSuperset(of: line.keys), "\(Set(line.keys).subtracting(columns))")
    #expect((line["time"] as? String)?.count == 20)
  }
  #expect(
    try ClickHouseRows.url("http://127.0.0.1:8123/", table: "merops").hasPrefix(
      "http://127.0.0.1:8123/?query=INSERT%20INTO%20merops%20FORMAT%20JSONEachRow"))
  #expect(throws: DeliveryError.self) { try ClickHouseRows.url("http://127.0.0.1:8123/", table: "x; DROP TABLE y") }
}
