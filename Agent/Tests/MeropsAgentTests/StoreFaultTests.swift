// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import MeropsStore
import TestServer
import Testing

/// What becomes of the events when the agent is killed, or its store's place is not as it should be.
extension FaultTests {
  /// Kills at moments that nobody chose, while it starts or works under load: what it had called stored is there, nothing is
  /// left in the kernel, and the next one goes on. MEROPS_KILLS says how many.
  @Test(
    .sameOnEveryKernel, .enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/bpftool"), "needs bpftool"))
  func nothingStoredIsLostByKills() async throws {
    try await Daemon.withFolder { folder in
      let kills = ProcessInfo.processInfo.environment["MEROPS_KILLS"].flatMap(Int.init) ?? 4
      var stored = 0
      for round in 0..<kills {
        let daemon = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
        let acts = "\(folder)/acts\(round)"
        var work: Foundation.Process?
        // One in four dies while it starts; the others after some events, as many as a random number of looks finds.
        if round % 4 != 3 {
          try daemon.waitUntilWatching()
          work = try Daemon.work(1_000_000, rate: 3_000, in: acts)
          try daemon.wait { $0.store.map { $0.events > stored } ?? false }
          for _ in 0..<Int.random(in: 1...40) {
            stored = max(stored, Int(try daemon.status().store?.events ?? 0))
          }
        } else {
          usleep(UInt32.random(in: 0...400_000))
        }
        // It does nothing more while the kernel says what it holds.
        kill(daemon.process.processIdentifier, SIGSTOP)
        let held = try Daemon.held(by: daemon.process.processIdentifier)
        daemon.end(SIGKILL)
        work.map { Daemon.end($0) }
        try? FileManager.default.removeItem(atPath: acts)
        // Maps last: see aKilledAgentLeavesNothing.
        while try !Daemon.left(of: held, ["prog", "link"]).isEmpty { usleep(10_000) }
        while try !Daemon.left(of: held, ["map"]).isEmpty { usleep(10_000) }

        let store = try EventStore(at: folder + "/store")
        #expect(store.status.state == .storing && store.status.setAside.isEmpty)
        #expect(store.status.events >= stored, "kill \(round): \(store.status.events) of \(stored)")
        #expect(try store.areWhole(round == kills - 1 ? .max : 2_000))
        stored = store.status.events
        store.close()
      }
      #expect(stored > 0)
      let last = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try last.waitUntilWatching()
      try last.wait { $0.store.map { $0.events > stored } ?? false }
      #expect(try last.status().alarms.isEmpty)
      last.end(SIGTERM)
      #expect(last.process.terminationStatus == 0)
    }
  }

  /// A disk that somebody else fills: an alarm, and with room again nothing is missing.
  @Test(.sameOnEveryKernel) func aFullDiskIsAnAlarm() async throws {
    try await Daemon.withFolder { folder in
      let place = folder + "/disk"
      mkdir(place, 0o700)
      try #require(mount("merops-test", place, "tmpfs", 0, "size=64m") == 0)
      defer { umount2(place, Int32(MNT_DETACH)) }
      let daemon = try Daemon("store:\n  folder: \(place)/store\n", in: folder)
      try daemon.waitUntilWatching()
      let file = open(place + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      let block = [UInt8](repeating: 1, count: 4096)
      while write(file, block, block.count) > 0 {}
      close(file)
      let work = try Daemon.work(6_000, rate: 3_000, in: folder + "/acts")
      work.waitUntilExit()
      let status = try daemon.wait { !$0.alarms.isEmpty }
      #expect(status.alarms[0].hasPrefix("The store is in memory only: ") && status.alarms[0].contains(place))
      unlink(place + "/filler")
      let after = try daemon.wait { $0.alarms.isEmpty && $0.store?.queued == 0 }
      #expect(after.store?.lost == 0)
      try daemon.waitForCreations(in: folder + "/acts")
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  /// Somebody removes the store's folder: an alarm, and what follows is stored in a new one.
  @Test(.sameOnEveryKernel) func aRemovedFolderIsAnAlarm() async throws {
    try await Daemon.withFolder { folder in
      let daemon = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try daemon.waitUntilWatching()
      try daemon.wait { $0.store.map { $0.events > 0 } ?? false }
      try FileManager.default.removeItem(atPath: folder + "/store")
      let work = try Daemon.work(1_000, in: folder + "/acts")
      work.waitUntilExit()
      let status = try daemon.wait { !$0.alarms.isEmpty }
      #expect(status.alarms[0].hasPrefix("Somebody removed files of the store in \(folder)/store"))
      try daemon.waitForCreations(in: folder + "/acts")
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
      // What came after it is on disk, and comes back.
      let next = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try next.waitUntilWatching()
      #expect(try next.creations(in: folder + "/acts").count == Daemon.created(in: folder + "/acts"))
      #expect(try next.status().alarms.isEmpty)
      next.end(SIGTERM)
    }
  }

  /// What the store cannot be opened on is said, and nothing runs: another agent's, and one that is read-only.
  @Test(.sameOnEveryKernel) func aStoreThatCannotBeOpenedEndsTheAgent() async throws {
    try await Daemon.withFolder { folder in
      let first = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try first.waitUntilWatching()
      let second = try Daemon("store:\n  folder: \(folder)/store\n", in: folder, name: "second")
      let message = second.message()
      #expect(message.contains("Another process (\(first.process.processIdentifier)) writes events"), "\(message)")
      second.process.waitUntilExit()
      #expect(second.process.terminationStatus == 1)
      #expect(try first.status().alarms.isEmpty)
      first.end(SIGTERM)
      #expect(first.process.terminationStatus == 0)

      let place = folder + "/disk"
      mkdir(place, 0o700)
      try #require(mount("merops-test", place, "tmpfs", UInt(MS_RDONLY), "size=1m") == 0)
      defer { umount2(place, Int32(MNT_DETACH)) }
      for store in [place, place + "/store"] {
        let third = try Daemon("store:\n  folder: \(store)\n", in: folder)
        let message = third.message()
        #expect(message.contains("\(store)") && message.contains("Read-only file system"), "\(message)")
        third.process.waitUntilExit()
        #expect(third.process.terminationStatus == 1)
      }
    }
  }

  /// A collector that is down, while the agent is killed and started again: each event arrives, some of them twice.
  @Test(.sameOnEveryKernel) func aCollectorThatWasDownMissesNothing() async throws {
    try await Daemon.withFolder { folder in
      let (free, port) = try TestServer.listen(0)
      close(free)
      let settings = """
        store:
          folder: \(folder)/store
        sinks:
          - name: siem
            kind: webhook
            url: http://127.0.0.1:\(port)/events
            where: 'file.path.startsWith("\(folder)/")'
        """
      var daemon = try Daemon(settings, in: folder)
      try daemon.waitUntilWatching()
      for part in ["one", "two"] {
        let work = try Daemon.work(1_000, rate: 3_000, in: "\(folder)/\(part)")
        work.waitUntilExit()
        // All of it is on disk before the agent dies.
        try daemon.waitForCreations(in: "\(folder)/\(part)")
        try daemon.wait { $0.store?.queued == 0 && $0.sinks.contains { $0.state != "ok" } }
        daemon.end(SIGKILL)
        daemon = try Daemon(settings, in: folder)
        try daemon.waitUntilWatching()
      }
      let server = try TestServer(["200 OK"], port: port)
      defer { server.stop() }
      let wanted = try ["one", "two"].map { part in
        let ids = try daemon.creations(in: "\(folder)/\(part)")
        #expect(try ids.count == Daemon.created(in: "\(folder)/\(part)"))
        return ids
      }
      func arrived() -> [EventID] {
        server.requests.flatMap { request in
          String(decoding: request.body, as: UTF8.self).split(separator: "\n").compactMap { line in
            line.firstRange(of: "\"id\":\"").flatMap { EventID(String(line[$0.upperBound...].prefix(13))) }
          }
        }
      }
      try daemon.wait { _ in Set(arrived()).isSuperset(of: wanted.joined()) }
      // In order, but for what comes again.
      var seen: Set<EventID> = []
      let first = arrived().filter { seen.insert($0).inserted }
      #expect(zip(first, first.dropFirst()).allSatisfy { $0 < $1 })
      // A kill while they arrive: those since the place that was on disk come again, and none is missing.
      let work = try Daemon.work(4_000, rate: 4_000, in: "\(folder)/three")
      let before = arrived().count
      while arrived().count < before + 500 { usleep(1_000) }
      daemon.end(SIGKILL)
      Daemon.end(work)
      daemon = try Daemon(settings, in: folder)
      try daemon.waitUntilWatching()
      let all = try daemon.ids(below: folder)
      try daemon.wait { _ in Set(arrived()).isSuperset(of: all) }
      let total = arrived().count
      print("\(all.count) events, \(total - Set(arrived()).count) arrived twice")
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }
}

extension FaultTests {
  /// A clock that was set back: what is stored is from the year 2039, and new events come behind it.
  @Test(.sameOnEveryKernel) func idsGoOnBehindWhatIsStored() async throws {
    try await Daemon.withFolder { folder in
      let late = EventID.first(at: 2_180_000_000_000_000_000)
      let store = try EventStore(at: folder + "/store")
      var builder = EventBatchBuilder()
      let process = MeropsModel.Process(
        key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: Facts())
      builder.append(.fileOpen, id: late, time: 2_180_000_000_000_000_000, by: process)
      store.append(builder.finish())
      store.close()
      let daemon = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try daemon.waitUntilWatching()
      try Daemon.work(300, in: folder + "/acts").waitUntilExit()
      try daemon.waitForCreations(in: folder + "/acts")
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
      let again = try EventStore(at: folder + "/store")
      let events = try again.newest(.max)
      #expect(events.first?.id == late && events.last?.kind == .agentStop)
      #expect(events.contains { $0.kind == .agentStart } && events.contains { $0.kind == .fileCreate })
      #expect(zip(events, events.dropFirst()).allSatisfy { $0.id < $1.id })
    }
  }
}

extension EventStore {
  /// The newest events, the oldest of them first.
  fileprivate func newest(_ count: Int) throws -> [(id: EventID, kind: EventKind)] {
    var query = EventQuery()
    query.limit = count
    var events: [(id: EventID, kind: EventKind)] = []
    try self.events(query) { page in
      events += page.map { ($0.id, $0.kind) }
      return true
    }
    return events.reversed()
  }

  /// Whether as many of the newest events as are asked for can be read, or all that the store says it has, each once and in order.
  fileprivate func areWhole(_ count: Int) throws -> Bool {
    let events = try newest(count)
    return events.count == min(count, status.events) && zip(events, events.dropFirst()).allSatisfy { $0.id < $1.id }
  }
}
