// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// Finds out what the names of an expression mean, and whether its types fit.
struct Checker {
  let kinds: [EventKind]
  let lists: [String: NamedList]
  /// The variable of the quantifier that the checker is in.
  private var variable: Variable?

  private struct Variable {
    var name: String
    /// Whether it stands for an ancestor; otherwise for a text of a list.
    var isAncestor: Bool
  }

  init(kinds: [EventKind], lists: [String: NamedList]) {
    self.kinds = kinds
    self.lists = lists
  }

  /// What an expression may be.
  private enum Term {
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

  private func term(_ syntax: Syntax) throws(ExpressionError) -> Term {
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

  private func compare(
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

  private func equals(
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

  private func block(_ bytes: [UInt8], _ range: Range<Int>) throws(ExpressionError) -> AddressBlock {
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

// Lists.
extension Checker {
  private func membership(_ left: Syntax, _ right: Syntax) throws(ExpressionError) -> Condition {
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
      for (value, range) in try elements(values, right) { members.insert(try self.number(value, range)) }
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

  private func blocks(_ term: Term, _ syntax: Syntax) throws(ExpressionError) -> [AddressBlock] {
    if case .text(.literal(let bytes)) = term { return [try block(bytes, syntax.range)] }
    var blocks: [AddressBlock] = []
    for (value, range) in try elements(term, syntax) {
      guard case .text(let bytes) = value else {
        throw ExpressionError("the list holds something that is not an address", range)
      }
      blocks.append(try block(bytes, range))
    }
    return blocks
  }
}

// Numbers.
extension Checker {
  private func negated(_ operand: Syntax, _ range: Range<Int>) throws(ExpressionError) -> Term {
    // -9223372036854775808 has no positive counterpart.
    if case .int(let value) = operand.kind {
      guard value <= UInt64(Int64.max) + 1 else {
        throw ExpressionError("the number is less than an int may be", range)
      }
      return .number(.literal(.init(bits: 0 &- value, isSigned: true)), .int)
    }
    guard case .number(let number, let type) = try term(operand) else {
      throw ExpressionError("`-` wants a number", operand.range)
    }
    guard type == .int else {
      throw ExpressionError("a uint cannot be negative", range, hint: "`int(x)` makes an int of it")
    }
    return .number(.negated(number), .int)
  }

  private func compute(
    _ operation: Arithmetic, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionError) -> Term {
    let (first, firstType) = try operand(left, operation)
    let (second, secondType) = try operand(right, operation)
    // A literal is of the type that the other operand wants.
    var type = firstType
    if firstType != secondType {
      if case .literal(let literal) = second, !literal.isSigned {
        type = firstType
      } else if case .literal(let literal) = first, !literal.isSigned {
        type = secondType
      } else {
        throw ExpressionError(
          "an int and a uint cannot be operands of one `\(operation.rawValue)`",
          left.range.lowerBound..<right.range.upperBound, hint: "`int(x)` and `uint(x)` convert")
      }
    }
    return .number(.arithmetic(operation, first, second, isSigned: type == .int), type)
  }

  private func operand(
    _ syntax: Syntax, _ operation: Arithmetic
  ) throws(ExpressionError) -> (Number, ValueType) {
    switch try term(syntax) {
    case .number(let number, let type): return (number, type)
    case let term:
      throw ExpressionError("`\(operation.rawValue)` wants numbers, and this is \(term.description)", syntax.range)
    }
  }
}

// Names.
extension Checker {
  private func named(_ syntax: Syntax) throws(ExpressionError) -> Term {
    guard let path = syntax.path else {
      throw ExpressionError("a field is a name with dots, and this is not", syntax.range)
    }
    if let variable {
      if path == variable.name, !variable.isAncestor { return .text(.item) }
      if path.hasPrefix(variable.name + "."), variable.isAncestor {
        return try field("process" + path.dropFirst(variable.name.utf8.count), scope: .ancestor, syntax)
      }
    }
    if path == "process.ancestors" { return .ancestors }
    if let list = lists[path] { return .named(list) }
    if let constant = Constants.byName[path] { return .number(.literal(.init(bits: constant, isSigned: false)), .uint) }
    return try field(path, scope: .event, syntax)
  }

  private func field(_ path: String, scope: Scope, _ syntax: Syntax) throws(ExpressionError) -> Term {
    guard let field = Field(name: path) else { throw unknown(path, syntax) }
    let definition = field.definition
    if scope == .ancestor, !definition.kinds.isEmpty {
      throw ExpressionError("an ancestor has no `\(path)`: it is a field of the event", syntax.range)
    }
    if scope == .event, !kinds.isEmpty, !definition.kinds.isEmpty, definition.kinds.allSatisfy({ !kinds.contains($0) })
    {
      throw ExpressionError(
        "\(kinds.map(\.name).joined(separator: ", ")) has no `\(path)`", syntax.range,
        hint: "Only \(definition.kinds.map(\.name).joined(separator: ", ")) has it")
    }
    let place = Operand.Place(scope: scope, field: field)
    switch field.type {
    case .bool: return .condition(.field(place))
    case .int, .uint: return .number(.field(place), field.type)
    case .text: return .text(.field(place))
    case .texts, .address: return .place(place)
    }
  }

  private func unknown(_ path: String, _ syntax: Syntax) -> ExpressionError {
    let names = Field.allCases.map(\.name)
    let all = names + lists.keys + Constants.byName.keys + ["process.ancestors", "true", "false"]
    let inside = names.filter { $0.hasPrefix(path + ".") }
    if !inside.isEmpty {
      return ExpressionError(
        "`\(path)` is not a field; its fields are \(inside.joined(separator: ", "))", syntax.range)
    }
    if let meant = Spelling.nearest(to: path, among: all) {
      return ExpressionError("there is no field `\(path)`; did you mean `\(meant)`?", syntax.range)
    }
    let group = path.split(separator: ".").first.map { $0 + "." } ?? ""
    let siblings = names.filter { $0.hasPrefix(group) }
    return ExpressionError(
      "there is no field `\(path)`", syntax.range,
      hint: "Fields: " + (siblings.isEmpty ? names : siblings).joined(separator: ", "))
  }

  private func element(_ base: Syntax, _ index: Syntax) throws(ExpressionError) -> Operand {
    let list = try texts(base)
    guard case .int(let index) = index.kind, index < 4096 else {
      throw ExpressionError("the position in a list is a number from 0 to 4095", index.range)
    }
    return .element(list, Int(index))
  }

  private func texts(_ syntax: Syntax) throws(ExpressionError) -> Operand.Place {
    switch try term(syntax) {
    case .place(let place) where place.field.type == .texts: return place
    case let term: throw ExpressionError("a list is wanted here, and this is \(term.description)", syntax.range)
    }
  }
}

// Calls.
extension Checker {
  private static let methods = ["startsWith", "endsWith", "contains", "glob", "exists", "all", "size"]
  private static let functions = ["has", "size", "int", "uint"]
  private static let mathematics = ["bitAnd", "bitOr", "bitXor", "bitNot", "bitShiftLeft", "bitShiftRight"]

  private func call(
    _ receiver: Syntax?, _ name: String, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionError) -> Term {
    guard let receiver else { return try function(name, arguments, syntax) }
    if receiver.path == "math" { return try mathematics(name, arguments, syntax) }
    switch name {
    case "startsWith", "endsWith", "contains", "glob": return .condition(try test(receiver, name, arguments, syntax))
    case "exists", "all": return .condition(try quantifier(receiver, name, arguments, syntax))
    case "size":
      try expect(0, arguments, of: name, syntax)
      return .number(.count(try texts(receiver)), .uint)
    case "matches":
      throw ExpressionError(
        "the language has no regular expressions", syntax.range,
        hint: "A policy runs in the kernel, in bounded time: use `glob`, `startsWith`, `endsWith`, `contains`")
    default: throw noFunction(name, Self.methods, syntax)
    }
  }

  private func noFunction(_ name: String, _ all: [String], _ syntax: Syntax) -> ExpressionError {
    if let meant = Spelling.nearest(to: name, among: all) {
      return ExpressionError("there is no function `\(name)`; did you mean `\(meant)`?", syntax.range)
    }
    return ExpressionError(
      "there is no function `\(name)`", syntax.range, hint: "Functions: " + all.joined(separator: ", "))
  }

  private func expect(
    _ count: Int, _ arguments: [Syntax], of name: String, _ syntax: Syntax
  ) throws(ExpressionError) {
    guard arguments.count != count else { return }
    let wanted = ["no argument", "one argument", "two arguments"][count]
    throw ExpressionError("`\(name)` takes \(wanted), and \(arguments.count) were given", syntax.range)
  }

  private func function(_ name: String, _ arguments: [Syntax], _ syntax: Syntax) throws(ExpressionError) -> Term {
    guard Self.functions.contains(name) else { throw noFunction(name, Self.functions + Self.methods, syntax) }
    try expect(1, arguments, of: name, syntax)
    let argument = arguments[0]
    switch name {
    case "has":
      guard argument.path != nil, let place = place(try term(argument)) else {
        throw ExpressionError("`has` wants a field", argument.range)
      }
      return .condition(.has(place))
    case "size": return .number(.count(try texts(argument)), .uint)
    default:
      guard case .number(let number, _) = try term(argument) else {
        throw ExpressionError("`\(name)` wants a number", argument.range)
      }
      // The same 64 bits, read otherwise.
      let isSigned = name == "int"
      let zero = Number.literal(.init(bits: 0, isSigned: false))
      return .number(.arithmetic(.add, number, zero, isSigned: isSigned), isSigned ? .int : .uint)
    }
  }

  private func place(_ term: Term) -> Operand.Place? {
    switch term {
    case .condition(.field(let place)), .number(.field(let place), _), .text(.field(let place)), .place(let place):
      place
    default: nil
    }
  }

  private func mathematics(_ name: String, _ arguments: [Syntax], _ syntax: Syntax) throws(ExpressionError) -> Term {
    if name == "bitNot" {
      try expect(1, arguments, of: "math.bitNot", syntax)
      let (number, type) = try operand(arguments[0], .bitXor)
      let ones = Number.literal(.init(bits: .max, isSigned: type == .int))
      return .number(.arithmetic(.bitXor, number, ones, isSigned: type == .int), type)
    }
    guard let operation = Arithmetic(rawValue: "math." + name) else {
      throw noFunction("math." + name, Self.mathematics.map { "math." + $0 }, syntax)
    }
    try expect(2, arguments, of: operation.rawValue, syntax)
    return try compute(operation, arguments[0], arguments[1])
  }

  private func test(
    _ receiver: Syntax, _ name: String, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionError) -> Condition {
    let term = try term(receiver)
    guard case .text(let operand) = term else {
      throw ExpressionError("`\(name)` is asked of a text, and this is \(term.description)", receiver.range)
    }
    try expect(1, arguments, of: name, syntax)
    guard case .text(let bytes) = arguments[0].kind else {
      throw ExpressionError("`\(name)` wants a text in quotes", arguments[0].range)
    }
    switch name {
    case "startsWith": return .text(.startsWith(bytes), operand)
    case "endsWith": return .text(.endsWith(bytes), operand)
    case "contains": return .text(.contains(bytes), operand)
    default:
      guard let glob = Glob(bytes) else {
        throw ExpressionError(
          "the pattern ends in a backslash, which takes the next character as it is", arguments[0].range)
      }
      return .text(.glob(glob), operand)
    }
  }

  private func quantifier(
    _ receiver: Syntax, _ name: String, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionError) -> Condition {
    try expect(2, arguments, of: name, syntax)
    guard case .name(let variable) = arguments[0].kind else {
      throw ExpressionError("`\(name)` wants a name first, which stands for one element", arguments[0].range)
    }
    guard Field.allCases.allSatisfy({ !$0.name.hasPrefix(variable + ".") }), variable != "math" else {
      throw ExpressionError("`\(variable)` already has a meaning", arguments[0].range, hint: "Choose another name")
    }
    guard self.variable == nil else {
      throw ExpressionError(
        "`\(name)` cannot stand inside another", syntax.range, hint: "What runs in the kernel walks one list at a time")
    }
    let quantifier: Quantifier = name == "exists" ? .some : .every
    let term = try term(receiver)
    var inner = self
    switch term {
    case .ancestors:
      inner.variable = Variable(name: variable, isAncestor: true)
      return .ancestors(quantifier, try inner.condition(arguments[1]))
    case .place(let place) where place.field.type == .texts:
      inner.variable = Variable(name: variable, isAncestor: false)
      return .items(quantifier, place, try inner.condition(arguments[1]))
    default: throw ExpressionError("`\(name)` is asked of a list, and this is \(term.description)", receiver.range)
    }
  }
}
