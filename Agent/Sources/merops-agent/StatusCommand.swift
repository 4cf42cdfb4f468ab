// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what the agent watches, what it cannot see here, what was lost and what it costs.",
    discussion: """
      EXAMPLES
        merops status
        merops status --json
      """)

  @OptionGroup var agent: AgentOptions
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    if json { return Output.bytes(try agent.client.get("/v1/status")) }
    for line in Self.lines(try agent.client.get("/v1/status", as: AgentStatus.self)) { Output.line(line) }
  }

  static func lines(_ status: AgentStatus) -> [String] {
    let age = Amount.duration(status.now > status.started ? status.now - status.started : 0)
    let total = status.counts.total
    var lines = [
      "running \(age) as pid \(status.pid) on \(status.host), Linux \(status.kernel), merops \(status.version)"
    ]
    let stored = status.store.map { " · kept \(Amount.rough($0.events))" } ?? ""
    lines.append(
      "seen \(Amount.rough(total.seen)) · filtered \(Amount.rough(total.filtered))\(stored) · lost \(Amount.rough(total.lost))"
        + (status.lastLoss.map { loss in
          let ago = Amount.duration(status.now > loss.time ? status.now - loss.time : 0)
          return " (last loss: \(Amount.count(loss.events)) \(loss.of) events, \(ago) ago)"
        } ?? ""))
    for alarm in status.alarms { lines.append("ALARM   \(alarm)") }
    lines.append("")
    var table = TextTable(["SENSOR", "HOOK", "NOT SEEN HERE"])
    for report in status.sensors { table.add([report.sensor, report.hook ?? "off", report.missing ?? ""]) }
    lines += table.lines(width: Terminal.width)
    lines.append("")
    var classes = TextTable(["CLASS", "SEEN", "RECORDED", "FILTERED", "LOST"], numbers: [1, 2, 3, 4])
    for eventClass in EventClass.allCases {
      let entry = status.counts[eventClass]
      guard entry.seen > 0 else { continue }
      classes.add([
        eventClass.name, Amount.count(entry.seen), Amount.count(entry.recorded), Amount.count(entry.filtered),
        Amount.count(entry.lost),
      ])
    }
    lines += classes.lines()
    lines.append("")
    let share = status.now > status.started ? Double(status.process.cpuTime) / Double(status.now - status.started) : 0
    lines.append("cost    \(Amount.percent(share)) of one CPU, \(Amount.bytes(status.process.memory)) of memory")
    if let store = status.store {
      let oldest = store.oldest.map { status.now > $0 ? ", back to \(Amount.duration(status.now - $0)) ago" : "" } ?? ""
      lines.append(
        "store   \(store.place): \(Amount.rough(store.events)) events, \(Amount.bytes(store.bytes))\(oldest); "
          + "\(Amount.count(store.queued)) waiting, \(Amount.count(store.lost)) lost")
    }
    for sink in status.sinks {
      lines.append(
        "sink    \(sink.name): \(sink.state), \(Amount.rough(sink.sent)) sent, \(Amount.count(sink.queued)) waiting, "
          + "\(Amount.count(sink.lost)) lost")
    }
    lines.append(
      "readers \(status.subscribers.count) now; \(Amount.count(status.subscribers.lost)) events lost by slow ones")
    return lines
  }
}
