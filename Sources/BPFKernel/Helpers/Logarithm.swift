// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// The power of two at or below `value`: 0 for 0 and 1, 10 for 1024 to 2047. The bucket of a histogram.
///
/// Use this one for numbers that vary: `leadingZeroBitCount` compiles to twice as many instructions.
@inline(__always)
public func log2(_ value: UInt64) -> UInt32 { bpf_log2(value) }
