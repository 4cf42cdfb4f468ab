// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Writes events as the Open Cybersecurity Schema Framework 1.4 has them, one object a line, with the profiles "host" and
/// "container": process activity (1007), file system activity (1001), network activity (4001), DNS activity (4003), kernel
/// activity (1003), kernel extension activity (1002); decisions of policies are detection findings (2004), with the profile
/// "security_control"; events of the agent itself are base events (0). What has no attribute there stands under `unmapped`, by
/// its own name.
public struct OCSFLineWriter: EventFormat {
  private let host: HostFacts

  public init(host: HostFacts) { self.host = host }

  /// An OCSF class and its category.
  private struct Class {
    var uid: Int
    var category: Int

    static let base = Class(uid: 0, category: 0)
    static let file = Class(uid: 1001, category: 1)
    static let kernelExtension = Class(uid: 1002, category: 1)
    static let kernel = Class(uid: 1003, category: 1)
    static let process = Class(uid: 1007, category: 1)
    static let finding = Class(uid: 2004, category: 2)
    static let network = Class(uid: 4001, category: 4)
    static let dns = Class(uid: 4003, category: 4)

    init(uid: Int, category: Int) { (self.uid, self.category) = (uid, category) }

    init(_ kind: EventKind) {
      switch kind.eventClass {
      case .process: self = .process
      case .file: self = .file
      case .network: self = .network
      case .dns: self = .dns
      case .kernel: self = kind == .moduleLoad ? .kernelExtension : .kernel
      case .policy: self = kind == .policyDecision ? .finding : .base
      case .agent: self = .base
      }
    }
  }

  /// `activity_id` in the kind's class; 99, "other", for the rest.
  private static let activities: [EventKind: Int] = [
    .processFork: 1, .processExec: 1, .processExit: 2, .processTrace: 3, .processMemoryWrite: 4, .processCredentials: 5,
    .fileCreate: 1, .fileOpen: 14, .fileWrite: 3, .fileUnlink: 4, .fileRename: 5, .fileMode: 7, .fileOwner: 7,
    .fileLink: 1, .fileSymlink: 1, .mount: 12, .unmount: 13, .networkConnect: 1, .networkAccept: 1, .networkClose: 2,
    .networkFlow: 6, .networkListen: 7, .unixConnect: 1, .dnsQuery: 1, .dnsAnswer: 2, .moduleLoad: 1, .bpfLoad: 1,
    .bpfMap: 1, .bpfAttach: 4, .policyDecision: 1,
  ]

  /// Fields that stand in attributes of their own.
  private static let mapped: Set<Field> = [
    .processID, .processName, .processExecutable, .processArguments, .processWorkingDirectory, .processUser,
    .processEnvironment, .processNamespacedID, .containerID, .containerRuntime, .containerName, .exitCode,
    .eventError, .eventCount, .filePath, .fileTarget, .fileInode, .networkTransport, .sourceAddress, .sourcePort,
    .destinationAddress, .destinationPort, .networkBytesSent, .networkBytesReceived, .networkPacketsSent,
    .networkPacketsReceived, .unixPath, .dnsName, .dnsType, .dnsCode, .dnsAddresses, .targetID, .targetName,
    .moduleName, .bpfName, .policyName, .policyRule, .policyMessage, .policySeverity, .attackTechnique, .attackTactic,
  ]
  private static let isMapped: [Bool] = (0...255).map { Field(rawValue: UInt8($0)).map(mapped.contains) ?? false }

  public mutating func append(_ event: Event, to buffer: inout [UInt8]) {
    let kind = event.kind
    let type = Class(kind)
    let activity = Self.activities[kind] ?? 99
    buffer += "{\"time\":".utf8
    buffer.appendDecimal(event.time / 1_000_000)
    buffer.member("class_uid", type.uid)
    buffer.member("category_uid", type.category)
    buffer.member("activity_id", activity)
    buffer.member("activity_name", kind.name)
    buffer.member("type_uid", type.uid * 100 + activity)
    let severity = event[.policySeverity].flatMap { value in Self.severities.firstIndex { .text(Text($0)) == value } }
    buffer.member("severity_id", severity.map { $0 + 2 } ?? 1)
    let error = event[.eventError]
    buffer.member("status_id", error == nil ? 1 : 2)
    if case .uint(let code)? = error { buffer.member("status_code", "\(code)") }
    if case .uint(let count)? = event[.eventCount] { buffer.member("count", count) }
    buffer.open("metadata")
    buffer.member("version", "1.4.0")
    buffer.member("uid", event.id.description)
    buffer.open("profiles", "[")
    buffer.element("host")
    buffer.element("container")
    if type.uid == Class.finding.uid { buffer.element("security_control") }
    buffer.close("]")
    buffer.open("product")
    buffer.member("name", "Merops")
    buffer.member("vendor_name", "Merops")
    buffer.member("version", host.version)
    buffer.close()
    buffer.close()
    buffer.open("device")
    buffer.member("hostname", host.name)
    buffer.member("type_id", 0)
    buffer.open("os")
    buffer.member("name", "Linux")
    buffer.member("type_id", 200)
    buffer.close()
    buffer.close()
    buffer.open("actor")
    // Who is launched is in "process".
    let launches = kind == .processFork || kind == .processExec
    let actor = launches ? event.process.parent ?? event.process : event.process
    Self.append("process", actor, withAncestry: !launches, &buffer)
    buffer.close()
    if type.category == 1 {
      appendObject(event, type, &buffer)
    } else if type.category == 4 {
      appendFlow(event, &buffer)
    } else if type.uid == Class.finding.uid {
      appendFinding(event, &buffer)
    }
    appendRest(event, &buffer)
    buffer += "}\n".utf8
  }

  // What was done to.
  private func appendObject(_ event: Event, _ type: Class, _ buffer: inout [UInt8]) {
    switch type.uid {
    case Class.process.uid:
      if case .uint(let pid)? = event[.targetID] {
        buffer.open("process")
        buffer.member("pid", pid)
        if case .uint(let start)? = event[.targetStart] { buffer.member("uid", "\(start)-\(pid)") }
        if case .text(let name)? = event[.targetName] { buffer.member("name", name.bytes.span.bytes) }
        buffer.close()
      } else {
        Self.append("process", event.process, withAncestry: true, &buffer)
      }
      if case .int(let code)? = event[.exitCode] { buffer.member("exit_code", Int(code)) }
    case Class.file.uid:
      Self.append("file", path: event[.filePath] ?? event[.fileTarget], event, &buffer)
      if event[.filePath] != nil, let target = event[.fileTarget] {
        Self.append("file_result", path: target, event, &buffer)
      }
    case Class.kernelExtension.uid:
      buffer.open("driver")
      Self.append("file", path: event[.moduleName], event, &buffer)
      buffer.close()
    default:
      buffer.open("kernel")
      if case .text(let name)? = event[.bpfName], !name.bytes.isEmpty {
        buffer.member("name", name.bytes.span.bytes)
      } else {
        buffer.member("name", event.kind.name)
      }
      buffer.member("type_id", 2)
      buffer.member("system_call", "bpf")
      buffer.close()
    }
  }

  private static func append(_ name: String, path: Value?, _ event: Event, _ buffer: inout [UInt8]) {
    buffer.open(name)
    if case .text(let path)? = path {
      let base = path.bytes.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? path.bytes
      buffer.member("name", base.span.bytes)
      buffer.member("path", path.bytes.span.bytes)
    } else {
      // The attribute is required.
      buffer.member("name", "unknown")
    }
    var type = 0
    if case .uint(let mode)? = event[.fileMode] {
      type = [1: 6, 2: 3, 4: 2, 6: 4, 8: 1, 10: 7, 12: 5][Int(mode >> 12 & 15)] ?? 0
    }
    buffer.member("type_id", type)
    if case .uint(let inode)? = event[.fileInode] { buffer.member("uid", "\(inode)") }
    buffer.close()
  }

  private static func append(_ name: String?, _ process: Process, withAncestry: Bool, _ buffer: inout [UInt8]) {
    buffer.open(name)
    buffer.member("pid", UInt64(process.key.pid))
    buffer.member("uid", process.entityID)
    let facts = process.facts
    if case .text(let text)? = facts[.processName] { buffer.member("name", text.bytes.span.bytes) }
    if case .texts(let texts)? = facts[.processArguments] {
      let line = Array(texts.map(\.bytes).joined(separator: [0x20]))
      buffer.member("cmd_line", line.span.bytes)
    }
    let executable = facts[.processExecutable]
    if name == nil {
      // Of ancestors OCSF has less.
      if case .text(let path)? = executable { buffer.member("path", path.bytes.span.bytes) }
      buffer.close()
      return
    }
    if case .text(let path)? = executable {
      buffer.open("file")
      let base = path.bytes.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? path.bytes
      buffer.member("name", base.span.bytes)
      buffer.member("path", path.bytes.span.bytes)
      buffer.member("type_id", 1)
      buffer.close()
    }
    if case .uint(let user)? = facts[.processUser] {
      buffer.open("user")
      buffer.member("uid", "\(user)")
      buffer.close()
    }
    if case .text(let text)? = facts[.processWorkingDirectory] {
      buffer.member("working_directory", text.bytes.span.bytes)
    }
    if case .uint(let pid)? = facts[.processNamespacedID] { buffer.member("namespace_pid", pid) }
    if case .text(let id)? = facts[.containerID] {
      buffer.open("container")
      buffer.member("uid", id.bytes.span.bytes)
      if case .text(let name)? = facts[.containerName] { buffer.member("name", name.bytes.span.bytes) }
      if case .text(let runtime)? = facts[.containerRuntime] { buffer.member("runtime", runtime.bytes.span.bytes) }
      buffer.close()
    }
    if case .texts(let texts)? = facts[.processEnvironment] {
      buffer.open("environment_variables", "[")
      for text in texts {
        let parts = text.bytes.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let (name, value) = (Array(parts[0]), parts.count > 1 ? Array(parts[1]) : [])
        buffer.open()
        buffer.member("name", name.span.bytes)
        buffer.member("value", value.span.bytes)
        buffer.close()
      }
      buffer.close("]")
    }
    if withAncestry, process.parent != nil {
      buffer.open("ancestry", "[")
      for ancestor in process.ancestors { append(nil, ancestor, withAncestry: false, &buffer) }
      buffer.close("]")
    }
    buffer.close()
  }

  private static let severities = ["low", "medium", "high", "critical"]

  // What a rule decided.
  private func appendFinding(_ event: Event, _ buffer: inout [UInt8]) {
    func text(_ field: Field) -> String? {
      if case .text(let text)? = event[field] { text.description } else { nil }
    }
    let isTold = text(.policyAction) == "audit"
    buffer.member("action_id", isTold ? 3 : 2)
    buffer.member("disposition_id", isTold ? 15 : 2)
    buffer.member("is_alert", true)
    let rule = "\(text(.policyName) ?? "unknown")/\(text(.policyRule) ?? "unknown")"
    buffer.open("finding_info")
    buffer.member("uid", event.id.description)
    buffer.member("title", text(.policyMessage) ?? rule)
    if let technique = text(.attackTechnique) {
      buffer.open("attacks", "[")
      buffer.open()
      buffer.open("technique")
      buffer.member("uid", technique)
      buffer.close()
      if let tactic = text(.attackTactic) {
        buffer.open("tactic")
        buffer.member("name", tactic)
        buffer.close()
      }
      buffer.close()
      buffer.close("]")
    }
    buffer.close()
    buffer.open("policy")
    buffer.member("name", text(.policyName) ?? "unknown")
    buffer.member("uid", rule)
    if let version = event[.policyVersion], case .uint(let number) = version { buffer.member("version", "\(number)") }
    buffer.close()
    buffer.open("evidences", "[")
    buffer.open()
    Self.append("process", event.process, withAncestry: true, &buffer)
    _ = endpoint("src_endpoint", event, .sourceAddress, .sourcePort, &buffer)
    _ = endpoint("dst_endpoint", event, .destinationAddress, .destinationPort, &buffer)
    if let path = event[.filePath] { Self.append("file", path: path, event, &buffer) }
    buffer.close()
    buffer.close("]")
  }

  // Who spoke with whom.
  private func appendFlow(_ event: Event, _ buffer: inout [UInt8]) {
    // OCSF's source is who opened the connection.
    let isInbound = event.kind == .networkAccept || event.kind == .networkListen
    let here = endpoint(isInbound ? "dst_endpoint" : "src_endpoint", event, .sourceAddress, .sourcePort, &buffer)
    let there = endpoint(
      isInbound ? "src_endpoint" : "dst_endpoint", event, .destinationAddress, .destinationPort, &buffer)
    if case .text(let path)? = event[.unixPath] {
      buffer.open("dst_endpoint")
      buffer.member("name", path.bytes.span.bytes)
      buffer.close()
    } else if !here, !there {
      buffer.open("src_endpoint")
      buffer.member("hostname", host.name)
      buffer.close()
    }
    buffer.open("connection_info")
    let outbound = event.kind == .networkConnect || event.kind == .unixConnect || event.kind == .dnsQuery
    buffer.member("direction_id", event.kind == .networkAccept ? 1 : outbound ? 2 : 0)
    if case .text(let transport)? = event[.networkTransport] {
      buffer.member("protocol_name", transport.bytes.span.bytes)
    }
    if case .address(let address)? = event[.destinationAddress] ?? event[.sourceAddress] {
      buffer.member("protocol_ver_id", address.isIPv4 ? 4 : 6)
    }
    buffer.close()
    let counts: [(String, Field)] = [
      ("bytes_out", .networkBytesSent), ("bytes_in", .networkBytesReceived), ("packets_out", .networkPacketsSent),
      ("packets_in", .networkPacketsReceived),
    ]
    if counts.contains(where: { event[$0.1] != nil }) {
      buffer.open("traffic")
      for (name, field) in counts { if case .uint(let value)? = event[field] { buffer.member(name, value) } }
      buffer.close()
    }
    guard event.kind.eventClass == .dns else { return }
    if case .text(let name)? = event[.dnsName] {
      buffer.open("query")
      buffer.member("hostname", name.bytes.span.bytes)
      if case .text(let type)? = event[.dnsType] { buffer.member("type", type.bytes.span.bytes) }
      if case .uint(let id)? = event[.dnsID] { buffer.member("packet_uid", id) }
      buffer.close()
    }
    if case .texts(let addresses)? = event[.dnsAddresses] {
      buffer.open("answers", "[")
      for address in addresses {
        buffer.open()
        buffer.member("rdata", address.bytes.span.bytes)
        buffer.close()
      }
      buffer.close("]")
    }
    if case .text(let code)? = event[.dnsCode] {
      buffer.member("rcode", code.bytes.span.bytes)
      buffer.member("rcode_id", Self.responses.firstIndex(of: code.description) ?? 99)
    }
  }

  private static let responses = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
    "NOTZONE",
  ]

  private func endpoint(
    _ name: String, _ event: Event, _ address: Field, _ port: Field, _ buffer: inout [UInt8]
  ) -> Bool {
    guard case .address(let value)? = event[address] else { return false }
    buffer.open(name)
    buffer.member("ip", "\(value)")
    if case .uint(let port)? = event[port] { buffer.member("port", port) }
    buffer.close()
    return true
  }

  private func appendRest(_ event: Event, _ buffer: inout [UInt8]) {
    buffer.open("unmapped")
    buffer.member("event.time", event.time)
    func append(_ field: Field, _ bytes: RawSpan, _ isCut: Bool) {
      if !Self.isMapped[Int(field.rawValue)] {
        buffer.member(field.name, field, bytes, isCut: isCut)
        return
      }
      if isCut { buffer.member(field.name + ".cut", true) }
      var scratch: [UInt8] = []
      if field.type == .text || field.type == .texts, !scratch.appendJSON(bytes) {
        buffer.appendMember(field.name + ".hex")
        buffer.append(UInt8(ascii: "\""))
        buffer.appendHexadecimal(bytes)
        buffer.append(UInt8(ascii: "\""))
      }
    }
    event.process.facts.forEach { append($0, $1, $2) }
    event.withFacts { facts in Packed.forEach(facts) { append($0, $1, $2) } }
    buffer.close()
  }
}
