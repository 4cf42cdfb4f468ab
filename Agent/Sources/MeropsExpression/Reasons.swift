// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A part of a condition that made the whole what it is for an event.
public struct Reason: Hashable, Sendable {
  /// It has no part in it that is a condition.
  public var part: Condition
  public var verdict: Verdict
  /// The fields that it asks for, in their order, and what they were; nil for what is not known.
  public var values: [Seen]

  public struct Seen: Hashable, Sendable {
    public var field: Field
    public var value: Value?

    public init(field: Field, value: Value?) { (self.field, self.value) = (field, value) }
  }
}

extension EventExpression {
  /// Why the answer for an event is what it is: the fewest parts that are enough for it.
  public func reasons(_ event: Event) -> (verdict: Verdict, reasons: [Reason]) { condition.reasons(event) }

  /// The fewest parts that would have to be otherwise for the answer to be yes; none where it is.
  public func shortfall(_ event: Event) -> [Reason] { condition.shortfall(event, of: .yes) }
}

extension Condition {
  fileprivate func reasons(_ event: Event) -> (verdict: Verdict, reasons: [Reason]) {
    switch self {
    case .not(let condition):
      // The negation of one part is a part.
      if condition.isPart { break }
      let (verdict, reasons) = condition.reasons(event)
      return (verdict == .unknown ? .unknown : verdict == .yes ? .no : .yes, reasons)
    case .all(let conditions): return Self.join(conditions.map { $0.reasons(event) }, settledBy: .no)
    case .any(let conditions): return Self.join(conditions.map { $0.reasons(event) }, settledBy: .yes)
    default: break
    }
    let reason = reason(event)
    return (reason.verdict, [reason])
  }

  private func reason(_ event: Event) -> Reason {
    var seen: [Reason.Seen] = []
    for place in places where place.scope == .event && !seen.contains(where: { $0.field == place.field }) {
      seen.append(Reason.Seen(field: place.field, value: event[place.field]))
    }
    return Reason(part: self, verdict: evaluate(event), values: seen)
  }

  fileprivate func shortfall(_ event: Event, of wanted: Verdict) -> [Reason] {
    if evaluate(event) == wanted { return [] }
    switch self {
    case .not(let condition) where !condition.isPart: return condition.shortfall(event, of: wanted == .yes ? .no : .yes)
    case .all(let conditions), .any(let conditions):
      let operands = conditions.map { $0.shortfall(event, of: wanted) }
      // A conjunction holds by all of them, and fails by one.
      let needsAll = if case .all = self { wanted == .yes } else { wanted == .no }
      return needsAll ? operands.flatMap(\.self) : operands.min { $0.count < $1.count } ?? []
    default: return [reason(event)]
    }
  }

  private var isPart: Bool {
    switch self {
    case .all, .any, .not: false
    default: true
    }
  }

  /// One operand that settles the answer is enough; without one, it takes those that are unknown, or all.
  private static func join(
    _ operands: [(verdict: Verdict, reasons: [Reason])], settledBy settling: Verdict
  ) -> (verdict: Verdict, reasons: [Reason]) {
    let deciding = operands.filter { $0.verdict == settling }
    if let best = deciding.min(by: { $0.reasons.count < $1.reasons.count }) { return best }
    let unknown = operands.filter { $0.verdict == .unknown }
    if !unknown.isEmpty { return (.unknown, unknown.flatMap(\.reasons)) }
    return (settling == .yes ? .no : .yes, operands.flatMap(\.reasons))
  }
}
