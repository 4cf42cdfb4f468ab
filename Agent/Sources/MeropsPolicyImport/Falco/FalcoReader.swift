// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Rules of Falco (falco.org/docs/concepts/rules): lists of rules, macros and lists.
enum FalcoReader {
  /// The entries of a file.
  static func entries(_ text: String, _ name: String) throws(PolicyProblem) -> [(PolicyNode, [String: PolicyNode])] {
    var entries: [(PolicyNode, [String: PolicyNode])] = []
    for document in try PolicyFile.documents(text, name: name) {
      guard document.isList else {
        throw PolicyProblem("the document is no list of rules, macros and lists of Falco", document.place)
      }
      for item in try document.items() {
        let keys = (try? item.values()) ?? [:]
        guard !Set(keys.keys).isDisjoint(with: known) else {
          throw PolicyProblem("the entry is neither a rule, nor a macro, nor a list of Falco", item.place)
        }
        entries.append((item, keys))
      }
    }
    return entries
  }

  private static let known = ["rule", "macro", "list", "required_engine_version", "required_plugin_versions"]

  /// - Parameter entries: of all files: macros and lists count for all of them.
  static func rules(_ entries: [(PolicyNode, [String: PolicyNode])]) -> [PolicyImport.Found] {
    var definitions = FalcoDefinitions()
    for (_, keys) in entries where keys["rule"] == nil { definitions.add(keys) }
    return entries.filter { $0.1["rule"] != nil }.map { node, keys in
      let title = (try? keys["rule"]?.word()) ?? "rule"
      return PolicyImport.Found(title, node.place) { () throws(Refused) in try Self.rules(title, keys, definitions) }
    }
  }

  private static let severities: [String: Severity] = [
    "emergency": .critical, "alert": .critical, "critical": .critical, "error": .high, "warning": .medium,
    "notice": .low, "informational": .low, "info": .low, "debug": .low,
  ]

  private static func rules(
    _ title: String, _ keys: [String: PolicyNode], _ definitions: FalcoDefinitions
  ) throws(Refused) -> [ImportedRule] {
    if let source = try keys["source"]?.word(), source != "syscall" {
      throw Refused("source", "it is about \(source), and not about system calls")
    }
    if keys["append"] != nil || keys["override"] != nil {
      throw Refused("append", "it changes a rule of another file")
    }
    for exception in try keys["exceptions"]?.list() ?? [] where try exception.values()["values"] != nil {
      throw Refused("exceptions", "its exceptions have values: write them as `and not` into the condition")
    }
    guard let condition = try keys["condition"]?.word() else { throw Refused("form", "it has no condition") }
    let test = try FalcoCondition.test(condition, definitions)
    var rules: [ImportedRule] = []
    for (acts, said) in try FalcoActs.said(test) {
      var rule = ImportedRule(title, on: acts, said)
      rule.isOff = try keys["enabled"]?.word() == "false"
      rule.severity = try keys["priority"].flatMap { (node) throws(Refused) in severities[try node.word().lowercased()]
      }
      let attack = AttackTags(try keys["tags"]?.words() ?? [])
      (rule.technique, rule.tactic) = (attack.technique, attack.tactic)
      rules.append(rule)
    }
    return rules
  }
}

/// Macros and lists, by their names.
struct FalcoDefinitions {
  private(set) var macros: [String: String] = [:]
  private var lists: [String: [String]] = [:]
  /// What is changed in a way that depends on another file.
  private(set) var appended: Set<String> = []

  mutating func add(_ keys: [String: PolicyNode]) {
    guard let name = try? (keys["macro"] ?? keys["list"])?.word() else { return }
    if keys["append"] != nil || keys["override"] != nil {
      appended.insert(name)
    } else if keys["macro"] != nil {
      macros[name] = try? keys["condition"]?.word()
    } else {
      lists[name] = (try? keys["items"]?.words()) ?? []
    }
  }

  /// The values that a word stands for: those of a list, or itself.
  func values(of word: String) throws(Refused) -> [String] {
    var result: [String] = []
    try collect(word, 0, &result)
    return result
  }

  private func collect(_ word: String, _ depth: Int, _ result: inout [String]) throws(Refused) {
    guard !appended.contains(word) else { throw Refused("append", "its list `\(word)` is changed by another file") }
    guard depth < 32, result.count < 100_000 else {
      throw Refused("form", "its list `\(word)` contains itself, or too much")
    }
    guard let items = lists[word] else {
      // A value in quotes of its own, so that it is one word for Falco.
      let isQuoted = word.count > 1 && (word.first == "\"" || word.first == "'") && word.last == word.first
      return result.append(isQuoted ? String(word.dropFirst().dropLast()) : word)
    }
    for item in items { try collect(item, depth + 1, &result) }
  }
}
