// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// A rule of ours that is made of another project's.
struct ImportedRule {
  var title: String
  var id = ""
  var acts: [EventKind]
  var condition: Said
  var action = Action.audit
  /// Acts that it is about as well, where events are asked about it, and not the kernel.
  var actsOfEvents: [EventKind] = []
  /// Whether it is there, and does not count.
  var isOff = false
  /// Of processes there and below alone.
  var cgroup: String?
  var priority: Int?
  var severity: Severity?
  var message: String?
  var technique: String?
  var tactic: String?
  var falsePositives: String?

  init(_ title: String, on acts: [EventKind], _ condition: Said, _ action: Action = .audit) {
    (self.title, self.acts, self.condition, self.action) = (title, acts, condition.simplified, action)
  }

  /// Asks the policy compiler about it.
  ///
  /// - Throws: what the compiler says.
  mutating func check(policy: String, enforces: Bool) throws(Refused) {
    if condition == .constant(false) { throw Refused("never", "it never holds") }
    let text = Self.policy(policy, "", [self], enforces: enforces)
    let compiled: CompiledPolicy
    do throws(PolicyProblem) {
      compiled = try PolicyCompiler.offline.compile(
        PolicySet(PolicyFile.read(text, name: title)), generation: 1)
    } catch {
      let hint = error.hint.map { ". \($0)" } ?? ""
      throw Refused("Merops", "Merops cannot say it: \(error.message)\(hint)")
    }
    guard !compiled.observed.isEmpty, !actsOfEvents.isEmpty else { return }
    acts += actsOfEvents
    actsOfEvents = []
    try check(policy: policy, enforces: enforces)
  }

  private var lines: [String] {
    var lines = ["    - id: \(id)", "      on: [\(acts.map(\.name).joined(separator: ", "))]"]
    if let cgroup, cgroup != "/" { lines.append("      subject: {cgroup: \(Self.written(cgroup))}") }
    if condition != .constant(true) { lines.append("      match: \(Self.written(condition.text))") }
    lines.append("      action: \(action.rawValue)")
    if isOff { lines.append("      mode: off") }
    if let priority { lines.append("      priority: \(priority)") }
    if let severity { lines.append("      severity: \(severity.rawValue)") }
    lines.append("      message: \(Self.written(message ?? title))")
    let attack = [technique.map { "technique: \($0)" }, tactic.map { "tactic: \(Self.written($0))" }].compactMap { $0 }
    if !attack.isEmpty { lines.append("      attack: {\(attack.joined(separator: ", "))}") }
    if let falsePositives { lines.append("      falsePositives: \(Self.written(falsePositives))") }
    return lines
  }

  static func policy(_ name: String, _ summary: String, _ rules: [ImportedRule], enforces: Bool) -> String {
    let head = [
      "apiVersion: merops/v1", "kind: Policy", "metadata:", "  name: \(written(name))",
      "  description: \(written(summary))", "spec:", "  mode: \(enforces ? Mode.enforce : Mode.audit)", "  rules:",
    ]
    return (head + rules.flatMap(\.lines)).joined(separator: "\n") + "\n"
  }

  /// A text as YAML writes it between quotes, on one line.
  private static func written(_ text: String) -> String {
    let line = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) ? " " : $0 })
    )
    return "'\(line.replacing("'", with: "''"))'"
  }
}

/// Names of MITRE ATT&CK among the tags of a rule.
struct AttackTags {
  var technique: String?
  var tactic: String?

  private static let tactics: Set<String> = [
    "reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
    "defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
    "exfiltration", "impact",
  ]

  /// - Parameter tags: `T1059.004`, `attack.t1059.004`, `attack.execution`, `mitre_execution`.
  init(_ tags: [String]) {
    for tag in tags {
      var name = tag.lowercased()
      for prefix in ["attack.", "mitre_", "mitre_attack_"] where name.hasPrefix(prefix) {
        name = String(name.dropFirst(prefix.count))
      }
      name = name.replacing("_", with: "-")
      let number = name.dropFirst()
      if name.hasPrefix("t"), number.count >= 4, number.allSatisfy({ $0.isNumber || $0 == "." }) {
        technique = technique ?? "T\(number)"
      } else if Self.tactics.contains(name) {
        tactic = tactic ?? name
      }
    }
  }
}
