// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Glibc
import MeropsControl
import MeropsModel
import MeropsScreens
import Synchronization

/// The live screen of `merops run`, over an agent of its own.
struct LiveView {
  private let client: ControlClient
  private let condition: String?
  private var showsAll: Bool
  private var screen = LiveScreen(layout: .current())
  private var users = UserNames()
  private var lineage = Lineage()
  private var shown: UInt64 = 0
  private var skipped: UInt64 = 0
  private var isPaused = false
  private var last: (status: AgentStatus, seen: UInt64)?

  init(socket: String, condition: String?, showsAll: Bool) {
    client = ControlClient(socket: socket)
    (self.condition, self.showsAll) = (condition, showsAll)
  }

  mutating func run(_ daemon: String, _ arguments: [String], demo: Bool) throws {
    Interrupt.catchSignals()
    let child = try Child(daemon, arguments)
    defer { child.end() }
    try child.waitUntilReady()
    let inbox = Inbox()
    inbox.receive(client, condition)
    let status = try client.get("/v1/status", as: AgentStatus.self)
    Output.text(screen.head(Self.title(status)))
    Terminal.readKeys()
    defer { Terminal.restore() }
    let player = demo ? try DemoCommand.start() : nil
    defer { if let player { Self.stop(player) } }
    var ticks = 0
    while !Interrupt.isRequested, !child.hasEnded {
      if ticks % 10 == 0 { refresh(demo) }
      ticks += 1
      if let key = Terminal.key(100), !handle(key) { break }
      guard try draw(inbox, child) else { break }
    }
    Output.text(screen.erasing())
    child.end()
    for line in child.messages() { Output.note(line) }
    Output.text(farewell(status))
    if let failure = child.failure { throw ControlError(status: 0, message: failure) }
  }

  /// What has arrived since the last time; false at the end.
  private mutating func draw(_ inbox: Inbox, _ child: Child) throws(ControlError) -> Bool {
    let (batches, lost, error, hasEnded) = inbox.take()
    var lines = child.messages()
    // As many as one can see pass; the rest is counted.
    let room = max((Terminal.height ?? 24) * 2, 40)
    screen.layout = .current()
    if !isPaused {
      for batch in batches {
        for event in batch {
          guard showsAll || EventLine.isWorthShowing(event) else {
            skipped += 1
            continue
          }
          let depth = lineage.depth(of: event)
          guard lines.count < room else {
            skipped += 1
            continue
          }
          lines.append(screen.layout.text(EventLine(event, users: &users), depth: depth))
          shown += 1
        }
      }
    } else {
      skipped += batches.reduce(0) { $0 + UInt64($1.count) }
    }
    skipped += lost
    screen.foot.shown = shown
    screen.foot.isPaused = isPaused
    screen.foot.keys = isPaused ? "p go on  q quit" : "p pause  a \(showsAll ? "less" : "all")  q quit"
    if !lines.isEmpty || screen.foot != drawn { Output.text(screen.drawing(lines)) }
    drawn = screen.foot
    if let error { throw error }
    return !hasEnded
  }

  private var drawn = Foot()

  private mutating func refresh(_ demo: Bool) {
    guard let status = try? client.get("/v1/status", as: AgentStatus.self) else { return }
    let total = status.counts.total
    if let last, status.now > last.status.now {
      let time = Double(status.now - last.status.now) / 1e9
      screen.foot.rate = UInt64(Double(total.seen &- last.seen) / time + 0.5)
      screen.foot.load = Double(status.process.cpuTime &- last.status.process.cpuTime) / 1e9 / time
    }
    last = (status, total.seen)
    screen.foot.filtered = total.filtered + skipped
    screen.foot.lost = total.lost + status.subscribers.lost
    screen.foot.memory = status.process.memory
  }

  /// - Returns: false if the screen shall end.
  private mutating func handle(_ key: UInt8) -> Bool {
    switch key {
    case UInt8(ascii: "q"), 4: return false
    case UInt8(ascii: "p"), UInt8(ascii: " "): isPaused.toggle()
    case UInt8(ascii: "a"): showsAll.toggle()
    default: break
    }
    return true
  }

  private static func title(_ status: AgentStatus) -> String {
    let off = status.sensors.filter { $0.hook == nil }.map(\.sensor)
    let on = Set(
      status.sensors.filter { $0.hook != nil }.map { $0.sensor.split(separator: ".").first.map(String.init) ?? "" })
    let order = ["process", "file", "network", "dns", "kernel"]
    let names = on.sorted { (order.firstIndex(of: $0) ?? 9, $0) < (order.firstIndex(of: $1) ?? 9, $1) }
    return "merops \(status.version)  host \(status.host)  Linux \(status.kernel)  watching "
      + names.map { $0 == "dns" ? "DNS" : $0 }.joined(separator: ", ")
      + (off.isEmpty ? "" : "  (not here: \(off.joined(separator: ", ")))")
  }

  private func farewell(_ start: AgentStatus) -> String {
    let total = last?.status.counts.total ?? start.counts.total
    let lost = total.lost == 0 ? "none lost" : "\(Amount.count(total.lost)) lost"
    return "Saw \(Amount.count(total.seen)) acts, \(lost). Nothing is left running.\n"
      + "Next: sudo \(Programs.typed) run | head -3 shows the same as JSON. While it runs, type in another terminal: "
      + "sudo \(Programs.typed) top\n"
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
    pid = try Programs.start(path, arguments + ["--lifeline", "3"], third: other, error: pipes[1])
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
    if geteuid() != 0 { text += "\nWatching needs root: sudo merops run" }
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
          return true
        }
      } catch let failure {
        // The agent's end is not an error of this connection.
        if failure.status != 502 { error = failure }
      }
      state.withLock { ($0.error, $0.hasEnded) = (error, true) }
    }
  }

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
