// SPDX-License-Identifier: Apache-2.0

package import Yams

/// A value of a policy file, what it is called, and where it stands.
package struct PolicyNode {
  package let node: Node
  package let name: String
  package let file: String

  package var place: Rule.Place { Rule.Place(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1) }

  package var isAbsent: Bool { node.null != nil }
  package var isBlock: Bool { node.mapping != nil }

  package func problem(_ message: String, hint: String? = nil) -> PolicyProblem {
    PolicyProblem("`\(name)` \(message)", place, hint: hint)
  }

  package func text() throws(PolicyProblem) -> String {
    guard let scalar = node.scalar, !isAbsent else { throw problem("has to be one value") }
    return scalar.string
  }

  /// A text of letters, digits and `-._`, as names are.
  func identifier() throws(PolicyProblem) -> String {
    let text = try text()
    let isName = text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        || [0x2d, 0x2e, 0x5f].contains($0)
    }
    guard isName, (1...63).contains(text.utf8.count) else {
      throw problem("has to consist of 1 to 63 letters, digits, `-`, `.` and `_`, not \"\(text)\"")
    }
    return text
  }

  func integer(in range: ClosedRange<Int>) throws(PolicyProblem) -> Int {
    guard let number = Int(try text()), range.contains(number) else {
      throw problem("has to be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws(PolicyProblem) -> Choice {
    let text = try text()
    if let choice = Choice(rawValue: text) { return choice }
    throw PolicyProblem(
      "`\(name)` cannot be `\(text)`", place, written: text, known: Choice.allCases.map(\.rawValue))
  }

  /// One value, or a list of them.
  package func items() throws(PolicyProblem) -> [PolicyNode] {
    guard let sequence = node.sequence else { return [self] }
    guard !sequence.isEmpty else { throw problem("has to have one value at least") }
    return sequence.map { PolicyNode(node: $0, name: name, file: file) }
  }

  /// The entries of a block, each of a key that is known.
  func entries(_ known: [String]) throws(PolicyProblem) -> [String: PolicyNode] {
    var result: [String: PolicyNode] = [:]
    for (key, value) in try block() {
      guard known.contains(key.name) else {
        let path = name.isEmpty ? key.name : "\(name).\(key.name)"
        throw PolicyProblem("there is no key `\(path)`", key.place, written: key.name, known: known)
      }
      result[key.name] = value
    }
    return result
  }

  /// One of the entries, which there has to be.
  func required(_ key: String, in entries: [String: PolicyNode]) throws(PolicyProblem) -> PolicyNode {
    guard let node = entries[key], !node.isAbsent else {
      throw PolicyProblem("the key `\(name.isEmpty ? key : "\(name).\(key)")` is missing", place)
    }
    return node
  }

  /// The entries of a block of any keys.
  package func block() throws(PolicyProblem) -> [(key: PolicyNode, value: PolicyNode)] {
    guard let mapping = node.mapping else {
      throw problem("has to be a block of keys and values")
    }
    var result: [(PolicyNode, PolicyNode)] = []
    for (key, value) in mapping {
      guard let word = key.scalar?.string else { throw problem("has a key that is not a word") }
      result.append(
        (
          PolicyNode(node: key, name: word, file: file),
          PolicyNode(node: value, name: name.isEmpty ? word : "\(name).\(word)", file: file)
        ))
    }
    return result
  }

  /// The condition that the value is.
  ///
  /// - Parameter lines: the file's.
  func expressionPlace(_ lines: [Substring]) -> Rule.Place {
    var place = place
    switch node.scalar?.style {
    case .doubleQuoted?, .singleQuoted?: place.column += 1
    case .literal?, .folded?:
      // The text begins on the next line, behind its indentation.
      place.line += 1
      place.column = place.line <= lines.count ? lines[place.line - 1].prefix { $0 == " " }.count + 1 : 1
    default: break
    }
    return place
  }
}
