// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Glibc
import MeropsControl
import MeropsModel
import MeropsScreens
import Synchronization

/// Draws the live screen of `merops run`, over an agent of its own.
struct LiveView {
  private let client: ControlClient
  /// The condition of the command line.
  private let condition: String?
  private var screen: LiveScreen
  private var painter = Painter()
  private var keyboard = Keyboard()
  private var last: (status: AgentStatus, seen: UInt64)?
  private var drawn: (foot: Foot, size: (Int, Int))?

  init(socket: String, condition: String?, showsAll: Bool) {
    client = ControlClient(socket: socket, start: Programs.waysToStart(socket: socket))
    self.condition = condition
    screen = LiveScreen(layout: .current(), showsAll: showsAll)
    screen.program = Programs.name
  }

  mutating func run(_ daemon: String, _ arguments: [String], demo: Bool) throws {
    Interrupt.catchSignals()
    let child = try Child(daemon, arguments)
    defer { child.end() }
    try child.waitUntilReady()
    var inbox = Inbox()
    inbox.receive(client, condition)
    let status = try client.get("/v1/status", as: AgentStatus.self)
    screen.title = Self.title(status)
    let player = demo ? try DemoWorkCommand.start() : nil
    defer { if let player { Self.stop(player) } }
    FullScreen.enter()
    defer { FullScreen.leave() }
    var messages: [String] = []
    var ticks = 0
    while !Interrupt.isRequested, !child.hasEnded {
      if ticks % 10 == 0 { refresh() }
      ticks += 1
      let keys = keyboard.keys(100)
      if Interrupt.pause() { painter.forget() }
      guard try press(keys, &inbox), try take(inbox) else { break }
      let news = child.messages()
      messages += news
      if let newest = news.last { screen.notice = newest }
      draw(isChanged: !keys.isEmpty || !news.isEmpty)
    }
    FullScreen.leave()
    // What was on the screen stays in sight.
    screen.layout = .current()
    Output.lines([screen.title] + screen.lastLines(max((Terminal.size?.rows ?? 24) - 8, 5)))
    child.end()
    for line in messages + child.messages() { Output.note(line) }
    Output.text(farewell(status))
    if let failure = child.failure { throw ControlError(status: 0, message: failure) }
  }

  private var hasNews = true
  /// The newest event that a filter has found.
  private var newest: EventID?

  /// - Returns: false if the screen shall end.
  private mutating func press(_ keys: [Key], _ inbox: inout Inbox) throws(ControlError) -> Bool {
    for key in keys {
      switch screen.press(key) {
      case .quit: return false
      case .filter(let typed): try filter(typed, &inbox)
      case nil: break
      }
    }
    return true
  }

  /// Asks the agent for what fits a condition: what there is already, and what comes.
  private mutating func filter(_ typed: String?, _ inbox: inout Inbox) throws(ControlError) {
    // Each on lines of its own, so that what is wrong is shown as it was typed.
    let both = [typed, condition].compactMap { $0 }.map { "(\n\($0)\n)" }.joined(separator: " && ")
    var request = EventRequest()
    request.condition = both.isEmpty ? nil : both
    request.format = .packed
    request.newestFirst = true
    request.limit = 4000
    // First the stream: what happens meanwhile must not be missed.
    let next = Inbox()
    next.receive(client, request.condition)
    do {
      let known = try Self.oldestFirst(client.batches("/v1/events?" + request.query))
      inbox.cancel()
      inbox = next
      newest = known.last?.id
      screen.show([known], where: typed)
    } catch {
      next.cancel()
      guard error.status == 400 else { throw error }
      screen.reject(error.message)
    }
  }

  private static func oldestFirst(_ batches: [EventBatch]) -> EventBatch {
    var builder = EventBatchBuilder()
    for batch in batches.reversed() { for event in batch.reversed() { builder.append(event) } }
    return builder.finish()
  }

  /// Takes what has arrived since the last time; false at the end.
  private mutating func take(_ inbox: Inbox) throws(ControlError) -> Bool {
    let (batches, lost, error, hasEnded) = inbox.take()
    for batch in batches { if let unknown = unknown(batch) { screen.take(unknown) } }
    screen.skip(lost)
    hasNews = hasNews || !batches.isEmpty || lost > 0
    if let error { throw error }
    return !hasEnded
  }

  /// The events that are not on the screen already.
  private func unknown(_ batch: EventBatch) -> EventBatch? {
    guard let newest, let first = batch.first, first.id <= newest else { return batch }
    var builder = EventBatchBuilder()
    for event in batch where event.id > newest { builder.append(event) }
    return builder.isEmpty ? nil : builder.finish()
  }

  private mutating func draw(isChanged: Bool) {
    let size = Terminal.size ?? (80, 24)
    let isSame = drawn.map { $0.foot == screen.foot && $0.size == size } ?? false
    guard isChanged || hasNews || !isSame else { return }
    (hasNews, drawn) = (false, (screen.foot, size))
    let lines = screen.frame(width: size.columns, height: size.rows)
    Output.text(painter.painting(lines, width: size.columns, height: size.rows))
  }

  private mutating func refresh() {
    guard let status = try? client.get("/v1/status", as: AgentStatus.self) else { return }
    let total = status.counts.total
    if let last, status.now > last.status.now {
      let time = Double(status.now - last.status.now) / 1e9
      screen.foot.rate = UInt64(Double(total.seen &- last.seen) / time + 0.5)
      screen.foot.load = Double(status.process.cpuTime &- last.status.process.cpuTime) / 1e9 / time
    }
    last = (status, total.seen)
    screen.foot.filtered = total.filtered
    screen.foot.lost = total.lost + status.subscribers.lost
    screen.foot.memory = status.process.memory
  }

  private static func title(_ status: AgentStatus) -> String {
    let on = Set(
      status.sensors.filter { $0.hook != nil }.map { $0.sensor.split(separator: ".").first.map(String.init) ?? "" })
    let names = [
      ("process", "processes"), ("file", "files"), ("network", "network"), ("dns", "DNS"), ("bpf", "kernel"),
    ]
    let watched = names.filter { on.contains($0.0) }.map(\.1).joined(separator: ", ")
    return "merops \(status.version)  host \(status.host)  Linux \(status.kernel)  watching \(watched)"
  }

  private func farewell(_ start: AgentStatus) -> String {
    let total = last?.status.counts.total ?? start.counts.total
    let lost = total.lost == 0 ? "none lost" : "\(Amount.count(total.lost)) lost"
    return """
      Saw \(Amount.count(total.seen)) acts, \(lost). Nothing is left running.
      Next: \(Programs.typed("run"))   and while it runs, in another terminal: \(Programs.typed("top"))

      """
  }

  private static func stop(_ pid: pid_t) {
    kill(pid, SIGTERM)
    waitpid(pid, nil, 0)
  }
}

/// The agent that the screen has started for itself.
private final class Child {
  private let pid: pid_t
  /// Its end says that we live; "READY" comes out of it.
  private let lifeline: CInt
  private let errors: CInt
  private var status: CInt?
  private var rest = ""

  init(_ path: String, _ arguments: [String]) throws(ControlError) {
    var ends: [CInt] = [-1, -1]
    var pipes: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0,
      pipe(&pipes) == 0
    else { throw ControlError(status: 0, message: "No pipe can be opened.") }
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(pipes[0], F_SETFL, O_NONBLOCK)
    // Its number may be the one that it has to have in the program, where it would stay closed.
    let other = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
    close(ends[1])
    defer {
      close(other)
      close(pipes[1])
    }
    (lifeline, errors) = (ends[0], pipes[0])
    pid = try Programs.start(path, arguments + ["--lifeline", "3"], error: pipes[1], third: other)
  }

  func waitUntilReady() throws {
    var buffer = [UInt8](repeating: 0, count: 64)
    while true {
      let count = read(lifeline, &buffer, buffer.count)
      if count > 0 { return }
      if count < 0, errno == EINTR, !Interrupt.isRequested { continue }
      break
    }
    end()
    var text = messages().joined(separator: "\n")
    if text.isEmpty { text = failure ?? "Error: meropsd ended at once." }
    if geteuid() != 0 { text += "\nWatching needs root: \(Programs.typed("run"))" }
    Output.note(text)
    throw ExitCode(1)
  }

  var hasEnded: Bool {
    if status == nil {
      var result: CInt = 0
      if waitpid(pid, &result, WNOHANG) == pid { status = result }
    }
    return status != nil
  }

  /// Ends it and waits until it has.
  func end() {
    guard !hasEnded else { return }
    kill(pid, SIGTERM)
    var result: CInt = 0
    while waitpid(pid, &result, 0) < 0, errno == EINTR {}
    status = result
  }

  /// What it has written to standard error, by lines.
  func messages() -> [String] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(errors, &buffer, buffer.count), count > 0 {
      rest += String(decoding: buffer.prefix(count), as: UTF8.self)
    }
    var lines = rest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    rest = hasEnded ? "" : lines.popLast() ?? ""
    return lines.filter { !$0.isEmpty }
  }

  /// Why it ended, if not as it should.
  var failure: String? {
    guard let status, status != 0 else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? "meropsd ended with status \(status >> 8)." : "meropsd was ended by signal \(signal)."
  }
}

/// Events that have arrived and are not shown yet.
private final class Inbox: Sendable {
  private struct State {
    var batches: [EventBatch] = []
    var count = 0
    var lost: UInt64 = 0
    var error: ControlError?
    var hasEnded = false
    var isCancelled = false
  }

  private let state = Mutex(State())
  /// Nobody can read more in the moment until the next drawing.
  private static let limit = 200_000

  /// Receives on a thread of its own.
  func receive(_ client: ControlClient, _ condition: String?) {
    var request = EventRequest()
    request.condition = condition
    request.format = .packed
    let query = request.query
    DispatchQueue(label: "merops-events").async { [self] in
      var frames = EventFrames()
      var error: ControlError?
      do throws(ControlError) {
        try client.stream("/v1/events/stream?" + query) { (piece) throws(ControlError) in
          for case .events(let batch) in try frames.read(piece) { add(batch) }
          return !state.withLock { $0.isCancelled }
        }
      } catch let failure {
        // The agent's end is not an error of this connection.
        if failure.status != 502 { error = failure }
      }
      state.withLock { ($0.error, $0.hasEnded) = (error, true) }
    }
  }

  /// Nothing more is wanted: the connection ends with what it receives next.
  func cancel() { state.withLock { $0.isCancelled = true } }

  private func add(_ batch: EventBatch) {
    state.withLock { state in
      guard state.count + batch.count <= Self.limit else {
        state.lost += UInt64(batch.count)
        return
      }
      state.batches.append(batch)
      state.count += batch.count
    }
  }

  func take() -> (batches: [EventBatch], lost: UInt64, error: ControlError?, hasEnded: Bool) {
    state.withLock { state in
      defer { (state.batches, state.count, state.lost) = ([], 0, 0) }
      return (state.batches, state.lost, state.error, state.hasEnded)
    }
  }
}
