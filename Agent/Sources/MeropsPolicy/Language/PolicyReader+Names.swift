// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel

// What conditions use by name: lists and macros.
extension PolicyReader {
  /// What a policy's conditions may use.
  struct Names {
    var lists: [String: NamedList] = [:]
    var macros: [String: Macro] = [:]
    /// Where each macro stands.
    var places: [String: PolicyNode] = [:]
  }

  /// The lists of a document of `kind: Lists`, with their places.
  func sharedLists(_ root: PolicyNode) throws(PolicyProblem) -> [(name: String, list: NamedList, place: Rule.Place)] {
    let keys = try entries(root, kind: Self.listsKind)
    let metadata = try root.required("metadata", in: keys)
    _ = try metadata.required("name", in: try metadata.entries(Self.metadataKeys)).identifier()
    let spec = try root.required("spec", in: keys)
    let lists = try spec.required("lists", in: try spec.entries(["lists"]))
    var all: [(name: String, list: NamedList, place: Rule.Place)] = []
    for (key, value) in try lists.block() { all.append((try name(key, of: "list"), try list(value), key.place)) }
    return all
  }

  /// The names of a policy, whose own lists hide shared ones.
  func names(_ keys: [String: PolicyNode]) throws(PolicyProblem) -> Names {
    var names = Names(lists: shared)
    for (key, value) in try keys["lists"]?.block() ?? [] { names.lists[try name(key, of: "list")] = try list(value) }
    let macros = try keys["macros"]?.block() ?? []
    for (key, value) in macros {
      let name = try name(key, of: "macro")
      guard names.lists[name] == nil else {
        throw PolicyProblem("a list and a macro are named `\(name)`", key.place)
      }
      let text = try value.text()
      names.places[name] = value
      do { names.macros[name] = try Macro(text) } catch { throw problem(error, text, value, names) }
    }
    for (key, value) in macros {
      guard let macro = names.macros[key.name] else { continue }
      do { try macro.check(key.name, lists: names.lists, macros: names.macros) } catch {
        throw problem(error, macro.text, value, names)
      }
    }
    return names
  }

  private func list(_ node: PolicyNode) throws(PolicyProblem) -> NamedList {
    guard node.isBlock else {
      var values: [Text] = []
      for item in try node.items() { values.append(Text(try item.text())) }
      return NamedList(values)
    }
    let file = try node.required("file", in: try node.entries(["file"]))
    let name = try file.text()
    guard ListFile.isName(name) else {
      throw file.problem("has to be a path below the policy's directory, such as lists/bad.txt, not `\(name)`")
    }
    guard let text = files[name] else {
      throw file.problem("names \(name), which did not come with the policy")
    }
    return try ListFile.read(text, name: name)
  }

  /// A name that an expression can say, and that means nothing else there.
  private func name(_ key: PolicyNode, of kind: String) throws(PolicyProblem) -> String {
    let name = key.name
    let isWord =
      name.utf8.allSatisfy { $0 == 0x5f || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) }
      && name.utf8.first.map { !(0x30...0x39).contains($0) } == true
    guard isWord, !["in", "true", "false", "null", "math"].contains(name),
      Field.allCases.allSatisfy({ $0.name != name && !$0.name.hasPrefix(name + ".") })
    else {
      throw PolicyProblem(
        "a \(kind) cannot be named `\(name)`", key.place,
        hint: "Use letters, digits and `_`, and no word of the language")
    }
    return name
  }

  /// An expression's error where it is: in the macro whose text it is about, and there where that is used.
  func problem(
    _ error: ExpressionError, _ text: String, _ node: PolicyNode, _ names: Names
  ) -> PolicyProblem {
    func described(_ error: ExpressionError, _ text: String, at node: PolicyNode) -> (Rule.Place, String) {
      let place = node.expressionPlace(lines)
      return (place, error.described(in: text, file: file, line: place.line, column: place.column))
    }
    var (place, details) = described(error, text, at: node)
    if let name = error.macro, let macro = names.macros[name], let its = names.places[name] {
      (place, details) = described(error, macro.text, at: its)
      if let use = error.use { details += "\n" + described(use, text, at: node).1 }
    }
    var problem = PolicyProblem(error.message, place, hint: error.hint)
    problem.details = details
    return problem
  }
}
