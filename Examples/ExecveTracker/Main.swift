// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport
import Foundation

/// Counts execve calls in the kernel and shows each one as it happens.
@main
struct TrackerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "execve-tracker",
    abstract: "Show every program that is started, live, and count who starts them.",
    discussion: """
      Needs root, or CAP_BPF and CAP_PERFMON.

      EXAMPLES
        execve-tracker                      until Ctrl-C
        execve-tracker --seconds 5 --demo   five seconds, with a small workload of its own
      """)

  @Option(help: "Stop after this many seconds.")
  var seconds: Int?

  @Flag(help: "Start a harmless command now and then, so that there is something to see.")
  var demo = false

  func validate() throws {
    if let seconds, seconds < 1 { throw ValidationError("--seconds takes 1 or more") }
  }

  func run() throws {
    Interrupt.catchSignals()
    let tracker = try ExecveTracker.load()
    var events = try tracker.execEvents.reader()
    let attached = try tracker.attachAll().attached
    Output.note("attached to \(attached.map(\.place).joined(separator: " and ")); Ctrl-C ends it")

    var names: [UInt32: String] = [:]
    var workload = Workload()
    let start = ContinuousClock.now
    var nextReport = start + .seconds(1)
    Output.line("    PID   PARENT   USER  CALLER           COMMAND LINE")
    while !Interrupt.isRequested {
      if demo { workload.step() }
      try events.poll(timeout: .milliseconds(200), limit: 1000) { event in
        names[event.pid] = event.commandText
        Output.line(Self.line(event))
      }
      let now = ContinuousClock.now
      guard now >= nextReport else { continue }
      nextReport = now + .seconds(1)
      try report(tracker, names)
      if let seconds, now - start >= .seconds(seconds) { break }
    }
    tracker.detachAll()
    Output.note("detached after \(start.duration(to: .now).formatted(.units(width: .wide)))")
  }

  private static func line(_ event: ExecveTracker.ExecEvent) -> String {
    func padded(_ number: UInt32, _ width: Int) -> String {
      String(repeating: " ", count: max(width - "\(number)".count, 0)) + "\(number)"
    }
    let caller = event.commandText.padding(toLength: 16, withPad: " ", startingAt: 0)
    return
      "\(padded(event.pid, 7))  \(padded(event.parent, 7))  \(padded(event.user, 5))  \(caller) \(event.commandLine)"
  }

  /// Who called execve how often, straight from the kernel's map.
  private func report(_ tracker: ExecveTracker, _ names: [UInt32: String]) throws {
    let entries = try tracker.execCounts.entries().sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    let total = entries.reduce(0) { $0 + $1.value }
    let top = entries.prefix(5).map { "\($0.key)\(names[$0.key].map { " (\($0))" } ?? ""): \($0.value)" }
    let lost = tracker.globals.lostEvents
    Output.line("-- \(total) calls by \(entries.count) processes; most: \(top.joined(separator: ", ")); lost: \(lost)")
  }
}
