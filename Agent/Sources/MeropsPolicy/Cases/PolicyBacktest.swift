// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// What policies would have decided about what has happened, beside what others would have: both by the instructions that the
/// kernel would run.
public struct PolicyBacktest {
  /// What became of an act.
  public enum Outcome: String, Sendable, Encodable {
    /// It is not stopped by the policies before, and would be.
    case newlyDenied
    /// It is stopped by the policies before, and would not be.
    case newlyAllowed
    /// It would be told by a rule that did not tell of it before.
    case newlyTold
    /// An event does not tell what a rule asks for: the answer is not known.
    case unknown
  }

  /// Acts of one outcome that are alike: the same rule, program and place.
  public struct Group: Sendable, Encodable {
    public var outcome: Outcome
    /// The rule that decides or tells; of what is newly allowed, the one that stopped it before.
    public var rule: String
    public var act: String
    public var executable: String?
    /// The address and port, or the path, where the act has one.
    public var place: String?
    public var count = 0
    /// Of the first and the last one, in nanoseconds since 1970.
    public var first: UInt64
    public var last: UInt64
    /// Ids of the first events.
    public var examples: [String] = []
    /// What those events do not tell, for ``Outcome/unknown``.
    public var missing: [String] = []
  }

  private struct Key: Hashable {
    var outcome: Outcome
    var rule: String
    var act: String
    var executable: String?
    var place: String?
  }

  private let old: PolicyInterpreter
  private let new: PolicyInterpreter
  private let rules: [String: Rule]
  private var groups: [Key: Group] = [:]
  /// Events that were looked at, and the acts among them.
  public private(set) var events = 0
  public private(set) var acts = 0
  /// Acts about which both decide alike.
  public private(set) var unchanged = 0
  /// Events that tell of acts, but not of where.
  public private(set) var unreadable = 0
  /// Events that the agent had lost in that time, as far as it knows.
  public private(set) var lost: UInt64 = 0

  /// How many examples each group has.
  private static let exampleLimit = 3

  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled.
  public init(_ set: PolicySet, before: PolicySet) throws {
    new = try PolicyInterpreter(set)
    old = try PolicyInterpreter(before)
    rules = Dictionary((before.rules + set.rules).map { ($0.name, $0) }) { $1 }
  }

  public mutating func take(_ event: Event) throws {
    events += 1
    if event.kind == .agentLoss, case .uint(let count)? = event[.eventCount] { lost += count }
    guard PolicyAct.kind(of: event) != nil else { return }
    guard let act = PolicyAct(event) else {
      unreadable += 1
      return
    }
    acts += 1
    let (before, after) = (try old.decide(act), try new.decide(act))
    let told = Set(after.told).subtracting(before.told).sorted()
    let isStopped = { (decision: PolicyInterpreter.Decision) in decision.action.failsClosed }
    // The kernel knew fields that the event lacks. A rule that denies only because a field is unknown says nothing here.
    for decision in [after, before] where decision.isUncertain && isStopped(after) != isStopped(before) {
      guard let name = decision.rule, let rule = rules[name] else { continue }
      return add(.unknown, name, act, event, act.missing(for: rule).map(\.name))
    }
    switch (isStopped(before), isStopped(after)) {
    case (false, true): add(.newlyDenied, after.rule ?? "", act, event)
    case (true, false): add(.newlyAllowed, before.rule ?? "", act, event)
    default: if told.isEmpty { unchanged += 1 }
    }
    for rule in told { add(.newlyTold, rule, act, event) }
  }

  private mutating func add(
    _ outcome: Outcome, _ rule: String, _ act: PolicyAct, _ event: Event, _ missing: [String] = []
  ) {
    let hasPlace = act.hooks.first?.fields != nil
    let address = act.address.isIPv4 ? "\(act.address)" : "[\(act.address)]"
    let key = Key(
      outcome: outcome, rule: rule, act: act.kind.name, executable: act.executable,
      place: hasPlace ? "\(address):\(act.port)" : act.path)
    var group =
      groups[key]
      ?? Group(
        outcome: outcome, rule: rule, act: key.act, executable: key.executable, place: key.place, first: event.time,
        last: event.time)
    group.count += 1
    (group.first, group.last) = (min(group.first, event.time), max(group.last, event.time))
    if group.examples.count < Self.exampleLimit { group.examples.append("\(event.id)") }
    for name in missing where !group.missing.contains(name) { group.missing.append(name) }
    groups[key] = group
  }

  /// How many acts have an outcome.
  public func count(_ outcome: Outcome) -> Int {
    groups.values.reduce(0) { $0 + ($1.outcome == outcome ? $1.count : 0) }
  }

  /// By outcome, the largest first.
  public var results: [Group] {
    let order: [Outcome] = [.newlyDenied, .newlyAllowed, .newlyTold, .unknown]
    func rank(_ group: Group) -> Int { order.firstIndex(of: group.outcome) ?? order.count }
    return groups.values.sorted {
      (rank($0), -$0.count, $0.rule, $0.executable ?? "", $0.place ?? "")
        < (rank($1), -$1.count, $1.rule, $1.executable ?? "", $1.place ?? "")
    }
  }
}
