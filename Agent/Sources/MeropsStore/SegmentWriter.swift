// SPDX-License-Identifier: Apache-2.0

import GRDB
import MeropsModel

/// Writes events into a segment: used by one thread, and given up after an error, since what it knows of the file's rows
/// may have been rolled back.
struct SegmentWriter: ~Copyable {
  let segment: Segment
  private let pool: DatabasePool
  private var texts = TextNumbers(limit: 16_384)
  private var processes = ProcessRows(limit: 2_048)
  private var nextText: UInt64
  private var nextProcess: Int64
  private var span: Span?
  /// Where a row's facts are made.
  private var scratch: [UInt8] = []

  init(_ segment: Segment, _ pool: DatabasePool) throws {
    self.segment = segment
    self.pool = pool
    (nextText, nextProcess, span) = try pool.read { db in
      var last: Span?
      try Segment.spans(db) { last = $0 }
      if let span = last, span.count >= Span.limit { last = nil }
      return (
        try UInt64.fetchOne(db, sql: "SELECT max(id) FROM texts").map { $0 + 1 } ?? 1,
        try Int64.fetchOne(db, sql: "SELECT max(id) FROM processes").map { $0 + 1 } ?? 1, last
      )
    }
  }

  /// Writes batches in one transaction.
  ///
  /// - Returns: How many events were left out, because the segment has their ids already.
  mutating func write(_ batches: [EventBatch]) throws -> Int {
    var (repeated, written) = (0, 0)
    var spans: [Span] = []
    // What the closure changes is changed in copies: a struct that cannot be copied cannot be captured.
    var session = Session(
      texts: texts, processes: processes, nextText: nextText, nextProcess: nextProcess, scratch: scratch)
    (texts, processes, scratch) = (TextNumbers(limit: 0), ProcessRows(limit: 0), [])
    var span = span
    try pool.write { db in
      let statements = try Statements(db)
      for batch in batches {
        for event in batch {
          guard try session.write(event, statements) else {
            repeated += 1
            continue
          }
          written += 1
          var current = span ?? Span(first: event.id, last: event.id)
          current.insert(event.id, event.kind, event.time)
          span = current
          if current.count >= Span.limit {
            try statements.write(current)
            spans.append(current)
            span = nil
          }
        }
      }
      if let span { try statements.write(span) }
    }
    (texts, processes, scratch) = (session.texts, session.processes, session.scratch)
    (nextText, nextProcess, self.span) = (session.nextText, session.nextProcess, span)
    if let span { spans.append(span) }
    segment.note(spans, written)
    return repeated
  }

  func seal() throws { try segment.seal(pool) }

  /// Writes the log back and closes the file.
  func close() throws {
    // SQLite does it for the last connection that closes, but those of the pool that close last may not write.
    try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try pool.close()
  }
}

/// The statements of one transaction.
private struct Statements {
  let event, process, text, span: RawStatement

  init(_ db: Database) throws {
    event = try RawStatement(db, "INSERT INTO events (id, kind, time, process, facts) VALUES (?, ?, ?, ?, ?)")
    process = try RawStatement(
      db,
      """
      INSERT INTO processes (id, start, pid, generation, parent, executable, facts) VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    text = try RawStatement(db, "INSERT INTO texts (id, bytes) VALUES (?, ?)")
    span = try RawStatement(
      db,
      """
      INSERT OR REPLACE INTO spans (first, last, count, earliest, latest, kinds) VALUES (?, ?, ?, ?, ?, ?)
      """)
  }

  func write(_ span: Span) throws {
    self.span.bind(1, span.first.rawValue)
    self.span.bind(2, span.last.rawValue)
    self.span.bind(3, Int64(span.count))
    self.span.bind(4, span.earliest)
    self.span.bind(5, span.latest)
    try withUnsafeBytes(of: span.kinds.words) { _ = try self.span.run(6, $0) }
  }
}

/// What is known of the rows that are there, while some are added.
private struct Session {
  var texts: TextNumbers
  var processes: ProcessRows
  var nextText: UInt64
  var nextProcess: Int64
  var scratch: [UInt8]

  mutating func write(_ event: Event, _ statements: Statements) throws -> Bool {
    let process = try row(event.process, statements)
    scratch.removeAll(keepingCapacity: true)
    try event.withFacts { facts in try encode(facts, statements) }
    statements.event.bind(1, event.id.rawValue)
    statements.event.bind(2, Int64(event.kind.rawValue))
    statements.event.bind(3, event.time)
    statements.event.bind(4, process)
    return try scratch.withUnsafeBytes { try statements.event.run(5, $0) }
  }

  private mutating func row(_ process: Process, _ statements: Statements) throws -> Int64 {
    if let row = processes.row(of: process) { return row }
    let parent: Int64? = if let parent = process.parent { try row(parent, statements) } else { nil }
    let facts = process.facts.bytes
    let executable = try Packed.withField(
      .processExecutable, in: facts.span.bytes,
      { bytes, _ in
        // The closure cannot throw through withField.
        Result { try number(bytes, statements) }
      })?.get()
    scratch.removeAll(keepingCapacity: true)
    try encode(facts.span.bytes, statements)
    let row = nextProcess
    statements.process.bind(1, row)
    statements.process.bind(2, process.key.start)
    statements.process.bind(3, Int64(process.key.pid))
    statements.process.bind(4, Int64(process.generation))
    statements.process.bind(5, parent)
    statements.process.bind(6, executable.map { Int64(bitPattern: $0) })
    try scratch.withUnsafeBytes { _ = try statements.process.run(7, $0) }
    nextProcess += 1
    processes.insert(process, row)
    return row
  }

  private mutating func encode(_ facts: RawSpan, _ statements: Statements) throws {
    var output: [UInt8] = []
    swap(&output, &scratch)
    defer { swap(&output, &scratch) }
    try StoredFacts.encode(facts, into: &output) { text in try number(text, statements) }
  }

  private mutating func number(_ text: RawSpan, _ statements: Statements) throws -> UInt64 {
    var next = nextText
    defer { nextText = next }
    return try text.withUnsafeBytes { bytes in
      try texts.number(of: bytes) { bytes in
        statements.text.bind(1, next)
        try statements.text.run(2, bytes)
        next += 1
        return next - 1
      }
    }
  }
}

/// The rows of processes that did something lately. A process that was forgotten gets another row when it comes back.
private struct ProcessRows {
  /// The process is kept, since another could be put in its place in memory.
  private typealias Entry = (process: Process, row: Int64)
  private var young: [ObjectIdentifier: Entry] = [:]
  private var old: [ObjectIdentifier: Entry] = [:]
  private var last: Entry?
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func row(of process: Process) -> Int64? {
    if let last, last.process === process { return last.row }
    let name = ObjectIdentifier(process)
    if let entry = young[name] {
      last = entry
      return entry.row
    }
    guard let entry = old[name] else { return nil }
    insert(process, entry.row)
    return entry.row
  }

  mutating func insert(_ process: Process, _ row: Int64) {
    if young.count >= limit {
      old = young
      young.removeAll(keepingCapacity: true)
    }
    young[ObjectIdentifier(process)] = (process, row)
    last = (process, row)
  }
}
