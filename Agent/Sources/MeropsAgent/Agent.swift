// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
public import Logging
import MeropsControl
import MeropsMetrics
import MeropsModel
public import MeropsServer
import Synchronization

/// Wires sensors, archive, sinks and the interface, in the order in which they can start and stop.
///
///     sensors -> batch -> archive, sinks, subscribers
///
/// The sensors' thread hands each batch on and waits for nobody.
public final class Agent: Sendable {
  let source: any SensorSource
  let archive: any EventArchive
  private let sinkList: Mutex<[any EventSink]>
  let subscribers = Subscribers()
  let delays = Mutex(DelayHistogram())
  let log: Logger
  let policies: PolicyKeeper?
  let started = OwnCost.started() ?? wallClock()
  let options: Options
  private let losses = Mutex(Losses())
  private let announcements: Announcements
  /// Of the event that was handed on last.
  private let lastID = Atomic<UInt64>(0)

  public struct Options: Sendable {
    public var socket: ControlSocket
    public var port: UInt16?
    public var token: String?
    public var version: String
    public var firewall: FirewallService?
    /// Why there is no firewall although one was asked for, or one enforces that this agent has not taken over.
    public var firewallAlarm: String?

    public init(
      socket: ControlSocket, port: UInt16? = nil, token: String? = nil, version: String,
      firewall: FirewallService? = nil, firewallAlarm: String? = nil
    ) {
      (self.socket, self.port, self.token, self.version) = (socket, port, token, version)
      (self.firewall, self.firewallAlarm) = (firewall, firewallAlarm)
    }
  }

  public convenience init(
    _ options: Options, source: any SensorSource, archive: any EventArchive, sinks: [any EventSink] = [], log: Logger
  ) {
    self.init(options, source: source, archive: archive, sinks: sinks, policies: nil, log: log)
  }

  init(
    _ options: Options, source: any SensorSource, archive: any EventArchive, sinks: [any EventSink],
    policies: PolicyKeeper?, log: Logger
  ) {
    (self.options, self.source, self.archive, self.log) = (options, source, archive, log)
    self.policies = policies
    announcements = policies?.announcements ?? Announcements()
    sinkList = Mutex(sinks)
  }

  var sinks: [any EventSink] { sinkList.withLock { $0 } }

  /// Puts other sinks in place of those that there are; who calls it closes those that are not among them.
  func replace(_ sinks: [any EventSink]) { sinkList.withLock { $0 = sinks } }

  /// What an agent is told from outside.
  public enum Wish: Sendable {
    case stop
    case reload
  }

  /// Runs until it is told to stop, or the sensors fail.
  ///
  /// - Parameters:
  ///   - ready: called once, when everything that happens from then on is seen.
  ///   - next: waits so many seconds at most for a wish.
  ///   - reload: what a wish to reload does.
  public func run(
    ready: @escaping @Sendable () -> Void, next: (Double) -> Wish?, reload: () -> Void = {}
  ) throws {
    let manager = ServiceManager()
    let server = try blocking { [self] in
      var serverOptions = ControlServer.Options(port: options.port, token: options.token)
      serverOptions.maximumConnections = 256
      return try await ControlServer.start(options.socket, routes, serverOptions)
    }
    if let alarm = Self.namespaceAlarm { log.warning("\(alarm)") }
    if let port = server.port { log.notice("listening on 127.0.0.1:\(port), for whoever has the token") }
    let sensing = Sensing()
    sensing.start { [self] in try source.run({ deliver($0) }, idle: { deliverAnnouncements(before: $0) }) }
    policies?.start()
    announce(.agentStart)
    manager.notify("READY=1\nSTATUS=Watching.")
    ready()
    watch(manager, sensing, next, reload)

    manager.notify("STOPPING=1")
    policies?.stop()
    source.stop()
    let failure = sensing.wait()
    // Behind all that the sensors have seen.
    announce(.agentStop)
    while !announcements.isEmpty {
      deliverAnnouncements(
        before: max(EventID.first(at: wallClock()), EventID(rawValue: lastID.load(ordering: .relaxed)).farNext))
    }
    subscribers.finish()
    for sink in sinks { sink.close() }
    archive.close()
    blocking { await server.stop() }
    if let failure { throw AgentError("The sensors ended: \(failure)") }
  }

  private func watch(_ manager: ServiceManager, _ sensing: Sensing, _ next: (Double) -> Wish?, _ reload: () -> Void) {
    var pulse = 0
    while !sensing.hasEnded {
      switch next(min(manager.watchdog ?? 1, 1)) {
      case .stop: return
      case .reload:
        manager.notify("RELOADING=1\nMONOTONIC_USEC=\(DispatchTime.now().uptimeNanoseconds / 1000)")
        reload()
        manager.notify("READY=1")
      case nil: break
      }
      noteLosses()
      options.firewall?.tick()
      policies?.tick()
      if manager.watchdog != nil { manager.notify("WATCHDOG=1") }
      pulse += 1
      if pulse == 2 { StartPages.giveBack() }
      // Connections whose reader has gone show it when something is written.
      if pulse % 5 == 0 { subscribers.deliver(Self.nothing) }
    }
  }

  private static let nothing: EventBatch = {
    var builder = EventBatchBuilder()
    return builder.finish()
  }()

  private func deliver(_ batch: EventBatch) {
    guard let first = batch.first else { return }
    deliverAnnouncements(before: first.id)
    hand(batch, first)
  }

  private func hand(_ batch: EventBatch, _ first: Event) {
    if let last = batch.last { lastID.store(last.id.rawValue, ordering: .relaxed) }
    let now = wallClock()
    // The clock may have been set back meanwhile.
    if now > first.time { delays.withLock { $0.record(batch, now: now) } }
    archive.append(batch)
    for sink in sinks { sink.append(batch) }
    subscribers.deliver(batch)
    policies?.observer.observe(batch)
  }

  /// An event of the agent itself, told with the next batch: the sensors' thread gives ids their order.
  private func announce(_ kind: EventKind, _ facts: Facts = Facts()) {
    announcements.add(Announcement(kind: kind, time: wallClock(), facts: facts))
  }

  private func deliverAnnouncements(before next: EventID) {
    let list = announcements.take()
    guard !list.isEmpty else { return }
    let process = source.process(UInt32(getpid())) ?? Self.process
    var builder = EventBatchBuilder()
    for (index, each) in list.enumerated() {
      var facts = each.facts
      let actor = each.actor.map { actor in
        actor.isKnown
          ? actor.process : source.process(actor.pid, at: actor.time, afterExec: actor.isAfterExec) ?? actor.process
      }
      if let actor { facts.append(.processAncestry, .texts(actor.ancestors.map(Self.program))) }
      builder.append(
        each.kind, id: EventID(rawValue: next.rawValue - UInt64(list.count - index)), time: each.time,
        by: actor ?? process, facts)
    }
    let batch = builder.finish()
    if let first = batch.first { hand(batch, first) }
  }

  private static func program(_ process: MeropsModel.Process) -> Text {
    for field in [Field.processExecutable, .processName] {
      if case .text(let text)? = process.facts[field], !text.bytes.isEmpty { return text }
    }
    return "?"
  }

  /// This process, where the sensors do not know it.
  private static let process: MeropsModel.Process = {
    let pid = UInt32(getpid())
    var facts = Facts()
    facts.append(.processID, UInt64(pid))
    facts.append(.processName, .text("meropsd"))
    return MeropsModel.Process(key: ProcessKey(start: 0, pid: pid), generation: 0, parent: nil, facts: facts)
  }()
}

// Losses.
extension Agent {
  struct Losses {
    var counts = Counts()
    var last: AgentStatus.Loss?
  }

  /// What the kernel's programs have counted; the last that could be read where they cannot be read now.
  func counts() -> Counts {
    guard var counts = try? source.counts() else { return losses.withLock { $0.counts } }
    counts[.policy] = announcements.counts
    counts[.policy].lost += policies?.lost ?? 0
    return counts
  }

  var lastLoss: AgentStatus.Loss? { losses.withLock { $0.last } }

  /// Says aloud what was lost since the last call.
  private func noteLosses() {
    let counts = counts()
    let lost = losses.withLock { losses in
      defer { losses.counts = counts }
      return EventClass.allCases.compactMap { eventClass -> (EventClass, UInt64)? in
        let lost = counts[eventClass].lost &- losses.counts[eventClass].lost
        return lost > 0 && lost < 1 << 63 ? (eventClass, lost) : nil
      }
    }
    for (eventClass, count) in lost {
      losses.withLock { $0.last = AgentStatus.Loss(time: wallClock(), events: count, of: eventClass.name) }
      log.warning("\(count) events of class \(eventClass.name) were lost: the kernel's ring was full")
      var facts = Facts()
      facts.append(.eventCount, count)
      facts.append(.lossClass, .text(Text(eventClass.name)))
      announce(.agentLoss, facts)
    }
  }
}

/// The sensors' thread.
private final class Sensing: Sendable {
  private let result = Mutex<(hasEnded: Bool, error: String?)>((false, nil))
  private let ended = DispatchSemaphore(value: 0)

  var hasEnded: Bool { result.withLock { $0.hasEnded } }

  func start(_ body: @escaping @Sendable () throws -> Void) {
    let thread = Thread { [self] in
      var error: String?
      do { try body() } catch let failure { error = "\(failure)" }
      result.withLock { $0 = (true, error) }
      ended.signal()
    }
    thread.name = "merops-sensors"
    thread.start()
  }

  /// Waits for the end.
  func wait() -> String? {
    ended.wait()
    return result.withLock { $0.error }
  }
}

/// Waits for what is asynchronous, on a thread that may wait.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
  let done = DispatchSemaphore(value: 0)
  let result = Mutex<Swift.Result<Result, any Error>?>(nil)
  Task {
    do {
      let value = try await body()
      result.withLock { $0 = .success(value) }
    } catch {
      result.withLock { $0 = .failure(error) }
    }
    done.signal()
  }
  done.wait()
  guard let result = result.withLock({ $0 }) else { throw AgentError("A task ended without a result.") }
  return try result.get()
}

func blocking(_ body: @escaping @Sendable () async -> Void) {
  let done = DispatchSemaphore(value: 0)
  Task {
    await body()
    done.signal()
  }
  done.wait()
}
