// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an expression, and where.
public struct ExpressionError: Error, Hashable, Sendable {
  /// A sentence without its place.
  public let message: String
  /// Bytes of the text that the message is about.
  public let range: Range<Int>
  /// What to do, if there is more to say than the message.
  public let hint: String?

  init(_ message: String, _ range: Range<Int>, hint: String? = nil) {
    self.message = message
    self.range = range
    self.hint = hint
  }

  /// The error for people: place, sentence, the line with its part marked, the hint.
  ///
  /// - Parameters:
  ///   - text: the expression's text.
  ///   - file: where the expression stands.
  ///   - line: the file's line of the expression's first character, from 1.
  ///   - column: its column, from 1.
  public func described(in text: String, file: String, line: Int = 1, column: Int = 1) -> String {
    let bytes = Array(text.utf8)
    let start = min(range.lowerBound, bytes.count)
    let lineStart = bytes[..<start].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let lineEnd = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let row = bytes[..<start].count { $0 == UInt8(ascii: "\n") }
    // Columns count characters, as editors do.
    let before = String(decoding: bytes[lineStart..<start], as: UTF8.self)
    let marked = String(decoding: bytes[start..<max(start, min(range.upperBound, lineEnd))], as: UTF8.self)
    let place = "\(file):\(line + row):\(before.count + (row == 0 ? column : 1))"
    let shown = String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self)
    let mark =
      String(repeating: " ", count: before.count) + "^" + String(repeating: "~", count: max(marked.count - 1, 0))
    return ["\(place): \(message)", "  \(shown)", "  \(mark)", hint].compactMap { $0 }.joined(separator: "\n")
  }
}

extension ExpressionError: CustomStringConvertible {
  public var description: String { hint.map { "\(message). \($0)" } ?? message }
}

/// The candidate that a misspelled name most likely means.
///
/// - Returns: nil if none is near: more than a third of the letters differ.
func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
  var best: (name: String, distance: Int)?
  let limit = max(1, name.utf8.count / 3)
  for candidate in candidates where abs(candidate.utf8.count - name.utf8.count) <= limit {
    let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that make one text the other.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
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
