// SPDX-License-Identifier: Apache-2.0

import MeropsExpression

/// What a rule of another project says, on its way into the expression language.
indirect enum Said: Hashable {
  case constant(Bool)
  /// A condition of one field. Other languages take a field that is not there for one that does not match, also where `not`
  /// stands before it: ``Said/text`` then asks for the field first.
  case test(String, of: String?)
  case not(Said)
  case all([Said])
  case any([Said])

  /// Without constants inside.
  var simplified: Said {
    switch self {
    case .constant, .test: return self
    case .not(let said):
      switch said.simplified {
      case .constant(let value): return .constant(!value)
      case .not(let inner): return inner
      case let inner: return .not(inner)
      }
    case .all(let parts): return Self.join(parts, neutral: true)
    case .any(let parts): return Self.join(parts, neutral: false)
    }
  }

  private static func join(_ parts: [Said], neutral: Bool) -> Said {
    var result: [Said] = []
    for part in parts {
      switch part.simplified {
      case .constant(neutral): continue
      case .constant: return .constant(!neutral)
      case .all(let inner) where neutral: result += inner
      case .any(let inner) where !neutral: result += inner
      case let other: result.append(other)
      }
    }
    var seen: Set<Said> = []
    result = result.filter { seen.insert($0).inserted }
    if result.count == 1 { return result[0] }
    return result.isEmpty ? .constant(neutral) : neutral ? .all(result) : .any(result)
  }

  /// As an expression.
  var text: String { text(isNegated: false) }

  private func text(isNegated: Bool) -> String {
    switch self {
    case .constant(let value): "\(value)"
    case .test(let text, let field): isNegated ? field.map { "(has(\($0)) && \(text))" } ?? text : text
    case .not(let said): "!(\(said.text(isNegated: !isNegated)))"
    case .all(let parts): parts.map { $0.operand(isNegated) }.joined(separator: " && ")
    case .any(let parts): parts.map { $0.operand(isNegated) }.joined(separator: " || ")
    }
  }

  private func operand(_ isNegated: Bool) -> String {
    switch self {
    case .all, .any: "(\(text(isNegated: isNegated)))"
    default: text(isNegated: isNegated)
    }
  }
}

/// Why a rule is not imported.
struct Refused: Error {
  /// What it has in common with others, for counts: a word or two.
  var cause: String
  /// A sentence without its full stop.
  var reason: String

  init(_ cause: String, _ reason: String) { (self.cause, self.reason) = (cause, reason) }
}

extension String {
  /// As an expression writes a text.
  var quoted: String { Array(utf8).quoted }

  /// As a field of the expression language.
  func `is`(in values: [String]) -> Said {
    values.count == 1
      ? .test("\(self) == \(values[0].quoted)", of: self)
      : .test("\(self) in [\(values.map(\.quoted).joined(separator: ", "))]", of: self)
  }
}
