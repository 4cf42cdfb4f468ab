// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

// Atomic operations that return the value before them. Build with `--cpu v3`; earlier instruction sets have none of them.

/// Adds to a number of four or eight bytes that other CPUs may change at the same time.
///
/// - Returns: what was there before.
/// - Requires: Linux 5.12, and the instruction set v3.
@inline(__always) @discardableResult
public func atomicFetchAdd<Number: FixedWidthInteger>(
  _ amount: Number, to place: UnsafeMutablePointer<Number>
) -> Number {
  if MemoryLayout<Number>.size == 8 {
    return Number(truncatingIfNeeded: bpf_atomic_fetch_add64(place, UInt64(truncatingIfNeeded: amount)))
  }
  return Number(truncatingIfNeeded: bpf_atomic_fetch_add32(place, UInt32(truncatingIfNeeded: amount)))
}

/// Sets the bits that `bits` has.
///
/// - Returns: what was there before.
/// - Requires: Linux 5.12, and the instruction set v3.
@inline(__always) @discardableResult
public func atomicFetchOr<Number: FixedWidthInteger>(
  _ bits: Number, in place: UnsafeMutablePointer<Number>
) -> Number {
  if MemoryLayout<Number>.size == 8 {
    return Number(truncatingIfNeeded: bpf_atomic_fetch_or64(place, UInt64(truncatingIfNeeded: bits)))
  }
  return Number(truncatingIfNeeded: bpf_atomic_fetch_or32(place, UInt32(truncatingIfNeeded: bits)))
}

/// Keeps only the bits that `bits` has.
///
/// - Returns: what was there before.
/// - Requires: Linux 5.12, and the instruction set v3.
@inline(__always) @discardableResult
public func atomicFetchAnd<Number: FixedWidthInteger>(
  _ bits: Number, in place: UnsafeMutablePointer<Number>
) -> Number {
  if MemoryLayout<Number>.size == 8 {
    return Number(truncatingIfNeeded: bpf_atomic_fetch_and64(place, UInt64(truncatingIfNeeded: bits)))
  }
  return Number(truncatingIfNeeded: bpf_atomic_fetch_and32(place, UInt32(truncatingIfNeeded: bits)))
}

/// Puts a value in another's place.
///
/// - Returns: what was there before.
/// - Requires: Linux 5.12, and the instruction set v3.
@inline(__always) @discardableResult
public func atomicExchange<Number: FixedWidthInteger>(
  _ value: Number, in place: UnsafeMutablePointer<Number>
) -> Number {
  if MemoryLayout<Number>.size == 8 {
    return Number(truncatingIfNeeded: bpf_atomic_fetch_exchange64(place, UInt64(truncatingIfNeeded: value)))
  }
  return Number(truncatingIfNeeded: bpf_atomic_fetch_exchange32(place, UInt32(truncatingIfNeeded: value)))
}

/// Puts a value in another's place, if that is what is expected.
///
/// - Returns: what was there before: `expected`, if the value was put.
/// - Requires: Linux 5.12, and the instruction set v3.
@inline(__always) @discardableResult
public func atomicCompareExchange<Number: FixedWidthInteger>(
  _ value: Number, in place: UnsafeMutablePointer<Number>, expecting expected: Number
) -> Number {
  if MemoryLayout<Number>.size == 8 {
    return Number(
      truncatingIfNeeded: bpf_atomic_compare_exchange64(
        place, UInt64(truncatingIfNeeded: expected), UInt64(truncatingIfNeeded: value)))
  }
  return Number(
    truncatingIfNeeded: bpf_atomic_compare_exchange32(
      place, UInt32(truncatingIfNeeded: expected), UInt32(truncatingIfNeeded: value)))
}
