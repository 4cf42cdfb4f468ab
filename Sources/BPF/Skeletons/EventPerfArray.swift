// SPDX-License-Identifier: Apache-2.0

/// A perf event array whose records are of one type: a ring for each processor.
///
/// One reader at a time: ``events`` or a ``reader(pages:order:)``. A record that is not of the type is an error.
public struct EventPerfArray<Event: Sendable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let decode: RecordDecoder<Event>

  private init(_ map: AnyMap, decode: @escaping RecordDecoder<Event>) {
    self.map = map
    self.decode = decode
  }

  /// Opens the rings for reading in a loop.
  ///
  /// - Parameters:
  ///   - pages: data pages of each ring, a power of two.
  ///   - order: `.byTime` merges the processors' records.
  public func reader(
    pages: Int = 16, order: PerfBuffer.Order = .byProcessor
  ) throws(BPFError) -> PerfEventReader<Event> {
    PerfEventReader(try PerfBuffer(map, pages: pages, order: order), decode)
  }

  /// The records as they are written, ordered by time; the sequence ends when its task is cancelled.
  /// Use ``reader(pages:order:)`` to learn how many were lost.
  public var events: EventSequence<Event> {
    let (map, decode) = (map, decode)
    return EventSequence { () throws(BPFError) in
      try PerfBuffer(map, order: .byTime()).records { record in
        Result { () throws(BPFError) in try decode(record.bytes) }
      }.makeAsyncIterator()
    }
  }
}

extension EventPerfArray where Event: BitwiseCopyable {
  public init(_ map: AnyMap) {
    let name = map.name
    self.init(map) { bytes throws(BPFError) in
      // The kernel rounds records up.
      guard (MemoryLayout<Event>.size..<MemoryLayout<Event>.size + 8).contains(bytes.count) else {
        throw .record(Event.self, bytes.count, map: name)
      }
      return bytes.loadUnaligned(as: Event.self)
    }
  }
}

extension EventPerfArray where Event == [UInt8] {
  /// Records of no known type, or of several. The kernel rounds them up by at most seven bytes.
  public init(_ map: AnyMap) { self.init(map) { bytes throws(BPFError) in Array(bytes) } }
}

extension EventPerfArray {
  /// Records that end with an array; the kernel rounds them up, so the last elements may be made of what is left over.
  public init<Head: FlexibleRecord>(_ map: AnyMap) where Event == Flexible<Head> {
    self.init(map, decode: Head.decoder(of: map.name))
  }
}

/// Reads a typed perf event array in a loop.
public struct PerfEventReader<Event: Sendable>: ~Copyable {
  private var buffer: PerfBuffer
  private let decode: RecordDecoder<Event>

  init(
    _ buffer: consuming PerfBuffer, _ decode: @escaping RecordDecoder<Event>
  ) {
    self.buffer = buffer
    self.decode = decode
  }

  /// How many records the kernel could not write because a ring was full, as far as has been read.
  public var lost: UInt64 { buffer.lost }

  /// Hands the records that are there to a closure, without waiting.
  ///
  /// - Returns: the number of records.
  /// - Throws: `sizeMismatch` for a record that is not of the type; it counts as read.
  @discardableResult
  public mutating func consume(limit: Int = .max, _ body: (Event) -> Void) throws(BPFError) -> Int {
    let decode = decode
    return try buffer.consume(limit: limit) { record throws(BPFError) in body(try decode(record.bytes)) }
  }

  /// Waits for records and hands those that are there to a closure.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait when there are none; nil for ever.
  ///   - limit: how many records are taken at most.
  ///   - body: called with each record.
  /// - Returns: the number of records: zero when the time was over.
  @discardableResult
  public mutating func poll(
    timeout: Duration? = nil, limit: Int = .max, _ body: (Event) -> Void
  ) throws(BPFError) -> Int {
    let count = try consume(limit: limit, body)
    if count > 0 { return count }
    _ = try buffer.wait(timeout: timeout)
    return try consume(limit: limit, body)
  }
}
