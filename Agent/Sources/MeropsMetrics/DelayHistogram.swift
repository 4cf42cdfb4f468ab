// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// How long events took from the kernel's time stamp to their delivery, in fixed buckets: recording is a comparison or two,
/// and histograms of several agents can be added up.
public struct DelayHistogram: Hashable, Sendable {
  /// The buckets' upper limits, in nanoseconds; one more bucket has no limit.
  public static let limits: [UInt64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
  ]

  /// Events of each bucket.
  public private(set) var counts = [UInt64](repeating: 0, count: limits.count + 1)
  /// Nanoseconds of all of them.
  public private(set) var sum: UInt64 = 0

  public init() {}

  public var count: UInt64 { counts.reduce(0, +) }

  /// Records the events of a batch that is delivered now.
  ///
  /// - Parameter now: Nanoseconds since 1970.
  public mutating func record(_ batch: EventBatch, now: UInt64) {
    for event in batch { record(now - min(now, event.time)) }
  }

  /// Records one delay, in nanoseconds.
  public mutating func record(_ delay: UInt64) {
    var bucket = 0
    while bucket < Self.limits.count, delay > Self.limits[bucket] { bucket += 1 }
    counts[bucket] += 1
    sum &+= delay
  }

  /// The limit that this share of the delays does not exceed; nil if there are none, or no limit is that high.
  public func limit(of share: Double) -> UInt64? {
    let wanted = Double(count) * share
    var seen: UInt64 = 0
    for (count, limit) in zip(counts, Self.limits) {
      seen += count
      if seen > 0, Double(seen) >= wanted { return limit }
    }
    return nil
  }
}
