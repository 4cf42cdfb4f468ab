// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

struct FaultTests {
  /// A process that appends is killed at moments that it does not choose. What it knew to be on disk is there, and whole.
  @Test func nothingCommittedIsLostByKill() throws {
    let folder = try TestFolder()
    let program = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "store-child").path ?? ""
    let kills = Int(ProcessInfo.processInfo.environment["MEROPS_KILLS"] ?? "") ?? 8
    var random = SystemRandomNumberGenerator()
    var worst = 0.0
    for _ in 0..<kills {
      let child = Foundation.Process()
      child.executableURL = URL(filePath: program)
      child.arguments = [folder.path]
      let output = Pipe()
      child.standardOutput = output
      try child.run()
      // The moment is counted in lines, so that it is as random on a slow machine.
      let lines = Int.random(in: 1...300, using: &random)
      var text = Data()
      while text.count(where: { $0 == 0x0a }) < lines {
        let more = output.fileHandleForReading.availableData
        if more.isEmpty { break }
        text += more
      }
      kill(child.processIdentifier, SIGKILL)
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let killed = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
      text += try output.fileHandleForReading.readToEnd() ?? Data()
      child.waitUntilExit()
      #expect(child.terminationReason == .uncaughtSignal)

      var batches: [(first: EventID, last: EventID, time: UInt64)] = []
      var committed: EventID?
      for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        if words.count == 4, words[0] == "appended", let first = EventID(words[1]), let last = EventID(words[2]) {
          batches.append((first, last, UInt64(words[3]) ?? 0))
        } else if words.count == 2, words[0] == "committed" {
          committed = EventID(words[1])
        }
      }
      let reports = Reports()
      var options = smallOptions
      options.report = reports.take
      let store = try EventStore(at: folder.path, options)
      #expect(store.status.state == .storing && store.status.setAside.isEmpty && reports.all.isEmpty)
      let ids = try store.ids()
      #expect(ids.count == store.status.events)
      for batch in batches {
        let start = ids.partitioningIndex { $0 >= batch.first }
        let end = ids.partitioningIndex { $0 > batch.last }
        if let committed, batch.last <= committed {
          #expect(end - start == 256)
        } else if end - start == 0 {
          worst = max(worst, Double(killed - min(killed, batch.time)) / 1e9)
        } else {
          // A transaction takes whole batches.
          #expect(end - start == 256)
        }
      }
      store.close()
    }
    print("The oldest event that a kill took was \(worst) seconds old.")
  }

  /// SQLite's own limit stands for a full disk: it answers alike.
  @Test func aFullDiskDegradesAndRecovers() throws {
    let folder = try TestFolder()
    let reports = Reports()
    var options = smallOptions
    options.maximumPages = 40
    options.queueBytes = 300_000
    options.report = reports.take
    var samples = SampleEvents()
    var batches: [EventBatch] = []
    let store = try EventStore(at: folder.path, options)
    while store.status.state == .storing {
      let batch = samples.batch(200)
      batches.append(batch)
      store.append(batch)
      store.flush()
    }
    guard case .memoryOnly(let reason) = store.status.state else {
      Issue.record("\(store.status.state)")
      return
    }
    #expect(reason == "The disk of \(folder.path) is full: the store takes nothing more.")
    // What is on disk and what is in memory can be asked for.
    #expect(try store.ids() == batches.joined().map(\.id))
    for _ in 0..<40 {
      let batch = samples.batch(200)
      batches.append(batch)
      store.append(batch)
    }
    let status = store.status
    #expect(status.dropped > 0 && status.waitingBytes <= 300_000)
    #expect(status.events + status.waitingEvents + Int(status.dropped) == batches.count * 200)
    #expect(reports.all.count == 1)
    store.close()
    // With room again, nothing but what was dropped is missing.
    options.maximumPages = nil
    let again = try EventStore(at: folder.path, options)
    #expect(again.status.state == .storing)
    let before = again.status.events
    again.append(samples.batch(10))
    again.flush()
    #expect(again.status.events == before + 10)
  }

  @Test(.enabled(if: getuid() == 0, "needs root, to mount a small file system")) func aRealFullDisk() throws {
    let folder = try TestFolder()
    guard mount("merops-test", folder.path, "tmpfs", 0, "size=3m") == 0 else {
      Issue.record("mount: \(String(cString: strerror(errno)))")
      return
    }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let filler = folder.url.appending(path: "filler")
    let reports = Reports()
    var options = smallOptions
    options.report = reports.take
    let store = try EventStore(at: folder.path + "/store", options)
    defer { store.close() }
    var samples = SampleEvents()
    var ids: [EventID] = []
    func append(_ count: Int) {
      let batch = samples.batch(count)
      ids += batch.map(\.id)
      store.append(batch)
      store.flush()
    }
    append(1_000)
    #expect(store.status.state == .storing)
    // Until nothing fits, as another program would.
    let file = open(filler.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let block = [UInt8](repeating: 1, count: 4_096)
    while write(file, block, block.count) > 0 {}
    close(file)
    for _ in 0..<10 { append(1_000) }
    guard case .memoryOnly = store.status.state else {
      Issue.record("\(store.status.state)")
      return
    }
    #expect(try store.ids() == ids)
    #expect(store.status.dropped == 0)
    unlink(filler.path)
    try eventually { store.status.state == .storing && store.status.waitingEvents == 0 }
    #expect(try store.ids() == ids && store.status.events == ids.count)
    #expect(reports.all.count == 2 && reports.all.last?.hasPrefix("The store writes again") == true)
  }

  /// Bytes of the newest file, or of an older one, are overwritten: at its head, or in the middle.
  @Test(arguments: [true, false], [true, false]) func aDamagedFileIsMovedAside(isNewest: Bool, atHead: Bool) throws {
    let folder = try TestFolder()
    let reports = Reports()
    var options = smallOptions
    options.segmentBytes = 500_000
    options.report = reports.take
    var samples = SampleEvents()
    var ids: [EventID] = []
    do {
      let store = try EventStore(at: folder.path, options)
      for _ in 0..<20 {
        let batch = samples.batch(1_000)
        ids += batch.map(\.id)
        store.append(batch)
        store.flush()
      }
      // So that the newest file has some, too.
      let batch = samples.batch(100)
      ids += batch.map(\.id)
      store.append(batch)
    }
    let files = try folder.files(".db")
    #expect(files.count >= 3)
    let file = try #require(isNewest ? files.last : files.first)
    let handle = try FileHandle(forUpdating: folder.url.appending(path: file))
    let size = Int(try handle.seekToEnd())
    let offset = atHead ? 0 : size / 3
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data(repeating: 0xa5, count: size - offset))
    try handle.close()

    let store = try EventStore(at: folder.path, options)
    let batch = samples.batch(2_000)
    store.append(batch)
    store.flush()
    // Whatever reads it finds it, if the start did not.
    let seen = try Set(store.ids())
    try eventually { store.status.setAside == [file + ".damaged"] }
    #expect(try folder.files(".damaged") == [file + ".damaged"])
    #expect(reports.all.count { $0.contains("moved") } == 1)
    #expect(store.status.state == .storing)
    store.append(samples.batch(10))
    store.flush()
    let after = try store.ids()
    #expect(after.count < ids.count + 2_010 && after.count >= ids.count / 2)
    #expect(Set(after).isSubset(of: Set(ids).union(seen).union(after.suffix(10))))
    #expect(after.count == store.status.events)
  }

  /// A file that SQLite can read and that somebody filled with nonsense: it is read as far as it makes sense.
  @Test func nonsenseInRowsDoesNotTrap() throws {
    let folder = try TestFolder()
    var samples = SampleEvents()
    do {
      let store = try EventStore(at: folder.path, smallOptions)
      store.append(samples.batch(3_000))
    }
    let queue = try DatabaseQueue(path: folder.path + "/events-00000001.db")
    try queue.write { db in
      for sql in [
        "UPDATE events SET facts = randomblob(abs(random()) % 60) WHERE id % 3 = 0",
        "UPDATE events SET facts = 'text', kind = 'x', time = -1 WHERE id % 3 = 1 AND id % 7 = 0",
        "UPDATE events SET kind = 2000000000000, process = 999999 WHERE id % 31 = 0",
        "UPDATE events SET process = -5 WHERE id % 37 = 0", "UPDATE events SET time = 1.5e300 WHERE id % 41 = 0",
        "UPDATE processes SET facts = randomblob(50), parent = id WHERE id % 3 = 0",
        "UPDATE processes SET pid = -1, start = -1, generation = 99999999999, parent = 12345678 WHERE id % 5 = 0",
        "DELETE FROM texts WHERE id % 2 = 0", "UPDATE texts SET bytes = randomblob(70000) WHERE id % 11 = 0",
        "UPDATE spans SET kinds = x'00', count = -7 WHERE first % 2 = 0",
      ] { try db.execute(sql: sql) }
    }
    try queue.close()
    let store = try EventStore(at: folder.path, smallOptions)
    for order in [EventQuery.Order.newestFirst, .oldestFirst] {
      var query = EventQuery()
      query.order = order
      var count = 0
      try store.events(query) { batch in
        count += batch.count
        for event in batch {
          for field in Field.allCases { _ = event[field] }
          _ = event.process.ancestors.reduce(0) { sum, _ in sum + 1 }
        }
        return true
      }
      #expect(count > 2_000)
    }
    var query = EventQuery()
    query.executable = Array("/usr/bin/git".utf8)
    _ = try store.ids(query)
    query.executable = nil
    query.pid = .max
    _ = try store.ids(query)
    store.append(samples.batch(1_000))
    store.flush()
    #expect(store.status.state == .storing && store.status.written == 1_000)
  }

  @Test func aFileOfANewerMeropsIsLeftAlone() throws {
    let folder = try TestFolder()
    let reports = Reports()
    var options = smallOptions
    options.report = reports.take
    var samples = SampleEvents()
    do {
      let store = try EventStore(at: folder.path, options)
      store.append(samples.batch(100))
    }
    let queue = try DatabaseQueue(path: folder.path + "/events-00000001.db")
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
    try queue.close()
    let store = try EventStore(at: folder.path, options)
    #expect(store.status.setAside == ["events-00000001.db"])
    let batch = samples.batch(100)
    store.append(batch)
    store.flush()
    #expect(try store.ids() == batch.map(\.id))
    #expect(try folder.files(".db") == ["events-00000001.db", "events-00000002.db"])
    #expect(reports.all.count == 1)
  }
}

extension [EventID] {
  fileprivate func partitioningIndex(_ isBehind: (EventID) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
