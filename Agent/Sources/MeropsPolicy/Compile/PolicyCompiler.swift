// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel

/// Makes programs of rules. What it makes depends on the policy set, the kernel's layout and the cgroups' ids alone.
public struct PolicyCompiler: Sendable {
  /// Where a cgroup is in the tree.
  public struct Cgroup: Hashable, Sendable {
    public var id: UInt64
    /// The root is 0.
    public var level: Int

    public init(id: UInt64, level: Int) { (self.id, self.level) = (id, level) }
  }

  var layout: KernelLayout
  /// Finds a cgroup by its path below the root; nil where there is none.
  var cgroup: @Sendable (String) -> Cgroup?
  /// Why acts cannot be decided at a hook; nil where they can.
  var refusal: @Sendable (PolicyHook) -> String?

  public init(
    layout: KernelLayout, cgroup: @escaping @Sendable (String) -> Cgroup?,
    refusal: @escaping @Sendable (PolicyHook) -> String? = { _ in nil }
  ) {
    (self.layout, self.cgroup, self.refusal) = (layout, cgroup, refusal)
  }

  /// A compiler that knows no kernel, to see whether a policy can be compiled.
  public static let offline = PolicyCompiler(layout: .none) { _ in Cgroup(id: 1, level: 1) }

  /// Compiles a set for a generation, which verdicts name.
  ///
  /// - Throws: ``PolicyProblem`` that names the rule.
  public func compile(_ set: PolicySet, generation: UInt32) throws(PolicyProblem) -> CompiledPolicy {
    let observed = observed(set)
    var asked = set.rules
    for each in observed { asked[each.number].acts.removeAll(where: each.acts.contains) }
    var compiled = try compile(asked, generation: generation)
    (compiled.rules, compiled.observed) = (set.rules, observed)
    return compiled
  }

  /// Compiles rules, of which a verdict has the place.
  func compile(_ all: [Rule], generation: UInt32) throws(PolicyProblem) -> CompiledPolicy {
    var compiled = CompiledPolicy(rules: all, hooks: [:])
    for hook in PolicyHook.allCases {
      let rules = all.enumerated().compactMap { number, rule in
        hook.part(of: rule, among: all).map { HookRule(number: UInt32(number), rule: rule, part: $0) }
      }
      guard rules.contains(where: { $0.part == .decides }) else { continue }
      for each in rules where each.part == .decides { try check(each.rule, at: hook) }
      var code = HookCompiler(hook: hook, generation: generation, compiler: self)
      compiled.hooks[hook] = try code.compile(rules)
    }
    return compiled
  }
}

/// A rule at a hook.
struct HookRule {
  /// Its place in the set.
  var number: UInt32
  var rule: Rule
  var part: RulePart
}

/// What a rule does at one of the hooks that decide about its act.
enum RulePart {
  case decides
  /// Another hook decides by it: here the act goes on.
  case passes
}

extension PolicyHook {
  /// What a rule does here; nil where it is about other acts, or another hook asks it.
  ///
  /// Starting a program is decided twice: first it may be denied, then whoever started it may be killed. The rules of both come
  /// in one order. What allows and what tells is asked where it comes first.
  func part(of rule: Rule, among rules: [Rule]) -> RulePart? {
    guard rule.acts.contains(where: acts.contains) else { return nil }
    guard self == .exec || self == .execCheck else { return .decides }
    let isDenied = rules.contains { $0.acts.contains(.processExec) && $0.action == .deny }
    guard isDenied else { return self == .exec ? .decides : nil }
    switch (self, rule.action) {
    case (.execCheck, .kill) where !rule.isAudit: return .passes
    case (.execCheck, _): return .decides
    case (_, .kill) where !rule.isAudit: return .decides
    default: return rule.isAudit ? nil : .passes
    }
  }
}

extension PolicyCompiler {
  /// A rule is carried out as it is written, or refused: never by something weaker.
  private func check(_ rule: Rule, at hook: PolicyHook) throws(PolicyProblem) {
    let act = rule.acts.first { hook.acts.contains($0) }?.name ?? hook.name
    if let refusal = refusal(hook) {
      let isExec = hook == .execCheck
      throw PolicyProblem(
        "\(rule.name): this kernel lets nobody decide about \(act): \(refusal)", rule.place,
        hint: isExec
          ? "`action: kill` ends the process before the new program's first instruction"
          : "`mode: audit` tells of it; \"How an act is stopped\" in docs/policies.md says which kernels can decide")
    }
    guard rule.action.failsClosed else { return }
    if let required = rule.requiredRung, required != hook.rung {
      throw PolicyProblem(
        "\(rule.name) demands `\(required.rawValue)`, and the rung for \(act) is `\(hook.rung.rawValue)`", rule.place)
    }
    if rule.action == .kill, hook.rung == .deny, hook != .execCheck {
      throw PolicyProblem(
        "\(rule.name): \(act) is denied, and nobody is killed", rule.place, hint: "Write `action: deny`")
    }
  }
}

/// Why something cannot be compiled; the rule is known to whoever asked.
struct CompileProblem: Error {
  var message: String
  var hint: String?

  init(_ message: String, hint: String? = nil) { (self.message, self.hint) = (message, hint) }
}
