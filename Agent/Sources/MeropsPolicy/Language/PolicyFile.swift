// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Yams

/// Reads policies.
public enum PolicyFile {
  /// What this version of the language is called.
  public static let apiVersion = "merops/v1"

  /// The most bytes of a file. Long lists belong into files of their own.
  public static let sizeLimit = 1 << 20

  /// The policies of a text: one a YAML document.
  ///
  /// - Parameter name: the file's, for places.
  /// - Throws: ``PolicyProblem``.
  public static func read(_ text: String, name: String) throws(PolicyProblem) -> [Policy] {
    try read(PolicySources([(name, text)]))
  }

  /// The policies of several texts, which share the lists of `kind: Lists`.
  static func read(_ sources: PolicySources) throws(PolicyProblem) -> [Policy] {
    var documents: [(reader: PolicyReader, root: PolicyNode)] = []
    var shared: [String: (list: NamedList, place: Rule.Place)] = [:]
    for (name, text) in sources.texts {
      let reader = PolicyReader(
        file: name, lines: text.split(separator: "\n", omittingEmptySubsequences: false),
        files: sources.lists[name] ?? [:])
      let roots = try self.documents(text, name: name)
      guard !roots.isEmpty else {
        throw PolicyProblem("there is no policy in the file", Rule.Place(file: name, line: 1, column: 1))
      }
      for root in roots {
        guard root.node["kind"]?.scalar?.string == PolicyReader.listsKind else {
          documents.append((reader, root))
          continue
        }
        for (name, list, place) in try reader.sharedLists(root) {
          guard let first = shared.updateValue((list, place), forKey: name) else { continue }
          throw PolicyProblem(
            "two lists are named `\(name)`", place, hint: "The first one is at \(first.place.file):\(first.place.line)")
        }
      }
    }
    let lists = shared.mapValues(\.list)
    var policies: [Policy] = []
    for (reader, root) in documents {
      var reader = reader
      reader.shared = lists
      policies.append(try reader.policy(root).treated(sources.treatments[reader.file]))
    }
    return policies
  }

  /// The YAML documents of a text that are not empty.
  package static func documents(_ text: String, name: String) throws(PolicyProblem) -> [PolicyNode] {
    let start = Rule.Place(file: name, line: 1, column: 1)
    guard text.utf8.count <= sizeLimit else {
      throw PolicyProblem("the file is longer than \(sizeLimit) bytes", start)
    }
    guard !hasAliases(text) else {
      throw PolicyProblem(
        "the file has anchors and aliases (`&name`, `*name`), which policies cannot use", start,
        hint: "Give a list a name below `spec.lists`")
    }
    var documents: [Node] = []
    do {
      var sequence = try Yams.compose_all(yaml: text)
      while let node = sequence.next() { documents.append(node) }
      if let error = sequence.error { throw error }
    } catch let error as YamlError {
      throw problem(error, name)
    } catch {
      throw PolicyProblem("the file is not YAML: \(error)", start)
    }
    return documents.filter { $0.null == nil }.map { PolicyNode(node: $0, name: "", file: name) }
  }

  /// Whether a text may have aliases. A few lines of them stand for more than any memory holds, and Yams compares keys as a
  /// whole.
  ///
  /// Where both signs stand as YAML has them, it does not matter in what: no condition needs either.
  private static func hasAliases(_ text: String) -> Bool {
    let before: Set<UInt8> = Set(" \t\r\n[{,:-?".utf8)
    var last = UInt8(ascii: "\n")
    var (hasAnchor, hasAlias, pending) = (false, false, UInt8(0))
    for byte in text.utf8 {
      let isName = byte > 0x20 && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "*")
      if pending == UInt8(ascii: "&"), isName { hasAnchor = true }
      if pending == UInt8(ascii: "*"), isName { hasAlias = true }
      pending = before.contains(last) ? byte : 0
      last = byte
    }
    return hasAnchor && hasAlias
  }

  private static func problem(_ error: YamlError, _ file: String) -> PolicyProblem {
    func place(_ mark: Mark?) -> Rule.Place { Rule.Place(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1) }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      return PolicyProblem(([context?.text, problem].compactMap { $0 }).joined(separator: ": "), place(mark))
    case .duplicatedKeysInMapping(let duplicates, let context):
      return PolicyProblem("the key `\(duplicates.first ?? "?")` stands twice", place(context.mark))
    default: return PolicyProblem("the file is not YAML: \(error)", place(nil))
    }
  }
}
