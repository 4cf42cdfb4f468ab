// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// The memory that a ring buffer map shares between the kernel and one process.
///
/// Two pages hold the positions, the data follows, twice in a row so that a record is never cut:
///
///     page 0: consumer position | page 1: producer position | data | the same data again
///
/// A reader maps the data once, since what is mapped counts as the process's resident memory: it copies the one record of a
/// round that goes on at the start.
///
/// Of a ring that the kernel writes only the consumer's page is writable here, of one that user space writes only the
/// producer's page and the data. Source: kernel/bpf/ringbuf.c.
final class RingMemory: Sendable {
  /// Which side of the ring this process is.
  enum Role {
    case consumer, producer

    var type: MapType { self == .consumer ? .ringBuffer : .userRingBuffer }
  }

  /// Keeps the map, and its descriptor open.
  let map: AnyMap
  /// Bytes of data: a power of two.
  let size: Int
  private let consumerPage: MappedMemory
  private let producerPages: MappedMemory

  init(_ map: AnyMap, _ role: Role) throws(BPFError) {
    guard map.info.type == role.type else { throw .wrongType(map, role.type) }
    let page = MappedMemory.pageSize
    size = map.info.maxEntries
    guard size >= page, size & (size - 1) == 0, size <= 1 << 30 else {
      throw BPFError(.invalid, "mapping map \(map.label)", detail: "the kernel reports \(size) bytes of data")
    }
    do throws(Errno) {
      consumerPage = try MappedMemory(fd: map.fd, count: page, isWritable: role == .consumer)
      producerPages = try MappedMemory(
        fd: map.fd, count: page + (role == .producer ? 2 * size : size), offset: page, isWritable: role == .producer)
    } catch {
      throw BPFError("mapping map \(map.label)", errno: error)
    }
    self.map = map
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
