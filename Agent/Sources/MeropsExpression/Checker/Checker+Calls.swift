// SPDX-License-Identifier: Apache-2.0

import MeropsModel

// Calls.
extension Checker {
  private static let methods = [
    "startsWith", "endsWith", "contains", "glob", "exists", "all", "size", "join", "lowerAscii",
  ]
  private static let functions = ["has", "size", "int", "uint"]
  private static let mathematics = ["bitAnd", "bitOr", "bitXor", "bitNot", "bitShiftLeft", "bitShiftRight"]

  func call(
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
    case "lowerAscii":
      guard case .text(let operand) = try term(receiver) else {
        throw ExpressionError("`lowerAscii` is asked of a text", receiver.range)
      }
      try expect(0, arguments, of: name, syntax)
      return .text(.lowered(operand))
    case "join":
      let list = try texts(receiver)
      if arguments.isEmpty { return .text(.joined(list, [])) }
      try expect(1, arguments, of: name, syntax)
      guard case .text(let separator) = arguments[0].kind else {
        throw ExpressionError("`join` wants a text in quotes, which stands between the others", arguments[0].range)
      }
      return .text(.joined(list, separator))
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

  func place(_ term: Term) -> Operand.Place? {
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
