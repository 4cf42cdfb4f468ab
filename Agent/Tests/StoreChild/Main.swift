// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsModel
import MeropsStore
import SampleEvents

/// Appends events to a store until somebody ends it, and says what it knows: `appended FIRST LAST NANOSECONDS` for each batch, by the
/// clock that nobody sets, and `committed ID` as the store reports it.
@main
enum StoreChild {
  static func main() throws {
    var options = StoreOptions()
    options.segmentBytes = 8 << 20
    options.maximumAge = nil
    let store: EventStore
    do {
      store = try EventStore(at: CommandLine.arguments[1], options)
    } catch {
      say("\(error)")
      exit(1)
    }
    var clock = timespec()
    clock_gettime(CLOCK_REALTIME, &clock)
    var samples = SampleEvents(
      seed: UInt64(clock.tv_nsec), time: UInt64(clock.tv_sec) * 1_000_000_000 + UInt64(clock.tv_nsec))
    samples.pace = 20_000
    let pause = CommandLine.arguments.count > 2 ? UInt32(CommandLine.arguments[2]) ?? 0 : 10_000
    var committed = store.status.committed
    while true {
      let batch = samples.batch(256)
      guard let first = batch.first?.id, let last = batch.last?.id else { continue }
      // Each run goes on where the clock is: what a store has is older.
      if let newest = store.newest, first <= newest { continue }
      store.append(batch)
      clock_gettime(CLOCK_MONOTONIC, &clock)
      say("appended \(first) \(last) \(UInt64(clock.tv_sec) * 1_000_000_000 + UInt64(clock.tv_nsec))")
      let status = store.status
      if let newest = status.committed, newest != committed {
        committed = newest
        say("committed \(newest)")
      }
      // No faster than the disk.
      if status.waitingBytes > 16 << 20 { store.flush() }
      usleep(pause)
    }
  }

  /// A line, at once.
  static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
  }
}
