// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// The named parts of a rule of Sigma, and the condition that joins them.
struct SigmaSelections {
  let condition: PolicyNode
  private let nodes: [String: PolicyNode]
  private let category: SigmaCategory

  init(_ detection: PolicyNode, _ category: SigmaCategory) throws(Refused) {
    var nodes = try detection.values()
    guard let condition = nodes.removeValue(forKey: "condition") else {
      throw Refused("form", "its detection has no condition")
    }
    if nodes["timeframe"] != nil { throw Refused("aggregation", "it counts events of a time") }
    (self.condition, self.nodes, self.category) = (condition, nodes, category)
  }

  func named(_ name: String) throws(Refused) -> Said {
    guard let node = nodes[name] else { throw Refused("form", "its condition names `\(name)`, which is not there") }
    return try selection(node)
  }

  /// Those whose names fit a pattern that ends in `*`, or `them`.
  func fitting(_ pattern: String) throws(Refused) -> [Said] {
    let names = nodes.keys.sorted().filter {
      pattern == "them" ? !$0.hasPrefix("_") : pattern.hasSuffix("*") ? $0.hasPrefix(pattern.dropLast()) : $0 == pattern
    }
    guard !names.isEmpty else { throw Refused("form", "its condition names `\(pattern)`, which is not there") }
    var said: [Said] = []
    for name in names { said.append(try named(name)) }
    return said
  }

  private func selection(_ node: PolicyNode) throws(Refused) -> Said {
    if node.isBlock {
      var parts: [Said] = []
      for (key, value) in try node.keys() { parts.append(try field(key.name, value)) }
      return .all(parts)
    }
    var parts: [Said] = []
    for item in try node.list() {
      guard item.isBlock else { throw Refused("keywords", "it looks for words anywhere in a log") }
      parts.append(try selection(item))
    }
    return .any(parts)
  }

  private func field(_ key: String, _ value: PolicyNode) throws(Refused) -> Said {
    let words = key.split(separator: "|").map(String.init)
    let name = words.first ?? ""
    let modifiers = Set(words.dropFirst())
    guard let field = category.field(name) else {
      throw Refused("field \(name)", "events of \(category.rawValue) have no `\(name)` here")
    }
    let known: Set<String> = [
      "contains", "startswith", "endswith", "all", "cased", "cidr", "lt", "lte", "gt", "gte", "exists",
    ]
    if modifiers.contains("re") {
      throw Refused("regular expressions", "`\(key)` is a regular expression, which the language does not have")
    }
    if let other = modifiers.subtracting(known).sorted().first {
      throw Refused("modifier \(other)", "the modifier `\(other)` cannot be translated")
    }
    let join: ([Said]) -> Said = modifiers.contains("all") ? { .all($0) } : { .any($0) }
    if value.isAbsent { return .not(try present(field)) }
    if modifiers.contains("exists") {
      let isThere = try present(field)
      return try value.word() == "true" ? isThere : .not(isThere)
    }
    var parts: [Said] = []
    for item in try value.list() {
      parts.append(item.isAbsent ? .not(try present(field)) : try test(field, item.word(), modifiers))
    }
    guard case .parent(let own) = field else { return join(parts) }
    return Self.parent(join(parts).simplified.text, own)
  }

  private func present(_ field: SigmaField) throws(Refused) -> Said {
    switch field {
    case .text(_, let field), .number(let field), .address(let field): .test("has(\(field))", of: nil)
    case .user, .isTrue: .constant(true)
    case .parent: throw Refused("field of the parent", "whether the parent's field is there cannot be asked")
    }
  }

  /// A condition about the process that started this one.
  private static func parent(_ condition: String, _ field: String) -> Said {
    .test("process.ancestors.exists(p, p.pid == process.parent_pid && (\(condition)))", of: nil)
  }

  private func test(_ field: SigmaField, _ value: String, _ modifiers: Set<String>) throws(Refused) -> Said {
    switch field {
    case .text(let expression, let field):
      return try SigmaText(value, modifiers).test(expression, of: field)
    case .parent(let own): return try SigmaText(value, modifiers).test("p.\(own)", of: nil)
    case .number(let field):
      let comparisons = ["lt": "<", "lte": "<=", "gt": ">", "gte": ">="]
      let comparison = modifiers.compactMap { comparisons[$0] }.first ?? "=="
      guard let number = UInt64(value), modifiers.isSubset(of: ["lt", "lte", "gt", "gte", "all"]) else {
        throw Refused("form", "`\(value)` is not a number for `\(field)`")
      }
      return .test("\(field) \(comparison) \(number)u", of: field)
    case .address(let field):
      guard modifiers.isSubset(of: ["cidr"]), AddressBlock(value) != nil else {
        throw Refused("form", "`\(value)` is not an address, or a block of them, for `\(field)`")
      }
      return .test("\(field) in \(value.quoted)", of: field)
    case .user:
      guard value.lowercased() == "root", modifiers.subtracting(["all"]).isEmpty else {
        throw Refused(
          "field User", "users are known by number, and the number of `\(value)` is not the same everywhere")
      }
      return .test("process.user.id == 0u", of: "process.user.id")
    case .isTrue:
      guard let isTrue = Bool(value.lowercased()) else { throw Refused("form", "`\(value)` is neither true nor false") }
      return .constant(isTrue)
    }
  }
}

/// A text of Sigma's: without upper and lower case, `*` for anything, `?` for one character.
private struct SigmaText {
  /// Texts with anything between them.
  private var parts: [String] = [""]
  private let isCased: Bool

  init(_ value: String, _ modifiers: Set<String>) throws(Refused) {
    isCased = modifiers.contains("cased")
    if let other = modifiers.intersection(["cidr", "lt", "lte", "gt", "gte"]).first {
      throw Refused("form", "`\(other)` is asked of a text")
    }
    guard isCased || value.unicodeScalars.allSatisfy(\.isASCII) else {
      throw Refused("letters", "`\(value)` has letters whose upper and lower case are not compared")
    }
    let starts = modifiers.contains("contains") || modifiers.contains("endswith")
    let ends = modifiers.contains("contains") || modifiers.contains("startswith")
    if starts { parts.append("") }
    var isEscaped = false
    for character in value {
      if isEscaped {
        // A backslash before anything else is one.
        if !"*?\\".contains(character) { add("\\") }
        add(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "*" {
        parts.append("")
      } else if character == "?" {
        throw Refused("wildcards", "`?` in `\(value)` stands for any character, also a slash")
      } else {
        add(character)
      }
    }
    if isEscaped { add("\\") }
    if ends { parts.append("") }
    if !isCased { parts = parts.map { $0.lowercased() } }
  }

  private mutating func add(_ character: Character) { parts[parts.count - 1].append(character) }

  func test(_ field: String, of name: String?) -> Said {
    let text = isCased ? field : "\(field).lowerAscii()"
    let (first, last) = (parts[0], parts[parts.count - 1])
    if parts.count == 1 { return .test("\(text) == \(first.quoted)", of: name) }
    let inner = parts.dropFirst().dropLast().filter { !$0.isEmpty }
    switch (first.isEmpty, inner.count, last.isEmpty) {
    case (true, 0, true): return .test("\(text) != \"\"", of: name)
    case (false, 0, true): return .test("\(text).startsWith(\(first.quoted))", of: name)
    case (true, 0, false): return .test("\(text).endsWith(\(last.quoted))", of: name)
    case (true, 1, true): return .test("\(text).contains(\(inner[0].quoted))", of: name)
    default:
      let pattern = parts.map { part in
        String(part.flatMap { "*?\\".contains($0) ? ["\\", $0] : [$0] })
      }
      return .test("\(text).glob(\(pattern.joined(separator: "**").quoted))", of: name)
    }
  }
}
