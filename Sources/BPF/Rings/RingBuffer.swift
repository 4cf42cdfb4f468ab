// SPDX-License-Identifier: Apache-2.0
import BPFSystem
public import Synchronization
import SystemPackage

/// Reads the records that programs write to a map of type `ringbuf`.
///
/// One reader for a map: two would pass each other's records over. Reading takes no system call and, borrowed, no
/// allocation; ``wait(timeout:)`` sleeps until there is something to read.
///
///     var ring = try RingBuffer(map: fd, size: 256 << 10)
///     while try ring.wait(timeout: .seconds(1)) {
///       ring.consume { bytes in print(bytes.count) }
///     }
///
/// - Requires: Linux 5.8
public struct RingBuffer: ~Copyable, Sendable {
  let memory: RingMemory

  // The hot words of `memory`, kept where the loop finds them.
  @usableFromInline nonisolated(unsafe) let consumer: UnsafePointer<Atomic<UInt>>
  @usableFromInline nonisolated(unsafe) let producer: UnsafePointer<Atomic<UInt>>
  @usableFromInline nonisolated(unsafe) let data: UnsafeRawPointer
  @usableFromInline let mask: UInt

  /// How far this reader is. The kernel sees it when it is published.
  @usableFromInline var position: UInt

  /// Maps a ring.
  ///
  /// - Parameters:
  ///   - map: the map's descriptor, borrowed for this call.
  ///   - size: bytes of data: the map's `max_entries`, a power of two.
  /// - Throws: ``BPFError`` when the map is no ring buffer or has another size.
  public init(map: CInt, size: Int) throws(BPFError) {
    do {
      memory = try RingMemory(map: map, size: size, role: .consumer)
    } catch {
      throw BPFError("mapping a ring buffer of \(size) bytes", errno: error, requires: "5.8")
    }
    consumer = memory.consumerPosition
    producer = memory.producerPosition
    data = UnsafeRawPointer(memory.data)
    mask = UInt(size) &- 1
    position = consumer.pointee.load(ordering: .acquiring)
  }

  /// Bytes of data that the ring holds.
  public var size: Int { Int(mask) + 1 }

  /// Bytes between this reader and the writers, headers and discarded records included.
  public var available: Int { Int(bitPattern: producer.pointee.load(ordering: .acquiring) &- position) }

  /// The map's descriptor, to wait for it together with others. It is readable while there are records.
  public var fileDescriptor: CInt { memory.descriptor.rawValue }

  /// Hands the records that are there to a closure, in order, each where it lies in the ring.
  ///
  /// The bytes are valid until the closure returns. Their space is given back to the writers in batches, and all of it
  /// when this returns or the closure throws; the record that it threw for counts as read.
  ///
  /// - Parameters:
  ///   - limit: how many records at most. Without one, this goes on for as long as writers keep up with the closure.
  ///   - body: is lent a record's bytes, valid until it returns.
  /// - Returns: the number of records. Discarded ones are passed over and do not count.
  @inlinable
  @discardableResult
  public mutating func consume<Failure: Error>(
    limit: Int = .max, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var published = position
    var count = 0
    var end = producer.pointee.load(ordering: .acquiring)
    while true {
      let step = publishingStep(backlog: end &- position)
      while position != end {
        let header = data + Int(bitPattern: position & mask)
        // Acquire: the writer's last store to a record is the one that clears its busy bit.
        let word = header.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .acquiring)
        if word & RingHeader.busy != 0 { break }
        let length = UInt(word & ~RingHeader.discarded)
        let total = RingHeader.total(length)
        position = position &+ total
        // A header tells where the next one is, so that each would be waited for. Records mostly come in one size: touch
        // where a later header then is, unless it lies in the same lines or beyond the end.
        if total >= RingHeader.large, end &- position > RingHeader.ahead &* total {
          _ = (data + Int(bitPattern: (position &+ RingHeader.ahead &* total) & mask))
            .assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .relaxed)
        }
        if word & RingHeader.discarded == 0 {
          do throws(Failure) {
            try body(UnsafeRawBufferPointer(start: header + RingHeader.size, count: Int(bitPattern: length)))
          } catch {
            publish()
            throw error
          }
          count += 1
          if count >= limit {
            publish()
            return count
          }
        }
        if position &- published >= step {
          publish()
          published = position
        }
      }
      if position == published, count == 0 { return count }
      publish()
      published = position
      // A writer wakes the reader only when it sees the reader's position at its own record. So that one of the two
      // sees the other, the position is visible before the writers' state is looked at again.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      end = producer.pointee.load(ordering: .acquiring)
      if position == end || isBusy { return count }
    }
  }

  /// The same with a span, which cannot outlive the call.
  @inlinable
  @discardableResult
  public mutating func consumeSpans<Failure: Error>(
    limit: Int = .max, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    try consume(limit: limit) { (bytes) throws(Failure) in try body(bytes.bytes) }
  }

  /// Copies the records that are there out of the ring.
  ///
  /// - Parameters:
  ///   - limit: how many records at most.
  public mutating func read(limit: Int = .max) -> [[UInt8]] {
    var records: [[UInt8]] = []
    consume(limit: limit) { records.append(Array($0)) }
    return records
  }

  /// Whether the record at the reader's position is still being written.
  @inlinable @inline(__always)
  var isBusy: Bool {
    (data + Int(bitPattern: position & mask)).assumingMemoryBound(to: Atomic<UInt32>.self)
      .pointee.load(ordering: .acquiring) & RingHeader.busy != 0
  }

  /// Gives the space up to the reader's position back to the writers.
  @inlinable @inline(__always)
  func publish() {
    UnsafeMutablePointer(mutating: consumer).pointee.store(position, ordering: .releasing)
  }

  /// How many bytes to read before the position is published. Every store takes the cache line from the writers, about
  /// 30 ns; but a ring that fills up loses records, so the fuller it is the sooner space is given back.
  @inlinable @inline(__always)
  func publishingStep(backlog: UInt) -> UInt {
    backlog > (mask &+ 1) / 2 ? (mask &+ 1) / 64 : min((mask &+ 1) / 8, 64 << 10)
  }
}

extension RingBuffer {
  /// Sleeps until there is a record.
  ///
  /// A program that writes without waking the reader (`BPF_RB_NO_WAKEUP`) is only noticed when the time is over.
  ///
  /// - Parameters:
  ///   - timeout: how long at most; nil for ever.
  /// - Returns: whether there is something to read.
  public func wait(timeout: Duration? = nil) throws(BPFError) -> Bool {
    // As after reading: what was published last comes before the look at the writers.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if available > 0, !isBusy { return true }
    do {
      return try Poll.readable(fileDescriptor, timeout: timeout.map(\.clampedNanoseconds))
    } catch {
      throw BPFError("waiting for a ring buffer", errno: error)
    }
  }

  /// Waits for records and hands those that are there to a closure.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait when there are none; nil for ever.
  ///   - limit: how many records at most.
  ///   - body: is lent a record's bytes, valid until it returns.
  /// - Returns: the number of records: zero when the time was over.
  @discardableResult
  public mutating func poll(
    timeout: Duration? = nil, limit: Int = .max, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(BPFError) -> Int {
    let deadline = timeout.map { KernelClock.monotonic() &+ UInt64($0.clampedNanoseconds) }
    while true {
      let count = consume(limit: limit, body)
      if count > 0 { return count }
      let left = deadline.map { Int64(bitPattern: $0 &- KernelClock.monotonic()) }
      // Whoever wrote without a wake-up is found at the end of the time.
      guard try wait(timeout: left.map { .nanoseconds(max($0, 0)) }) || (left ?? 1) > 0 else {
        return consume(limit: limit, body)
      }
    }
  }
}
