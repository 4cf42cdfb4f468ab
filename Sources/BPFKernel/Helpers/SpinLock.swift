// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
public import CBPFKernel

/// A lock in a map value: a stored property of the value's type. One at a time, and no calls while it is held.
///
///     counters.withValue(key) { value in
///       value.lock.lock()
///       value.packets &+= 1
///       value.lock.unlock()
///     }
///
/// - Requires: Linux 5.1, in hash and array maps and local storage. In LSM, fentry, fexit and BTF tracepoint programs
///   6.1, in sleepable ones 6.6. Programs of kprobes, uprobes, tracepoints, raw tracepoints, perf events and socket filters
///   may not use it.
///
/// Source: `check_map_prog_compatibility` in kernel/bpf/verifier.c.
public typealias SpinLock = bpf_spin_lock

extension SpinLock {
  /// Takes the lock.
  @inline(__always)
  public mutating func lock() { _ = withUnsafeMutablePointer(to: &self) { bpf_spin_lock($0) } }

  /// Gives it back.
  @inline(__always)
  public mutating func unlock() { _ = withUnsafeMutablePointer(to: &self) { bpf_spin_unlock($0) } }
}
