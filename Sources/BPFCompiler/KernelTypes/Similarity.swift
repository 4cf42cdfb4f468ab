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
      let distance = distance(Array(name.utf8), Array(candidate.utf8), limit: limit)
      if distance <= limit {
        scored.append((distance, candidate))
      } else if name.utf8.count > 3, candidate.contains(name) || (candidate.utf8.count > 3 && name.contains(candidate))
      {
        scored.append((limit + abs(candidate.utf8.count - name.utf8.count), candidate))
      }
    }
    return scored.sorted { $0 < $1 }.prefix(3).map(\.1)
  }

  /// Names of a kind after a prefix, only those that could be meant: that start or end as `name` does.
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

  /// Insertions, deletions and exchanges between two names; more than `limit` if it is.
  private static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
    guard abs(a.count - b.count) <= limit else { return limit + 1 }
    var previous = Array(0...b.count)
    for (row, byte) in a.enumerated() {
      var current = [row + 1]
      current.reserveCapacity(b.count + 1)
      for (column, other) in b.enumerated() {
        current.append(
          min(previous[column] + (byte == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[b.count]
  }
}
