// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// Memory on the stack that nobody has written: what is read from it is whatever the compiler likes.
@inline(__always) @usableFromInline
func uninitialized<T: BitwiseCopyable>(_ type: T.Type) -> T {
  withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { $0.baseAddress.unsafelyUnwrapped.pointee }
}

/// A value that a helper writes: nil if the helper answers with an errno.
@inline(__always) @usableFromInline
func readFromHelper<T: BitwiseCopyable>(_ type: T.Type, _ body: (UnsafeMutableRawPointer) -> Int) -> T? {
  // Not inside the closure of a temporary allocation: its result would be packed into words and taken apart again.
  var value = uninitialized(type)
  let status = withUnsafeMutablePointer(to: &value) { body(UnsafeMutableRawPointer($0)) }
  return status >= 0 ? value : nil
}

/// Lends a value's bytes to a helper.
@inline(__always) @usableFromInline
func withUnsafeBytesOf<T: BitwiseCopyable, Result>(_ value: T, _ body: (UnsafeRawPointer) -> Result) -> Result {
  withUnsafePointer(to: value) { body(UnsafeRawPointer($0)) }
}

/// Copies a value from the kernel's memory; nil if the address is not readable.
///
/// - Requires: Linux 5.5; a GPL-compatible license.
@inline(__always)
public func readKernel<T: BitwiseCopyable>(_ type: T.Type = T.self, at address: UnsafeRawPointer?) -> T? {
  readFromHelper(type) { bpf_probe_read_kernel($0, UInt32(MemoryLayout<T>.size), address) }
}

/// Copies a value from the running process; nil if the address is not readable, or not in memory just now.
///
/// - Requires: Linux 5.5; a GPL-compatible license.
@inline(__always)
public func readUser<T: BitwiseCopyable>(_ type: T.Type = T.self, at address: UnsafeRawPointer?) -> T? {
  readFromHelper(type) { bpf_probe_read_user($0, UInt32(MemoryLayout<T>.size), address) }
}

/// Copies a value from the running process and waits for its page if need be: in sleepable programs.
///
/// - Requires: Linux 5.10.
@inline(__always)
public func copyFromUser<T: BitwiseCopyable>(_ type: T.Type = T.self, at address: UnsafeRawPointer?) -> T? {
  readFromHelper(type) { bpf_copy_from_user($0, UInt32(MemoryLayout<T>.size), address) }
}
