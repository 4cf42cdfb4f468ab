// SPDX-License-Identifier: Apache-2.0

public import MeropsExpression
public import MeropsModel

/// What a policy file says, checked: names are known, conditions fit the acts that they are asked about.
public struct Policy: Sendable {
  /// Unique among the policies of a set.
  public var name: String
  public var summary: String
  public var labels: [String: String]
  public var rules: [Rule]
  /// Those about packets, which the firewall carries out.
  public var packetRules: [PacketPolicyRule] = []

  /// The same policy, whose rules only tell.
  public var audited: Policy {
    var policy = self
    for index in rules.indices where rules[index].mode == .enforce { policy.rules[index].mode = .audit }
    for index in packetRules.indices where packetRules[index].mode == .enforce {
      policy.packetRules[index].mode = .audit
    }
    return policy
  }

  /// The same policy, enforced on a part of the processes. On the others it only tells.
  public func tried(on canary: Canary) -> Policy {
    var policy = self
    for index in rules.indices where !rules[index].isAudit && rules[index].mode == .enforce {
      policy.rules[index].canary = Rule.CanaryPart(canary: canary)
    }
    return policy
  }
}

extension Policy {
  /// The name of the text that it stands in.
  public var file: String { (rules.first?.place ?? packetRules.first?.place)?.file ?? "" }

  func treated(_ treatment: PolicySources.Treatment?) throws(PolicyProblem) -> Policy {
    switch treatment {
    case nil: return self
    case .audit: return audited
    case .canary(let canary):
      if let rule = packetRules.first {
        throw PolicyProblem(
          "the rule `\(rule.name)` is about packets, which no process is asked about: it cannot be tried on some of them",
          rule.place, hint: "Put the rules about packets into a file of their own")
      }
      return tried(on: canary)
    }
  }
}

/// One rule of a policy.
public struct Rule: Sendable {
  /// What verdicts name: unique within the policy.
  public var id: String
  public var policy: String
  /// The acts that the rule is about.
  public var acts: [EventKind]
  /// Directories below the root of cgroup v2: the rule is about processes in one of them or below. Empty for all.
  public var cgroups: [String]
  /// The part of the processes that it is about; nil for all.
  public var canary: CanaryPart?
  /// All of them have to hold: the subject's, and that of `match`.
  public var conditions: [EventExpression]
  public var action: Action
  public var mode: Mode
  /// The highest counts first.
  public var priority: Int
  /// The rung of enforcement that the author demands.
  public var requiredRung: Rung?
  public var note: Note
  /// Where the rule stands in its file.
  public var place: Place

  /// What people are told about it.
  public struct Note: Hashable, Sendable {
    public var message: String?
    public var severity: Severity = .medium
    /// Of MITRE ATT&CK: `T1071.001`.
    public var technique: String?
    public var tactic: String?
    /// When the rule is known to be wrong.
    public var falsePositives: String?

    public init() {}
  }

  /// A line and a column of a file, from 1.
  public struct Place: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var column: Int
  }

  /// `policy/rule`, as messages name it.
  public var name: String { "\(policy)/\(id)" }
}

/// What becomes of an act that a rule is about.
public enum Action: String, CaseIterable, Sendable {
  case allow, audit
  /// The act fails.
  case deny
  /// Whoever does it is ended.
  case kill

  /// Whether a rule counts, too, where the kernel cannot know a field: what could be denied is denied.
  public var failsClosed: Bool { self == .deny || self == .kill }
}

public enum Mode: String, CaseIterable, Sendable {
  /// The action is carried out.
  case enforce
  /// The action is told, and not carried out.
  case audit
  case off
}

public enum Severity: String, CaseIterable, Sendable {
  case low, medium, high, critical
}

/// How an act is stopped, the strongest first.
public enum Rung: String, CaseIterable, Sendable {
  /// The act fails with EPERM before it has begun.
  case deny
  /// The process is ended before its first instruction.
  case kill
  /// It is told afterwards.
  case observe
}

/// The policies that count together.
public struct PolicySet: Sendable {
  public let policies: [Policy]
  /// Those that are not off, in the order in which they are asked: the first that applies decides.
  ///
  /// The highest priority comes first; of one priority what only tells, then what denies or kills, then what allows; of those in audit
  /// mode before others; at last names, so that the order of files and rules never matters.
  public let rules: [Rule]
  /// Those about packets that are not off, by name.
  public let packetRules: [PacketPolicyRule]

  /// - Throws: ``PolicyProblem`` where two policies have one name, or a rule about packets shall only tell.
  public init(_ policies: [Policy]) throws(PolicyProblem) {
    var seen: Set<String> = []
    for policy in policies where !seen.insert(policy.name).inserted {
      throw PolicyProblem("two policies are named `\(policy.name)`", policy.rules.first?.place)
    }
    self.policies = policies.sorted { $0.name < $1.name }
    packetRules = policies.flatMap(\.packetRules).filter { $0.mode != .off }.sorted { $0.name < $1.name }
    if let rule = packetRules.first(where: { $0.mode == .audit }) {
      throw PolicyProblem(
        "the rule `\(rule.name)` is about packets, which the firewall drops or passes: it cannot only tell of them",
        rule.place, hint: "Write `mode: off` at the rule, or enforce it")
    }
    rules = policies.flatMap(\.rules).filter { $0.mode != .off }.flatMap(\.parts).sorted(by: Self.comesBefore)
  }

  private static func comesBefore(_ left: Rule, _ right: Rule) -> Bool {
    if left.priority != right.priority { return left.priority > right.priority }
    if left.rank != right.rank { return left.rank < right.rank }
    // Else what denies would hide that another rule would.
    if left.isAudit != right.isAudit { return left.isAudit }
    return (left.policy, left.id) < (right.policy, right.id)
  }
}

extension Rule {
  /// The acts that rules can be about: those that sensors see, and no counts.
  public static let acts = EventKind.allCases.filter { $0.eventClass.isWatched && $0 != .fileRepeats }

  /// Whether it decides nothing.
  public var isAudit: Bool { action == .audit || mode == .audit }

  /// Whether it only tells. One that allows keeps those behind it from telling, as it would keep them from denying.
  public var tells: Bool { isAudit && action != .allow }

  /// Whether a path is one of a cgroup below the root.
  public static func isCgroup(_ path: String) -> Bool {
    path.hasPrefix("/")
      && path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && $0 != "." && $0 != ".."
      }
  }

  fileprivate var rank: Int { action == .audit ? 0 : action.failsClosed ? 1 : 2 }
}
