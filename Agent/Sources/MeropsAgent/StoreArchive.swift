// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsMetrics
import MeropsModel
import MeropsStore

/// Events on disk.
final class StoreArchive: EventArchive {
  private let store: EventStore
  private let folder: String

  init(_ store: EventStore, folder: String) { (self.store, self.folder) = (store, folder) }

  func append(_ batch: EventBatch) { store.append(batch) }

  func events(_ query: ArchiveQuery, _ body: (EventBatch) -> Bool) throws {
    var wanted = EventQuery()
    (wanted.since, wanted.until, wanted.kinds, wanted.pid) = (query.since, query.until, query.kinds, query.pid)
    (wanted.condition, wanted.limit) = (query.condition, query.limit)
    wanted.order = query.newestFirst ? .newestFirst : .oldestFirst
    wanted.require(query.necessaryValues)
    try store.events(wanted, body)
  }

  func event(_ id: EventID) throws -> Event? { try store.event(id) }

  func close() { store.close() }

  var status: AgentStatus.Store {
    let status = store.status
    return AgentStatus.Store(
      place: folder, events: UInt64(status.events), bytes: UInt64(status.bytes), oldest: status.oldest,
      queued: UInt64(status.waitingEvents), lost: status.dropped)
  }

  var metrics: AgentMetrics.Store? {
    let status = store.status
    return AgentMetrics.Store(
      written: status.written, dropped: status.dropped, expired: status.expired, commits: status.commits,
      commitSeconds: status.commitSeconds, events: status.events, bytes: status.bytes, stores: status.state == .storing)
  }

  var alarm: String? {
    let status = store.status
    if case .memoryOnly(let reason) = status.state { return "The store is in memory only: \(reason)" }
    if status.removed > 0 {
      return "Somebody removed files of the store in \(folder), with \(status.removed) events."
    }
    if !status.setAside.isEmpty {
      return "Files of the store were set aside: " + status.setAside.joined(separator: ", ")
    }
    return nil
  }
}
