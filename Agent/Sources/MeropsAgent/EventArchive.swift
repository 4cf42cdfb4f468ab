// SPDX-License-Identifier: Apache-2.0

public import MeropsControl
public import MeropsMetrics
public import MeropsModel
import Synchronization

/// Which events of an archive are wanted.
public struct ArchiveQuery: Sendable {
  public var since: UInt64?
  public var until: UInt64?
  public var kinds: Set<EventKind> = []
  public var pid: UInt32?
  public var condition: (@Sendable (Event) -> Bool)?
  /// Values of which a field has to have one for the condition to hold: what an index can look for.
  public var necessaryValues: [Field: Set<Value>] = [:]
  public var limit = Int.max
  public var newestFirst = false

  public init() {}

  func includes(_ event: Event) -> Bool {
    event.time >= since ?? 0 && event.time < until ?? .max && (kinds.isEmpty || kinds.contains(event.kind))
      && (pid == nil || event.process.key.pid == pid) && (condition?(event) ?? true)
  }
}

/// Where events are kept: a store on disk, or memory.
public protocol EventArchive: Sendable {
  /// Takes events; never waits.
  func append(_ batch: EventBatch)
  /// Calls a closure with the events that are wanted, in batches, until it returns false.
  func events(_ query: ArchiveQuery, _ body: (EventBatch) -> Bool) throws
  func event(_ id: EventID) throws -> Event?
  func close()
  var status: AgentStatus.Store { get }
  /// What is wrong, in a sentence; nil if nothing is.
  var alarm: String? { get }
  /// nil where there is no disk.
  var metrics: AgentMetrics.Store? { get }
}

/// The newest events, in memory: what `merops run` keeps, so that it leaves nothing behind.
public final class MemoryArchive: EventArchive {
  private struct State {
    var batches: [EventBatch] = []
    var bytes = 0
    var events = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: bytes of events that are kept.
  public init(limit: Int) { self.limit = limit }

  public func append(_ batch: EventBatch) {
    // What is forgotten is freed behind the lock.
    let forgotten = state.withLock { state -> [EventBatch] in
      state.batches.append(batch)
      state.bytes += Self.cost(batch)
      state.events += batch.count
      guard state.bytes > limit else { return [] }
      // An eighth at once, since what is behind it moves.
      var count = 0
      while state.bytes > limit - limit / 8, count < state.batches.count - 1 {
        state.bytes -= Self.cost(state.batches[count])
        state.events -= state.batches[count].count
        count += 1
      }
      defer { state.batches.removeFirst(count) }
      return Array(state.batches[..<count])
    }
    _ = forgotten
  }

  /// A batch keeps its processes alive: mostly the ones that the batches beside it have, too.
  private static func cost(_ batch: EventBatch) -> Int { batch.size + 256 }

  public func events(_ query: ArchiveQuery, _ body: (EventBatch) -> Bool) throws {
    let batches = state.withLock { $0.batches }
    var left = query.limit
    for batch in query.newestFirst ? Array(batches.reversed()) : batches where left > 0 {
      var builder = EventBatchBuilder()
      func take(_ event: Event) -> Bool {
        guard query.includes(event) else { return true }
        builder.append(event.kind, id: event.id, time: event.time, by: event.process, event.facts)
        left -= 1
        return left > 0
      }
      if query.newestFirst {
        for event in batch.reversed() { if !take(event) { break } }
      } else {
        for event in batch { if !take(event) { break } }
      }
      if !builder.isEmpty, !body(builder.finish()) { return }
    }
  }

  public func event(_ id: EventID) throws -> Event? {
    let batches = state.withLock { $0.batches }
    for batch in batches.reversed() {
      if let event = batch.first(where: { $0.id == id }) { return event }
    }
    return nil
  }

  public func close() {}

  public var status: AgentStatus.Store {
    state.withLock { state in
      AgentStatus.Store(
        place: "memory", events: UInt64(state.events), bytes: UInt64(state.bytes),
        oldest: state.batches.first?.first?.time, queued: 0, lost: 0)
    }
  }

  public var alarm: String? { nil }
  public var metrics: AgentMetrics.Store? { nil }
}
