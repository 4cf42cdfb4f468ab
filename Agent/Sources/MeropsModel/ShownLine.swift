// SPDX-License-Identifier: Apache-2.0

/// A line of a text as errors show it, with a mark below: no longer than a person reads, however long the line is.
public enum ShownLine {
  /// Characters that are shown of a line.
  private static let limit = 160

  /// - Parameters:
  ///   - line: the line.
  ///   - before: how many of its characters stand before the mark.
  ///   - length: how many are marked; one at least.
  /// - Returns: the line, and the mark.
  public static func marked(_ line: some StringProtocol, before: Int, length: Int = 1) -> [String] {
    // Some of what stands before the mark, and then what fits.
    let first = before > limit - 40 ? before - limit / 2 : 0
    let rest = line.dropFirst(first)
    let shown = rest.prefix(limit)
    let head = first > 0 ? "..." : ""
    let tail = shown.endIndex == rest.endIndex ? "" : "..."
    let space = String(repeating: " ", count: head.count + max(before - first, 0))
    return [
      "  \(head)\(shown)\(tail)",
      "  \(space)^" + String(repeating: "~", count: max(min(length, limit) - 1, 0)),
    ]
  }

  /// A message without the middle of what somebody wrote, where that is long.
  public static func shortened(_ message: String) -> String {
    message.utf8.count <= 1000 ? message : "\(message.prefix(400)) ... \(message.suffix(200))"
  }
}
