// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// Finds out what the names of an expression mean, and whether its types fit.
struct Checker {
  let kinds: [EventKind]
  let lists: [String: NamedList]
  let macros: [String: Macro]
  /// The names of the macros that the checker is in.
  var open: [String] = []
  let budget = Budget()
  /// The variable of the quantifier that the checker is in.
  var variable: Variable?

  struct Variable {
    var name: String
    /// Whether it stands for an ancestor; otherwise for a text of a list.
    var isAncestor: Bool
  }

  init(kinds: [EventKind], lists: [String: NamedList], macros: [String: Macro] = [:]) {
    self.kinds = kinds
    self.lists = lists
    self.macros = macros
  }

  /// What an expression may be.
  enum Term {
    case condition(Condition)
    case number(Number, ValueType)
    case text(Operand)
    case place(Operand.Place)
    case list([Syntax])
    case named(NamedList)
    case ancestors

    var description: String {
      switch self {
      case .condition: "a condition"
      case .number(_, let type): "a number of type \(type.rawValue)"
      case .text: "a text"
      case .place(let place): "`\(place.field.name)`, of type \(place.field.type.rawValue)"
      case .list, .named: "a list"
      case .ancestors: "the list of ancestors"
      }
    }
  }
}

// Conditions.
extension Checker {
  func condition(_ syntax: Syntax) throws(ExpressionError) -> Condition {
    switch try term(syntax) {
    case .condition(let condition): return condition
    case let term:
      throw ExpressionError("a condition is wanted here, and this is \(term.description)", syntax.range)
    }
  }

  func term(_ syntax: Syntax) throws(ExpressionError) -> Term {
    switch syntax.kind {
    case .bool(let value): return .condition(.constant(value))
    case .int(let value):
      guard value <= UInt64(Int64.max) else {
        throw ExpressionError(
          "the number is greater than an int may be", syntax.range, hint: "Write \(value)u for a uint")
      }
      return .number(.literal(.init(bits: value, isSigned: true)), .int)
    case .uint(let value): return .number(.literal(.init(bits: value, isSigned: false)), .uint)
    case .text(let bytes): return .text(.literal(bytes))
    case .list(let elements): return .list(elements)
    case .name, .member: return try named(syntax)
    case .unary("!", let operand): return .condition(.not(try condition(operand)))
    case .unary(_, let operand): return try negated(operand, syntax.range)
    case .joined(let symbol, let operands):
      var conditions: [Condition] = []
      for operand in operands { conditions.append(try condition(operand)) }
      return .condition(symbol == "&&" ? .all(conditions) : .any(conditions))
    case .binary("in", let left, let right): return .condition(try membership(left, right))
    case .binary(let symbol, let left, let right):
      if let comparison = Comparison(rawValue: symbol) {
        return .condition(try compare(comparison, left, right, syntax.range))
      }
      guard let operation = Arithmetic(rawValue: symbol) else {
        throw ExpressionError("`\(symbol)` is not an operator", syntax.range)
      }
      return try compute(operation, left, right)
    case .index(let base, let index): return .text(try element(base, index))
    case .call(let receiver, let name, let arguments):
      return try call(receiver, name, arguments, syntax)
    }
  }

  func compare(
    _ comparison: Comparison, _ left: Syntax, _ right: Syntax, _ range: Range<Int>
  ) throws(ExpressionError) -> Condition {
    let terms = (try term(left), try term(right))
    switch terms {
    case (.number(let first, _), .number(let second, _)): return .numbers(comparison, first, second)
    case (.text(let first), .text(let second)): return .texts(comparison, first, second)
    case (.place(let place), .text(.literal(let bytes))) where place.field.type == .address:
      return try equals(comparison, place, try block(bytes, right.range), range)
    case (.text(.literal(let bytes)), .place(let place)) where place.field.type == .address:
      return try equals(comparison, place, try block(bytes, left.range), range)
    case (.condition(let first), .condition(let second)):
      // Two truth values: both, or neither.
      let equal = Condition.any([.all([first, second]), .all([.not(first), .not(second)])])
      switch comparison {
      case .equal: return equal
      case .notEqual: return .not(equal)
      default: throw ExpressionError("truth values have no order", range, hint: "Use `==` and `!=`")
      }
    default:
      throw ExpressionError(
        "\(terms.0.description) and \(terms.1.description) cannot be compared", range)
    }
  }

  func equals(
    _ comparison: Comparison, _ place: Operand.Place, _ block: AddressBlock, _ range: Range<Int>
  ) throws(ExpressionError) -> Condition {
    guard comparison == .equal || comparison == .notEqual, block.prefix == 128 else {
      throw ExpressionError(
        "an address is compared by `==` and `!=` with one address", range, hint: "Write `in \"10.0.0.0/8\"` for a block"
      )
    }
    let condition = Condition.addresses(place, isIn: [block])
    return comparison == .equal ? condition : .not(condition)
  }

  func block(_ bytes: [UInt8], _ range: Range<Int>) throws(ExpressionError) -> AddressBlock {
    let text = String(decoding: bytes, as: UTF8.self)
    if let block = AddressBlock(text) { return block }
    let hasBits = text.split(separator: "/").first.flatMap { Address($0) } != nil && text.contains("/")
    throw ExpressionError(
      "\"\(text)\" is not an address or a block of addresses", range,
      hint: hasBits
        ? "The prefix is too long, or bits behind it are set" : "Write \"192.0.2.7\", \"10.0.0.0/8\", \"2001:db8::/32\""
    )
  }
}
