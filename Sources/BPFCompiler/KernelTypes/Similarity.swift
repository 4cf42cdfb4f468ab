// SPDX-License-Identifier: Apache-2.0

import BTF

/// Finds what a misspelled name may have meant.
enum Similarity {
  /// "; did you mean 'a' or 'b'?", or nothing.
  static func suggestion(for name: String, among names: [String]) -> String {
    let best = closest(to: name, among: names)
    guard !best.isEmpty else { return "" }
    return "; did you mean \(best.map { "'\($0)'" }.joined(separator: " or "))?"
  }

  /// Up to three names that a slip away from `name`, or that hold it or are held in it.
  static func closest(to name: String, among names: [String]) -> [String] {
    let limit = max(1, name.utf8.count / 4)
    var scored: [(Int, String)] = []
    for candidate in Set(names) {
      let isNear = abs(candidate.utf8.count - name.utf8.count) <= limit
      let distance = isNear ? Spelling.distance(name, candidate) : limit + 1
      if distance <= limit {
        scored.append((distance, candidate))
      } else if name.utf8.count > 3, candidate.contains(name) || (candidate.utf8.count > 3 && name.contains(candidate))
      {
        scored.append((limit + abs(candidate.utf8.count - name.utf8.count), candidate))
      }
    }
    return scored.sorted { $0 < $1 }.prefix(3).map(\.1)
  }

  /// The names of a kind that have a prefix, without it; only those of about the length of `name`.
  static func names(to name: String, in types: BTFTypes, prefix: String, kind: BTFKind) -> [String] {
    var found: [String] = []
    var id = TypeID(rawValue: 1)
    while id < types.endID {
      defer { id = id.advanced(by: 1) }
      guard types.kind(id) == kind else { continue }
      let text = types.name(id)
      guard text.hasPrefix(prefix) else { continue }
      let rest = text.dropFirst(prefix.utf8.count)
      if abs(rest.utf8.count - name.utf8.count) < 12 { found.append(String(rest)) }
    }
    return found
  }
}
