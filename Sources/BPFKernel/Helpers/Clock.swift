// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The kernel's clocks, in nanoseconds.
@frozen public enum Clock {
  /// Since boot, standing still while the machine sleeps (`CLOCK_MONOTONIC`).
  ///
  /// - Requires: Linux 4.1.
  public static var monotonic: UInt64 { @inline(__always) get { bpf_ktime_get_ns() } }

  /// Since boot, going on while the machine sleeps (`CLOCK_BOOTTIME`): what event times of two hosts' uptimes compare by.
  ///
  /// - Requires: Linux 5.8.
  public static var boot: UInt64 { @inline(__always) get { bpf_ktime_get_boot_ns() } }

  /// The monotonic clock at the last tick: cheaper, and coarser by some milliseconds.
  ///
  /// - Requires: Linux 5.11.
  public static var coarse: UInt64 { @inline(__always) get { bpf_ktime_get_coarse_ns() } }

  /// Since 1970, without leap seconds (`CLOCK_TAI`).
  ///
  /// - Requires: Linux 6.1.
  public static var internationalAtomic: UInt64 { @inline(__always) get { bpf_ktime_get_tai_ns() } }
}
