// SPDX-License-Identifier: Apache-2.0

import GRDB
import MeropsModel

/// Reads what a query wants from one segment, a page at a time: between pages it holds no snapshot, so that a slow reader
/// does not keep the writer's log from being written back.
struct SegmentReader {
  private let segment: Segment
  private let query: EventQuery
  private let spans: [Span]
  private let processes: ProcessChoice
  private var names = SegmentNames()

  /// Events of a page at most.
  static let pageLimit = 1024

  /// How a query's processes are found.
  private enum ProcessChoice {
    /// It wants those of all processes.
    case all
    case none
    /// Few: by the index.
    case index(String, [Int64])
    /// Many: events are read by time, and those of other processes passed over.
    case filter(Set<Int64>)
  }

  /// More processes than these are not looked up one by one.
  private static let indexLimit = 2_000

  /// - Parameter before: Events from this one on are not read.
  init(_ segment: Segment, _ query: EventQuery, before: EventID) throws {
    self.segment = segment
    self.query = query
    (spans, processes) = try segment.read { db in
      var spans: [Span] = []
      try Segment.spans(db) { span in
        if span.first < before, query.mayInclude(times: span.times, kinds: span.kinds), Self.isAhead(span, query) {
          spans.append(span)
        }
      }
      if let last = spans.last, last.last >= before {
        spans[spans.count - 1].last = EventID(rawValue: before.rawValue - 1)
      }
      return (spans, try Self.processes(db, query))
    }
  }

  private static func isAhead(_ span: Span, _ query: EventQuery) -> Bool {
    guard let after = query.after else { return true }
    return query.order == .newestFirst ? span.first < after : span.last > after
  }

  private static func processes(_ db: Database, _ query: EventQuery) throws -> ProcessChoice {
    var conditions: [String] = []
    var values: [Int64] = []
    if let pid = query.process?.pid ?? query.pid {
      if let other = query.pid, other != pid { return .none }
      conditions.append("pid = ?")
      values.append(Int64(pid))
    }
    if let key = query.process {
      conditions.append("start = ?")
      values.append(Int64(bitPattern: key.start))
    }
    if let executable = query.executable {
      let numbers = try textNumbers(db, executable)
      if numbers.isEmpty { return .none }
      conditions.append("executable IN (\(numbers.map(String.init).joined(separator: ",")))")
    }
    if conditions.isEmpty { return .all }
    let sql = "SELECT id FROM processes WHERE " + conditions.joined(separator: " AND ")
    var rows: Set<Int64> = []
    let statement = try RawStatement(db, sql)
    for (index, value) in values.enumerated() { statement.bind(Int32(index + 1), value) }
    try statement.forEach { row in
      rows.insert(row.int(0))
      return true
    }
    return rows.isEmpty ? .none : rows.count <= indexLimit ? .index(sql, values) : .filter(rows)
  }

  /// The numbers of an executable's path. Few programs run: their texts are read one after the other.
  private static func textNumbers(_ db: Database, _ path: [UInt8]) throws -> [Int64] {
    var numbers: [Int64] = []
    try RawStatement(
      db,
      """
      WITH RECURSIVE programs (id) AS (
        SELECT min(executable) FROM processes
        UNION ALL
        SELECT (SELECT min(executable) FROM processes WHERE executable > programs.id) FROM programs WHERE id IS NOT NULL)
      SELECT texts.id, texts.bytes FROM programs JOIN texts ON texts.id = programs.id
      """
    ).forEach { row in
      if row.withBytes(1, { $0.withUnsafeBytes { $0.elementsEqual(path) } }) { numbers.append(row.int(0)) }
      return true
    }
    return numbers
  }

  /// Calls a closure with pages, in the query's order, until it returns false.
  ///
  /// - Returns: false if the closure did.
  mutating func forEachPage(_ body: (EventBatch) throws -> Bool) throws -> Bool {
    if case .none = processes { return true }
    var next = 0
    // The index finds few events in many spans; a scan reads one span at a time.
    var width = 1
    while next < spans.count {
      let group = next..<min(next + width, spans.count)
      let range =
        query.order == .newestFirst
        ? spans[spans.count - group.upperBound].first...spans[spans.count - 1 - group.lowerBound].last
        : spans[group.lowerBound].first...spans[group.upperBound - 1].last
      guard try forEachPage(of: range, body) else { return false }
      next = group.upperBound
      if case .index = processes { width *= 2 }
    }
    return true
  }

  private mutating func forEachPage(
    of range: ClosedRange<EventID>, _ body: (EventBatch) throws -> Bool
  ) throws -> Bool {
    var (first, last) = (range.lowerBound, range.upperBound)
    if let after = query.after {
      if query.order == .newestFirst {
        guard after.rawValue > 0 else { return true }
        last = min(last, EventID(rawValue: after.rawValue - 1))
      } else {
        guard after.rawValue < .max else { return true }
        first = max(first, EventID(rawValue: after.rawValue + 1))
      }
    }
    if case .index(let choice, let values) = processes {
      return try forEachPage(first: first, last: last, choice, values, body)
    }
    while first <= last {
      let (page, position) = try readPage { [query, processes] db, names, builder in
        try Self.scan(db, first...last, query, processes, &names, &builder)
      }
      if !page.isEmpty, try !body(page) { return false }
      guard let position else { return true }
      if query.order == .newestFirst {
        guard position.rawValue > 0 else { return true }
        last = EventID(rawValue: position.rawValue - 1)
      } else {
        first = EventID(rawValue: position.rawValue + 1)
      }
    }
    return true
  }

  /// By the index, which has one order for each process: the ids first, then the events.
  private mutating func forEachPage(
    first: EventID, last: EventID, _ choice: String, _ values: [Int64], _ body: (EventBatch) throws -> Bool
  ) throws -> Bool {
    var ids: [EventID] = []
    try segment.read { db in
      let statement = try RawStatement(
        db, "SELECT id FROM events INDEXED BY events_by_process WHERE process IN (\(choice)) AND id BETWEEN ? AND ?")
      for (index, value) in values.enumerated() { statement.bind(Int32(index + 1), value) }
      statement.bind(Int32(values.count + 1), first.rawValue)
      statement.bind(Int32(values.count + 2), last.rawValue)
      try statement.forEach { row in
        ids.append(EventID(rawValue: row.uint(0)))
        return true
      }
    }
    if query.order == .newestFirst { ids.sort(by: >) } else { ids.sort() }
    for start in stride(from: 0, to: ids.count, by: Self.pageLimit) {
      let (page, _) = try readPage { [query] db, names, builder in
        let statement = try RawStatement(db, "SELECT id, kind, time, process, facts FROM events WHERE id = ?")
        let lookup = try SegmentNames.Lookup(db)
        for id in ids[start..<min(start + Self.pageLimit, ids.count)] {
          statement.bind(1, id.rawValue)
          try statement.forEach { try names.append($0, ifIn: query, lookup, to: &builder) }
        }
        return nil
      }
      if !page.isEmpty, try !body(page) { return false }
    }
    return true
  }

  private mutating func readPage(
    _ body: (Database, inout SegmentNames, inout EventBatchBuilder) throws -> EventID?
  ) throws -> (EventBatch, EventID?) {
    var builder = EventBatchBuilder()
    var names = SegmentNames()
    swap(&names, &self.names)
    defer { swap(&names, &self.names) }
    let position = try segment.read { db in try body(db, &names, &builder) }
    return (builder.finish(), position)
  }

  /// By time.
  ///
  /// - Returns: The event at which the page ended, if there may be more.
  private static func scan(
    _ db: Database, _ range: ClosedRange<EventID>, _ query: EventQuery, _ processes: ProcessChoice,
    _ names: inout SegmentNames, _ builder: inout EventBatchBuilder
  ) throws -> EventID? {
    let order = query.order == .newestFirst ? "DESC" : "ASC"
    let statement = try RawStatement(
      db, "SELECT id, kind, time, process, facts FROM events WHERE id BETWEEN ? AND ? ORDER BY id \(order)")
    statement.bind(1, range.lowerBound.rawValue)
    statement.bind(2, range.upperBound.rawValue)
    let lookup = try SegmentNames.Lookup(db)
    var position: EventID?
    try statement.forEach { row in
      if case .filter(let rows) = processes, !rows.contains(row.int(3)) { return true }
      _ = try names.append(row, ifIn: query, lookup, to: &builder)
      guard builder.count >= pageLimit else { return true }
      position = EventID(rawValue: row.uint(0))
      return false
    }
    return position
  }

  /// One event.
  static func event(_ id: EventID, in segment: Segment) throws -> EventBatch? {
    try segment.read { db in
      let statement = try RawStatement(db, "SELECT id, kind, time, process, facts FROM events WHERE id = ?")
      statement.bind(1, id.rawValue)
      var names = SegmentNames()
      var builder = EventBatchBuilder()
      let lookup = try SegmentNames.Lookup(db)
      try statement.forEach { try names.append($0, ifIn: EventQuery(), lookup, to: &builder) }
      return builder.isEmpty ? nil : builder.finish()
    }
  }
}

/// The texts and processes of a segment that were read so far: many events share them.
struct SegmentNames {
  private var texts: [UInt64: [UInt8]] = [:]
  private var processes: [Int64: Process] = [:]
  /// Where an event's facts are made.
  private var scratch: [UInt8] = []
  private static let limit = 20_000

  struct Lookup {
    fileprivate let text, process: RawStatement

    init(_ db: Database) throws {
      text = try RawStatement(db, "SELECT bytes FROM texts WHERE id = ?")
      process = try RawStatement(db, "SELECT start, pid, generation, parent, facts FROM processes WHERE id = ?")
    }
  }

  /// Appends the event of a row of id, kind, time, process and facts.
  mutating func append(
    _ row: RawRow, ifIn query: EventQuery, _ lookup: Lookup, to builder: inout EventBatchBuilder
  ) throws -> Bool {
    guard let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: row.int(1))),
      query.includes(time: row.uint(2), kind: kind)
    else { return true }
    let process = try process(row.int(3), lookup)
    var facts: [UInt8] = []
    swap(&facts, &scratch)
    defer { swap(&facts, &scratch) }
    facts.removeAll(keepingCapacity: true)
    try row.withBytes(4) { try decode($0, into: &facts, lookup) }
    builder.append(
      kind, id: EventID(rawValue: row.uint(0)), time: row.uint(2), by: process, packed: facts.span.bytes)
    return true
  }

  private mutating func decode(_ stored: RawSpan, into packed: inout [UInt8], _ lookup: Lookup) throws {
    try StoredFacts.decode(stored, into: &packed) { number in try text(number, lookup) }
  }

  private mutating func text(_ number: UInt64, _ lookup: Lookup) throws -> [UInt8]? {
    if let text = texts[number] { return text }
    var text: [UInt8]?
    lookup.text.bind(1, number)
    try lookup.text.forEach { row in
      text = row.withBytes(0, Packed.copied)
      return false
    }
    if texts.count >= Self.limit { texts.removeAll() }
    if let text { texts[number] = text }
    return text
  }

  /// A process and its ancestors. A row that is not there, or has itself among its ancestors, is a file's fault: the
  /// chain ends there.
  private mutating func process(_ row: Int64, _ lookup: Lookup) throws -> Process {
    struct Found {
      var row: Int64
      var key: ProcessKey
      var generation: UInt32
      var facts: [UInt8]
    }
    if let process = processes[row] { return process }
    var chain: [Found] = []
    var next: Int64? = row
    var parent: Process?
    while let wanted = next, chain.count <= 2 * Process.ancestorLimit {
      if let known = processes[wanted] {
        parent = known
        break
      }
      next = nil
      lookup.process.bind(1, wanted)
      try lookup.process.forEach { row in
        var facts: [UInt8] = []
        try row.withBytes(4) { try decode($0, into: &facts, lookup) }
        chain.append(
          Found(
            row: wanted,
            key: ProcessKey(start: row.uint(0), pid: UInt32(truncatingIfNeeded: row.int(1))),
            generation: UInt32(truncatingIfNeeded: row.int(2)), facts: facts))
        next = row.isNull(3) ? nil : row.int(3)
        return false
      }
    }
    if processes.count >= Self.limit { processes.removeAll() }
    for found in chain.reversed() {
      let process = Process(
        key: found.key, generation: found.generation, parent: parent, facts: Facts(packed: found.facts))
      processes[found.row] = process
      parent = process
    }
    return processes[row] ?? Process(key: ProcessKey(start: 0, pid: 0), generation: 0, parent: nil, facts: Facts())
  }
}
