// SPDX-License-Identifier: Apache-2.0

import MeropsModel

// Names.
extension Checker {
  func named(_ syntax: Syntax) throws(ExpressionError) -> Term {
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
    if let macro = macros[path] { return .condition(try expanded(path, macro, syntax.range)) }
    if let constant = Constants.byName[path] { return .number(.literal(.init(bits: constant, isSigned: false)), .uint) }
    return try field(path, scope: .event, syntax)
  }

  func field(_ path: String, scope: Scope, _ syntax: Syntax) throws(ExpressionError) -> Term {
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
    let all = names + lists.keys + macros.keys + Constants.byName.keys + ["process.ancestors", "true", "false"]
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

  func element(_ base: Syntax, _ index: Syntax) throws(ExpressionError) -> Operand {
    let list = try texts(base)
    guard case .int(let index) = index.kind, index < 4096 else {
      throw ExpressionError("the position in a list is a number from 0 to 4095", index.range)
    }
    return .element(list, Int(index))
  }

  func texts(_ syntax: Syntax) throws(ExpressionError) -> Operand.Place {
    switch try term(syntax) {
    case .place(let place) where place.field.type == .texts: return place
    case let term: throw ExpressionError("a list is wanted here, and this is \(term.description)", syntax.range)
    }
  }
}
