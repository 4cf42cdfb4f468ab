// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// An act, and what is expected to become of it.
public struct PolicyCase: Sendable {
  public var name: String
  public var place: Rule.Place
  public var act: PolicyAct
  /// The fields that the case gives.
  public var given: Set<Field>
  /// What the case gives, as an event has it.
  public var facts: [(field: Field, value: Value)] = []
  public var expected: Expectation

  /// What a case says of the decision. What it does not say may be anything.
  public struct Expectation: Hashable, Sendable {
    /// `allow`, `deny` or `kill`.
    public var action: Action
    public var rule: ExpectedRule?
    /// All rules that only tell.
    public var told: Set<String>?
    public var isUncertain = false
  }

  public enum ExpectedRule: Hashable, Sendable {
    case none
    case named(String)
  }
}

extension PolicyCase {
  /// The act as an event: what rules are asked that the kernel cannot be asked.
  var event: Event {
    var (own, ofProcess) = (Facts(), Facts())
    ofProcess.append(.processID, UInt64(act.process))
    if !given.contains(.processCgroupPath) { ofProcess.append(.processCgroupPath, .text(Text(act.cgroup))) }
    for (field, value) in facts where field != .processID {
      if field.definition.kinds.isEmpty { ofProcess.append(field, value) } else { own.append(field, value) }
    }
    var builder = EventBatchBuilder()
    builder.append(
      act.kind, id: EventID(rawValue: 1), time: 1,
      by: Process(key: ProcessKey(start: 1, pid: act.process), generation: 0, parent: nil, facts: ofProcess), own)
    return builder.finish()[0]
  }
}

/// What became of a case.
public struct CaseResult: Sendable {
  public var policyCase: PolicyCase
  public var decision: PolicyInterpreter.Decision
  /// The fields that the deciding rule asks for, and the case does not give.
  public var missing: [Field]

  public var isPassed: Bool {
    let expected = policyCase.expected
    let isRule =
      switch expected.rule {
      case nil: true
      case .some(.none): decision.rule == nil
      case .some(.named(let name)): decision.rule == name
      }
    return decision.action == expected.action && isRule && decision.isUncertain == expected.isUncertain
      && expected.told.map { $0 == Set(decision.told) } ?? true
  }

  /// What was expected and what came, in a line.
  public var description: String {
    let expected = policyCase.expected
    var wanted = expected.action.rawValue
    switch expected.rule {
    case nil: break
    case .some(.none): wanted += " by no rule"
    case .some(.named(let name)): wanted += " by \(name)"
    }
    if expected.isUncertain { wanted += ", uncertain" }
    if let told = expected.told { wanted += told.isEmpty ? ", told by none" : ", told by \(Self.list(told))" }
    var came = "\(decision.action.rawValue) by \(decision.rule ?? "no rule")"
    if decision.isUncertain {
      came += ", uncertain"
      if !missing.isEmpty { came += " (the case does not give \(missing.map(\.name).joined(separator: ", ")))" }
    }
    if expected.told != nil || !decision.told.isEmpty {
      came += decision.told.isEmpty ? ", told by none" : ", told by \(Self.list(decision.told))"
    }
    return "expected \(wanted); got \(came)"
  }

  private static func list(_ names: some Sequence<String>) -> String { names.sorted().joined(separator: ", ") }
}
