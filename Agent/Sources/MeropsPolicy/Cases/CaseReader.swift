// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Yams

/// Reads cases. Facts have the names that conditions use.
struct CaseReader {
  static let kind = "PolicyTest"
  static let keys = ["apiVersion", "kind", "policies", "cases"]
  static let caseKeys = ["name", "on", "cgroup", "given", "expect", "rule", "told", "uncertain"]

  let file: String
  /// The names of the rules that there are.
  private(set) var rules: [String] = []

  init(file: String) { self.file = file }

  /// The one document of a text.
  func root(_ text: String) throws(PolicyProblem) -> [String: PolicyNode] {
    let start = Rule.Place(file: file, line: 1, column: 1)
    let documents = try PolicyFile.documents(text, name: file)
    guard let root = documents.first, root.isBlock else {
      throw PolicyProblem(
        "a file of cases consists of keys and values, `apiVersion: \(PolicyFile.apiVersion)` first", start)
    }
    guard documents.count == 1 else {
      throw PolicyProblem("a file of cases has one document, without `---` in it", documents[1].place)
    }
    // A policy is told apart before its keys are.
    if root.node["kind"]?.scalar?.string == "Policy" {
      throw PolicyProblem(
        "the file is a policy, and has no cases", start, hint: "Cases are in a file of `kind: \(Self.kind)` beside it")
    }
    let keys = try root.entries(Self.keys)
    let version = try root.required("apiVersion", in: keys)
    guard try version.text() == PolicyFile.apiVersion else {
      throw version.problem("has to be `\(PolicyFile.apiVersion)`, not `\(try version.text())`")
    }
    let kind = try root.required("kind", in: keys)
    guard try kind.text() == Self.kind else {
      throw kind.problem("has to be `\(Self.kind)`, not `\(try kind.text())`")
    }
    _ = try root.required("cases", in: keys)
    return keys
  }

  /// The files that the cases are about. Without the key, `web.test.yaml` is about `web.yaml` beside it.
  func policies(_ root: [String: PolicyNode]) throws(PolicyProblem) -> [String] {
    let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(file[...$0]) } ?? ""
    if let node = root["policies"] {
      var paths: [String] = []
      for item in try node.items() {
        let path = try item.text()
        paths.append(path.hasPrefix("/") ? path : folder + path)
      }
      return paths
    }
    for end in [".yaml", ".yml"] where file.hasSuffix(".test" + end) {
      return [file.dropLast(".test".count + end.count) + end]
    }
    throw PolicyProblem(
      "the key `policies` is missing", Rule.Place(file: file, line: 1, column: 1),
      hint: "It names the files that the cases are about; X.test.yaml is about X.yaml without it")
  }

  mutating func cases(
    _ root: [String: PolicyNode], about set: PolicySet
  ) throws(PolicyProblem) -> [PolicyCase] {
    rules = set.policies.flatMap(\.rules).map(\.name)
    guard let all = root["cases"] else { return [] }
    var cases: [PolicyCase] = []
    for node in try all.items() { cases.append(try policyCase(PolicyNode(node: node.node, name: "", file: file))) }
    return cases
  }

  private func policyCase(_ node: PolicyNode) throws(PolicyProblem) -> PolicyCase {
    let keys = try node.entries(Self.caseKeys)
    let name = try node.required("name", in: keys).text()
    let on = try node.required("on", in: keys)
    let acts = Rule.acts
    guard let kind = EventKind(name: try on.text()), acts.contains(kind) else {
      let word = try on.text()
      throw PolicyProblem(
        "no rule can be about `\(word)`", on.place, written: word, known: acts.map(\.name))
    }
    var result = PolicyCase(
      name: name, place: node.place, act: PolicyAct(kind), given: [],
      expected: try expectation(keys, try node.required("expect", in: keys)))
    if let node = keys["cgroup"] {
      let path = try node.text()
      guard path == "/" || Rule.isCgroup(path) else {
        throw node.problem("has to be a directory below the root of cgroup v2, not `\(path)`")
      }
      result.act.cgroup = path
    }
    let given = try keys["given"]?.block() ?? []
    for (key, value) in given { try read(key, value, into: &result) }
    let hook = result.act.hooks.first
    if let fields = hook?.fields {
      for field in [fields.address, fields.port] where !result.given.contains(field) {
        throw PolicyProblem(
          "`given` has to have `\(field.name)` in a case on `\(kind.name)`", (keys["given"] ?? node).place)
      }
    }
    if result.given.contains(.processExecutableInode), result.act.executable == nil {
      throw PolicyProblem(
        "`\(Field.processExecutableInode.name)` is given without `\(Field.processExecutable.name)`: the kernel knows both or none",
        (keys["given"] ?? node).place)
    }
    return result
  }

  private func expectation(
    _ keys: [String: PolicyNode], _ node: PolicyNode
  ) throws(PolicyProblem) -> PolicyCase.Expectation {
    let action = try node.choice(Action.self)
    guard action != .audit else {
      throw node.problem(
        "cannot be `audit`: such a rule only tells, and another one decides",
        hint: "Write `allow`, `deny` or `kill`, and name the rules that tell in `told`")
    }
    var expected = PolicyCase.Expectation(action: action)
    if let rule = keys["rule"] {
      expected.rule = try rule.text() == "none" ? .some(.none) : .named(try ruleName(rule, or: ["none"]))
    }
    if let told = keys["told"] {
      var names: Set<String> = []
      // An empty list says that no rule tells.
      if told.node.sequence?.isEmpty != true {
        for item in try told.items() { names.insert(try ruleName(item, or: [])) }
      }
      expected.told = names
    }
    if let uncertain = keys["uncertain"] {
      guard let value = uncertain.node.bool else { throw uncertain.problem("has to be `true` or `false`") }
      expected.isUncertain = value
    }
    return expected
  }

  private func ruleName(_ node: PolicyNode, or others: [String]) throws(PolicyProblem) -> String {
    let name = try node.text()
    if rules.contains(name) { return name }
    throw PolicyProblem("there is no rule `\(name)`", node.place, written: name, known: others + rules)
  }

  private func read(_ key: PolicyNode, _ value: PolicyNode, into result: inout PolicyCase) throws(PolicyProblem) {
    let kind = result.act.kind
    let known = Field.allCases.filter { field in
      let kinds = field.definition.kinds
      return field != .eventKind && (kinds.isEmpty || kinds.contains(kind) || result.act.isKnown(field))
    }
    guard let field = known.first(where: { $0.name == key.name }) else {
      throw PolicyProblem(
        "`\(key.name)` is no field of `\(kind.name)`", key.place, written: key.name, known: known.map(\.name).sorted())
    }
    result.given.insert(field)
    result.facts.append((field, try self.value(value, field)))
    guard result.act.isKnown(field), let hook = result.act.hooks.first ?? PolicyHook.deciding(kind) else { return }
    switch field {
    case hook.fields?.address:
      let text = try value.text()
      guard let address = Address(text) else { throw value.problem("has to be an address, not `\(text)`") }
      result.act.address = address
    case hook.fields?.port: result.act.port = UInt16(try number(value, UInt64(UInt16.max)))
    case .networkTransport:
      switch try value.text() {
      case "tcp": result.act.transport = 6
      case "udp": result.act.transport = 17
      case let text:
        throw PolicyProblem("`\(value.name)` cannot be `\(text)`", value.place, written: text, known: ["tcp", "udp"])
      }
    case .processExecutable:
      result.act.executable = try path(value)
    case .filePath: result.act.path = try path(value)
    case .fileTarget: result.act.target = try path(value)
    case .processExecutableInode: result.act.inode = try number(value, .max)
    case .processID: result.act.process = UInt32(try number(value, UInt64(UInt32.max)))
    case .processCgroup: result.act.cgroupID = try number(value, .max)
    case .processCapabilities, .fileInode: result.act.numbers[field] = try number(value, .max)
    default: result.act.numbers[field] = try number(value, UInt64(UInt32.max))
    }
  }

  /// A value as events have it, for the rules that they are asked about.
  private func value(_ node: PolicyNode, _ field: Field) throws(PolicyProblem) -> Value {
    switch field.type {
    case .bool:
      guard let value = node.node.bool else { throw node.problem("has to be `true` or `false`") }
      return .bool(value)
    case .uint: return .uint(try number(node, .max))
    case .int:
      guard let value = Int64(try node.text()) else {
        throw node.problem("has to be a number, not `\(try node.text())`")
      }
      return .int(value)
    case .text: return .text(Text(try node.text()))
    case .texts:
      var texts: [Text] = []
      // An empty list is one, too.
      if node.node.sequence?.isEmpty != true {
        for item in try node.items() { texts.append(Text(try item.text())) }
      }
      return .texts(texts)
    case .address:
      let text = try node.text()
      guard let address = Address(text) else { throw node.problem("has to be an address, not `\(text)`") }
      return .address(address)
    }
  }

  private func path(_ value: PolicyNode) throws(PolicyProblem) -> String {
    let path = try value.text()
    guard ProcessLayout.packed(Array(path.utf8)) != nil, !path.split(separator: "/").contains("..") else {
      throw value.problem("has to be an absolute path as the kernel writes it, not `\(path)`")
    }
    return path
  }

  /// A number, decimal or hexadecimal.
  private func number(_ node: PolicyNode, _ limit: UInt64) throws(PolicyProblem) -> UInt64 {
    let text = try node.text()
    let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    guard let number, number <= limit else {
      throw node.problem("has to be a number from 0 to \(limit), not `\(text)`")
    }
    return number
  }
}
