// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Writes events with the names of the Elastic Common Schema 8.17, flat, one object a line. A field that has no name there
/// stands under `merops.`, so nothing is left out.
public struct ECSLineWriter: EventFormat {
  private let host: HostFacts
  private var clock = TimeText()

  public init(host: HostFacts) { self.host = host }

  /// ECS's names, and which of them are keywords: text, whatever the value.
  private static let names: [Field: (name: String, isKeyword: Bool)] = [
    .processID: ("process.pid", false), .processParentID: ("process.parent.pid", false),
    .processName: ("process.name", false), .processExecutable: ("process.executable", false),
    .processArguments: ("process.args", false), .processWorkingDirectory: ("process.working_directory", false),
    .processUser: ("process.user.id", true), .processGroup: ("process.group.id", true),
    .processRealUser: ("process.real_user.id", true), .processRealGroup: ("process.real_group.id", true),
    .processSavedUser: ("process.saved_user.id", true), .processNamespacedID: ("process.vpid", false),
    .processEnvironment: ("process.env_vars", false), .containerID: ("container.id", false),
    .containerRuntime: ("container.runtime", false), .containerName: ("container.name", false),
    .containerImage: ("container.image.name", false), .exitCode: ("process.exit_code", false),
    .eventError: ("error.code", true), .filePath: ("file.path", false), .fileTarget: ("file.target_path", false),
    .fileInode: ("file.inode", true), .fileOwner: ("file.uid", true), .fileGroup: ("file.gid", true),
    .networkTransport: ("network.transport", false), .sourceAddress: ("source.ip", false),
    .sourcePort: ("source.port", false), .destinationAddress: ("destination.ip", false),
    .destinationPort: ("destination.port", false), .networkBytesSent: ("source.bytes", false),
    .networkBytesReceived: ("destination.bytes", false), .networkPacketsSent: ("source.packets", false),
    .networkPacketsReceived: ("destination.packets", false), .exitDuration: ("event.duration", false),
    .networkDuration: ("event.duration", false), .networkLatency: ("event.duration", false),
    .dnsLatency: ("event.duration", false), .dnsID: ("dns.id", true), .dnsName: ("dns.question.name", false),
    .dnsType: ("dns.question.type", false), .dnsCode: ("dns.response_code", false),
    .dnsAddresses: ("dns.resolved_ip", false), .policyName: ("rule.ruleset", false), .policyRule: ("rule.name", false),
    .policyVersion: ("rule.version", true), .policyMessage: ("message", false), .policyReason: ("event.reason", false),
    .attackTechnique: ("threat.technique.id", false), .attackTactic: ("threat.tactic.name", false),
  ]

  private static let keys: [(name: String, isKeyword: Bool)] = (0...255).map { number in
    guard let field = Field(rawValue: UInt8(number)) else { return ("", false) }
    return names[field] ?? ("merops." + field.name, false)
  }

  /// `event.type` (ECS's list of allowed values); `info` for the others.
  private static let types: [EventKind: [String]] = [
    .processFork: ["start"], .processExec: ["start"], .processExit: ["end"], .processCredentials: ["change"],
    .processTrace: ["access"], .processMemoryWrite: ["change"], .fileOpen: ["access"], .fileCreate: ["creation"],
    .fileWrite: ["access", "change"], .fileUnlink: ["deletion"], .fileRename: ["change"], .fileLink: ["creation"],
    .fileSymlink: ["creation"], .fileMode: ["change"], .fileOwner: ["change"], .fileMapExecutable: ["access"],
    .mount: ["change"], .unmount: ["change"], .networkConnect: ["connection", "start"],
    .networkAccept: ["connection", "start"], .networkClose: ["connection", "end"],
    .networkFlow: ["connection", "info"], .unixConnect: ["connection", "start"], .dnsQuery: ["protocol", "start"],
    .dnsAnswer: ["protocol", "end"], .moduleLoad: ["start"], .bpfLoad: ["start"], .bpfAttach: ["start"],
    .policyChange: ["change"], .policyRefusal: ["error"],
  ]

  private static func types(of event: Event) -> [String] {
    if event.kind == .policyDecision { return [event[.policyAction] == .text("audit") ? "allowed" : "denied"] }
    return types[event.kind] ?? ["info"]
  }

  private static func category(_ kind: EventKind) -> String {
    switch kind.eventClass {
    case .policy: kind == .policyDecision ? "intrusion_detection" : "configuration"
    case .process: "process"
    case .file: "file"
    case .network, .dns: "network"
    case .kernel: "driver"
    case .agent: "host"
    }
  }

  public mutating func append(_ event: Event, to buffer: inout [UInt8]) {
    buffer += "{\"@timestamp\":\"".utf8
    clock.append(event.time, to: &buffer)
    buffer += "\",\"ecs.version\":\"8.17.0\"".utf8
    buffer.member("event.kind", event.kind == .policyDecision ? "alert" : "event")
    buffer.open("event.category", "[")
    buffer.element(Self.category(event.kind))
    buffer.close("]")
    buffer.open("event.type", "[")
    for type in Self.types(of: event) { buffer.element(type) }
    buffer.close("]")
    buffer.member("event.action", event.kind.name)
    buffer.member("event.id", event.id.description)
    buffer.member("event.provider", "merops")
    buffer.member("event.outcome", event[.eventError] == nil ? "success" : "failure")
    buffer.member("host.name", host.name)
    buffer.member("agent.type", "merops")
    buffer.member("agent.version", host.version)
    let process = event.process
    buffer.member("process.entity_id", process.entityID)
    if let parent = process.parent {
      buffer.member("process.parent.entity_id", parent.entityID)
      let facts = parent.facts.bytes
      Packed.withField(.processExecutable, in: facts.span.bytes) { bytes, _ in
        buffer.member("process.parent.executable", bytes)
      }
    }
    process.facts.forEach { field, bytes, isCut in Self.append(field, bytes, isCut, &buffer) }
    event.withFacts { facts in
      Packed.forEach(facts) { field, bytes, isCut in Self.append(field, bytes, isCut, &buffer) }
    }
    buffer += "}\n".utf8
  }

  private static func append(_ field: Field, _ bytes: RawSpan, _ isCut: Bool, _ buffer: inout [UInt8]) {
    let key = keys[Int(field.rawValue)]
    buffer.member(key.name, field, bytes, isCut: isCut, asText: key.isKeyword)
  }
}

extension Process {
  /// One name for the process, for systems that know no pair of numbers: `START-PID`.
  var entityID: String { "\(key.start)-\(key.pid)" }
}
