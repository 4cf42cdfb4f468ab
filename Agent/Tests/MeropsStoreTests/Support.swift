// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

/// A folder that goes when the test ends.
final class TestFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "merops-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  func files(_ suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }.sorted()
  }
}

/// All that an event says, to compare.
struct Said: Hashable {
  struct Actor: Hashable {
    let key: ProcessKey
    let generation: UInt32
    let facts: Facts

    init(_ process: MeropsModel.Process) { (key, generation, facts) = (process.key, process.generation, process.facts) }
  }

  let id: EventID
  let kind: EventKind
  let time: UInt64
  let facts: Facts
  let actor: Actor
  let ancestors: [Actor]

  init(_ event: Event) {
    (id, kind, time, facts) = (event.id, event.kind, event.time, event.facts)
    actor = Actor(event.process)
    ancestors = event.process.ancestors.map { Actor($0) }
  }
}

extension EventStore {
  func said(_ query: EventQuery = .oldestFirst) throws -> [Said] {
    var all: [Said] = []
    try events(query) { batch in
      #expect(!batch.isEmpty && batch.count <= SegmentReader.pageLimit)
      all += batch.map { Said($0) }
      return true
    }
    return all
  }

  func ids(_ query: EventQuery = .oldestFirst) throws -> [EventID] {
    var all: [EventID] = []
    try events(query) { batch in
      all += batch.map(\.id)
      return true
    }
    return all
  }
}

extension EventQuery {
  static var oldestFirst: Self {
    var query = Self()
    query.order = .oldestFirst
    return query
  }
}

/// Options under which little stays in memory, and nothing is removed.
var smallOptions: StoreOptions {
  var options = StoreOptions()
  options.recentBytes = 0
  options.maximumAge = nil
  options.retryInterval = 0.05
  options.commitInterval = 0.02
  return options
}

/// Tries for up to a minute.
func eventually(_ condition: () throws -> Bool) throws {
  for _ in 0..<6_000 {
    if try condition() { return }
    usleep(10_000)
  }
  Issue.record("It did not come true within a minute.")
}

/// What the store said.
final class Reports: @unchecked Sendable {
  private let lock = NSLock()
  private var lines: [String] = []

  var take: @Sendable (String) -> Void { { line in self.lock.withLock { self.lines.append(line) } } }
  var all: [String] { lock.withLock { lines } }
}
