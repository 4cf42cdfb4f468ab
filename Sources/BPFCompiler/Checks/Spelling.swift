// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelled word was meant to be.
enum Spelling {
  /// The candidate that is nearest to `word`, the first of several; nil if none is near.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(2, word.utf8.count / 4)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let distance = distance(word, candidate)
      if distance <= limit, distance < candidate.utf8.count, distance < best?.distance ?? Int.max {
        best = (distance, candidate)
      }
    }
    return best?.candidate
  }

  /// Insertions, deletions, replacements and exchanges of neighbours that make one word of the other.
  static func distance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.utf8), Array(second.utf8))
    var rows: [[Int]] = [Array(0...second.count)]
    for (row, byte) in first.enumerated() {
      var current = [row + 1]
      for (column, other) in second.enumerated() {
        var cost = min(rows[row][column] + (byte == other ? 0 : 1), rows[row][column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, byte == second[column - 1], other == first[row - 1] {
          cost = min(cost, rows[row - 1][column - 1] + 1)
        }
        current.append(cost)
      }
      rows.append(current)
    }
    return rows[first.count][second.count]
  }
}
