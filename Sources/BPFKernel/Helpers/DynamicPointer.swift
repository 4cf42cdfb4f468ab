// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
public import CBPFKernel

/// A view of memory whose size the verifier does not know: every access is checked when it is made (`struct bpf_dynptr`).
/// It lives on the stack of the call that lends it.
///
/// - Requires: Linux 5.19.
@frozen public struct DynamicPointer: ~Copyable {
  @usableFromInline let raw: UnsafeMutablePointer<bpf_dynptr>
  @inline(__always) @usableFromInline init(raw: UnsafeMutablePointer<bpf_dynptr>) { self.raw = raw }

  /// Copies a value out; nil if it is not there.
  @inline(__always)
  public func load<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: UInt32) -> T? {
    readFromHelper(type) { bpf_dynptr_read($0, UInt32(MemoryLayout<T>.size), raw, offset, 0) }
  }

  /// Copies a value in.
  @inline(__always) @discardableResult
  public func store<T: BitwiseCopyable>(_ value: T, at offset: UInt32) -> Status {
    withUnsafeBytesOf(value) {
      Status(rawValue: bpf_dynptr_write(raw, offset, $0, UInt32(MemoryLayout<T>.size), 0))
    }
  }

  /// The value's place, to be read and written directly; nil if it is not there, or not in one piece and writable.
  /// Not for packets.
  @inline(__always)
  public func pointer<T: BitwiseCopyable>(to type: T.Type = T.self, at offset: UInt32) -> UnsafeMutablePointer<T>? {
    bpf_dynptr_data(raw, offset, UInt32(MemoryLayout<T>.size))?.assumingMemoryBound(to: type)
  }
}

/// Lends a view of bytes of a map value.
///
/// - Requires: Linux 5.19.
@inline(__always)
public func withDynamicPointer<Result>(
  to memory: UnsafeMutableRawPointer, bytes: UInt32, _ body: (borrowing DynamicPointer) -> Result
) -> Result {
  withUnsafeTemporaryAllocation(of: bpf_dynptr.self, capacity: 1) { buffer in
    let raw = buffer.baseAddress.unsafelyUnwrapped
    _ = bpf_dynptr_from_mem(memory, bytes, 0, raw)
    return body(DynamicPointer(raw: raw))
  }
}

/// Reserves a record of a size that is known only now in a ring, lets `body` fill it, and delivers it, or drops it if
/// `body` answers false or there is no room.
///
/// - Parameters:
///   - bytes: the size of the record.
///   - ring: the ring's address (`ring.address`).
///   - body: fills the record, and answers whether to deliver it.
/// - Requires: Linux 5.19.
@inline(__always) @discardableResult
public func withRecord(
  of bytes: UInt32, in ring: UnsafeMutableRawPointer, _ body: (borrowing DynamicPointer) -> Bool
) -> Bool {
  withUnsafeTemporaryAllocation(of: bpf_dynptr.self, capacity: 1) { buffer in
    let raw = buffer.baseAddress.unsafelyUnwrapped
    // The kernel wants the record given back even where there was no room for it.
    guard bpf_ringbuf_reserve_dynptr(ring, bytes, 0, raw) == 0, body(DynamicPointer(raw: raw)) else {
      bpf_ringbuf_discard_dynptr(raw, 0)
      return false
    }
    bpf_ringbuf_submit_dynptr(raw, 0)
    return true
  }
}

extension XDPContext {
  /// Lends a view of the whole packet, fragments included.
  ///
  /// - Requires: Linux 6.4; a GPL-compatible license.
  @inline(__always)
  public func withDynamicPointer<Result>(_ body: (borrowing DynamicPointer) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: bpf_dynptr.self, capacity: 1) { buffer in
      let dynptr = buffer.baseAddress.unsafelyUnwrapped
      _ = kfunc_bpf_dynptr_from_xdp(raw, 0, dynptr)
      return body(DynamicPointer(raw: dynptr))
    }
  }
}

extension SocketBuffer {
  /// Lends a view of the whole packet, wherever its bytes are.
  ///
  /// - Requires: Linux 6.4; a GPL-compatible license.
  @inline(__always)
  public func withDynamicPointer<Result>(_ body: (borrowing DynamicPointer) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: bpf_dynptr.self, capacity: 1) { buffer in
      let dynptr = buffer.baseAddress.unsafelyUnwrapped
      _ = kfunc_bpf_dynptr_from_skb(raw, 0, dynptr)
      return body(DynamicPointer(raw: dynptr))
    }
  }
}

extension NetfilterContext {
  /// Lends a view of the packet from its network header on; nil if there is none.
  ///
  /// - Requires: Linux 6.4; a GPL-compatible license.
  @inline(__always)
  public func withDynamicPointer<Result>(_ body: (borrowing DynamicPointer) -> Result) -> Result? {
    guard let socketBuffer else { return nil }
    return withUnsafeTemporaryAllocation(of: bpf_dynptr.self, capacity: 1) { buffer in
      let dynptr = buffer.baseAddress.unsafelyUnwrapped
      _ = kfunc_bpf_dynptr_from_skb(socketBuffer, 0, dynptr)
      return body(DynamicPointer(raw: dynptr))
    }
  }
}
