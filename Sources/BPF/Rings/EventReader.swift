// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// What ``RingReader`` and ``PerfReader`` have in common: one loop over what kernel programs send.
///
///     for try await event in reader { print(event) }                            // in a task
///     while let event = try reader.next(timeout: .seconds(1)) { print(event) }  // in a thread
///
/// Nothing is read ahead. A loop that ends (`break`, `throw`, cancellation) has taken the events that it saw and no
/// others, and the next loop over the same reader goes on with the event after them.
///
/// Any number of threads and tasks may share a reader; each event goes to one of them. One task at a time may iterate.
public class EventReader<Event: Sendable>: AsyncSequence, @unchecked Sendable {
  public typealias Element = Event
  public typealias Failure = BPFError

  let bell: Bell
  /// Where a record is decoded, by whoever has the reader's lock.
  let room = UnsafeMutablePointer<Event>.allocate(capacity: 1)

  init() throws(BPFError) { bell = try Bell() }

  deinit { room.deallocate() }

  /// The longest that a record stays unseen which a program wrote without waking the reader (`BPF_RB_NO_WAKEUP`, a
  /// wakeup for every so many bytes). One second unless set; nil for ever.
  public final var checkInterval: Duration? {
    get { bell.interval }
    set { bell.interval = newValue }
  }

  /// Waits for the next event.
  ///
  /// - Parameter timeout: how long to wait when there is none; nil for ever, `.zero` not at all.
  /// - Returns: nil when the time is over or ``wake()`` was called. A signal does not end the wait.
  /// - Throws: `BPFError` for a record that does not decode. The next call goes on after that record.
  public final func next(timeout: Duration? = nil) throws(BPFError) -> Event? {
    if bell.takeWake() { return nil }
    if let event = try take() { return event }
    let deadline = timeout.map { Bell.deadline(after: $0) }
    while true {
      switch try bell.wait(until: deadline, on: self) {
      case .woken: return nil
      // A program may have written without waking anybody.
      case .timedOut: return try take()
      case .ready:
        if let event = try take() { return event }
        if let deadline, KernelClock.monotonic() >= deadline { return nil }
      }
    }
  }

  /// Waits for the first event and hands over what is there.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the first; nil for ever, `.zero` not at all.
  ///   - limit: how many events at most, so that this returns also where programs write faster than `body` works.
  ///   - body: called with one event at a time. It must not read from this reader; it may call ``wake()``.
  /// - Returns: the number of events: zero when the time is over or ``wake()`` was called.
  /// - Throws: `BPFError` for a record that does not decode. The next call goes on after that record.
  @discardableResult
  public final func poll(
    timeout: Duration? = nil, limit: Int = 1024, _ body: (Event) -> Void
  ) throws(BPFError) -> Int {
    do {
      return try handOver(timeout, limit, body)
    } catch {
      throw .decoding(subject, error)
    }
  }

  /// Waits for the first event and hands over what is there, until `body` throws: the event that it threw for is read.
  @discardableResult
  public final func poll(
    timeout: Duration? = nil, limit: Int = 1024, _ body: (Event) throws -> Void
  ) throws -> Int {
    try handOver(timeout, limit, body)
  }

  private func handOver(_ timeout: Duration?, _ limit: Int, _ body: (Event) throws -> Void) throws -> Int {
    if limit <= 0 || bell.takeWake() { return 0 }
    var count = try drain(limit, body)
    if count > 0 { return count }
    let deadline = timeout.map { Bell.deadline(after: $0) }
    while true {
      switch try bell.wait(until: deadline, on: self) {
      case .woken: return 0
      case .timedOut: return try drain(limit, body)
      case .ready:
        count = try drain(limit, body)
        if count > 0 { return count }
        if let deadline, KernelClock.monotonic() >= deadline { return 0 }
      }
    }
  }

  /// Waits until there is a record, and leaves it there.
  ///
  /// - Parameter timeout: how long at most; nil for ever.
  /// - Returns: false when the time is over or ``wake()`` was called.
  public final func wait(timeout: Duration? = nil) throws(BPFError) -> Bool {
    try bell.wait(until: timeout.map { Bell.deadline(after: $0) }, on: self) == .ready
  }

  /// Ends one wait as if its time were over: the one that another thread or task is in, or else the next one. A loop
  /// that waits without a limit ends by it.
  public final func wake() { bell.ring() }

  public final func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

  /// The place of a loop is in the reader.
  public struct Iterator: AsyncIteratorProtocol {
    let reader: EventReader

    /// The next event; nil when the task is cancelled or ``EventReader/wake()`` was called.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BPFError) -> Event? {
      while true {
        if Task.isCancelled || reader.bell.takeWake() { return nil }
        if let event = try reader.take() { return event }
        try await reader.bell.wait(on: reader)
      }
    }

    public mutating func next() async throws(BPFError) -> Event? { try await next(isolation: nil) }
  }

  // MARK: What each kind of ring does in its own way

  /// Takes the next event. Nil when there is none, and now and then between records that decode to nothing, so that
  /// the caller can look at its time.
  func take() throws(BPFError) -> Event? { nil }

  /// Hands over the events that are there, and returns how many.
  func drain(_ limit: Int, _ body: (Event) throws -> Void) throws -> Int { 0 }

  /// What is read, for errors: "map events".
  var subject: String { "" }

  /// Opens what has to be open before records can come.
  func prepare() throws(BPFError) {}

  /// Gives the space of what was read back to the writers, and looks for records.
  func look() -> Look { .nothing }
}

/// Makes an event of a record's bytes where the pointer points, and returns whether it did.
///
/// The type does not name the event's type: to find the metadata of one that does would take longer than all the rest.
typealias RecordDecoder = @Sendable (RawSpan, UnsafeMutableRawPointer) throws(BPFError) -> Bool

extension EventReader {
  /// A decoder that a caller gave.
  static func decoder(of map: AnyMap, _ decode: @escaping @Sendable (RawSpan) throws -> Event?) -> RecordDecoder {
    let subject = "map \(map.label)"
    return { bytes, place throws(BPFError) in
      do {
        guard let event = try decode(bytes) else { return false }
        place.initializeMemory(as: Event.self, to: event)
        return true
      } catch {
        throw .decoding(subject, error)
      }
    }
  }
}

extension EventReader where Event: BitwiseCopyable {
  /// A decoder of records of one size.
  ///
  /// - Parameter slack: how many bytes more than the type a record may have.
  static func decoder(of map: AnyMap, slack: Int) -> RecordDecoder {
    let name = map.label
    let size = MemoryLayout<Event>.size
    return { bytes, place throws(BPFError) in
      guard (size...size + slack).contains(bytes.byteCount) else {
        throw .record(Event.self, bytes.byteCount, map: name)
      }
      bytes.withUnsafeBytes {
        if let start = $0.baseAddress { place.copyMemory(from: start, byteCount: size) }
      }
      return true
    }
  }
}

extension EventReader where Event == [UInt8] {
  static func copies() -> RecordDecoder {
    { bytes, place throws(BPFError) in
      place.initializeMemory(as: [UInt8].self, to: bytes.withUnsafeBytes { Array($0) })
      return true
    }
  }
}

extension FlexibleRecord {
  static func decoder(of map: AnyMap) -> RecordDecoder {
    let name = map.label
    return { bytes, place throws(BPFError) in
      guard let event = Flexible<Self>(bytes) else { throw .record(Self.self, bytes.byteCount, map: name) }
      place.initializeMemory(as: Flexible<Self>.self, to: event)
      return true
    }
  }
}

extension BPFError.Code {
  /// A record of a ring does not decode as the type that the reader was made for.
  public static let decoding = BPFError.Code(rawValue: "cannot be decoded")
}

extension BPFError {
  static func record<Event>(_ type: Event.Type, _ count: Int, map: String) -> BPFError {
    BPFError(
      .sizeMismatch, "reading a record of map \(map)",
      detail: "the record has \(count) bytes, \(type) has \(MemoryLayout<Event>.size)",
      hint: "if programs write records of several types to this map, read their bytes (consumeRecords, or a reader "
        + "with a decoder of its own); if they write one, name its type when the skeleton is made")
  }

  static func decoding(_ subject: String, _ error: any Error) -> BPFError {
    if let error = error as? BPFError { return error }
    return BPFError(.decoding, "reading a record of \(subject)", underlying: error)
  }

  static func wrongType(_ map: AnyMap, _ wanted: MapType) -> BPFError {
    BPFError(.invalid, "opening map \(map.label)", detail: "its type is \(map.info.type), not \(wanted)")
  }
}
