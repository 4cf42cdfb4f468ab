// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel

/// What a set of policies becomes in the kernel, and how it differs from another one.
public struct PolicyPlan: Hashable, Sendable, Encodable {
  /// Those that a rule is about, in the order of ``PolicyHook``.
  public var hooks: [Hook]
  /// Rules that only tell, and that events are asked about instead of the kernel.
  public var observed: [Observed]
  /// Rules that are not as they were, by their names.
  public var changes: [Change]
  /// How many rules stay as they are.
  public var unchanged: Int

  /// The program of a hook.
  public struct Hook: Hashable, Sendable, Encodable {
    public var name: String
    /// The strongest that a rule can do there.
    public var rung: String
    public var rules: Int
    public var instructions: Int
    /// Members of lists that are looked up, and what they take with their values, in bytes. The kernel adds its own to each.
    public var mapEntries: Int
    public var mapBytes: Int
  }

  public struct Observed: Hashable, Sendable, Encodable {
    public var rule: String
    public var acts: [String]
    /// Why the kernel is not asked.
    public var reason: String
  }

  public enum ChangeKind: String, Sendable, Encodable {
    case added, changed, removed
  }

  public struct Change: Hashable, Sendable, Encodable {
    public var kind: ChangeKind
    public var rule: String
    public var acts: [String]
    /// What becomes of an act: `deny`, `kill`, `allow`, `observe` for what is only told, or `off`; what became of it for a rule
    /// that is removed.
    public var enforcement: String
    /// The keys whose values are others, for a rule that is changed.
    public var keys: [String]
  }

  /// - Parameters:
  ///   - set: what is to count.
  ///   - before: what counts.
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled.
  public init(_ set: PolicySet, before: PolicySet) throws(PolicyProblem) {
    let compiled = try PolicyCompiler.offline.compile(set, generation: 1)
    hooks = PolicyHook.allCases.compactMap { hook in compiled.hooks[hook].map { Hook(hook, $0) } }
    observed = compiled.observed.map {
      Observed(rule: $0.rule.name, acts: $0.acts.map(\.name), reason: $0.reason)
    }
    let (new, old) = (Self.rules(set), Self.rules(before))
    changes = []
    for (name, rule) in new {
      guard let other = old[name] else {
        changes.append(Change(.added, rule))
        continue
      }
      let keys = rule.keys(unlike: other)
      if !keys.isEmpty { changes.append(Change(.changed, rule, keys)) }
    }
    unchanged = new.count - changes.count
    changes += old.filter { new[$0.key] == nil }.map { Change(.removed, $0.value) }
    changes.sort { $0.rule < $1.rule }
  }

  private static func rules(_ set: PolicySet) -> [String: Rule] {
    // Policies have different names, and rules within each.
    Dictionary(set.policies.flatMap(\.rules).map { ($0.name, $0) }) { first, _ in first }
  }
}

extension PolicyPlan.Hook {
  fileprivate init(_ hook: PolicyHook, _ program: CompiledProgram) {
    (name, rung, rules) = (hook.name, hook.rung.rawValue, program.ruleCount)
    instructions = program.filter.count + program.instructions.count
    (mapEntries, mapBytes) = (0, 0)
    for keys in program.maps.map(\.keys) {
      mapEntries += keys.count
      mapBytes += keys.reduce(0) { $0 + $1.count + 4 }
    }
  }
}

extension PolicyPlan.Change {
  fileprivate init(_ kind: PolicyPlan.ChangeKind, _ rule: Rule, _ keys: [String] = []) {
    (self.kind, self.rule, self.keys) = (kind, rule.name, keys)
    acts = rule.acts.map(\.name)
    enforcement =
      rule.mode == .off ? Mode.off.rawValue : rule.isAudit ? Rung.observe.rawValue : rule.action.rawValue
  }
}

extension Rule {
  /// The keys of the file whose values are others in another rule of the same name.
  fileprivate func keys(unlike other: Rule) -> [String] {
    var keys: [String] = []
    if Set(acts) != Set(other.acts) { keys.append("on") }
    if Set(cgroups) != Set(other.cgroups) { keys.append("subject.cgroup") }
    if conditions.map(\.condition) != other.conditions.map(\.condition) { keys.append("match") }
    if action != other.action { keys.append("action") }
    if mode != other.mode { keys.append("mode") }
    if priority != other.priority { keys.append("priority") }
    if requiredRung != other.requiredRung { keys.append("require") }
    if note != other.note { keys.append("message") }
    return keys
  }
}
