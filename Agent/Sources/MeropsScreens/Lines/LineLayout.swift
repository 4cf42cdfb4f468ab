// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Puts lines into columns that stay where they are.
public struct LineLayout: Sendable {
  /// Columns of the terminal; nil for a file, where nothing is cut.
  public var width: Int?
  public var isColored: Bool
  /// Whether the date stands before the time: for what is not of today.
  public var showsDate: Bool
  private let offset: @Sendable (Int) -> Int

  /// - Parameter offset: seconds that local time is ahead of UTC at a time since 1970; the machine's own if not given.
  public init(
    width: Int? = nil, isColored: Bool = false, showsDate: Bool = false,
    offset: @escaping @Sendable (Int) -> Int = Self.localOffset
  ) {
    (self.width, self.isColored, self.showsDate, self.offset) = (width, isColored, showsDate, offset)
  }

  public static let localOffset: @Sendable (Int) -> Int = { time in
    var time = time_t(time)
    var parts = tm()
    return localtime_r(&time, &parts) == nil ? 0 : parts.tm_gmtoff
  }

  private static let doneWidth = 9

  private var timeWidth: Int { showsDate ? 19 : 8 }
  private var whoWidth: Int { (width ?? 120) >= 110 ? 28 : (width ?? 120) >= 76 ? 22 : 16 }

  /// Columns for what was done, and for the outcome.
  private var rest: (what: Int, outcome: Int) {
    let free = max((width ?? 120) - timeWidth - whoWidth - Self.doneWidth - 4 - 1, 20)
    let outcome = min(max(free / 3, 14), 34)
    return (free - outcome - 1, outcome)
  }

  /// `TIME      WHO ...`.
  public var heading: String {
    colored(columns("TIME", "WHO", "DID", "WHAT", "OUTCOME"), "1")
  }

  /// A line of text.
  ///
  /// - Parameters:
  ///   - depth: how many of the process's ancestors stand above it.
  ///   - isMarked: whether it is the one that keys are about.
  public func text(_ line: EventLine, depth: Int = 0, isMarked: Bool = false) -> String {
    let mark = depth == 0 ? "" : String(repeating: " ", count: min(depth, 3) - 1) + "└ "
    let text = columns(time(line.time), mark + line.who, line.did, line.what, line.outcome, isMarked: isMarked)
    if isMarked { return colored(text, "7") }
    switch line.tone {
    case .plain: return text
    case .failed: return colored(text, "31")
    case .notable: return colored(text, "33")
    }
  }

  private func columns(
    _ time: String, _ who: String, _ did: String, _ what: String, _ outcome: String, isMarked: Bool = false
  ) -> String {
    let (whatWidth, outcomeWidth) = rest
    // In a file a column grows with what stands in it.
    func fit(_ text: String, _ width: Int) -> String {
      self.width == nil && text.columns > width ? text : text.fitted(to: width)
    }
    let line = [
      fit(time, timeWidth) + (isMarked ? ">" : " "), fit(shortened(who), whoWidth), fit(did, Self.doneWidth),
      fit(what, whatWidth), width == nil ? outcome : outcome.clipped(to: outcomeWidth),
    ].joined(separator: " ").withoutEnd
    // A very narrow terminal has no room for all columns.
    return width.map { line.clipped(to: $0 - 1) } ?? line
  }

  /// Where there is no room for the name, the number and the user, the user goes first.
  private func shortened(_ who: String) -> String {
    guard width != nil, who.columns > whoWidth, let end = who.lastIndex(of: ")") else { return who }
    return String(who[...end])
  }

  /// `14:02:11`, or `2026-11-29 14:02:11`, in local time.
  public func time(_ nanoseconds: UInt64) -> String {
    let utc = Int(nanoseconds / 1_000_000_000)
    var local = time_t(utc + offset(utc))
    var parts = tm()
    gmtime_r(&local, &parts)
    func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(two).joined(separator: ":")
    return showsDate ? "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) \(clock)" : clock
  }

  func colored(_ text: String, _ code: String) -> String { isColored ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
}
