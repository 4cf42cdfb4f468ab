// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Rules of Sigma (github.com/SigmaHQ/sigma-specification): one a document.
enum SigmaReader {
  static func rules(_ text: String, _ name: String) throws(PolicyProblem) -> [PolicyImport.Found] {
    var found: [PolicyImport.Found] = []
    for document in try PolicyFile.documents(text, name: name) {
      let keys = (try? document.values()) ?? [:]
      guard keys["detection"] != nil || keys["correlation"] != nil else {
        found.append(
          PolicyImport.Found("a document", document.place) { () throws(Refused) in
            throw Refused("other document", "it is no rule of Sigma: it has no key `detection`")
          })
        continue
      }
      let title = (try? keys["title"]?.word()) ?? name
      found.append(PolicyImport.Found(title, document.place) { () throws(Refused) in [try rule(title, keys)] })
    }
    return found
  }

  private static func rule(_ title: String, _ keys: [String: PolicyNode]) throws(Refused) -> ImportedRule {
    guard let detection = keys["detection"] else { throw Refused("correlation", "it counts what other rules tell") }
    let category = try category(keys["logsource"])
    let said = try SigmaCondition.said(try SigmaSelections(detection, category))
    var rule = ImportedRule(title, on: category.acts, category.including(said))
    let level = try keys["level"]?.word()
    rule.severity = level.flatMap { $0 == "informational" ? .low : Severity(rawValue: $0) }
    let attack = AttackTags(try keys["tags"]?.words() ?? [])
    (rule.technique, rule.tactic) = (attack.technique, attack.tactic)
    let notes = try keys["falsepositives"]?.words().filter {
      !["unknown", "unlikely", "none"].contains($0.lowercased())
    }
    rule.falsePositives = notes?.isEmpty == false ? notes?.joined(separator: "; ") : nil
    return rule
  }

  private static func category(_ node: PolicyNode?) throws(Refused) -> SigmaCategory {
    guard let source = try node?.values() else { throw Refused("log source", "it has no log source") }
    if let product = try source["product"]?.word(), product != "linux" {
      throw Refused("log source", "it is about \(product), and not about Linux")
    }
    if let service = try source["service"]?.word() {
      throw Refused("log source", "it reads the log of \(service)")
    }
    let name = try source["category"]?.word()
    guard let category = name.flatMap({ SigmaCategory(rawValue: $0) }) else {
      let known = SigmaCategory.allCases.map(\.rawValue).joined(separator: ", ")
      throw Refused("log source", "its category is \(name ?? "not said"); there are \(known)")
    }
    return category
  }
}

/// What events a rule of Sigma is about.
enum SigmaCategory: String, CaseIterable {
  case processCreation = "process_creation"
  case fileEvent = "file_event"
  case networkConnection = "network_connection"
  case dnsQuery = "dns_query"

  var acts: [EventKind] {
    switch self {
    case .processCreation: [.processExec]
    case .fileEvent: [.fileCreate, .fileWrite]
    case .networkConnection: [.networkConnect]
    case .dnsQuery: [.dnsQuery]
    }
  }

  /// A condition, with what each event of the category meets.
  func including(_ said: Said) -> Said {
    guard self == .fileEvent else { return said }
    // What is created, or emptied (O_TRUNC).
    return .all([
      .any([
        .test("event.kind == \"file.create\"", of: nil), .test("math.bitAnd(file.flags, 0x200u) != 0u", of: nil),
      ]), said,
    ])
  }

  /// What a field of Sigma's is here; nil where events do not have it.
  func field(_ name: String) -> SigmaField? {
    switch name {
    case "Image": return .text("process.executable.path")
    case "User": return .user
    case "ProcessId": return .number("process.pid")
    default: break
    }
    switch (self, name) {
    case (.processCreation, "CommandLine"): return .text("process.command_args.join(\" \")", "process.command_args")
    case (.processCreation, "CurrentDirectory"): return .text("process.working_directory")
    case (.processCreation, "ParentImage"): return .parent("executable.path")
    case (.processCreation, "ParentCommandLine"): return .parent("command_args.join(\" \")")
    case (.processCreation, "ParentProcessId"): return .number("process.parent_pid")
    case (.fileEvent, "TargetFilename"): return .text("file.path")
    case (.networkConnection, "DestinationIp"): return .address("destination.address")
    case (.networkConnection, "DestinationPort"): return .number("destination.port")
    case (.networkConnection, "SourceIp"): return .address("source.address")
    case (.networkConnection, "SourcePort"): return .number("source.port")
    case (.networkConnection, "Protocol"): return .text("network.transport")
    case (.networkConnection, "Initiated"): return .isTrue
    case (.dnsQuery, "QueryName"): return .text("dns.question.name")
    default: return nil
    }
  }
}

/// How a field of Sigma's is asked for here.
enum SigmaField {
  /// An expression, and the field in it.
  case text(String, String)
  /// Of the process that started this one.
  case parent(String)
  case number(String)
  case address(String)
  /// A name, of which one has a number that is known everywhere.
  case user
  /// What all events are: `network.connect` is what this machine began.
  case isTrue

  static func text(_ field: String) -> Self { .text(field, field) }
}
