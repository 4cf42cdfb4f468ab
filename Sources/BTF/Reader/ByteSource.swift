// SPDX-License-Identifier: Apache-2.0

/// Bytes in either byte order, read through a raw pointer.
///
/// The loads are not checked in release builds: whoever calls them has compared the offset with `count` before.
struct ByteSource: @unchecked Sendable {
  let start: UnsafeRawPointer
  let count: Int
  /// The words are in the other byte order than this machine's.
  let isSwapped: Bool

  @inline(__always)
  func word(at offset: Int) -> UInt32 {
    assert(offset >= 0 && offset <= count - 4)
    let value = start.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return isSwapped ? value.byteSwapped : value
  }

  @inline(__always)
  func half(at offset: Int) -> UInt16 {
    assert(offset >= 0 && offset <= count - 2)
    let value = start.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return isSwapped ? value.byteSwapped : value
  }

  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    assert(offset >= 0 && offset < count)
    return start.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The bytes from `offset` to the next zero.
  ///
  /// - Precondition: a zero byte follows `offset` before the end.
  @inline(__always)
  func string(at offset: Int) -> UnsafeRawBufferPointer {
    var end = offset
    while byte(at: end) != 0 { end += 1 }
    return UnsafeRawBufferPointer(start: start + offset, count: end - offset)
  }
}

/// A private copy of bytes that stays where it is until the last reader is gone.
final class ByteCopy: Sendable {
  nonisolated(unsafe) let buffer: UnsafeRawBufferPointer

  init(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    copy.copyBytes(from: bytes)
    buffer = UnsafeRawBufferPointer(copy)
  }

  deinit { buffer.deallocate() }
}
