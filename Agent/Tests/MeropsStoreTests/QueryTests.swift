// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

/// Every query beside the same question to the events themselves, over several files, with some events in memory only.
struct QueryTests {
  private let folder: TestFolder
  private let store: EventStore
  private let all: [Said]

  init() throws {
    folder = try TestFolder()
    var options = smallOptions
    options.segmentBytes = 700_000
    options.recentBytes = 50_000
    var samples = SampleEvents(seed: 3)
    samples.pace = 1_000_000
    store = try EventStore(at: folder.path, options)
    var all: [Said] = []
    for index in 0..<30 {
      let batch = samples.batch(1_000)
      all += batch.map { Said($0) }
      store.append(batch)
      if index < 28 { store.flush() }
    }
    self.all = all
    #expect(store.status.files > 2)
  }

  private func check(_ query: EventQuery, _ isWanted: (Said) -> Bool, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    var query = query
    let expected = all.filter(isWanted)
    for order in [EventQuery.Order.oldestFirst, .newestFirst] {
      query.order = order
      query.after = nil
      query.limit = nil
      let ordered = order == .oldestFirst ? expected : expected.reversed()
      #expect(try store.said(query) == ordered, sourceLocation: sourceLocation)
      // The same by pages.
      var pages: [EventID] = []
      query.limit = max(1, expected.count / 3)
      while true {
        let page = try store.ids(query)
        #expect(page.count <= query.limit ?? 0, sourceLocation: sourceLocation)
        guard let last = page.last else { break }
        pages += page
        query.after = last
      }
      #expect(pages == ordered.map(\.id), sourceLocation: sourceLocation)
    }
  }

  @Test func byTime() throws {
    try check(EventQuery()) { _ in true }
    for (from, to) in [(0, 1), (100, 9_000), (14_000, 14_001), (27_500, 28_500), (29_990, 30_000)] {
      var query = EventQuery()
      query.since = all[from].time
      query.until = to < all.count ? all[to].time : nil
      try check(query) { $0.time >= query.since ?? 0 && $0.time < query.until ?? .max }
    }
    var query = EventQuery()
    query.since = .max
    try check(query) { _ in false }
  }

  @Test func byKindAndCondition() throws {
    var query = EventQuery()
    query.kinds = [.processExec, .dnsQuery]
    try check(query) { $0.kind == .processExec || $0.kind == .dnsQuery }
    query.condition = { $0.process.key.pid % 7 == 0 }
    query.since = all[5_000].time
    try check(query) {
      ($0.kind == .processExec || $0.kind == .dnsQuery) && $0.actor.key.pid % 7 == 0 && $0.time >= all[5_000].time
    }
    query.kinds = [.bpfLoad]
    try check(query) { _ in false }
  }

  @Test func byProcess() throws {
    for said in [all[0], all[12_345], all[29_999]] {
      var query = EventQuery()
      query.pid = said.actor.key.pid
      try check(query) { $0.actor.key.pid == said.actor.key.pid }
      query.process = said.actor.key
      query.until = all[20_000].time
      try check(query) { $0.actor.key == said.actor.key && $0.time < all[20_000].time }
    }
    var query = EventQuery()
    query.pid = 2
    query.process = all[0].actor.key
    try check(query) { _ in false }
  }

  @Test(arguments: ["/usr/bin/git", "/usr/sbin/sshd", "/no/such/program"]) func byExecutable(_ path: String) throws {
    var query = EventQuery()
    query.executable = Array(path.utf8)
    let wanted = all.filter { $0.actor.facts[.processExecutable] == .text(Text(path)) }
    #expect(wanted.isEmpty == path.hasPrefix("/no"))
    try check(query) { $0.actor.facts[.processExecutable] == .text(Text(path)) }
  }

  @Test func valuesThatAreRequired() throws {
    let said = all[15_000]
    var query = EventQuery()
    query.require([
      .eventKind: [.text("file.open"), .text("file.write"), .text("no.such")],
      .processID: [.uint(UInt64(said.actor.key.pid))],
      .processName: [.text("left to the condition")],
    ])
    try check(query) { ($0.kind == .fileOpen || $0.kind == .fileWrite) && $0.actor.key.pid == said.actor.key.pid }
    query = EventQuery()
    query.require([.processExecutable: [.text("/usr/bin/git")], .processID: [.uint(1), .uint(2)]])
    try check(query) { $0.actor.facts[.processExecutable] == .text("/usr/bin/git") }
    for impossible: [Field: Set<Value>] in [
      [.eventKind: [.text("no.such")]], [.processID: []], [.processID: [.uint(.max)]], [.processExecutable: []],
    ] {
      query = EventQuery()
      query.require(impossible)
      #expect(try store.ids(query).isEmpty)
    }
  }

  @Test func aLimitAndTheEnd() throws {
    var query = EventQuery()
    query.limit = 0
    #expect(try store.ids(query) == [])
    query.limit = 5
    #expect(try store.ids(query) == all.suffix(5).reversed().map(\.id))
    var pages = 0
    try store.events(EventQuery()) { _ in
      pages += 1
      return false
    }
    #expect(pages == 1)
  }
}

/// More processes than are looked up one by one.
@Test func programsOfManyProcesses() throws {
  let folder = try TestFolder()
  let store = try EventStore(at: folder.path, smallOptions)
  var builder = EventBatchBuilder()
  for index in 1...5_000 {
    var facts = Facts()
    facts.append(.processExecutable, .text(index % 2 == 0 ? "/usr/bin/even" : "/usr/bin/odd"))
    let process = MeropsModel.Process(
      key: ProcessKey(start: UInt64(index), pid: UInt32(index)), generation: 1, parent: nil, facts: facts)
    builder.append(.processExec, id: EventID(rawValue: UInt64(index)), time: UInt64(index), by: process)
  }
  store.append(builder.finish())
  store.flush()
  var query = EventQuery.oldestFirst
  query.executable = Array("/usr/bin/even".utf8)
  #expect(try store.ids(query).map(\.rawValue) == (1...2_500).map { UInt64($0 * 2) })
  query.limit = 3
  query.order = .newestFirst
  #expect(try store.ids(query).map(\.rawValue) == [5_000, 4_998, 4_996])
}
