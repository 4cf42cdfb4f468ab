// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long events took from the kernel's time stamp to delivery.
final class Delays: Sendable {
  /// Upper bounds in microseconds.
  static let bounds: [UInt64] = [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000]

  private struct State {
    var counts = [UInt64](repeating: 0, count: Delays.bounds.count + 1)
    var sum: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Counts events that were delivered after so many nanoseconds.
  func count(_ nanoseconds: UInt64, _ events: Int) {
    let place = Self.bounds.firstIndex { nanoseconds <= $0 * 1000 } ?? Self.bounds.count
    state.withLock { state in
      state.counts[place] &+= UInt64(events)
      state.sum &+= nanoseconds &* UInt64(events)
    }
  }

  /// Events by bucket, the last one for what took longer; and the sum of the delays in nanoseconds.
  var values: (counts: [UInt64], sum: UInt64) { state.withLock { ($0.counts, $0.sum) } }
}
