// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import MeropsControl
import MeropsModel
import MeropsServer
import Synchronization
import Testing

@testable import MeropsAgent

/// Events that a test makes.
final class FakeSource: SensorSource {
  private let box = Mailbox<EventBatch>(limit: .max) { $0.count }
  private let numbers = Mutex(Counts())
  let reports = [SensorReport(sensor: "process.exec", hook: "none")]
  let failure: String?

  init(failure: String? = nil) { self.failure = failure }

  func put(_ batch: EventBatch) { box.offer(batch) }
  func lose(_ count: UInt64) { numbers.withLock { $0[.file].lost += count } }
  func counts() throws -> Counts { numbers.withLock { $0 } }
  func costs() throws -> [ProgramCost] { [ProgramCost(name: "a.b", hook: "tp_btf/c", runs: 3, time: 4)] }
  func run(_ deliver: (EventBatch) -> Void, idle: (EventID) -> Void) throws {
    if let failure { throw AgentError(failure) }
    while case (let batch?, _) = box.take() { deliver(batch) }
  }
  func stop() { box.finish() }
  func process(_ pid: UInt32) -> MeropsModel.Process? { pid == UInt32(getpid()) ? Self.process : nil }

  func process(_ pid: UInt32, at time: UInt64, afterExec: Bool) -> MeropsModel.Process? { process(pid) }

  static let process: MeropsModel.Process = {
    var facts = Facts()
    facts.append(.processID, UInt64(getpid()))
    facts.append(.processName, .text("fake"))
    return MeropsModel.Process(
      key: ProcessKey(start: 5, pid: UInt32(getpid())), generation: 0, parent: nil, facts: facts)
  }()

  static func batch(_ ids: Range<UInt64>, _ kind: EventKind = .fileOpen) -> EventBatch {
    var builder = EventBatchBuilder()
    for id in ids {
      var facts = Facts()
      facts.append(.filePath, .text(Text("/f\(id)")))
      builder.append(kind, id: EventID(rawValue: id << 12), time: id, by: process, facts)
    }
    return builder.finish()
  }
}

@Suite struct AgentTests {
  /// Runs an agent on a thread of its own while a test asks it on another.
  private func withAgent(
    _ source: FakeSource = FakeSource(), archive: any EventArchive = MemoryArchive(limit: 1 << 20),
    _ body: @escaping @Sendable (ControlClient, Agent) throws -> Void
  ) async throws -> String? {
    let folder = "/tmp/merops-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var log = Logger(label: "test")
    log.logLevel = .critical
    let agent = Agent(
      .init(socket: try ControlSocket(folder + "/s"), version: "1"), source: source, archive: archive, log: log)
    let wishes = Mailbox<Agent.Wish>(limit: 9) { _ in 1 }
    let ready = DispatchSemaphore(value: 0)
    async let end: String? = waiting {
      do { try agent.run(ready: { ready.signal() }, next: { wishes.take(timeout: min($0, 0.02)).element }) } catch {
        ready.signal()
        return "\(error)"
      }
      return nil
    }
    let result = await waiting {
      ready.wait()
      let result = Swift.Result { try body(ControlClient(socket: folder + "/s"), agent) }
      wishes.offer(.stop)
      return result
    }
    let error = await end
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    try result.get()
    return error
  }

  private func waiting<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Asks until an answer is as expected: events arrive on a thread of their own.
  private static func eventually(_ client: ControlClient, _ target: String, _ count: Int) throws -> [String] {
    while true {
      let lines = lines(try client.get(target))
      if lines.count >= count { return lines }
      usleep(2000)
    }
  }

  @Test func eventsAreKeptAndFound() async throws {
    let source = FakeSource()
    let error = try await withAgent(source) { client, _ in
      source.put(FakeSource.batch(10..<20))
      source.put(FakeSource.batch(20..<30, .fileUnlink))
      // The agent says that it started, before the first of them.
      let all = try Self.eventually(client, "/v1/events", 21)
      #expect(all[0].contains("\"event\":\"agent.start\""))
      #expect(all[1].contains("/f10\"") && all[20].contains("/f29\""))
      #expect(
        Self.lines(try client.get("/v1/events?kinds=file.unlink&limit=3&order=newest")).map { $0.contains("/f29") } == [
          true, false, false,
        ])
      #expect(Self.lines(try client.get("/v1/events?where=file.path%20%3D%3D%20%22%2Ff12%22")).count == 1)
      let id = EventID(rawValue: 12 << 12)
      #expect(String(decoding: try client.get("/v1/events/\(id)"), as: UTF8.self).contains("/f12\""))
      let top = try client.get("/v1/top?by=file&since=1970-01-01", as: TopReply.self)
      #expect(top.rows.count == 20)
      #expect(Self.lines(try client.get("/v1/processes")).count == 1)
      let mistake = #expect(throws: ControlError.self) { try client.get("/v1/events?where=file.pth%20%3D%3D%20%22%22") }
      #expect(mistake?.message.contains("did you mean `file.path`") == true)
      let status = try client.get("/v1/status", as: AgentStatus.self)
      #expect(status.store?.events == 21 && status.sensors == source.reports && status.pid == Int(getpid()))
      #expect(String(decoding: try client.get("/metrics"), as: UTF8.self).contains("merops_build_info{version="))
    }
    #expect(error == nil)
  }

  @Test func aSlowSubscriberLosesItsOwnEvents() async throws {
    let source = FakeSource()
    _ = try await withAgent(source) { client, agent in
      let (slow, leave) = agent.subscribers.add(room: 100)
      var id: UInt64 = 1
      for _ in 0..<10 {
        source.put(FakeSource.batch(id..<id + 50))
        id += 50
      }
      _ = try Self.eventually(client, "/v1/events", 501)
      // agent.start is one of those that fitted.
      #expect(slow.waiting + Int(slow.lost) == 501 && slow.waiting <= 100)
      #expect(agent.status.subscribers.lost == slow.lost && agent.archive.status.lost == 0)
      leave()
      #expect(agent.subscribers.count == 0 && agent.subscribers.lost == slow.lost)
    }
  }

  @Test func aStreamHasWhatHappensFromNowOn() async throws {
    let source = FakeSource()
    _ = try await withAgent(source) { client, agent in
      source.put(FakeSource.batch(1..<2))
      _ = try Self.eventually(client, "/v1/events", 2)
      Thread.detachNewThread {
        while agent.subscribers.count == 0 { usleep(1000) }
        source.put(FakeSource.batch(2..<5))
      }
      var text = ""
      try client.stream("/v1/events/stream?where=file.path%20!%3D%20%22%2Ff3%22") { piece in
        text += String(decoding: piece, as: UTF8.self)
        return !text.contains("/f4\"")
      }
      #expect(text.contains("/f2\"") && !text.contains("/f1\"") && !text.contains("/f3\""))
    }
  }

  @Test func lossesAreSaid() async throws {
    let source = FakeSource()
    _ = try await withAgent(source) { client, agent in
      source.lose(7)
      while agent.lastLoss == nil { usleep(2000) }
      source.put(FakeSource.batch(1..<2))
      let lines = try Self.eventually(client, "/v1/events?kinds=agent.loss", 1)
      #expect(lines[0].contains("\"event.count\":7") && lines[0].contains("\"event.class\":\"file\""))
      #expect(agent.status.lastLoss?.events == 7)
    }
  }

  @Test func sensorsThatFailEndTheAgent() async throws {
    let error = try await withAgent(FakeSource(failure: "no ring")) { _, _ in
      // It ends by itself: the wish to stop comes late.
      usleep(100_000)
    }
    #expect(error == "The sensors ended: no ring")
  }

  /// What memory keeps is bounded, and the newest are what is kept.
  @Test func memoryIsBounded() throws {
    let archive = MemoryArchive(limit: 100_000)
    for id in 0..<2000 { archive.append(FakeSource.batch(UInt64(id)..<UInt64(id) + 1)) }
    let status = archive.status
    #expect(status.bytes <= 100_000 && status.bytes > 50_000 && status.events < 2000)
    var query = ArchiveQuery()
    query.newestFirst = true
    query.limit = 2
    var times: [UInt64] = []
    try archive.events(query) {
      times += $0.map(\.time)
      return true
    }
    #expect(times == [1999, 1998])
    #expect(try archive.event(EventID(rawValue: 0)) == nil)
  }

  @Test func theSecondAgentIsRefused() throws {
    let path = "/tmp/merops-lock-\(getpid())"
    defer { unlink(path) }
    let first = try AgentLock(path)
    let error = #expect(throws: AgentError.self) { try AgentLock(path) }
    #expect(error?.description.contains("An agent runs here already (pid \(getpid()))") == true)
    withExtendedLifetime(first) {}
  }
}
