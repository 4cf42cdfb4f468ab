// SPDX-License-Identifier: Apache-2.0

public import MeropsExpression
public import MeropsModel

/// Why a rule decided about an act as it did, which rules came close, and the least that would let the act go on.
public struct PolicyExplanation: Sendable {
  /// `allow`, `deny`, `kill`; `audit` for an act that was told.
  public var outcome: String
  /// The rule that decided or told; nil where none did.
  public var rule: Rule?
  /// What of it matched: the parts of its conditions, and what they saw.
  public var matched: [Reason] = []
  /// The cgroup of the rule's subject that the process is in.
  public var cgroup: String?
  /// Others about the same act that needed little to count, the nearest first.
  public var near: [Near] = []
  /// A rule that lets this act go on, and nothing else, in the language of policies.
  public var allowing: String?
  /// What an event does not tell that a rule asks for.
  public var missing: [Field] = []

  /// A rule that does not apply, and why.
  public struct Near: Sendable {
    public var rule: Rule
    public var failed: [Reason]
    /// Its cgroups, where the process is in none of them.
    public var cgroups: [String] = []
  }

  /// How many parts of a rule may fail for it to be near, and how many such rules are told.
  private static let nearness = 2
  private static let nearLimit = 3

  /// - Parameters:
  ///   - event: an act, or a decision about one.
  ///   - set: the policies that counted then.
  /// - Returns: nil for an event that no rule can be about.
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled.
  public init?(_ event: Event, _ set: PolicySet) throws {
    let told = event.kind == .policyDecision && event[.policyAction] == .text(Text(Action.audit.rawValue))
    guard let act = PolicyAct(event, withTold: true) else { return nil }
    let view = Self.event(event, as: act.kind)
    if event.kind == .policyDecision {
      guard case .text(let policy)? = event[.policyName], case .text(let id)? = event[.policyRule] else { return nil }
      guard case .text(let action)? = event[.policyAction] else { return nil }
      outcome = action.description
      rule = set.policies.flatMap(\.rules).first { $0.policy == policy.description && $0.id == id.description }
    } else {
      let decision = try PolicyInterpreter(set).decide(act)
      outcome = decision.action.rawValue
      rule = decision.rule.flatMap { name in set.rules.first { $0.name == name } }
    }
    if let rule {
      matched = rule.conditions.flatMap { $0.reasons(view).reasons }
      cgroup = rule.cgroups.first { Self.isIn($0, act.cgroup) }
      missing = act.missing(for: rule)
    }
    let isStopped = Action(rawValue: outcome)?.failsClosed == true
    var others: [Near] = []
    for other in set.rules where other.acts.contains(act.kind) && other.name != rule?.name {
      // Of what was stopped those that would have let it go on; of what went on those that would not.
      guard isStopped ? other.action == .allow : other.action.failsClosed else { continue }
      var near = Near(rule: other, failed: [])
      if !other.cgroups.isEmpty, !other.cgroups.contains(where: { Self.isIn($0, act.cgroup) }) {
        near.cgroups = other.cgroups
      }
      for expression in other.conditions { near.failed += expression.shortfall(view) }
      if near.distance > 0, near.distance <= Self.nearness { others.append(near) }
    }
    near = Array(
      others.sorted { ($0.distance, $0.rule.name) < ($1.distance, $1.rule.name) }.prefix(Self.nearLimit))
    if isStopped || told { allowing = try Self.allowance(act, event, set, over: rule) }
  }

  /// An act out of a decision about it: rules ask about acts.
  private static func event(_ event: Event, as kind: EventKind) -> Event {
    guard event.kind != kind else { return event }
    var builder = EventBatchBuilder()
    builder.append(kind, id: event.id, time: event.time, by: event.process, event.facts)
    return builder.finish().first ?? event
  }

  private static func isIn(_ cgroup: String, _ path: String) -> Bool {
    path == cgroup || path.hasPrefix(cgroup + "/")
  }

  /// A rule about this program, place and act alone, in front of those that stop it; nil where none helps: what is tried is what
  /// the kernel would run.
  private static func allowance(
    _ act: PolicyAct, _ event: Event, _ set: PolicySet, over rule: Rule?
  ) throws -> String? {
    let priority = min(max(rule?.priority ?? 100, try PolicyInterpreter(set).highestStopping(act) ?? 0) + 1, 1000)
    var lines = ["- id: allow-\("\(event.id)".lowercased())", "  on: \(act.kind.name)"]
    if let executable = act.executable { lines.append("  subject: {executable: \(PolicyReader.quoted(executable))}") }
    if let fields = act.hooks.first?.fields {
      var match = "\(fields.address.name) == \"\(act.address)\" && \(fields.port.name) == \(act.port)"
      if case .text(let transport)? = event[.networkTransport] {
        match += " && \(Field.networkTransport.name) == \"\(transport)\""
      }
      lines.append("  match: '\(match)'")
    } else if let path = act.path {
      lines.append("  match: \(PolicyReader.quoted("\(Field.filePath.name) == \(PolicyReader.quoted(path))"))")
    }
    lines += ["  action: allow", "  priority: \(priority)"]
    let head =
      "apiVersion: \(PolicyFile.apiVersion)\nkind: Policy\nmetadata: {name: merops.explained}\nspec:\n  rules:\n"
    let text = head + lines.map { "    \($0)\n" }.joined()
    let more = try PolicyFile.read(text, name: "explained")
    let decision = try PolicyInterpreter(PolicySet(set.policies + more)).decide(act)
    return decision.action.failsClosed ? nil : lines.joined(separator: "\n")
  }
}

extension PolicyExplanation.Near {
  /// How many parts of the rule fail.
  fileprivate var distance: Int { failed.count + (cgroups.isEmpty ? 0 : 1) }
}

extension PolicyInterpreter {
  /// The priority of the rule that stops an act.
  fileprivate func highestStopping(_ act: PolicyAct) throws -> Int? {
    let decision = try decide(act)
    guard decision.action.failsClosed, let name = decision.rule else { return nil }
    return rules.first { $0.name == name }?.priority
  }
}
