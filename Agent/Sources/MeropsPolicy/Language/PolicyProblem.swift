// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// What is wrong with a policy, and where.
public struct PolicyProblem: Error, Hashable, Sendable {
  /// A sentence without its place and its full stop.
  public var message: String
  public var place: Rule.Place?
  /// What to do, where there is more to say.
  public var hint: String?
  /// A condition's own error: its lines with the part marked.
  var details: String?

  public init(_ message: String, _ place: Rule.Place?, hint: String? = nil) {
    (self.message, self.place, self.hint) = (ShownLine.shortened(message), place, hint)
  }

  /// A word that is none of those there are.
  init(_ message: String, _ place: Rule.Place?, written: String, known: [String]) {
    self.init(message, place)
    if let best = Spelling.nearest(to: written, among: known) { self.message += "; did you mean `\(best)`?" }
    hint = "Known: " + known.joined(separator: ", ")
  }

  /// The error for people: place, sentence, the line with its part marked, the hint.
  ///
  /// - Parameter text: the file's text.
  public func described(in text: String = "") -> String {
    if let details { return details }
    let sentence = message.hasSuffix("?") ? message : message + "."
    guard let place else { return [sentence, hint.map { $0 + "." }].compactMap { $0 }.joined(separator: "\n") }
    var lines = ["\(place.file):\(place.line):\(place.column): \(sentence)"]
    let all = text.split(separator: "\n", omittingEmptySubsequences: false)
    if place.line <= all.count, !text.isEmpty {
      lines += ShownLine.marked(all[place.line - 1], before: max(place.column - 1, 0))
    }
    if let hint { lines.append(hint + ".") }
    return lines.joined(separator: "\n")
  }
}

extension PolicyProblem: CustomStringConvertible {
  public var description: String { described() }
}
