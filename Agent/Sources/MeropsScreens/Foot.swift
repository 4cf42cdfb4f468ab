// SPDX-License-Identifier: Apache-2.0

/// What the last line of a live screen says.
public struct Foot: Hashable, Sendable {
  /// Acts that the kernel's programs saw in the last second.
  public var rate: UInt64
  /// Since the start: events that were put on the screen, that were not, by filters in the kernel or here, and those lost.
  public var shown: UInt64
  public var filtered: UInt64
  public var lost: UInt64
  /// Resident memory in bytes.
  public var memory: UInt64
  /// Share of one CPU.
  public var load: Double
  public var isPaused: Bool
  /// What to type: `p pause  ? help`.
  public var keys: String

  public init(
    rate: UInt64 = 0, shown: UInt64 = 0, filtered: UInt64 = 0, lost: UInt64 = 0, memory: UInt64 = 0, load: Double = 0,
    isPaused: Bool = false, keys: String = ""
  ) {
    (self.rate, self.shown, self.filtered, self.lost) = (rate, shown, filtered, lost)
    (self.memory, self.load, self.isPaused, self.keys) = (memory, load, isPaused, keys)
  }

  /// One line of at most so many columns.
  public func text(width: Int) -> String {
    let counts = "\(Amount.count(shown)) shown, \(Amount.count(filtered)) filtered, \(Amount.count(lost)) lost"
    let start = isPaused ? "paused" : "\(Amount.count(rate)) acts/s"
    let text = "\(start) · \(counts) · \(Amount.bytes(memory)) · \(Amount.percent(load)) CPU"
    let both = text + "    " + keys
    return both.columns <= width ? both : text.columns <= width ? text : text.fitted(to: width)
  }
}
