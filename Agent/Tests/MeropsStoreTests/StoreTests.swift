// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

struct StoreTests {
  /// What is read is what was appended: from memory, from disk, and after another start.
  @Test(arguments: [0, 64 << 20]) func eventsComeBack(recentBytes: Int) throws {
    let folder = try TestFolder()
    var options = smallOptions
    options.recentBytes = recentBytes
    var samples = SampleEvents()
    let batches = (0..<6).map { _ in samples.batch(700) }
    let appended = batches.joined().map { Said($0) }
    do {
      let store = try EventStore(at: folder.path, options)
      for batch in batches { store.append(batch) }
      #expect(try store.said() == appended)
      store.flush()
      #expect(try store.said() == appended)
      #expect(try store.said(EventQuery()) == appended.reversed())
      let status = store.status
      #expect(status.state == .storing && status.written == 4_200 && status.dropped == 0 && status.events == 4_200)
      #expect(status.waitingEvents == 0 && status.committed == appended.last?.id && store.newest == appended.last?.id)
      #expect(status.oldest == appended.first?.time)
      store.close()
      #expect(store.status.state == .closed)
    }
    let store = try EventStore(at: folder.path, options)
    #expect(store.newest == appended.last?.id)
    #expect(try store.said() == appended)
    for expected in [appended[0], appended[2_000], appended[4_199]] {
      #expect(try store.event(expected.id).map { Said($0) } == expected)
    }
    #expect(try store.event(EventID(rawValue: 7)) == nil)
    #expect(try folder.files(".db") == ["events-00000001.db"])
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/events-00000001.db")
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  /// Values of every field and of odd bytes.
  @Test func everyFieldComesBack() throws {
    let folder = try TestFolder()
    var facts = Facts()
    for field in Field.allCases {
      switch field.type {
      case .bool: facts.append(field, true)
      case .int: facts.append(field, Int64(-5))
      case .uint: facts.append(field, UInt64.max - UInt64(field.rawValue))
      case .text: facts.append(field, .text(Text([0xff, 0, 0x80] + Array("text \(field.name)".utf8), isCut: true)))
      case .texts: facts.append(field, .texts(["", "two words", Text(Array(repeating: 0x61, count: 3_000))]))
      case .address: facts.append(field, .address(Address("2001:db8::\(field.rawValue)") ?? Address(ipv4: 1)))
      }
    }
    facts.append(.sourceAddress, .address(Address(ipv4: 0xffff_fffe)))
    facts.append(.filePath, .text(""))
    let process = MeropsModel.Process(
      key: ProcessKey(start: .max, pid: .max), generation: .max,
      parent: MeropsModel.Process(key: ProcessKey(start: 0, pid: 0), generation: 0, parent: nil, facts: Facts()),
      facts: facts)
    var builder = EventBatchBuilder()
    for (index, kind) in EventKind.allCases.enumerated() {
      builder.append(
        kind, id: EventID(rawValue: .max - 100 + UInt64(index)), time: .max - UInt64(index), by: process, facts)
    }
    builder.append(.fileOpen, id: EventID(rawValue: .max), time: 0, by: process)
    let batch = builder.finish()
    // An id beyond half of the numbers is negative to SQLite; no clock gives one before the year 2043.
    var low = EventBatchBuilder()
    for event in batch {
      low.append(
        event.kind, id: EventID(rawValue: event.id.rawValue >> 1), time: event.time >> 1, by: process, event.facts)
    }
    let expected = low.finish()
    let store = try EventStore(at: folder.path, smallOptions)
    store.append(expected)
    store.flush()
    #expect(try store.said().count == Set(expected.map(\.id)).count)
    let stored = try store.said()
    #expect(stored.allSatisfy { said in expected.contains { Said($0) == said } })
  }

  @Test func idsThatAreThereAreCounted() throws {
    let folder = try TestFolder()
    var samples = SampleEvents()
    let batch = samples.batch(100)
    let store = try EventStore(at: folder.path, smallOptions)
    store.append(batch)
    store.flush()
    store.append(batch)
    store.flush()
    #expect(store.status.repeated == 100 && store.status.written == 100)
    #expect(try store.ids() == batch.map(\.id))
  }

  @Test func whatDoesNotFitIsCounted() throws {
    let folder = try TestFolder()
    var samples = SampleEvents()
    var options = smallOptions
    options.queueBytes = 100_000
    options.commitInterval = 3_600
    let store = try EventStore(at: folder.path, options)
    let batches = (0..<50).map { _ in samples.batch(100) }
    for batch in batches { store.append(batch) }
    let status = store.status
    #expect(status.waitingBytes <= 100_000 && status.waitingEvents > 0 && status.dropped > 0)
    #expect(status.waitingEvents + Int(status.dropped) == 5_000)
    // The newest are there, and are not lost at the end.
    store.close()
    let again = try EventStore(at: folder.path, options)
    #expect(try again.ids() == batches.joined().suffix(status.waitingEvents).map(\.id))
    again.close()
    again.append(batches[0])
    #expect(again.status.dropped == 100)
  }

  @Test func aSecondWriterIsRefused() throws {
    let folder = try TestFolder()
    let store = try EventStore(at: folder.path)
    #expect(throws: StoreError.inUse(path: folder.path, pid: getpid())) { try EventStore(at: folder.path) }
    store.close()
    #expect("\(StoreError.inUse(path: "/x", pid: 7))".hasPrefix("Another process (7) writes events to /x: stop it"))
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let folder = try TestFolder()
    try Data().write(to: folder.url.appending(path: "file"))
    #expect(throws: StoreError.self) { try EventStore(at: folder.path + "/file/store") }
  }
}

struct RetentionTests {
  @Test func theOldestGoForRoom() throws {
    let folder = try TestFolder()
    var options = smallOptions
    options.segmentBytes = 300_000
    options.maximumBytes = 1_500_000
    let store = try EventStore(at: folder.path, options)
    let slow = try store.cursor("slow", fromOldest: true)
    var samples = SampleEvents()
    var ids: [EventID] = []
    for _ in 0..<60 {
      let batch = samples.batch(1_000)
      ids += batch.map(\.id)
      store.append(batch)
      store.flush()
      #expect(store.status.bytes < 2_500_000)
    }
    let status = store.status
    #expect(status.files > 2 && status.expired > 0)
    #expect(status.events + Int(status.expired) == 60_000)
    #expect(try store.ids() == Array(ids.suffix(status.events)))
    #expect(slow.missed == status.expired)
    #expect(try slow.events(limit: 10)?.first?.id == ids[Int(status.expired)])
  }

  @Test func theOldGo() throws {
    let folder = try TestFolder()
    var options = smallOptions
    options.maximumAge = 3_600
    let now = UInt64(Date().timeIntervalSince1970) * 1_000_000_000
    let store = try EventStore(at: folder.path, options)
    var old = SampleEvents(time: now - 7_200 * 1_000_000_000)
    store.append(old.batch(500))
    store.flush()
    var new = SampleEvents(time: now)
    let batch = new.batch(500)
    store.append(batch)
    store.flush()
    try eventually { store.status.expired == 500 }
    #expect(try store.ids() == batch.map(\.id))
    #expect(try folder.files(".db").count == 1)
  }
}

struct CursorTests {
  @Test func whatWasNotAcknowledgedComesAgain() throws {
    let folder = try TestFolder()
    var samples = SampleEvents()
    let ids: [EventID]
    do {
      let store = try EventStore(at: folder.path, smallOptions)
      store.append(samples.batch(10))
      let cursor = try store.cursor("collector")
      #expect(try cursor.events(limit: 5) == nil)
      #expect(!cursor.wait(seconds: 0))
      let batch = samples.batch(5_000)
      ids = batch.map(\.id)
      store.append(batch)
      #expect(cursor.wait(seconds: 60))
      #expect(try cursor.events(limit: 300)?.map(\.id) == Array(ids[..<300]))
      #expect(try cursor.events(limit: 300)?.map(\.id) == Array(ids[..<300]))
      #expect(try cursor.events(after: ids[299], limit: 300)?.map(\.id) == Array(ids[300..<600]))
      cursor.acknowledge(ids[299])
      cursor.acknowledge(ids[99])
      #expect(cursor.position == ids[299])
      store.close()
    }
    let store = try EventStore(at: folder.path, smallOptions)
    let cursor = try store.cursor("collector")
    var got: [EventID] = []
    while let batch = try cursor.events(limit: 700), let last = batch.last?.id {
      got += batch.map(\.id)
      cursor.acknowledge(last)
    }
    #expect(got == Array(ids[300...]))
    #expect(try store.cursor("other", fromOldest: true).events(limit: 1)?.count == 1)
    #expect(throws: StoreError.self) { try store.cursor("../escape") }
  }
}
