// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport

/// The exec tracker with its kernel side in Swift.
@main
struct ExecEventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec-events",
    abstract: "Show every program that is started; Swift on both sides.",
    discussion: """
      Needs root, or CAP_BPF and CAP_PERFMON.

      EXAMPLES
        exec-events                 until Ctrl-C
        exec-events --seconds 5
      """)

  @Option(help: "Stop after this many seconds.") var seconds: Int?

  func run() throws {
    Interrupt.catchSignals()
    let tracker = try ExecEvents.load()
    var events = try tracker.execEvents.reader()
    let places = try tracker.attachAll().attached.map(\.place)
    Output.note("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    let start = ContinuousClock.now
    while !Interrupt.isRequested, seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? true {
      try events.poll(timeout: .milliseconds(200)) { event in
        Output.line("\(event.pid)  by \(event.commandText) (child of \(event.parent))  \(event.fileText)")
      }
    }
    let counts = try tracker.execCounts.entries()
    let total = counts.reduce(0) { $0 + $1.value }
    Output.line("\(total) calls by \(counts.count) processes; lost: \(tracker.globals.lostEvents)")
  }
}
