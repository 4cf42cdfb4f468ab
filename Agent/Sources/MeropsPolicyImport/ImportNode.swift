// SPDX-License-Identifier: Apache-2.0

import MeropsPolicy
import Yams

// Values of other projects' files: what is not of the expected form refuses the rule that it belongs to, and no other.
extension PolicyNode {
  var isList: Bool { node.sequence != nil }

  func word() throws(Refused) -> String {
    do throws(PolicyProblem) { return try text() } catch { throw error.refused }
  }

  /// One value, or a list of them; none for an empty list.
  func list() throws(Refused) -> [PolicyNode] {
    if node.sequence?.isEmpty == true || isAbsent { return [] }
    do throws(PolicyProblem) { return try items() } catch { throw error.refused }
  }

  func words() throws(Refused) -> [String] {
    var words: [String] = []
    for item in try list() { words.append(try item.word()) }
    return words
  }

  func keys() throws(Refused) -> [(key: PolicyNode, value: PolicyNode)] {
    do throws(PolicyProblem) { return try block() } catch { throw error.refused }
  }

  /// The values of a block by their keys, but for those that have none.
  func values() throws(Refused) -> [String: PolicyNode] {
    var values: [String: PolicyNode] = [:]
    for (key, value) in try keys() where !value.isAbsent { values[key.name] = value }
    return values
  }

  /// The values of a block, whose keys have to be of these: what is not known may change what the others mean.
  func values(of known: [String]) throws(Refused) -> [String: PolicyNode] {
    let values = try values()
    for key in values.keys.sorted() where !known.contains(key) {
      throw Refused("key", "the key `\(name.isEmpty ? key : "\(name).\(key)")` cannot be translated")
    }
    return values
  }
}

extension PolicyProblem {
  var refused: Refused { Refused("form", message) }
}
