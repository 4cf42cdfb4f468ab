// SPDX-License-Identifier: Apache-2.0

/// A condition of Falco's, without macros and lists.
indirect enum FalcoTest {
  case all([FalcoTest])
  case any([FalcoTest])
  case not(FalcoTest)
  case check(FalcoCheck)

  /// All that is asked.
  var checks: [FalcoCheck] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.checks)
    case .not(let part): part.checks
    case .check(let check): [check]
    }
  }
}

/// One comparison: `proc.aname[2] in (sshd, su)`.
struct FalcoCheck: Hashable {
  var field: String
  /// What stands in brackets behind the field.
  var argument: String?
  /// `=` stands for `==`, too.
  var comparison: String
  var values: [String]
}

/// Reads conditions by Falco's grammar (falco.org/docs/reference/rules/supported-fields, libs/userspace/libsinsp/filter/parser.h).
struct FalcoCondition {
  private enum Token: Equatable {
    case word(String)
    case quoted(String)
    case symbol(String)
  }

  private var tokens: [Token] = []
  private var position = 0
  private let definitions: FalcoDefinitions
  /// Macros that the reader is in.
  private var inside: [String]
  private var budget: Budget

  /// What all macros together may come to.
  private final class Budget { var left = 50_000 }

  static func test(_ text: String, _ definitions: FalcoDefinitions) throws(Refused) -> FalcoTest {
    var reader = try FalcoCondition(text, definitions, [], Budget())
    return try reader.whole()
  }

  private init(_ text: String, _ definitions: FalcoDefinitions, _ inside: [String], _ budget: Budget) throws(Refused) {
    (self.definitions, self.inside, self.budget) = (definitions, inside, budget)
    var rest = Substring(text)
    while let character = rest.first {
      if character.isWhitespace {
        rest.removeFirst()
      } else if "\"'".contains(character) {
        tokens.append(.quoted(try Self.quoted(&rest)))
      } else if let symbol = ["<=", ">=", "!=", "==", "=", "<", ">", "(", ")", ","].first(where: { rest.hasPrefix($0) })
      {
        tokens.append(.symbol(symbol))
        rest = rest.dropFirst(symbol.count)
      } else {
        let end = rest.firstIndex { $0.isWhitespace || "()=<>!,".contains($0) } ?? rest.endIndex
        guard end > rest.startIndex else {
          throw Refused("form", "its condition cannot be read at `\(rest.prefix(20))`")
        }
        tokens.append(.word(String(rest[..<end])))
        rest = rest[end...]
      }
    }
  }

  /// A text in quotation marks. A backslash takes the next character as it is.
  private static func quoted(_ rest: inout Substring) throws(Refused) -> String {
    let mark = rest.removeFirst()
    var text = ""
    while let next = rest.popFirst() {
      if next == mark { return text }
      text.append(next == "\\" ? rest.popFirst() ?? next : next)
    }
    throw Refused("form", "its condition has a quotation mark that does not end")
  }

  private mutating func take(_ symbol: String) -> Bool {
    guard position < tokens.count, tokens[position] == .symbol(symbol) else { return false }
    position += 1
    return true
  }

  private mutating func takeWord(_ word: String) -> Bool {
    guard position < tokens.count, case .word(let next) = tokens[position], next.lowercased() == word else {
      return false
    }
    position += 1
    return true
  }

  private var place: String {
    guard position < tokens.count else { return "its end" }
    switch tokens[position] {
    case .word(let text), .quoted(let text), .symbol(let text): return "`\(text)`"
    }
  }

  private mutating func whole() throws(Refused) -> FalcoTest {
    let test = try alternatives(0)
    guard position == tokens.count else { throw Refused("form", "its condition cannot be read at \(place)") }
    return test
  }

  private mutating func alternatives(_ depth: Int) throws(Refused) -> FalcoTest {
    guard depth < 64 else { throw Refused("form", "its condition is nested too deeply") }
    var parts = [try conjunction(depth)]
    while takeWord("or") { parts.append(try conjunction(depth)) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func conjunction(_ depth: Int) throws(Refused) -> FalcoTest {
    var parts = [try operand(depth)]
    while takeWord("and") { parts.append(try operand(depth)) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func operand(_ depth: Int) throws(Refused) -> FalcoTest {
    budget.left -= 1
    guard budget.left > 0 else { throw Refused("form", "its condition is too large, with its macros") }
    var isNegated = false
    while takeWord("not") { isNegated.toggle() }
    let test: FalcoTest
    if take("(") {
      test = try alternatives(depth + 1)
      guard take(")") else { throw Refused("form", "its condition has a parenthesis that does not end") }
    } else {
      test = try check(depth)
    }
    return isNegated ? .not(test) : test
  }

  private static let comparisons: Set<String> = [
    "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "glob", "iglob", "regex", "in",
    "intersects", "pmatch",
  ]

  private mutating func check(_ depth: Int) throws(Refused) -> FalcoTest {
    guard position < tokens.count, case .word(let name) = tokens[position] else {
      throw Refused("form", "its condition cannot be read at \(place)")
    }
    position += 1
    if take("(") { throw Refused("transformer", "`\(name)(...)` cannot be translated") }
    var field = name
    var argument: String?
    if let bracket = name.firstIndex(of: "["), name.last == "]" {
      field = String(name[..<bracket])
      argument = String(name[name.index(after: bracket)...].dropLast())
    }
    if takeWord("exists") {
      return .check(FalcoCheck(field: field, argument: argument, comparison: "exists", values: []))
    }
    guard position < tokens.count else { return try macro(name, depth) }
    switch tokens[position] {
    case .symbol(let symbol) where ["=", "==", "!=", "<", "<=", ">", ">="].contains(symbol):
      position += 1
      let comparison = symbol == "==" ? "=" : symbol
      return .check(FalcoCheck(field: field, argument: argument, comparison: comparison, values: [try value()]))
    case .word(let word) where Self.comparisons.contains(word.lowercased()):
      position += 1
      let comparison = word.lowercased()
      let values = ["in", "intersects", "pmatch"].contains(comparison) ? try self.values() : [try value()]
      return .check(FalcoCheck(field: field, argument: argument, comparison: comparison, values: values))
    default: return try macro(name, depth)
    }
  }

  private mutating func value() throws(Refused) -> String {
    guard position < tokens.count else { throw Refused("form", "its condition ends where a value has to stand") }
    defer { position += 1 }
    switch tokens[position] {
    case .word(let text), .quoted(let text): return text
    // evt.dir=<
    case .symbol(let text) where text == "<" || text == ">": return text
    case .symbol: throw Refused("form", "its condition has no value at \(place)")
    }
  }

  private mutating func values() throws(Refused) -> [String] {
    guard take("(") else { return try definitions.values(of: try value()) }
    var values: [String] = []
    while !take(")") {
      guard position < tokens.count else { throw Refused("form", "its condition has a list that does not end") }
      if case .word(let word) = tokens[position] {
        values += try definitions.values(of: word)
        position += 1
      } else {
        values.append(try value())
      }
      _ = take(",")
    }
    budget.left -= values.count
    guard budget.left > 0 else { throw Refused("form", "its condition is too large, with its macros") }
    return values
  }

  private func macro(_ name: String, _ depth: Int) throws(Refused) -> FalcoTest {
    guard !definitions.appended.contains(name) else {
      throw Refused("append", "its macro `\(name)` is changed by another file")
    }
    guard let text = definitions.macros[name] else {
      throw Refused("macro", "its macro `\(name)` is in none of the files")
    }
    guard !inside.contains(name), depth + inside.count < 64 else {
      throw Refused("form", "its macro `\(name)` contains itself")
    }
    var reader = try FalcoCondition(text, definitions, inside + [name], budget)
    return try reader.whole()
  }
}
