// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import SystemPackage

/// Several ring buffers read by one loop.
public struct RingBufferGroup: ~Copyable {
  private final class Slot {
    var ring: RingBuffer
    init(_ ring: consuming RingBuffer) { self.ring = ring }
  }

  private let epoll: Epoll
  private var slots: [Slot] = []

  public init() throws(BPFError) {
    do {
      epoll = try Epoll()
    } catch {
      throw BPFError("making a group of ring buffers", errno: error)
    }
  }

  /// How many rings there are.
  public var count: Int { slots.count }

  /// Adds a ring and returns its number, which ``poll(timeout:limit:_:)`` names it by.
  @discardableResult
  public mutating func add(_ ring: consuming RingBuffer) throws(BPFError) -> Int {
    do {
      try epoll.add(ring.fileDescriptor, tag: UInt64(slots.count))
    } catch {
      throw BPFError("adding a ring buffer to a group", errno: error)
    }
    slots.append(Slot(ring))
    return slots.count - 1
  }

  /// Hands what is in any of the rings to a closure, without waiting.
  ///
  /// - Parameters:
  ///   - limit: how many records of each ring at most.
  ///   - body: is lent the ring's number and a record's bytes, valid until it returns.
  /// - Returns: the number of records.
  @discardableResult
  public mutating func consume<Failure: Error>(
    limit: Int = .max, _ body: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var count = 0
    for (number, slot) in slots.enumerated() {
      count += try slot.ring.consume(limit: limit) { (bytes) throws(Failure) in try body(number, bytes) }
    }
    return count
  }

  /// Waits for records in any ring and hands those that are there to a closure.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait when there are none; nil for ever.
  ///   - limit: how many records at most.
  ///   - body: is lent the ring's number and a record's bytes, valid until it returns.
  /// - Returns: the number of records: zero when the time was over or a signal came.
  @discardableResult
  public mutating func poll(
    timeout: Duration? = nil, limit: Int = .max, _ body: (Int, UnsafeRawBufferPointer) -> Void
  ) throws(BPFError) -> Int {
    let count = consume(limit: limit, body)
    if count > 0 { return count }
    do {
      try epoll.wait(timeout: timeout.map(\.clampedNanoseconds))
    } catch {
      throw BPFError("waiting for a group of ring buffers", errno: error)
    }
    return consume(limit: limit, body)
  }
}
