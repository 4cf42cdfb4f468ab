// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
public import MeropsModel

/// A rule that only tells, where no hook of the kernel can be asked: about acts that none decides, or by what none knows, as
/// arguments, ancestors and containers. Events are asked instead.
public struct ObservedRule: Sendable {
  public var rule: Rule
  /// Its place in the set.
  public var number: Int
  /// Those of its acts that events are asked about.
  public var acts: [EventKind]
  /// Why the kernel is not asked about them.
  public var reason: String
  /// Rules that allow, and come before it if it denies: they keep it from telling, as they would keep it from denying.
  public var exceptions: [Rule] = []
}

extension ObservedRule {
  /// Whether the rule holds for an event.
  ///
  /// - Parameter scope: the cgroup that policies are about, below the root; `/` for all.
  public func tells(of event: Event, in scope: String = "/") -> Bool {
    acts.contains(event.kind) && rule.tells && Self.isInside(event, [scope]) && Self.holds(rule, for: event)
      && !exceptions.contains { $0.acts.contains(event.kind) && Self.holds($0, for: event) }
  }

  private static func holds(_ rule: Rule, for event: Event) -> Bool {
    isInside(event, rule.cgroups) && rule.conditions.allSatisfy { $0.evaluate(event) == .yes }
  }

  private static func isInside(_ event: Event, _ cgroups: [String]) -> Bool {
    guard !cgroups.isEmpty, cgroups != ["/"] else { return true }
    guard case .text(let path)? = event[.processCgroupPath] else { return false }
    let text = path.description
    return cgroups.contains { text == $0 || text.hasPrefix($0 + "/") }
  }
}

extension PolicyCompiler {
  /// The rules of a set that only tell, and that the kernel cannot be asked about.
  func observed(_ set: PolicySet) -> [ObservedRule] {
    var allowing: [Rule] = []
    // Acts that a rule in audit mode allows by what events alone say: what would deny them is asked of events, too.
    var exceptions: [EventKind: Rule] = [:]
    var all: [ObservedRule] = []
    for (number, rule) in set.rules.enumerated() {
      defer { if rule.action == .allow { allowing.append(rule) } }
      // What demands a rung gets it from the kernel, or is refused.
      guard rule.isAudit, [nil, .observe].contains(rule.requiredRung) else { continue }
      var observed = ObservedRule(rule: rule, number: number, acts: [], reason: "")
      for act in rule.acts {
        let before = rule.action.failsClosed ? exceptions[act] : nil
        guard let reason = before.map({ "\($0.name), which allows before it, is asked of events" }) ?? reason(rule, act)
        else { continue }
        observed.acts.append(act)
        observed.reason = reason
        if rule.action == .allow { exceptions[act] = rule }
      }
      if observed.acts.isEmpty { continue }
      if rule.action.failsClosed { observed.exceptions = allowing.filter { !Set($0.acts).isDisjoint(with: rule.acts) } }
      all.append(observed)
    }
    return all
  }

  /// Why no hook can be asked whether the rule holds for an act; nil where one can.
  private func reason(_ rule: Rule, _ act: EventKind) -> String? {
    guard PolicyHook.acts.contains(act) else { return "no hook decides about \(act.name)" }
    var alone = rule
    alone.acts = [act]
    do {
      _ = try compile([alone], generation: 1)
      return nil
    } catch {
      let message = error.message
      return message.hasPrefix("\(rule.name): ") ? String(message.dropFirst(rule.name.count + 2)) : message
    }
  }
}
