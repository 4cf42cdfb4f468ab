// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

/// Files that a store finds otherwise than it left them: cut, without their log, gone.
struct OddFileTests {
  /// The files of a store as a kill would leave them: copied while it is open, with what it has committed by then.
  private func crashed(_ folder: TestFolder, _ batches: Int, isLarge: Bool = false) throws -> [EventID] {
    let live = try TestFolder()
    let store = try EventStore(at: live.path, smallOptions)
    defer { store.close() }
    var samples = SampleEvents()
    for number in 0..<batches {
      store.append(isLarge ? large(number) : samples.batch(1_000))
      store.flush()
    }
    for file in try live.files("").filter({ $0.hasPrefix("events-") }) {
      try FileManager.default.copyItem(at: live.url.appending(path: file), to: folder.url.appending(path: file))
    }
    return try store.ids()
  }

  /// A megabyte in 250 events: making and reading events takes most of the time of these tests.
  private func large(_ number: Int) -> EventBatch {
    let time: UInt64 = 1_790_000_000_000_000_000
    let process = MeropsModel.Process(key: ProcessKey(start: 1, pid: 2), generation: 0, parent: nil, facts: Facts())
    var builder = EventBatchBuilder()
    for index in UInt64(250 * number)..<UInt64(250 * number + 250) {
      var facts = Facts()
      facts.append(.filePath, .text(Text("/\(index)/" + String(repeating: "x", count: 4_000))))
      builder.append(
        .fileOpen, id: EventID(rawValue: (time / 1_000 + index) << 12), time: time + index * 1_000, by: process, facts)
    }
    return builder.finish()
  }

  /// What is left opens, and takes new events; no event is there that was not appended, and none twice.
  ///
  /// - Returns: The events that are left.
  @discardableResult
  private func opens(_ folder: TestFolder, _ before: [EventID]) throws -> [EventID] {
    let reports = Reports()
    var options = smallOptions
    options.report = reports.take
    let store = try EventStore(at: folder.path, options)
    defer { store.close() }
    let left = try store.ids()
    #expect(Set(left).isSubset(of: Set(before)) && Set(left).count == left.count)
    var samples = SampleEvents(seed: 2, time: 1_890_000_000_000_000_000)
    var added: [EventID] = []
    // What is damaged may show only when it is written to.
    for _ in 0..<5 {
      let batch = samples.batch(500)
      added += batch.map(\.id)
      store.append(batch)
      store.flush()
    }
    try eventually { store.status.waitingEvents == 0 && store.status.state == .storing }
    let after = try store.ids()
    #expect(added.allSatisfy(Set(after).contains))
    #expect(store.status.dropped == 0 && reports.all.count == store.status.setAside.count, "\(reports.all)")
    return left
  }

  @Test func aCrashImageIsWhole() throws {
    let folder = try TestFolder()
    let before = try crashed(folder, 4)
    #expect(try opens(folder, before) == before)
  }

  /// The parts of a file that are left, in 256ths: all but the last page, half of it, its head, nothing.
  @Test(arguments: [255, 128, 1, 0]) func aFileThatWasCut(part: Int) throws {
    let folder = try TestFolder()
    let before = try crashed(folder, 12)
    // So that all of it is in one file.
    try EventStore(at: folder.path, smallOptions).close()
    let file = folder.url.appending(path: "events-00000001.db").path
    let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
    truncate(file, size * part / 256)
    #expect(try opens(folder, before).count < before.count)
  }

  /// Random bytes at the head of the file, from the magic number to behind the first page's own head.
  @Test(arguments: 0..<6) func aHeadOfRandomBytes(seed: UInt64) throws {
    let folder = try TestFolder()
    let before = try crashed(folder, 4)
    try EventStore(at: folder.path, smallOptions).close()
    var random = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func next() -> UInt64 {
      random ^= random << 13
      random ^= random >> 7
      random ^= random << 17
      return random
    }
    let handle = try FileHandle(forUpdating: folder.url.appending(path: "events-00000001.db"))
    // The format's name is kept in half of the cases, so that SQLite goes on reading.
    let start = seed % 2 == 0 ? 16 : 0
    for _ in 0..<(4 + seed) {
      try handle.seek(toOffset: UInt64(start) + next() % 108)
      try handle.write(contentsOf: Data([UInt8(truncatingIfNeeded: next())]))
    }
    try handle.close()
    try opens(folder, before)
  }

  /// The log of what was committed last, gone or nonsense: what was written back before is there.
  @Test(arguments: ["gone", "cut", "nonsense", "shared memory"]) func aLogThatIsNotThere(what: String) throws {
    let folder = try TestFolder()
    // More than a log holds before it is written back.
    let before = try crashed(folder, 20, isLarge: true)
    let log = folder.url.appending(path: "events-00000001.db-wal")
    let size = try #require(try FileManager.default.attributesOfItem(atPath: log.path)[.size] as? Int)
    #expect(size > 1 << 20)
    switch what {
    case "gone": try FileManager.default.removeItem(at: log)
    case "cut": truncate(log.path, size / 3)
    case "nonsense": try Data(repeating: 0xa5, count: size).write(to: log)
    default:
      try Data(repeating: 0xa5, count: 32_768).write(to: folder.url.appending(path: "events-00000001.db-shm"))
    }
    let left = try opens(folder, before)
    #expect(what == "shared memory" ? left == before : left.count < before.count && before.starts(with: left))
  }

  /// Somebody removes the folder while the store is open: it says so, and goes on in a new one that is locked as the old one.
  @Test func aFolderThatIsRemoved() throws {
    let folder = try TestFolder()
    let reports = Reports()
    var options = smallOptions
    options.report = reports.take
    let store = try EventStore(at: folder.path + "/store", options)
    defer { store.close() }
    var samples = SampleEvents()
    store.append(samples.batch(1_000))
    store.flush()
    try FileManager.default.removeItem(atPath: folder.path + "/store")
    let batch = samples.batch(500)
    store.append(batch)
    store.flush()
    #expect(try store.ids() == batch.map(\.id))
    let status = store.status
    #expect(status.state == .storing && status.removed == 1_000 && status.events == 500 && status.dropped == 0)
    #expect(reports.all.count == 1 && reports.all[0].contains("with 1000 events: they are gone"), "\(reports.all)")
    #expect(throws: StoreError.inUse(path: folder.path + "/store", pid: getpid())) {
      try EventStore(at: folder.path + "/store", options)
    }
    store.close()
    #expect(try EventStore(at: folder.path + "/store", options).ids() == batch.map(\.id))
  }

  /// The folder cannot be made again: events wait in memory until it can.
  @Test func aFolderThatCannotComeBack() throws {
    let folder = try TestFolder()
    let store = try EventStore(at: folder.path + "/a/store", smallOptions)
    defer { store.close() }
    var samples = SampleEvents()
    try FileManager.default.removeItem(atPath: folder.path + "/a")
    try Data().write(to: folder.url.appending(path: "a"))
    let batch = samples.batch(500)
    store.append(batch)
    store.flush()
    guard case .memoryOnly(let reason) = store.status.state else {
      Issue.record("\(store.status.state)")
      return
    }
    #expect(reason.contains("cannot open \(folder.path)/a/store"), "\(reason)")
    #expect(try store.ids() == batch.map(\.id))
    try FileManager.default.removeItem(atPath: folder.path + "/a")
    try eventually { store.status.state == .storing && store.status.waitingEvents == 0 }
    #expect(try store.ids() == batch.map(\.id) && store.status.events == 500)
  }
}

/// Time as retention counts it, in hours.
struct AgeClockTests {
  private static let hour: UInt64 = 3_600_000_000_000
  private func now(
    latest: UInt64?, opened: UInt64, later: Double, clock: UInt64
  ) -> UInt64 {
    let age = AgeClock(latest: latest.map { $0 * Self.hour }, clock: opened * Self.hour, sinceBoot: 7)
    return age.now(clock: clock * Self.hour, sinceBoot: 7 + UInt64(later * Double(Self.hour))) / (Self.hour / 2)
  }

  @Test func timeThatDidNotPassMakesNothingOld() {
    // In half hours. A clock that is right.
    #expect(now(latest: 1_000, opened: 1_000, later: 5, clock: 1_005) == 2_010)
    // It jumps ahead, and back, while the store is open.
    #expect(now(latest: 1_000, opened: 1_000, later: 5, clock: 90_000) == 2_010)
    #expect(now(latest: 1_000, opened: 1_000, later: 5, clock: 3) == 6)
    // It is ahead when the store is opened, and is set right within the hour, or is not.
    #expect(now(latest: 1_000, opened: 90_000, later: 0.5, clock: 90_000) == 2_001)
    #expect(now(latest: 1_000, opened: 90_000, later: 0.5, clock: 1_001) == 2_001)
    #expect(now(latest: 1_000, opened: 90_000, later: 2, clock: 1_002) == 2_004)
    #expect(now(latest: 1_000, opened: 90_000, later: 2, clock: 90_002) == 180_004)
    // An empty store.
    #expect(now(latest: nil, opened: 1_000, later: 0.5, clock: 90_000) == 2_001)
  }
}
