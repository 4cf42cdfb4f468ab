// SPDX-License-Identifier: Apache-2.0

// Whoever asks since when the kernel has an instruction or a helper compares versions.
@_exported public import struct BPFValues.KernelVersion
