// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Yams

/// Makes a policy of a document.
struct PolicyReader {
  let file: String
  let lines: [Substring]
  /// The texts of list files, by their names.
  var files: [String: String] = [:]
  /// Lists that all policies may use.
  var shared: [String: NamedList] = [:]

  static let listsKind = "Lists"

  static let keys = ["apiVersion", "kind", "metadata", "spec"]
  static let metadataKeys = ["name", "description", "labels"]
  static let specKeys = ["mode", "priority", "lists", "macros", "rules"]
  static let ruleKeys = [
    "id", "on", "subject", "match", "action", "mode", "priority", "require", "severity", "message", "attack",
    "falsePositives",
  ]
  static let subjectKeys = ["executable", "uid", "cgroup"]
  static let attackKeys = ["technique", "tactic"]

  func policy(_ root: PolicyNode) throws(PolicyProblem) -> Policy {
    let keys = try entries(root, kind: "Policy")
    let metadata = try root.required("metadata", in: keys)
    let about = try metadata.entries(Self.metadataKeys)
    var labels: [String: String] = [:]
    if let node = about["labels"] {
      for (key, value) in try node.block() { labels[try key.identifier()] = try value.text() }
    }
    let name = try metadata.required("name", in: about).identifier()
    let spec = try root.required("spec", in: keys)
    var policy = Policy(
      name: name, summary: try about["description"]?.text() ?? "", labels: labels, rules: [])
    try read(spec, into: &policy)
    return policy
  }

  /// The keys of a document.
  func entries(_ root: PolicyNode, kind wanted: String) throws(PolicyProblem) -> [String: PolicyNode] {
    guard root.isBlock else {
      throw PolicyProblem(
        "a policy consists of keys and values, `apiVersion: \(PolicyFile.apiVersion)` first", root.place)
    }
    // Cases are told apart before their keys are.
    if root.node["kind"]?.scalar?.string == CaseReader.kind {
      throw PolicyProblem(
        "the file has cases, and no policy", root.place, hint: "`merops policy test` compares verdicts with them")
    }
    let keys = try root.entries(Self.keys)
    let version = try root.required("apiVersion", in: keys)
    guard try version.text() == PolicyFile.apiVersion else {
      throw version.problem("has to be `\(PolicyFile.apiVersion)`, not `\(try version.text())`")
    }
    let kind = try root.required("kind", in: keys)
    guard try kind.text() == wanted else {
      throw kind.problem("has to be `Policy` or `\(Self.listsKind)`, not `\(try kind.text())`")
    }
    return keys
  }

  private func read(_ spec: PolicyNode, into result: inout Policy) throws(PolicyProblem) {
    let policy = result.name
    let keys = try spec.entries(Self.specKeys)
    var shared = Shared(policy: policy)
    if let mode = keys["mode"] { shared.mode = try mode.choice(Mode.self) }
    if let priority = keys["priority"] { shared.priority = try priority.integer(in: Self.priorities) }
    shared.names = try names(keys)
    var seen: [String: Rule.Place] = [:]
    let all = try spec.required("rules", in: keys)
    for node in try all.items() {
      let node = PolicyNode(node: node.node, name: "", file: file)
      let (id, place): (String, Rule.Place)
      if Self.isAboutPackets(node) {
        if let priority = keys["priority"] {
          throw PolicyProblem(
            "a policy with rules about packets has no `spec.priority`: the longest prefix counts among them",
            priority.place, hint: "Write the priority at the other rules")
        }
        let rule = try packetRule(node, of: policy, mode: shared.mode, lists: shared.names.lists)
        result.packetRules.append(rule)
        (id, place) = (rule.id, rule.place)
      } else {
        let rule = try rule(node, shared)
        result.rules.append(rule)
        (id, place) = (rule.id, rule.place)
      }
      if let first = seen.updateValue(place, forKey: id) {
        throw PolicyProblem(
          "two rules of the policy have the id `\(id)`", place, hint: "The first one is in line \(first.line)")
      }
    }
  }

  private static let priorities = 0...1000

  private struct Shared {
    var policy: String
    var mode = Mode.enforce
    var priority = 100
    var names = Names()
  }

  private func rule(_ node: PolicyNode, _ shared: Shared) throws(PolicyProblem) -> Rule {
    let keys = try node.entries(Self.ruleKeys)
    let id = try node.required("id", in: keys).identifier()
    let on = try node.required("on", in: keys)
    var acts: [EventKind] = []
    for item in try on.items() { acts.append(try act(item)) }
    let action = try node.required("action", in: keys)
    let kind = try action.choice(Action.self)
    let mode = try keys["mode"]?.choice(Mode.self) ?? shared.mode
    let required = try keys["require"]?.choice(Rung.self)
    for (act, item) in zip(acts, try on.items())
    where !PolicyHook.acts.contains(act)
      && (kind != .audit && mode == .enforce || ![nil, .observe].contains(required))
    {
      throw PolicyProblem(
        "no rule can decide about `\(act.name)` yet", item.place,
        hint: "`action: audit` tells of it; rules can decide about "
          + PolicyHook.acts.map(\.name).joined(separator: ", "))
    }
    var rule = Rule(
      id: id, policy: shared.policy, acts: acts, cgroups: [], conditions: [], action: kind, mode: mode,
      priority: try keys["priority"]?.integer(in: Self.priorities) ?? shared.priority,
      requiredRung: required, note: try note(keys), place: node.place)
    if let subject = keys["subject"] { try read(subject, into: &rule) }
    if let match = keys["match"] { rule.conditions.append(try condition(match, acts, shared.names)) }
    return rule
  }

  private func act(_ node: PolicyNode) throws(PolicyProblem) -> EventKind {
    let name = try node.text()
    if let kind = EventKind(name: name), Rule.acts.contains(kind) { return kind }
    throw PolicyProblem(
      "there is no act `\(name)`", node.place, written: name, known: Rule.acts.map(\.name) + [PacketPolicyRule.act])
  }

  func note(_ keys: [String: PolicyNode]) throws(PolicyProblem) -> Rule.Note {
    var note = Rule.Note()
    note.message = try keys["message"]?.text()
    if let severity = keys["severity"] { note.severity = try severity.choice(Severity.self) }
    note.falsePositives = try keys["falsePositives"]?.text()
    if let attack = keys["attack"] {
      let entries = try attack.entries(Self.attackKeys)
      if let technique = entries["technique"] {
        let text = try technique.text()
        guard text.hasPrefix("T"), text.dropFirst().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
          text.count >= 5
        else { throw technique.problem("has to be an id of MITRE ATT&CK, such as T1071 or T1071.001, not `\(text)`") }
        note.technique = text
      }
      note.tactic = try entries["tactic"]?.text()
    }
    return note
  }

  /// Who does it.
  private func read(_ subject: PolicyNode, into rule: inout Rule) throws(PolicyProblem) {
    let keys = try subject.entries(Self.subjectKeys)
    if let node = keys["executable"] {
      var alternatives: [String] = []
      for item in try node.items() {
        let path = try item.text()
        guard path.hasPrefix("/"), !path.split(separator: "/", omittingEmptySubsequences: false).contains("..") else {
          throw item.problem(
            "has to be an absolute path, not `\(path)`", hint: "A path that ends in `/` means all programs below")
        }
        let field = Field.processExecutable.name
        alternatives.append(
          path.hasSuffix("/") ? "\(field).startsWith(\(Self.quoted(path)))" : "\(field) == \(Self.quoted(path))")
      }
      rule.conditions.append(try generated(alternatives, node))
    }
    if let node = keys["uid"] {
      var alternatives: [String] = []
      for item in try node.items() {
        alternatives.append("\(Field.processUser.name) == \(try item.integer(in: 0...Int(UInt32.max)))u")
      }
      rule.conditions.append(try generated(alternatives, node))
    }
    if let node = keys["cgroup"] {
      for item in try node.items() {
        let path = try item.text()
        guard Rule.isCgroup(path) else {
          throw item.problem(
            "has to be a directory below the root of cgroup v2, such as `/system.slice/nginx.service`, not `\(path)`")
        }
        rule.cgroups.append(path)
      }
    }
  }

  /// A condition that the reader wrote itself.
  private func generated(_ alternatives: [String], _ node: PolicyNode) throws(PolicyProblem) -> EventExpression {
    do { return try EventExpression(alternatives.joined(separator: " || ")) } catch {
      throw node.problem("cannot be used: \(error)")
    }
  }

  private func condition(
    _ node: PolicyNode, _ acts: [EventKind], _ names: Names
  ) throws(PolicyProblem) -> EventExpression {
    let text = try node.text()
    do { return try EventExpression(text, for: acts, lists: names.lists, macros: names.macros) } catch {
      throw problem(error, text, node, names)
    }
  }

  /// A text as expressions write it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
