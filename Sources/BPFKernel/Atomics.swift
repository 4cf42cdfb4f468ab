// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// Adds to a number of four or eight bytes that other CPUs may change at the same time.
///
///     var drops: UInt64 = 0
///     atomicAdd(1, to: &drops)
///
/// The sum is not returned: that needs instructions of `-mcpu=v3` and Linux 5.12. See ``atomicFetchAdd(_:to:)``.
@inline(__always)
public func atomicAdd<Number: FixedWidthInteger>(_ amount: Number, to place: UnsafeMutablePointer<Number>) {
  if MemoryLayout<Number>.size == 8 {
    bpf_atomic_add64(place, UInt64(truncatingIfNeeded: amount))
  } else {
    bpf_atomic_add32(place, UInt32(truncatingIfNeeded: amount))
  }
}
