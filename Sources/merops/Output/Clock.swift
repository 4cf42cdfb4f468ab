// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation

/// The kernel's times, as people write them.
enum Clock {
  /// `2026-11-23T04:21:58Z`, from nanoseconds since boot (sleep included).
  static func text(nanosecondsSinceBoot: UInt64) -> String {
    let ago = Double(KernelClock.boottime()) - Double(nanosecondsSinceBoot)
    return Date(timeIntervalSinceNow: -ago / 1e9).formatted(.iso8601)
  }
}
