// SPDX-License-Identifier: Apache-2.0

/// What the last line of a live screen says.
public struct Foot: Hashable, Sendable {
  /// Acts that the kernel's programs saw in the last second.
  public var rate: UInt64
  /// Since the start: events that were put on the screen; those that filters in the kernel left out; those that were not
  /// worth a line here, or too many; and those lost.
  public var shown: UInt64
  public var filtered: UInt64
  public var skipped: UInt64
  public var lost: UInt64
  /// Resident memory in bytes.
  public var memory: UInt64
  /// Share of one CPU.
  public var load: Double
  /// What stands in place of the rate: `paused`.
  public var state: String?

  public init(
    rate: UInt64 = 0, shown: UInt64 = 0, filtered: UInt64 = 0, skipped: UInt64 = 0, lost: UInt64 = 0,
    memory: UInt64 = 0, load: Double = 0
  ) {
    (self.rate, self.shown, self.filtered, self.skipped, self.lost) = (rate, shown, filtered, skipped, lost)
    (self.memory, self.load) = (memory, load)
  }

  /// One line of at most so many columns.
  ///
  /// - Parameter keys: what to type, the least important first but for the last two, which stay longest: `p pause`.
  public func text(width: Int, keys: [String] = []) -> String {
    let counts =
      "\(Amount.count(shown)) shown, \(Amount.count(filtered &+ skipped)) filtered, \(Amount.count(lost)) lost"
    let start = (state ?? "\(Amount.count(rate)) acts/s") + " · " + counts
    let full = start + " · \(Amount.bytes(memory)) · \(Amount.percent(load)) CPU"
    let few = keys.suffix(2).joined(separator: "  ")
    let choices = [full + "    " + keys.joined(separator: "  "), start + "    " + keys.joined(separator: "  ")]
    let fewer = (1..<max(keys.count - 1, 1)).map { start + "    " + keys.dropFirst($0).joined(separator: "  ") }
    let last = keys.isEmpty ? [full, start] : [counts + "  " + few, few]
    return (choices + fewer + last).first { $0.columns <= width } ?? start.clipped(to: width)
  }
}
