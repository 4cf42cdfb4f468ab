// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// The memory that a ring buffer map shares between the kernel and one process.
///
/// Two pages hold the positions, the data follows, mapped twice in a row so that a record is never cut:
///
///     page 0: consumer position | page 1: producer position | data | the same data again
///
/// Of a ring that the kernel writes only the consumer's page is writable here, of one that user space writes only the
/// producer's page and the data. Source: kernel/bpf/ringbuf.c.
@usableFromInline
final class RingMemory: Sendable {
  /// Which side of the ring this process is.
  enum Role {
    case consumer, producer
  }

  /// Of the map, a duplicate: the ring works on when the map's other owners are gone.
  let descriptor: Descriptor
  private let consumerPage: MappedMemory
  private let producerPages: MappedMemory

  /// - Parameters:
  ///   - size: bytes of data: the map's `max_entries`.
  init(map: CInt, size: Int, role: Role) throws(Errno) {
    let page = MappedMemory.pageSize
    guard size >= page, size & (size - 1) == 0, size <= 1 << 30 else { throw Errno.invalidArgument }
    descriptor = try Descriptor.duplicating(map)
    consumerPage = try MappedMemory(fd: map, count: page, isWritable: role == .consumer)
    producerPages = try MappedMemory(
      fd: map, count: page + 2 * size, offset: page, isWritable: role == .producer)
  }

  // The kernel's positions are `unsigned long`, each at the start of its page, and only grow.
  var consumerPosition: UnsafePointer<Atomic<UInt>> {
    UnsafePointer(consumerPage.bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Atomic<UInt>.self))
  }

  var producerPosition: UnsafePointer<Atomic<UInt>> {
    UnsafePointer(producerPages.bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Atomic<UInt>.self))
  }

  var data: UnsafeMutableRawPointer {
    producerPages.bytes.baseAddress.unsafelyUnwrapped + MappedMemory.pageSize
  }
}

/// A record's header: 32 bits of length and two flags, then 32 bits that the kernel uses.
@usableFromInline
enum RingHeader {
  @usableFromInline static let size = 8
  /// Reserved and not yet submitted.
  @usableFromInline static let busy: UInt32 = 1 << 31
  /// Given up: to be passed over.
  @usableFromInline static let discarded: UInt32 = 1 << 30
  /// From so many bytes on, records are worth touching ahead.
  @usableFromInline static let large: UInt = 256
  /// How many records ahead.
  @usableFromInline static let ahead: UInt = 16

  /// What a record takes in the ring: with its header, rounded up to eight bytes.
  @inlinable @inline(__always)
  static func total(_ length: UInt) -> UInt { (length &+ 15) & ~7 }
}

/// Makes something, and says what was being done when the kernel refuses.
func naming<Made: ~Copyable>(
  _ context: String, requires kernel: String? = nil, _ make: () throws(Errno) -> Made
) throws(BPFError) -> Made {
  do {
    return try make()
  } catch {
    throw BPFError(context, errno: error, requires: kernel)
  }
}
