// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// Writes records that kernel programs read: a map of type `user_ringbuf`, drained with `bpf_user_ringbuf_drain`.
///
/// Open one writer for a map.
///
/// - Requires: Linux 6.1
public struct UserRingWriter: ~Copyable, Sendable {
  private let memory: RingMemory
  private let mask: UInt
  /// Edge-triggered: the kernel calls the descriptor writable while there is any space at all, which a large record
  /// would spin on.
  private let epoll: Epoll

  /// Opens a map for writing.
  ///
  /// - Throws: ``BPFError`` for a map of another type.
  public init(_ map: AnyMap) throws(BPFError) {
    let memory = try RingMemory(map, .producer)
    epoll = try Self.space(map)
    self.memory = memory
    mask = UInt(memory.size) &- 1
  }

  private static func space(_ map: AnyMap) throws(BPFError) -> Epoll {
    do throws(Errno) {
      let epoll = try Epoll()
      try epoll.add(map.fd, events: [.writable, .edge], tag: 0)
      return epoll
    } catch {
      throw BPFError("opening map \(map.label) for writing", errno: error)
    }
  }

  /// Bytes of data that the ring holds.
  public var size: Int { Int(mask) + 1 }

  /// Bytes that are free, of which each record takes eight for its header and is rounded up to eight.
  public var free: Int {
    size
      - Int(
        bitPattern: memory.producerPosition.pointee.load(ordering: .relaxed)
          &- memory.consumerPosition.pointee.load(ordering: .acquiring))
  }

  /// Takes space for a record. Programs see it, and all that follow, once it is submitted.
  ///
  /// - Parameters:
  ///   - count: bytes.
  /// - Returns: nil while there is not enough free space.
  /// - Throws: ``BPFError`` when the ring could never hold it.
  public mutating func reserve(_ count: Int) throws(BPFError) -> Record? {
    guard count >= 0, count <= size - RingHeader.size else {
      throw BPFError(
        .invalid, "reserving \(count) bytes in map \(memory.map.label)", detail: "the ring holds \(size) bytes")
    }
    let total = RingHeader.total(UInt(count))
    // Only this writer moves the producer's position.
    let position = memory.producerPosition.pointee.load(ordering: .relaxed)
    // Acquire: the kernel has read what lay there.
    let consumed = memory.consumerPosition.pointee.load(ordering: .acquiring)
    guard mask &+ 1 &- (position &- consumed) >= total else { return nil }
    let header = memory.data + Int(bitPattern: position & mask)
    header.storeBytes(of: UInt32(count) | RingHeader.busy, as: UInt32.self)
    header.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
    // Release: the busy header is there before the position that lets the kernel look at it.
    UnsafeMutablePointer(mutating: memory.producerPosition).pointee.store(position &+ total, ordering: .releasing)
    return Record(memory: memory, header: header, count: count)
  }

  /// Takes space for a record, waiting until a program has drained enough.
  ///
  /// - Parameters:
  ///   - count: bytes of the record.
  ///   - timeout: how long at most; nil for ever.
  /// - Returns: nil when the time is over.
  public mutating func reserve(_ count: Int, timeout: Duration?) throws(BPFError) -> Record? {
    let deadline = timeout.map { KernelClock.monotonic() &+ UInt64($0.clampedNanoseconds) }
    while true {
      if let record = try reserve(count) { return record }
      let left = deadline.map { Int64(bitPattern: $0 &- KernelClock.monotonic()) }
      if let left, left <= 0 { return nil }
      do {
        try epoll.wait(timeout: left)
      } catch {
        throw BPFError("waiting for space in map \(memory.map.label)", errno: error)
      }
    }
  }

  /// Writes one record.
  ///
  /// - Returns: false when there was not enough space, in the time that was given for waiting.
  public mutating func send(_ bytes: RawSpan, timeout: Duration? = .zero) throws(BPFError) -> Bool {
    guard var record = try reserve(bytes.byteCount, timeout: timeout) else { return false }
    record.fill(bytes)
    record.submit()
    return true
  }
}

extension UserRingWriter {
  /// Space in a user ring buffer, to be filled and submitted. One that is dropped is discarded: programs pass it over.
  public struct Record: ~Copyable {
    private let memory: RingMemory
    private let header: UnsafeMutableRawPointer

    /// The record's bytes, valid until it is submitted or discarded.
    public let bytes: UnsafeMutableRawBufferPointer

    fileprivate init(memory: RingMemory, header: UnsafeMutableRawPointer, count: Int) {
      self.memory = memory
      self.header = header
      bytes = UnsafeMutableRawBufferPointer(start: header + RingHeader.size, count: count)
    }

    /// What the header says in the end.
    private var flag = RingHeader.discarded

    deinit {
      // Release: the record is there before its busy bit is gone. The kernel clears nothing, so a store will do.
      header.assumingMemoryBound(to: Atomic<UInt32>.self).pointee
        .store(UInt32(bytes.count) | flag, ordering: .releasing)
    }

    /// Copies bytes to the record's start.
    public mutating func fill(_ source: RawSpan) {
      source.withUnsafeBytes { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(bytes.count))) }
    }

    /// Lets programs read the record.
    public consuming func submit() { flag = 0 }

    /// Gives the record up.
    public consuming func discard() {}
  }
}
