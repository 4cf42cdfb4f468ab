// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// Prints a line to `trace_pipe` of tracefs: for debugging, as all programs share it and it is slow.
///
///     printk("%d opened a file", CurrentThread.processID)
///
/// The format knows `%d %i %u %x %ld %lu %lx %lld %llu %llx %p`, and `%s` for addresses.
///
/// - Requires: Linux 4.1; a GPL-compatible license.
@inline(__always)
public func printk(_ format: StaticString) {
  _ = bpf_trace_printk(characters(format), size(format))
}

/// Prints a line with one number.
@inline(__always)
public func printk<A: BinaryInteger>(_ format: StaticString, _ first: A) {
  _ = bpf_trace_printk_1(characters(format), size(format), UInt64(truncatingIfNeeded: first))
}

/// Prints a line with two numbers.
@inline(__always)
public func printk<A: BinaryInteger, B: BinaryInteger>(_ format: StaticString, _ first: A, _ second: B) {
  _ = bpf_trace_printk_2(
    characters(format), size(format), UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: second))
}

/// Prints a line with three numbers.
@inline(__always)
public func printk<A: BinaryInteger, B: BinaryInteger, C: BinaryInteger>(
  _ format: StaticString, _ first: A, _ second: B, _ third: C
) {
  _ = bpf_trace_printk_3(
    characters(format), size(format), UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: second),
    UInt64(truncatingIfNeeded: third))
}

@inline(__always) @usableFromInline
func characters(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// With the closing zero byte.
@inline(__always) @usableFromInline
func size(_ text: StaticString) -> UInt32 { UInt32(truncatingIfNeeded: text.utf8CodeUnitCount &+ 1) }
