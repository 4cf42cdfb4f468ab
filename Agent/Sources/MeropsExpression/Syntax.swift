// SPDX-License-Identifier: Apache-2.0

/// An expression as it is written, before anything is known of its names.
struct Syntax: Hashable, Sendable {
  indirect enum Kind: Hashable, Sendable {
    case int(UInt64)
    case uint(UInt64)
    case text([UInt8])
    case bool(Bool)
    case name(String)
    case member(Syntax, String)
    case call(receiver: Syntax?, String, [Syntax])
    case index(Syntax, Syntax)
    case list([Syntax])
    case unary(String, Syntax)
    case binary(String, Syntax, Syntax)
    /// Operands that are joined by `&&` or by `||`.
    case joined(String, [Syntax])
  }

  var kind: Kind
  /// Bytes of the text.
  var range: Range<Int>

  /// `process.executable.path` as one name; nil for what is more than names and dots.
  var path: String? {
    switch kind {
    case .name(let name): name
    case .member(let base, let name): base.path.map { "\($0).\(name)" }
    default: nil
    }
  }
}

/// Reads an expression by CEL's grammar (cel-spec, doc/langdef.md), without what the language leaves out.
struct Parser {
  private let tokens: [Token]
  private var position = 0
  private var depth = 0

  /// How deep expressions may be nested: the stack of the reader is finite.
  private static let depthLimit = 64
  static let lengthLimit = 65_536

  static func parse(_ text: String) throws(ExpressionError) -> Syntax {
    guard text.utf8.count <= lengthLimit else {
      throw ExpressionError(
        "the expression is longer than \(lengthLimit) bytes", lengthLimit..<lengthLimit,
        hint: "Put its values into a list")
    }
    var parser = Parser(tokens: try Lexer.tokens(text))
    if parser.token.kind == .end { throw ExpressionError("the expression is empty", 0..<text.utf8.count) }
    let syntax = try parser.expression()
    guard parser.token.kind == .end else { throw parser.unexpected("the end of the expression, or an operator") }
    return syntax
  }

  private init(tokens: [Token]) { self.tokens = tokens }

  private var token: Token { tokens[min(position, tokens.count - 1)] }

  private mutating func take(_ symbols: String...) -> (symbol: String, range: Range<Int>)? {
    guard case .symbol(let symbol) = token.kind, symbols.contains(symbol) else { return nil }
    defer { position += 1 }
    return (symbol, token.range)
  }

  private mutating func expect(_ symbol: String) throws(ExpressionError) -> Range<Int> {
    guard let range = take(symbol)?.range else { throw unexpected("`\(symbol)`") }
    return range
  }

  private func unexpected(_ wanted: String) -> ExpressionError {
    switch token.kind {
    case .end: return ExpressionError("the expression ends where \(wanted) should follow", token.range)
    case .symbol("?"), .symbol(":"):
      return ExpressionError("the language has no `? :`", token.range, hint: "Write `a && b || !a && c`")
    case .symbol("{"): return ExpressionError("the language has no maps and messages", token.range)
    case .symbol(let symbol): return ExpressionError("`\(symbol)` stands where \(wanted) should", token.range)
    case .identifier(let name):
      let meant = ["and": "&&", "or": "||", "not": "!"][name.lowercased()]
      return ExpressionError(
        "`\(name)` stands where \(wanted) should", token.range, hint: meant.map { "Write `\($0)`" })
    case .int, .uint: return ExpressionError("a number stands where \(wanted) should", token.range)
    case .text: return ExpressionError("a text stands where \(wanted) should", token.range)
    }
  }

  private mutating func expression() throws(ExpressionError) -> Syntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw ExpressionError("the expression is nested more than \(Self.depthLimit) deep", token.range)
    }
    return try binary(0)
  }

  /// By rising precedence. Comparisons do not chain: `a == b == c` is an error.
  private static let levels = [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]]

  private mutating func binary(_ level: Int) throws(ExpressionError) -> Syntax {
    guard level < Self.levels.count else { return try unary() }
    var left = try binary(level + 1)
    if level < 2 { return try joined(level, left) }
    var count = 0
    while let symbol = infix(level) {
      count += 1
      if level == 2, count > 1 {
        throw ExpressionError("comparisons do not chain", symbol.range, hint: "Join two comparisons by `&&`")
      }
      try checkChain(count)
      let right = try binary(level + 1)
      left = Syntax(kind: .binary(symbol.symbol, left, right), range: left.range.lowerBound..<right.range.upperBound)
    }
    return left
  }

  private mutating func joined(_ level: Int, _ first: Syntax) throws(ExpressionError) -> Syntax {
    var operands = [first]
    while infix(level) != nil { operands.append(try binary(level + 1)) }
    guard operands.count > 1, let last = operands.last else { return first }
    return Syntax(
      kind: .joined(Self.levels[level][0], operands), range: first.range.lowerBound..<last.range.upperBound)
  }

  /// What hangs together without parentheses is nested, too, once it is read.
  private func checkChain(_ count: Int) throws(ExpressionError) {
    guard count > Self.depthLimit else { return }
    throw ExpressionError("more than \(Self.depthLimit) operators follow each other", token.range)
  }

  private mutating func infix(_ level: Int) -> (symbol: String, range: Range<Int>)? {
    if level == 2, token.kind == .identifier("in") {
      defer { position += 1 }
      return ("in", token.range)
    }
    guard case .symbol(let symbol) = token.kind, Self.levels[level].contains(symbol) else { return nil }
    defer { position += 1 }
    return (symbol, token.range)
  }

  private mutating func unary() throws(ExpressionError) -> Syntax {
    guard let sign = take("!", "-") else { return try postfix() }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw ExpressionError("the expression is nested more than \(Self.depthLimit) deep", sign.range)
    }
    let operand = try unary()
    return Syntax(kind: .unary(sign.symbol, operand), range: sign.range.lowerBound..<operand.range.upperBound)
  }

  private mutating func postfix() throws(ExpressionError) -> Syntax {
    var syntax = try primary()
    for count in 0... {
      try checkChain(count)
      let start = syntax.range.lowerBound
      if take(".") != nil {
        guard case .identifier(let name) = token.kind else { throw unexpected("a name") }
        var end = token.range.upperBound
        position += 1
        if take("(") != nil {
          let arguments = try list(until: ")", &end)
          syntax = Syntax(kind: .call(receiver: syntax, name, arguments), range: start..<end)
        } else {
          syntax = Syntax(kind: .member(syntax, name), range: start..<end)
        }
      } else if take("[") != nil {
        let index = try expression()
        syntax = Syntax(kind: .index(syntax, index), range: start..<(try expect("]")).upperBound)
      } else {
        break
      }
    }
    return syntax
  }

  private mutating func primary() throws(ExpressionError) -> Syntax {
    let token = token
    position += 1
    switch token.kind {
    case .int(let value): return Syntax(kind: .int(value), range: token.range)
    case .uint(let value): return Syntax(kind: .uint(value), range: token.range)
    case .text(let bytes): return Syntax(kind: .text(bytes), range: token.range)
    case .identifier("true"): return Syntax(kind: .bool(true), range: token.range)
    case .identifier("false"): return Syntax(kind: .bool(false), range: token.range)
    case .identifier("null"):
      throw ExpressionError("the language has no null", token.range, hint: "`has(FIELD)` asks whether a field is there")
    case .identifier("in"): break
    case .identifier(let name):
      guard take("(") != nil else { return Syntax(kind: .name(name), range: token.range) }
      var end = token.range.upperBound
      let arguments = try list(until: ")", &end)
      return Syntax(kind: .call(receiver: nil, name, arguments), range: token.range.lowerBound..<end)
    case .symbol("("):
      let inner = try expression()
      return Syntax(kind: inner.kind, range: token.range.lowerBound..<(try expect(")")).upperBound)
    case .symbol("["):
      var end = token.range.upperBound
      let elements = try list(until: "]", &end)
      return Syntax(kind: .list(elements), range: token.range.lowerBound..<end)
    default: break
    }
    position -= 1
    throw unexpected("a value")
  }

  /// Expressions between commas; a comma may follow the last one.
  private mutating func list(until close: String, _ end: inout Int) throws(ExpressionError) -> [Syntax] {
    var elements: [Syntax] = []
    while true {
      if let range = take(close)?.range {
        end = range.upperBound
        return elements
      }
      elements.append(try expression())
      if take(",") == nil {
        end = try expect(close).upperBound
        return elements
      }
    }
  }
}
