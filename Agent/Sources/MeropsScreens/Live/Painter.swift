// SPDX-License-Identifier: Apache-2.0

/// Puts lines on a terminal's other screen, and writes only those that have changed. Makes text; whoever has the terminal
/// writes it.
public struct Painter: Sendable {
  private var shown: [String] = []
  private var size: (width: Int, height: Int) = (0, 0)

  /// Goes to the other screen, so that the first one stays as it was; hides the cursor.
  public static let entering = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J"
  /// Gives the first screen back.
  public static let leaving = "\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l"

  public init() {}

  /// Forgets what is on the screen: somebody else has written there.
  public mutating func forget() { (shown, size) = ([], (0, 0)) }

  /// Text that makes the screen show these lines, from the top.
  ///
  /// - Parameter lines: each shorter than the width: what is behind a line is cleared.
  public mutating func painting(_ lines: [String], width: Int, height: Int) -> String {
    var text = ""
    if size != (width, height) {
      text += "\u{1b}[2J"
      (shown, size) = ([], (width, height))
    }
    let lines = Array(lines.prefix(height))
    for row in 0..<max(lines.count, shown.count) {
      let line = row < lines.count ? lines[row] : ""
      if row < shown.count, shown[row] == line { continue }
      text += "\u{1b}[\(row + 1);1H\(line)\u{1b}[K"
    }
    shown = lines
    return text
  }
}
