// SPDX-License-Identifier: Apache-2.0
import BPFSystem
public import Synchronization
import SystemPackage

/// Reads the records that kernel programs write to maps of type `ringbuf`.
///
///     let reader = try RingReader<ExecEvent>(collection.map("events"))
///     for try await event in reader { print(event.pid) }
///
/// A skeleton has one for each ring buffer of its object. Read a map with one reader: two would pass each other's records
/// over. The reader's place is kept in the map, so that the next reader of the map goes on there.
///
/// A ring is mapped when it is read first: from then on it counts as resident memory of the process, with all its bytes. One that
/// nobody reads here, since its records are another reader's, takes none.
///
/// - Requires: Linux 5.8
public final class RingReader<Event: Sendable>: EventReader<Event>, @unchecked Sendable {
  /// The map that this was made for.
  public let map: AnyMap

  @usableFromInline let lock = Mutex<Void>(())
  // Used by whoever has the lock.
  @exclusivity(unchecked) @usableFromInline var rings: [Ring] = []
  /// Those that nobody has read yet.
  @exclusivity(unchecked) @usableFromInline var unread: [RingSource] = []
  /// Which ring is looked at first, so that a busy one does not keep the others waiting.
  @exclusivity(unchecked) private var first = 0

  init(_ map: AnyMap, decoder: @escaping RecordDecoder) throws(BPFError) {
    self.map = map
    try super.init()
    try insert(map, decoder)
  }

  private func insert(_ map: AnyMap, _ decoder: @escaping RecordDecoder) throws(BPFError) {
    guard map.info.type == .ringBuffer else { throw .wrongType(map, .ringBuffer) }
    let source = RingSource(map, decoder)
    // Before the bell watches it: whoever is woken by what is there already finds it.
    lock.withLock { _ in unread.append(source) }
    do throws(Errno) {
      try bell.watch(map.fd)
    } catch {
      lock.withLock { _ in unread.removeAll { $0 === source } }
      throw BPFError(
        "opening map \(map.label) for reading", errno: error,
        hint: error == .fileExists ? "the reader reads this map already" : nil)
    }
  }

  override var subject: String { "map \(map.label)" }

  override func prepare() throws(BPFError) {
    try lock.withLock { (_) throws(BPFError) in try mapRings() }
  }

  /// Maps the rings that are read for the first time. Called with the lock.
  private func mapRings() throws(BPFError) {
    while let source = unread.first {
      rings.append(try Ring(source.map, source.decoder))
      unread.removeFirst()
    }
  }

  /// The same for whoever cannot throw: a ring that cannot be mapped has no records, and the next wait says why.
  @usableFromInline
  func mapWhatCanBe() { try? mapRings() }

  override func take() throws(BPFError) -> Event? {
    try lock.withLock { (_) throws(BPFError) -> Event? in
      try mapRings()
      var budget = 256
      for _ in rings.indices {
        let ring = rings[first]
        first = first + 1 == rings.count ? 0 : first + 1
        while budget > 0, let bytes = ring.next() {
          if try ring.decoder(bytes.bytes, room) { return room.move() }
          budget -= 1
        }
      }
      return nil
    }
  }

  override func drain(_ limit: Int, _ body: (Event) throws -> Void) throws -> Int {
    try lock.withLock { _ in
      try mapRings()
      var count = 0
      for offset in rings.indices where count < limit {
        let ring = rings[(first + offset) % rings.count]
        try ring.consume(limit: limit - count) { (bytes) throws(any Error) in
          guard try ring.decoder(bytes, room) else { return }
          count += 1
          try body(room.move())
        }
      }
      first = rings.count > 1 ? (first + 1) % rings.count : 0
      return count
    }
  }

  override func look() -> Look {
    lock.withLock { _ in
      for ring in rings { ring.publish() }
      // A writer wakes the reader only if it sees the reader's position at its own record. So that one of the two sees
      // the other, the position is visible before the writers' state is looked at.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      return rings.contains { $0.isReadable } ? .ready : .nothing
    }
  }
}

extension RingReader {
  /// Opens a map, with a decoder for its records.
  ///
  /// - Parameters:
  ///   - map: of type `ringbuf`.
  ///   - decode: makes an event of a record's bytes; nil passes the record over. What it throws ends the loop (beneath a
  ///     ``BPFError``); the next loop goes on after the record.
  /// - Throws: ``BPFError`` for a map of another type.
  public convenience init(
    _ map: AnyMap, decode: @escaping @Sendable (RawSpan) throws -> Event?
  ) throws(BPFError) {
    try self.init(map, decoder: Self.decoder(of: map, decode))
  }

  /// Reads another map in the same loop. The maps take turns; records of one keep their order.
  public func add(_ map: AnyMap, decode: @escaping @Sendable (RawSpan) throws -> Event?) throws(BPFError) {
    try insert(map, Self.decoder(of: map, decode))
  }

  /// Opens a map whose records are of this type. A record of another size ends the loop with an error.
  public convenience init(_ map: AnyMap) throws(BPFError) where Event: BitwiseCopyable {
    // A Swift type that both sides know may end before its stride.
    try self.init(
      map, decoder: Self.decoder(of: map, slack: MemoryLayout<Event>.stride - MemoryLayout<Event>.size))
  }

  /// Opens a map whose records end with an array.
  public convenience init<Head: FlexibleRecord>(_ map: AnyMap) throws(BPFError) where Event == Flexible<Head> {
    try self.init(map, decoder: Head.decoder(of: map))
  }

  /// Opens a map whose records are of no known type, or of several: copies of their bytes. ``consumeRecords(limit:_:)``
  /// reads them where they are.
  public convenience init(_ map: AnyMap) throws(BPFError) where Event == [UInt8] {
    try self.init(map, decoder: Self.copies())
  }

  /// Hands the records that are there to a closure, each where it is in the ring: without a copy, an allocation or a
  /// system call.
  ///
  /// Reading ends with the last record that was there when it began, so this returns also where programs write faster
  /// than `body` works. The records' space is given back to the writers in batches, and all of it when this returns or
  /// `body` throws; the record that it threw for is read.
  ///
  /// - Parameters:
  ///   - limit: how many records at most.
  ///   - body: is lent a record's bytes. It must not use this reader, but for ``EventReader/wake()``.
  /// - Returns: the number of records. Those that a program discarded do not count. Zero where the ring cannot be mapped:
  ///   ``EventReader/wait(timeout:)`` throws the reason.
  @inlinable
  @discardableResult
  public func consumeRecords<Failure: Error>(
    limit: Int = .max, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    try lock.withLock { (_) throws(Failure) -> Int in
      if !unread.isEmpty { mapWhatCanBe() }
      var count = 0
      for ring in rings where count < limit {
        count += try ring.consume(limit: limit &- count, body)
      }
      return count
    }
  }
}

/// A ring buffer that nobody has read yet.
@usableFromInline
final class RingSource: Sendable {
  let map: AnyMap
  let decoder: RecordDecoder

  init(_ map: AnyMap, _ decoder: @escaping RecordDecoder) { (self.map, self.decoder) = (map, decoder) }
}

/// The reading side of one ring buffer. Its owner has a lock.
@usableFromInline
final class Ring {
  private let memory: RingMemory
  let decoder: RecordDecoder

  // The hot words of `memory`, kept where the loop finds them.
  @usableFromInline let consumer: UnsafePointer<Atomic<UInt>>
  @usableFromInline let producer: UnsafePointer<Atomic<UInt>>
  @usableFromInline let data: UnsafeRawPointer
  @usableFromInline let mask: UInt

  /// How far this reader is.
  @exclusivity(unchecked) @usableFromInline var position: UInt
  /// How far the kernel knows that it is.
  @exclusivity(unchecked) @usableFromInline var published: UInt
  /// Where the writers were when they were looked at last.
  @exclusivity(unchecked) @usableFromInline var end: UInt
  /// Where a record is put together that goes on at the start of the data.
  @exclusivity(unchecked) private var joined = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ map: AnyMap, _ decoder: @escaping RecordDecoder) throws(BPFError) {
    memory = try RingMemory(map, .consumer)
    self.decoder = decoder
    consumer = memory.consumerPosition
    producer = memory.producerPosition
    data = UnsafeRawPointer(memory.data)
    mask = UInt(memory.size) &- 1
    position = consumer.pointee.load(ordering: .acquiring)
    published = position
    end = position
  }

  // The map's next reader goes on where this one was.
  deinit {
    publish()
    joined.deallocate()
  }

  /// A record's bytes.
  ///
  /// - Parameter offset: of its header in the data.
  @inlinable @inline(__always)
  func record(at offset: UInt, _ length: UInt) -> UnsafeRawBufferPointer {
    offset &+ RingHeader.total(length) > mask &+ 1
      ? join(offset, length)
      : UnsafeRawBufferPointer(
        start: data + Int(bitPattern: offset) + RingHeader.size, count: Int(bitPattern: length))
  }

  /// Copies a record that goes on at the start of the data.
  @usableFromInline
  func join(_ offset: UInt, _ length: UInt) -> UnsafeRawBufferPointer {
    let start = Int(bitPattern: offset) + RingHeader.size
    let (count, first) = (Int(bitPattern: length), memory.size - start)
    if joined.count < count {
      joined.deallocate()
      joined = .allocate(byteCount: count, alignment: 16)
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: joined[..<count])
    bytes.copyMemory(from: UnsafeRawBufferPointer(start: data + start, count: first))
    UnsafeMutableRawBufferPointer(rebasing: bytes[first...])
      .copyMemory(from: UnsafeRawBufferPointer(start: data, count: count - first))
    return UnsafeRawBufferPointer(bytes)
  }

  /// Hands over the records that are there.
  @inlinable
  @discardableResult
  func consume<Failure: Error>(
    limit: Int, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    let (data, mask) = (data, mask)
    var position = position
    var published = published
    let end = producer.pointee.load(ordering: .acquiring)
    let step = publishingStep(backlog: end &- position)
    var count = 0
    self.end = end
    defer {
      self.position = position
      publish()
    }
    while position != end, count < limit {
      let offset = position & mask
      let header = data + Int(bitPattern: offset)
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
        count += 1
        try body(record(at: offset, length).bytes)
      }
      if position &- published >= step {
        consumerCell.pointee.store(position, ordering: .releasing)
        published = position
      }
    }
    return count
  }

  /// The next record's bytes, valid until this is called again or the position is published.
  func next() -> UnsafeRawBufferPointer? {
    if position &- published >= publishingStep(backlog: end &- position) { publish() }
    while true {
      if position == end {
        end = producer.pointee.load(ordering: .acquiring)
        guard position != end else { break }
      }
      let offset = position & mask
      let word = (data + Int(bitPattern: offset)).assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(
        ordering: .acquiring)
      if word & RingHeader.busy != 0 { break }
      let length = UInt(word & ~RingHeader.discarded)
      position = position &+ RingHeader.total(length)
      if word & RingHeader.discarded == 0 {
        return record(at: offset, length)
      }
    }
    publish()
    return nil
  }

  /// Whether there is a whole record at the reader's position.
  var isReadable: Bool {
    position != producer.pointee.load(ordering: .acquiring)
      && (data + Int(bitPattern: position & mask)).assumingMemoryBound(to: Atomic<UInt32>.self)
        .pointee.load(ordering: .acquiring) & RingHeader.busy == 0
  }

  @inlinable @inline(__always)
  var consumerCell: UnsafeMutablePointer<Atomic<UInt>> { UnsafeMutablePointer(mutating: consumer) }

  /// Gives the space up to the reader's position back to the writers.
  @inlinable @inline(__always)
  func publish() {
    guard position != published else { return }
    consumerCell.pointee.store(position, ordering: .releasing)
    published = position
  }

  /// How many bytes to read before the position is published. Every store takes the cache line from the writers, about
  /// 30 ns; but a ring that fills up loses records, so the fuller it is the sooner space is given back.
  @inlinable @inline(__always)
  func publishingStep(backlog: UInt) -> UInt {
    backlog > (mask &+ 1) / 2 ? (mask &+ 1) / 64 : min((mask &+ 1) / 8, 64 << 10)
  }
}
