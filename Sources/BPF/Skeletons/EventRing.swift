// SPDX-License-Identifier: Apache-2.0

/// A ring buffer whose records are of one type.
///
///     for try await event in tracker.execEvents.events { print(event.commandText) }
///
/// One reader at a time: ``events`` or a ``reader()``. A record that is not of the type (of another size) is an error,
/// not skipped; ``RingBuffer`` over ``map`` reads records of any kind.
///
/// - Requires: Linux 5.8
public struct EventRing<Event: Sendable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let decode: RecordDecoder<Event>

  private init(_ map: AnyMap, decode: @escaping RecordDecoder<Event>) {
    self.map = map
    self.decode = decode
  }

  /// Opens the ring for reading in a loop.
  public func reader() throws(BPFError) -> EventReader<Event> {
    EventReader(try RingBuffer(map), decode)
  }

  /// The records as they are written; the sequence ends when its task is cancelled.
  public var events: EventSequence<Event> {
    let (map, decode) = (map, decode)
    return EventSequence { () throws(BPFError) in
      try RingBuffer(map).records { bytes in Result { () throws(BPFError) in try decode(bytes) } }.makeAsyncIterator()
    }
  }
}

extension EventRing where Event: BitwiseCopyable {
  public init(_ map: AnyMap) {
    let name = map.name
    self.init(map) { bytes throws(BPFError) in
      // A Swift type that both sides know may end before its stride.
      guard bytes.count == MemoryLayout<Event>.size || bytes.count == MemoryLayout<Event>.stride else {
        throw .record(Event.self, bytes.count, map: name)
      }
      return bytes.loadUnaligned(as: Event.self)
    }
  }
}

extension EventRing where Event == [UInt8] {
  /// Records of no known type, or of several.
  public init(_ map: AnyMap) { self.init(map) { bytes throws(BPFError) in Array(bytes) } }
}

extension EventRing {
  /// Records that end with an array.
  public init<Head: FlexibleRecord>(_ map: AnyMap) where Event == Flexible<Head> {
    self.init(map, decode: Head.decoder(of: map.name))
  }
}

/// Reads a typed ring buffer in a loop.
public struct EventReader<Event: Sendable>: ~Copyable {
  private var ring: RingBuffer
  private let decode: RecordDecoder<Event>

  init(
    _ ring: consuming RingBuffer, _ decode: @escaping RecordDecoder<Event>
  ) {
    self.ring = ring
    self.decode = decode
  }

  /// Hands the records that are there to a closure, without waiting.
  ///
  /// - Returns: the number of records.
  /// - Throws: `sizeMismatch` for a record that is not of the type; it counts as read.
  @discardableResult
  public mutating func consume(limit: Int = .max, _ body: (Event) -> Void) throws(BPFError) -> Int {
    let decode = decode
    return try ring.consume(limit: limit) { bytes throws(BPFError) in body(try decode(bytes)) }
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
    _ = try ring.wait(timeout: timeout)
    return try consume(limit: limit, body)
  }
}

/// Makes a value of a record's bytes.
typealias RecordDecoder<Event> = @Sendable (UnsafeRawBufferPointer) throws(BPFError) -> Event

extension FlexibleRecord {
  static func decoder(of map: String) -> RecordDecoder<Flexible<Self>> {
    { bytes throws(BPFError) in
      guard let event = Flexible<Self>(bytes) else { throw .record(Self.self, bytes.count, map: map) }
      return event
    }
  }
}

extension BPFError {
  static func record<Event>(_ type: Event.Type, _ count: Int, map: String) -> BPFError {
    BPFError(
      .sizeMismatch, "reading a record of map \(map)",
      detail: "it has \(count) bytes, \(type) \(MemoryLayout<Event>.size)",
      hint: "programs write records of other types, too: read them with RingBuffer or PerfBuffer, "
        + "or name the type when the skeleton is made")
  }
}
