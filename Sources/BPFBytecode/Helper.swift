// SPDX-License-Identifier: Apache-2.0

/// A kernel helper: a function that programs call by number.
///
/// The set is open: newer kernels offer new capabilities as kfuncs, but a program may carry any number.
///
/// Source: `___BPF_FUNC_MAPPER` in `include/uapi/linux/bpf.h`.
public struct Helper: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}
