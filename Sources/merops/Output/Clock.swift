// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem
import Glibc

/// The kernel's times, as people write them.
enum Clock {
  /// `2026-11-23T04:21:58Z`, from nanoseconds since boot (sleep included).
  static func text(nanosecondsSinceBoot: UInt64) -> String {
    let ago = (Int64(KernelClock.boottime()) - Int64(clamping: nanosecondsSinceBoot)) / 1_000_000_000
    var seconds = time(nil) - Int(ago)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "?" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      guard let start = buffer.baseAddress, strftime(start, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0 else {
        return "?"
      }
      return String(cString: start)
    }
  }
}
