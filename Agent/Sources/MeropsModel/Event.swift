// SPDX-License-Identifier: Apache-2.0

/// Names an event: unique on its host, and in the order in which events were read.
public struct EventID: RawRepresentable, Hashable, Sendable, Comparable {
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The ids of one microsecond.
  public static let perMicrosecond: UInt64 = 1 << 12

  /// The lowest id of events that are read at a time, in nanoseconds since 1970.
  ///
  /// A clock beyond 2040 counts as 2040: stores keep ids as signed numbers, which end in 2041.
  public static func first(at time: UInt64) -> EventID {
    EventID(rawValue: min(time / 1000, 2_208_988_800_000_000) * perMicrosecond)
  }

  /// An id that is greater than this one, with as many ids between them as a microsecond has.
  public var farNext: EventID { EventID(rawValue: (rawValue / Self.perMicrosecond + 2) * Self.perMicrosecond) }
}

/// Thirteen characters of Crockford's base 32, which sort as the numbers do and have no letters that look alike.
extension EventID: CustomStringConvertible, LosslessStringConvertible {
  public static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  public var description: String {
    String(decoding: (0..<13).map { Self.digits[Int(rawValue >> (60 - 5 * UInt64($0)) & 31)] }, as: UTF8.self)
  }

  public init?(_ description: String) {
    guard description.utf8.count == 13 else { return nil }
    var value: UInt64 = 0
    for (index, character) in description.uppercased().utf8.enumerated() {
      // The first digit has four bits only.
      guard let digit = Self.digits.firstIndex(of: character), index > 0 || digit < 16 else { return nil }
      value = value << 5 | UInt64(digit)
    }
    self.init(rawValue: value)
  }
}

/// Something that a process did. A reference to its place in a batch: cheap to copy.
public struct Event: Sendable {
  let batch: EventBatch
  let index: Int

  private var row: EventBatch.Row { batch.rows[index] }

  public var id: EventID { row.id }
  public var kind: EventKind { row.kind }
  /// Nanoseconds since 1970-01-01 UTC.
  public var time: UInt64 { row.time }
  /// Who did it, as the process was then.
  public var process: Process { batch.processes[row.process] }

  /// Calls a closure with the event's own facts, packed. Those of the process are in ``process``.
  public func withFacts<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
    let all = batch.bytes
    return try body(all.span.bytes.extracting(row.facts))
  }

  /// The event's own facts, copied.
  public var facts: Facts { Facts(packed: Array(batch.bytes[row.facts])) }

  /// A field's value, copied: of the event, or else of its process.
  public subscript(field: Field) -> Value? {
    switch field {
    case .eventKind: .text(Text(kind.name))
    case .eventTime: .uint(time)
    default: withFacts { Packed.value(of: field, in: $0) } ?? process.facts[field]
    }
  }
}

/// Events that were read together. It is written once and then shared: by the store, the sinks, the screens.
public final class EventBatch: Sendable {
  let rows: [Row]
  let bytes: [UInt8]
  let processes: [Process]

  struct Row: Sendable {
    var id: EventID
    var kind: EventKind
    var time: UInt64
    var process: Int
    var facts: Range<Int>
  }

  init(rows: [Row], bytes: [UInt8], processes: [Process]) {
    self.rows = rows
    self.bytes = bytes
    self.processes = processes
  }

  /// Memory that the batch takes, without its processes.
  public var size: Int { bytes.count + rows.count * MemoryLayout<Row>.stride }
}

extension EventBatch: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { rows.count }
  public subscript(position: Int) -> Event { Event(batch: self, index: position) }
}

/// Collects events. Between batches it allocates nothing but what they take with them.
public struct EventBatchBuilder: ~Copyable {
  private var rows: [EventBatch.Row] = []
  private var bytes: [UInt8] = []
  private var processes: [Process] = []

  public init() {}

  public var isEmpty: Bool { rows.isEmpty }
  public var count: Int { rows.count }
  public var byteCount: Int { bytes.count }

  /// Appends one event.
  public mutating func append(
    _ kind: EventKind, id: EventID, time: UInt64, by process: Process, _ facts: Facts = Facts()
  ) {
    let facts = facts.bytes
    append(kind, id: id, time: time, by: process, packed: facts.span.bytes)
  }

  /// Appends one event whose facts lie somewhere, packed.
  public mutating func append(_ kind: EventKind, id: EventID, time: UInt64, by process: Process, packed facts: RawSpan)
  {
    // Mostly one process does several things in a row.
    if processes.last !== process { processes.append(process) }
    let start = bytes.count
    facts.withUnsafeBytes { bytes.append(contentsOf: $0) }
    rows.append(
      EventBatch.Row(id: id, kind: kind, time: time, process: processes.count - 1, facts: start..<bytes.count))
  }

  /// Appends an event of another batch.
  public mutating func append(_ event: Event) {
    let process = event.process
    event.withFacts { append(event.kind, id: event.id, time: event.time, by: process, packed: $0) }
  }

  /// The events so far; the builder is empty after it.
  public mutating func finish() -> EventBatch {
    // Copies of the right size: a batch may be kept, and the room is used again.
    let batch = EventBatch(
      rows: rows.withUnsafeBufferPointer { Array($0) }, bytes: bytes.withUnsafeBufferPointer { Array($0) },
      processes: processes.withUnsafeBufferPointer { Array($0) })
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    processes.removeAll(keepingCapacity: true)
    return batch
  }
}
