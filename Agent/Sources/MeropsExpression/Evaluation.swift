// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

extension EventExpression {
  /// What the expression says of an event.
  public func evaluate(_ event: Event) -> Verdict { condition.evaluate(event) }
}

extension Condition {
  func evaluate(_ event: Event) -> Verdict {
    let evaluation = Evaluation(event: event, ancestor: nil)
    return event.withFacts { evaluation.answer(self, Borrowed(facts: $0, item: RawSpan(), itemIsCut: false)) }
  }
}

extension Verdict {
  fileprivate init(_ value: Bool) { self = value ? .yes : .no }

  fileprivate static prefix func ! (verdict: Verdict) -> Verdict {
    switch verdict {
    case .no: .yes
    case .yes: .no
    case .unknown: .unknown
    }
  }
}

/// What an evaluation looks at where it lies: the event's facts, and the text of a list while a quantifier asks about it.
private struct Borrowed: ~Escapable {
  let facts: RawSpan
  let item: RawSpan
  let itemIsCut: Bool

  @_lifetime(copy facts, copy item)
  init(facts: RawSpan, item: RawSpan, itemIsCut: Bool) {
    self.facts = facts
    self.item = item
    self.itemIsCut = itemIsCut
  }
}

/// Answers conditions by Kleene's logic, which is what CEL's errors come to: `false && unknown` is false.
private struct Evaluation {
  let event: Event
  /// The ancestor that a quantifier asks about.
  let ancestor: Process?

  func answer(_ condition: Condition, _ borrowed: borrowing Borrowed) -> Verdict {
    switch condition {
    case .constant(let value): return Verdict(value)
    case .field(let place): return with(place, borrowed) { bytes, _ in Verdict(Packed.truth(bytes)) } ?? .unknown
    case .has(let place): return Verdict(with(place, borrowed) { _, _ in true } ?? false)
    case .not(let condition): return !answer(condition, borrowed)
    case .all(let conditions):
      var verdict = Verdict.yes
      for condition in conditions {
        switch answer(condition, borrowed) {
        case .no: return .no
        case .unknown: verdict = .unknown
        case .yes: break
        }
      }
      return verdict
    case .any(let conditions):
      var verdict = Verdict.no
      for condition in conditions {
        switch answer(condition, borrowed) {
        case .yes: return .yes
        case .unknown: verdict = .unknown
        case .no: break
        }
      }
      return verdict
    case .numbers(let comparison, let left, let right):
      guard let left = number(left, borrowed), let right = number(right, borrowed) else { return .unknown }
      return Verdict(comparison.holds(left < right, left == right))
    case .numberIsIn(let operand, let members):
      guard let value = number(operand, borrowed) else { return .unknown }
      return Verdict(members.contains(value))
    case .addresses(let place, let blocks):
      return with(place, borrowed) { bytes, _ in
        let address = Packed.address(bytes)
        return Verdict(blocks.contains { $0.contains(address) })
      } ?? .unknown
    case .texts(let comparison, let left, let right): return compare(comparison, left, right, borrowed)
    case .text(let test, let operand):
      return with(operand, borrowed) { bytes, isCut in test.answer(bytes, isCut: isCut) } ?? .unknown
    case .textIsIn(let operand, let members):
      return with(operand, borrowed) { bytes, isCut in
        let text = Packed.copied(bytes)
        guard isCut else { return Verdict(members.contains(text)) }
        return members.contains { $0.starts(with: text) } ? .unknown : .no
      } ?? .unknown
    case .ancestors(let quantifier, let condition): return ancestors(quantifier, condition)
    case .items(let quantifier, let place, let condition):
      return with(place, borrowed) { bytes, isCut in
        var verdict = Quantified(quantifier)
        Packed.forEachText(bytes, isCut: isCut) { text, isCut in
          guard !verdict.isSettled else { return }
          verdict.add(answer(condition, Borrowed(facts: bytes, item: text, itemIsCut: isCut)))
        }
        return verdict.end(isWhole: !isCut)
      } ?? .unknown
    }
  }

  private func ancestors(_ quantifier: Quantifier, _ condition: Condition) -> Verdict {
    var verdict = Quantified(quantifier)
    var last = event.process
    while let next = last.parent, !verdict.isSettled {
      verdict.add(
        Evaluation(event: event, ancestor: next).answer(
          condition, Borrowed(facts: RawSpan(), item: RawSpan(), itemIsCut: false)))
      last = next
    }
    return verdict.end(isWhole: last.isFirst)
  }
}

/// The answer of `exists` or `all` while its elements come in.
private struct Quantified {
  private let quantifier: Quantifier
  private var verdict: Verdict

  init(_ quantifier: Quantifier) {
    self.quantifier = quantifier
    verdict = Verdict(quantifier == .every)
  }

  /// Whether no further element can change the answer.
  var isSettled: Bool { verdict == Verdict(quantifier == .some) }

  mutating func add(_ element: Verdict) {
    if element == Verdict(quantifier == .some) { verdict = element } else if element == .unknown { verdict = .unknown }
  }

  /// - Parameter isWhole: whether there are no elements but those that were seen.
  func end(isWhole: Bool) -> Verdict { isWhole || isSettled ? verdict : .unknown }
}

// Operands.
extension Evaluation {
  /// Calls a closure with a field's bytes and whether they were cut; nil if there is no such field.
  private func with<Result>(
    _ place: Operand.Place, _ borrowed: borrowing Borrowed, _ body: (RawSpan, Bool) -> Result
  ) -> Result? {
    if place.scope == .ancestor {
      guard let facts = ancestor?.facts.bytes else { return nil }
      return Packed.withField(place.field, in: facts.span.bytes, body)
    }
    switch place.field {
    case .eventKind:
      let name = event.kind.nameBytes
      return body(name.span.bytes, false)
    case .eventTime:
      return withUnsafeBytes(of: event.time.littleEndian) { body(RawSpan(_unsafeBytes: $0), false) }
    default:
      if let result = Packed.withField(place.field, in: borrowed.facts, body) { return result }
      let facts = event.process.facts.bytes
      return Packed.withField(place.field, in: facts.span.bytes, body)
    }
  }

  private func with<Result>(
    _ operand: Operand, _ borrowed: borrowing Borrowed, _ body: (RawSpan, Bool) -> Result
  ) -> Result? {
    switch operand {
    case .literal(let bytes): return body(bytes.span.bytes, false)
    case .field(let place): return with(place, borrowed, body)
    case .item: return body(borrowed.item, borrowed.itemIsCut)
    case .joined(let place, let separator):
      return with(place, borrowed) { bytes, isCut in
        var whole: [UInt8] = []
        var isFirst = true
        Packed.forEachText(bytes, isCut: isCut) { text, _ in
          if !isFirst { whole += separator }
          isFirst = false
          whole += Packed.copied(text)
        }
        return body(whole.span.bytes, isCut)
      }
    case .lowered(let operand):
      return with(operand, borrowed) { bytes, isCut in
        let lowered = Packed.copied(bytes).map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        return body(lowered.span.bytes, isCut)
      }
    case .element(let place, let wanted):
      return with(place, borrowed) { bytes, isCut in
        var index = 0
        var result: Result?
        Packed.forEachText(bytes, isCut: isCut) { text, isCut in
          if index == wanted { result = body(text, isCut) }
          index += 1
        }
        return result
      } ?? nil
    }
  }

  private func compare(
    _ comparison: Comparison, _ left: Operand, _ right: Operand, _ borrowed: borrowing Borrowed
  ) -> Verdict {
    // One of the two is copied: two closures in each other cannot borrow at once.
    let second = with(right, borrowed) { bytes, isCut in Text(Packed.copied(bytes), isCut: isCut) }
    guard let second else { return .unknown }
    return with(left, borrowed) { bytes, isCut in
      let common = min(bytes.byteCount, second.bytes.count)
      let order = bytes.withUnsafeBytes { first in
        (0..<common).first { first[$0] != second.bytes[$0] }.map { first[$0] < second.bytes[$0] }
      }
      if let isLess = order { return Verdict(comparison.holds(isLess, false)) }
      // One is the other's beginning. What was cut goes on in an unknown way.
      if isCut && bytes.byteCount <= second.bytes.count || second.isCut && second.bytes.count <= bytes.byteCount {
        return .unknown
      }
      return Verdict(
        comparison.holds(bytes.byteCount < second.bytes.count, bytes.byteCount == second.bytes.count))
    } ?? .unknown
  }

  private func number(_ number: Number, _ borrowed: borrowing Borrowed) -> Number.Literal? {
    switch number {
    case .literal(let literal): return literal
    case .field(let place):
      let isSigned = place.field.type == .int
      return with(place, borrowed) { bytes, _ in Number.Literal(bits: Packed.number(bytes), isSigned: isSigned) }
    case .count(let place):
      return with(place, borrowed) { bytes, isCut in
        var count: UInt64 = 0
        Packed.forEachText(bytes, isCut: isCut) { _, _ in count += 1 }
        return isCut ? nil : Number.Literal(bits: count, isSigned: false)
      } ?? nil
    case .negated(let operand):
      guard let value = self.number(operand, borrowed) else { return nil }
      return Number.Literal(bits: 0 &- value.bits, isSigned: true)
    case .arithmetic(let operation, let left, let right, let isSigned):
      guard let left = self.number(left, borrowed), let right = self.number(right, borrowed) else { return nil }
      return Number.Literal(bits: operation.result(left.bits, right.bits, isSigned: isSigned), isSigned: isSigned)
    }
  }
}

extension Number.Literal: Comparable {
  public static func < (left: Self, right: Self) -> Bool {
    // What is signed is negative.
    left.isSigned == right.isSigned ? left.bits < right.bits : left.isSigned
  }
}

extension Comparison {
  fileprivate func holds(_ isLess: Bool, _ isEqual: Bool) -> Bool {
    switch self {
    case .equal: isEqual
    case .notEqual: !isEqual
    case .less: isLess
    case .lessOrEqual: isLess || isEqual
    case .greater: !isLess && !isEqual
    case .greaterOrEqual: !isLess
    }
  }
}

extension Arithmetic {
  func result(_ left: UInt64, _ right: UInt64, isSigned: Bool) -> UInt64 {
    switch self {
    case .add: left &+ right
    case .subtract: left &- right
    case .multiply: left &* right
    case .bitAnd: left & right
    case .bitOr: left | right
    case .bitXor: left ^ right
    case .shiftLeft: right < 64 ? left << right : 0
    case .shiftRight: right < 64 ? left >> right : 0
    case .divide where right == 0: 0
    case .remainder where right == 0: left
    case .divide where isSigned:
      UInt64(bitPattern: Int64(bitPattern: left).dividedReportingOverflow(by: Int64(bitPattern: right)).partialValue)
    case .divide: left / right
    case .remainder where isSigned:
      UInt64(
        bitPattern: Int64(bitPattern: left).remainderReportingOverflow(dividingBy: Int64(bitPattern: right))
          .partialValue)
    case .remainder: left % right
    }
  }
}

extension TextTest {
  /// - Parameter isCut: whether the text went on, in a way that is not known.
  func answer(_ text: RawSpan, isCut: Bool) -> Verdict {
    switch self {
    case .startsWith(let prefix):
      if text.starts(with: prefix) { return .yes }
      return isCut && prefix.count > text.byteCount && prefix.starts(with: Packed.copied(text)) ? .unknown : .no
    case .endsWith(let suffix):
      if isCut { return suffix.isEmpty ? .yes : .unknown }
      return Verdict(
        text.byteCount >= suffix.count
          && text.extracting(text.byteCount - suffix.count..<text.byteCount).starts(with: suffix))
    case .contains(let part):
      if text.contains(part) { return .yes }
      return isCut ? .unknown : .no
    case .glob(let glob):
      guard isCut else { return Verdict(glob.matches(text)) }
      if glob.parts == [.anything] { return .yes }
      let prefix = glob.prefix
      let fits = text.starts(with: prefix.prefix(text.byteCount))
      return fits ? .unknown : .no
    }
  }
}

extension RawSpan {
  fileprivate func starts(with prefix: some Collection<UInt8>) -> Bool {
    guard byteCount >= prefix.count else { return false }
    return withUnsafeBytes { $0.starts(with: prefix) }
  }

  fileprivate func contains(_ part: [UInt8]) -> Bool {
    guard !part.isEmpty else { return true }
    guard byteCount >= part.count else { return false }
    return withUnsafeBytes { bytes in
      (0...bytes.count - part.count).contains { bytes[$0] == part[0] && bytes[$0...].starts(with: part) }
    }
  }
}
