// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// `value`, if it is below `limit`; nil otherwise, and for negative numbers.
///
///     guard let size = bounded(length, below: 257) else { return 0 }
///
/// The verifier sees the comparison for certain. The optimizer takes an ordinary `if` away where it knows the outcome, and
/// the verifier, which does not know it, then refuses the program.
///
/// - Parameters:
///   - value: a size or an index.
///   - limit: a constant.
@inline(__always)
public func bounded<Number: FixedWidthInteger>(_ value: Number, below limit: Number) -> Number? {
  let hidden = bpf_hidden(UInt64(truncatingIfNeeded: value))
  guard hidden < UInt64(truncatingIfNeeded: limit) else { return nil }
  return Number(truncatingIfNeeded: hidden)
}

/// A number of bytes from 1 to the size of `T`, for helpers that take no empty range; nil otherwise.
///
/// Compared as one less than it is: the verifier of Linux 5.10 learns nothing from `> 0`.
@inline(__always)
private func size<T, Number: FixedWidthInteger>(_ count: Number, within type: T.Type) -> UInt32? {
  let less = bpf_hidden(UInt64(truncatingIfNeeded: count) &- 1)
  guard less < UInt64(MemoryLayout<T>.size) else { return nil }
  return UInt32(truncatingIfNeeded: less &+ 1)
}

/// Copies `count` bytes of the kernel's memory into the start of `destination`, whose other bytes stay.
///
/// - Returns: false if there are no bytes to copy, or more than `destination` has, or if the address cannot be read.
/// - Requires: Linux 5.5; a GPL-compatible license.
@inline(__always) @discardableResult
public func readKernel<T: BitwiseCopyable>(
  count: some FixedWidthInteger, at address: UnsafeRawPointer?, into destination: inout T
) -> Bool {
  guard let size = size(count, within: T.self) else { return false }
  return withUnsafeMutablePointer(to: &destination) { bpf_probe_read_kernel($0, size, address) == 0 }
}

/// Copies `count` bytes of the running process into the start of `destination`, whose other bytes stay.
///
/// - Returns: false if there are no bytes to copy, or more than `destination` has, or if the address cannot be read or is
///   not in memory just now.
/// - Requires: Linux 5.5; a GPL-compatible license.
@inline(__always) @discardableResult
public func readUser<T: BitwiseCopyable>(
  count: some FixedWidthInteger, at address: UnsafeRawPointer?, into destination: inout T
) -> Bool {
  guard let size = size(count, within: T.self) else { return false }
  return withUnsafeMutablePointer(to: &destination) { bpf_probe_read_user($0, size, address) == 0 }
}

extension SocketBuffer {
  /// Copies `count` bytes of the packet, wherever they are, into the start of `destination`, whose other bytes stay.
  ///
  /// - Returns: false if there are no bytes to copy, or more than `destination` has, or if the packet is not that long.
  /// - Requires: Linux 4.5.
  @inline(__always) @discardableResult
  public func load<T: BitwiseCopyable>(
    count: some FixedWidthInteger, at offset: UInt32, into destination: inout T
  ) -> Bool {
    guard let size = size(count, within: T.self) else { return false }
    return withUnsafeMutablePointer(to: &destination) { bpf_skb_load_bytes(pointer, offset, $0, size) == 0 }
  }
}

extension XDPContext {
  /// Copies `count` bytes of the packet, fragments included, into the start of `destination`, whose other bytes stay.
  ///
  /// - Returns: false if there are no bytes to copy, or more than `destination` has, or if the packet is not that long.
  /// - Requires: Linux 5.18; before, ``Packet/read(count:into:)`` copies from the first fragment.
  @inline(__always) @discardableResult
  public func load<T: BitwiseCopyable>(
    count: some FixedWidthInteger, at offset: UInt32, into destination: inout T
  ) -> Bool {
    guard let size = size(count, within: T.self) else { return false }
    return withUnsafeMutablePointer(to: &destination) { bpf_xdp_load_bytes(raw, offset, $0, size) == 0 }
  }
}

extension Packet {
  /// Copies `count` bytes into the start of `destination`, whose other bytes stay, and moves behind them.
  ///
  /// Byte by byte: a few instructions for each byte that `destination` has, which the verifier walks all.
  ///
  /// - Returns: false if `destination` has not so many bytes, or if the packet ends before.
  /// - Requires: Linux 5.3.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func read<T: BitwiseCopyable>(count: some FixedWidthInteger, into destination: inout T) -> Bool {
    guard let count = bounded(UInt64(truncatingIfNeeded: count), below: UInt64(MemoryLayout<T>.size) &+ 1) else {
      return false
    }
    var index: UInt64 = 0
    while index < UInt64(MemoryLayout<T>.size) {
      if index >= count { break }
      guard let byte = read(UInt8.self) else { return false }
      withUnsafeMutablePointer(to: &destination) {
        UnsafeMutableRawPointer($0).storeBytes(of: byte, toByteOffset: Int(index), as: UInt8.self)
      }
      index = bpf_hidden(index &+ 1)
    }
    return true
  }
}
