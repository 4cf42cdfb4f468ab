// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelled name most likely means.
public enum Spelling {
  /// The candidate that is nearest to a name.
  ///
  /// - Returns: nil if none is near: more than a third of the letters differ.
  public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    var best: (name: String, distance: Int)?
    let limit = max(1, name.utf8.count / 3)
    for candidate in candidates where !name.isEmpty && abs(candidate.utf8.count - name.utf8.count) <= limit {
      let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours that make one text the other.
  private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var (before, row, next) = ([Int](), Array(0...right.count), [Int](repeating: 0, count: right.count + 1))
    for i in 0..<left.count {
      next[0] = i + 1
      for j in 0..<right.count {
        next[j + 1] = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          next[j + 1] = min(next[j + 1], before[j - 1] + 1)
        }
      }
      (before, row, next) = (row, next, row)
    }
    return row[right.count]
  }
}
