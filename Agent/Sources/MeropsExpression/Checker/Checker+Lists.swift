// SPDX-License-Identifier: Apache-2.0

import MeropsModel

// Lists.
extension Checker {
  func membership(_ left: Syntax, _ right: Syntax) throws(ExpressionError) -> Condition {
    let values = try term(right)
    // "-c" in process.command_args
    if case .place(let list) = values, list.field.type == .texts {
      guard case .text(let text) = try term(left) else {
        throw ExpressionError("`\(list.field.name)` is a list of texts, and only a text can be in it", left.range)
      }
      guard text != .item else {
        throw ExpressionError("a list cannot be searched for the text of another list", left.range)
      }
      return .items(.some, list, .texts(.equal, .item, text))
    }
    // address in "10.0.0.0/8"
    let first = try term(left)
    if case .place(let place) = first, place.field.type == .address {
      return .addresses(place, isIn: try blocks(values, right))
    }
    switch first {
    case .number(let number, _):
      var members: Set<Number.Literal> = []
      for (index, (value, range)) in try elements(values, right).enumerated() {
        do { members.insert(try self.number(value, range)) } catch { throw error.named(values, index) }
      }
      return .numberIsIn(number, members)
    case .text(let operand):
      var members: Set<[UInt8]> = []
      for (value, range) in try elements(values, right) {
        guard case .text(let bytes) = value else {
          throw ExpressionError("the list holds something that is not a text", range)
        }
        members.insert(bytes)
      }
      return .textIsIn(operand, members)
    default: throw ExpressionError("\(first.description) cannot be looked for in a list", left.range)
    }
  }

  private enum Element {
    case text([UInt8])
    case number(Number.Literal)
  }

  private func elements(_ term: Term, _ syntax: Syntax) throws(ExpressionError) -> [(Element, Range<Int>)] {
    var result: [(Element, Range<Int>)] = []
    switch term {
    case .list(let elements):
      for element in elements {
        switch try self.term(element) {
        case .text(.literal(let bytes)): result.append((.text(bytes), element.range))
        case .number(.literal(let literal), _): result.append((.number(literal), element.range))
        default: throw ExpressionError("a list holds constants only", element.range, hint: "Join comparisons by `||`")
        }
      }
    case .named(let list): for value in list.values { result.append((.text(value.bytes), syntax.range)) }
    default: throw ExpressionError("a list is wanted behind `in`, and this is \(term.description)", syntax.range)
    }
    return result
  }

  private func number(_ element: Element, _ range: Range<Int>) throws(ExpressionError) -> Number.Literal {
    switch element {
    case .number(let literal): return literal
    // From a named list.
    case .text(let bytes):
      let text = String(decoding: bytes, as: UTF8.self)
      if let value = UInt64(text) { return Number.Literal(bits: value, isSigned: false) }
      if let value = Int64(text) { return Number.Literal(bits: UInt64(bitPattern: value), isSigned: true) }
      throw ExpressionError("the list holds \"\(text)\", which is not a number", range)
    }
  }

  func blocks(_ term: Term, _ syntax: Syntax) throws(ExpressionError) -> [AddressBlock] {
    if case .text(.literal(let bytes)) = term { return [try block(bytes, syntax.range)] }
    var blocks: [AddressBlock] = []
    for (index, (value, range)) in try elements(term, syntax).enumerated() {
      guard case .text(let bytes) = value else {
        throw ExpressionError("the list holds something that is not an address", range)
      }
      do { blocks.append(try block(bytes, range)) } catch { throw error.named(term, index) }
    }
    return blocks
  }
}

extension ExpressionError {
  /// The error with the file and the line that a member of a list is from.
  fileprivate func named(_ list: Checker.Term, _ index: Int) -> ExpressionError {
    guard case .named(let list) = list, let file = list.file, list.lines.indices.contains(index) else { return self }
    return ExpressionError("\(file):\(list.lines[index]): \(message)", range, hint: hint)
  }
}
