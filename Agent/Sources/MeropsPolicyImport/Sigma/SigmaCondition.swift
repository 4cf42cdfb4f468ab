// SPDX-License-Identifier: Apache-2.0

import MeropsPolicy

/// The condition of a rule of Sigma: `selection and not 1 of filter_*`.
struct SigmaCondition {
  private var tokens: [String]
  private var position = 0
  private var depth = 0
  private let selections: SigmaSelections

  /// Several conditions stand for any of them.
  static func said(_ selections: SigmaSelections) throws(Refused) -> Said {
    var alternatives: [Said] = []
    for text in try selections.condition.words() {
      var reader = SigmaCondition(text, selections)
      alternatives.append(try reader.whole())
    }
    return .any(alternatives)
  }

  private init(_ text: String, _ selections: SigmaSelections) {
    self.selections = selections
    tokens = []
    var word = ""
    for character in text + " " {
      guard character.isWhitespace || "()|".contains(character) else {
        word.append(character)
        continue
      }
      if !word.isEmpty { tokens.append(word) }
      word = ""
      if !character.isWhitespace { tokens.append(String(character)) }
    }
  }

  private var next: String? { position < tokens.count ? tokens[position].lowercased() : nil }

  private mutating func take(_ words: String...) -> Bool {
    guard let next, words.contains(next) else { return false }
    position += 1
    return true
  }

  private mutating func whole() throws(Refused) -> Said {
    if tokens.contains("|") { throw Refused("aggregation", "it counts events, by `|`") }
    let said = try alternatives()
    guard position == tokens.count else {
      throw Refused("form", "its condition cannot be read at `\(tokens[position])`")
    }
    return said
  }

  private mutating func alternatives() throws(Refused) -> Said {
    var parts = [try conjunction()]
    while take("or") { parts.append(try conjunction()) }
    return .any(parts)
  }

  private mutating func conjunction() throws(Refused) -> Said {
    var parts = [try operand()]
    while take("and") { parts.append(try operand()) }
    return .all(parts)
  }

  private mutating func operand() throws(Refused) -> Said {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw Refused("form", "its condition is nested too deeply") }
    if take("not") { return .not(try operand()) }
    if take("(") {
      let inner = try alternatives()
      guard take(")") else { throw Refused("form", "its condition has a parenthesis that does not end") }
      return inner
    }
    guard let word = next else { throw Refused("form", "its condition ends too early") }
    let name = tokens[position]
    position += 1
    guard next == "of" else { return try selections.named(name) }
    position += 1
    guard position < tokens.count else { throw Refused("form", "its condition ends too early") }
    let pattern = tokens[position].lowercased() == "them" ? "them" : tokens[position]
    position += 1
    let parts = try selections.fitting(pattern)
    switch word {
    case "all": return .all(parts)
    case "1", "any": return .any(parts)
    default: throw Refused("aggregation", "`\(word) of \(pattern)` is neither `1 of` nor `all of`")
    }
  }
}
