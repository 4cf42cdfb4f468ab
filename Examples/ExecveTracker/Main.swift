// SPDX-License-Identifier: Apache-2.0
// execve-tracker [--seconds N] [--demo]: counts execve calls in the kernel and shows each one as it happens, until Ctrl-C.
// --demo starts a harmless command now and then, so that there is something to see. Needs root, or CAP_BPF and
// CAP_PERFMON.

import BPF
import Foundation

@main
struct Tool {
  static func main() {
    var (seconds, demo) = (UInt32.max, false)
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
      switch (word, words.first.flatMap { UInt32($0) }) {
      case ("--demo", _): demo = true
      case ("--seconds", let number?):
        seconds = number
        words.removeFirst()
      default: fail("usage: execve-tracker [--seconds N] [--demo]")
      }
    }
    do {
      try track(seconds: seconds, demo: demo)
    } catch {
      fail("execve-tracker: \(error)")
    }
  }

  static func track(seconds: UInt32, demo: Bool) throws {
    let tracker = try ExecveTracker.load()
    let events = tracker.execEvents
    let places = try tracker.attachAll().attached.map(\.place)
    print("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")

    var names: [UInt32: String] = [:]
    var workload = Workload()
    let start = ContinuousClock.now
    var nextReport = start + .seconds(1)
    print("    PID   PARENT   USER  CALLER           COMMAND LINE")
    while ContinuousClock.now - start < .seconds(seconds) {
      if demo { workload.step() }
      try events.poll(timeout: .milliseconds(200), limit: 1000) { event in
        names[event.pid] = ExecveTracker.ExecEvent.visible(event.commandText)
        print(line(event))
      }
      if ContinuousClock.now >= nextReport {
        nextReport += .seconds(1)
        try report(tracker, names)
      }
      fflush(nil)
    }
  }

  static func line(_ event: ExecveTracker.ExecEvent) -> String {
    func padded(_ number: UInt32, _ width: Int) -> String {
      String(repeating: " ", count: max(width - "\(number)".count, 0)) + "\(number)"
    }
    let caller = ExecveTracker.ExecEvent.visible(event.commandText).padding(
      toLength: 16, withPad: " ", startingAt: 0)
    return
      "\(padded(event.pid, 7))  \(padded(event.parent, 7))  \(padded(event.user, 5))  \(caller) \(event.commandLine)"
  }

  /// Prints who called execve how often, straight from the kernel's map.
  static func report(_ tracker: ExecveTracker, _ names: [UInt32: String]) throws {
    let entries = try tracker.execCounts.entries().sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    let total = entries.reduce(0) { $0 + $1.value }
    let top = entries.prefix(5).map { "\($0.key)\(names[$0.key].map { " (\($0))" } ?? ""): \($0.value)" }
    let lost = tracker.globals.lostEvents
    print("-- \(total) calls by \(entries.count) processes; most: \(top.joined(separator: ", ")); lost: \(lost)")
  }

  static func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
  }
}
