// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MeropsModel

/// Keeps events in a folder, in SQLite files that follow one another, and the newest of them in memory.
///
/// ``append(_:)`` never waits: a thread of the store writes, in transactions that begin at most
/// ``StoreOptions/commitInterval`` apart, so that a crash or a power failure loses what was appended in the last second, and
/// nothing before it. Where the disk takes no more, events stay in memory, as many as fit, until it does; ``status`` says so.
///
/// Ids have to ascend: begin above ``newest`` where the clock was set back.
public final class EventStore: Sendable {
  let state: Monitor<State>
  private let writer: StoreWriter
  var folder: StoreFolder { writer.folder }

  struct State {
    var recent: RecentEvents
    /// Ascending by number, and with it by time. The last one is being written.
    var segments: [Segment] = []
    var status = StoreStatus()
    var cursors: [String: CursorPlace] = [:]
    /// Cursors that wait for an event.
    var followers = 0
    /// The newest event that was appended or is on disk.
    var newest: EventID?
    /// When a transaction is begun for what waits.
    var due: UInt64?
    /// Segments that a query could not read.
    var damaged: Set<Int> = []
    /// Batches, counted from the first: somebody waits for all up to one; all up to one are on disk or dropped.
    var wantedBatch = 0
    var doneBatch = 0
    /// Transactions that failed.
    var failures = 0
    var isClosing = false
    var isClosed = false
  }

  /// Opens or makes a store.
  ///
  /// - Throws: ``StoreError`` where another process has it, or the folder cannot be made. A disk that is full or a file
  ///   that is damaged is not an error: ``status`` tells.
  public init(at path: String, _ options: StoreOptions = StoreOptions()) throws {
    let state = Monitor(
      State(recent: RecentEvents(keepBytes: options.recentBytes, waitBytes: options.queueBytes)))
    self.state = state
    writer = StoreWriter(try StoreFolder(path), options, state)
    try writer.start()
  }

  /// The newest event: the next one's id has to be greater.
  public var newest: EventID? { state.withLock { $0.newest } }

  /// Takes events; never waits. What does not fit into the queue is dropped, the oldest first, and counted.
  public func append(_ batch: EventBatch) {
    guard let last = batch.last else { return }
    let isUrgent = state.withLock { state in
      guard !state.isClosing else {
        state.status.dropped += UInt64(batch.count)
        return false
      }
      state.recent.append(batch)
      state.newest = max(state.newest ?? last.id, last.id)
      defer { state.due = state.due ?? Moment.in(writer.options.commitInterval) }
      // Otherwise the writer wakes by itself.
      return state.due == nil || state.followers > 0 || state.recent.takeableBytes >= writer.options.commitBytes
    }
    if isUrgent { state.notify() }
  }

  /// Waits until all that was appended so far is on disk, or is known not to get there.
  public func flush() {
    let (batch, failures) = state.withLock { state in
      state.wantedBatch = state.recent.appended
      return (state.wantedBatch, state.failures)
    }
    state.notify()
    state.wait { state in
      state.doneBatch >= batch || state.failures > failures || state.isClosed ? .done(()) : .until(Moment.in(1))
    }
  }

  /// Writes what waits and closes the files. What is appended later is dropped and counted.
  public func close() { writer.stop() }

  deinit { writer.stop() }

  public var status: StoreStatus {
    state.withLock { state in
      var status = state.status
      let summaries = state.segments.map(\.summary)
      status.dropped += state.recent.dropped
      status.waitingEvents = state.recent.waitingEvents
      status.waitingBytes = state.recent.waitingBytes
      status.events = summaries.reduce(0) { $0 + $1.events }
      status.files = summaries.count
      status.bytes = state.segments.reduce(0) { $0 + $1.bytes }
      status.oldest = summaries.filter { $0.events > 0 }.map(\.earliest).min()
      status.committed = summaries.compactMap(\.last).max()
      return status
    }
  }
}

// Queries.
extension EventStore {
  /// Calls a closure with pages of events, in the query's order, until it returns false. Events that are not on disk yet
  /// are among them.
  public func events(_ query: EventQuery, _ body: (EventBatch) throws -> Bool) throws {
    if let limit = query.limit, limit <= 0 { return }
    let (memory, segments) = state.withLock { ($0.recent.batches, $0.segments) }
    // What is in memory follows on what is on disk: an event that is in both comes from memory.
    let border = memory.first?.first?.id ?? EventID(rawValue: .max)
    var rest = query.limit ?? .max
    func deliver(_ batch: EventBatch) throws -> Bool {
      guard query.condition != nil || batch.count > rest else {
        rest -= batch.count
        return try body(batch) && rest > 0
      }
      let chosen = Self.chosen(batch, query.condition, rest)
      rest -= chosen.count
      return try (chosen.isEmpty || body(chosen)) && rest > 0
    }
    switch query.order {
    case .newestFirst:
      guard try pages(of: memory, query, deliver) else { return }
      for segment in segments.reversed() where try !pages(of: segment, query, border, deliver) { return }
    case .oldestFirst:
      for segment in segments where try !pages(of: segment, query, border, deliver) { return }
      _ = try pages(of: memory, query, deliver)
    }
  }

  /// One event.
  public func event(_ id: EventID) throws -> Event? {
    let (memory, segments) = state.withLock { ($0.recent.batches, $0.segments) }
    for batch in memory {
      guard let first = batch.first, let last = batch.last, first.id <= id, id <= last.id else { continue }
      if let event = batch.first(where: { $0.id == id }) { return event }
    }
    for segment in segments.reversed() {
      guard let first = segment.summary.first, let last = segment.summary.last, first <= id, id <= last else {
        continue
      }
      if let found = try read(segment, { try SegmentReader.event(id, in: segment)?.first }) { return found }
    }
    return nil
  }

  private func pages(
    of memory: [EventBatch], _ query: EventQuery, _ deliver: (EventBatch) throws -> Bool
  ) throws -> Bool {
    // The condition is asked when an event is delivered.
    var unconditional = query
    unconditional.condition = nil
    for batch in query.order == .newestFirst ? memory.reversed() : memory {
      var builder = EventBatchBuilder()
      for index in batch.indices {
        let event = batch[query.order == .newestFirst ? batch.count - 1 - index : index]
        guard query.isBehind(event.id), unconditional.includes(event) else { continue }
        builder.append(event)
        if builder.count >= SegmentReader.pageLimit, try !deliver(builder.finish()) { return false }
      }
      if !builder.isEmpty, try !deliver(builder.finish()) { return false }
    }
    return true
  }

  private func pages(
    of segment: Segment, _ query: EventQuery, _ border: EventID, _ deliver: (EventBatch) throws -> Bool
  ) throws -> Bool {
    let summary = segment.summary
    guard let first = summary.first, let last = summary.last, first < border else { return true }
    if let after = query.after, query.order == .newestFirst ? first >= after : last <= after { return true }
    // The segment that is being written has more by now than its summary: what memory does not have any more is in it.
    return try read(segment) {
      var reader = try SegmentReader(segment, query, before: border)
      return try reader.forEachPage(deliver)
    } ?? true
  }

  /// - Returns: nil where the file is damaged: the writer then moves it aside, and the status says so.
  private func read<Result>(_ segment: Segment, _ body: () throws -> Result) throws -> Result? {
    do {
      return try body()
    } catch  where Segment.isDamage(error) {
      state.withLock { _ = $0.damaged.insert(segment.number) }
      state.notify()
      return nil
    }
  }

  private static func chosen(
    _ batch: EventBatch, _ condition: (@Sendable (Event) -> Bool)?, _ limit: Int
  ) -> EventBatch {
    var builder = EventBatchBuilder()
    for event in batch where builder.count < limit && condition?(event) ?? true { builder.append(event) }
    return builder.finish()
  }
}
