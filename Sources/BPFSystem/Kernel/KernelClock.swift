// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc

/// The kernel's clocks that programs read too.
package enum KernelClock {
  /// Nanoseconds since boot, time asleep included: `bpf_ktime_get_boot_ns`.
  package static func boottime() -> UInt64 { read(CLOCK_BOOTTIME) }

  /// Nanoseconds since boot, without time asleep: `bpf_ktime_get_ns`.
  package static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970, to place a boot time in the calendar.
  package static func realtime() -> UInt64 { read(CLOCK_REALTIME) }

  private static func read(_ clock: CInt) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
