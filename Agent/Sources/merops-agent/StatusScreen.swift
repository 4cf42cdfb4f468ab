// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsModel
import MeropsScreens

/// An agent's status as people read it: what counts most first, tables behind.
struct StatusScreen {
  private let status: AgentStatus
  private let costs: ProgramCosts

  init(_ status: AgentStatus) {
    self.status = status
    costs = ProgramCosts(status)
  }

  func lines(width: Int?) -> [String] {
    var lines = head + status.alarms.flatMap { Self.item("ALARM", $0, width) }
    let missing = status.sensors.filter { $0.missing != nil }
    if !missing.isEmpty { lines += ["", "not seen here"] }
    for report in missing { lines += Self.item("  " + report.sensor + ":", report.missing ?? "", width) }
    lines += [""] + resources.flatMap { Self.item($0, $1, width) }
    lines += ["", "hooks in use"] + hooks.flatMap { Self.item("  " + $0.hook + ":", $0.sensors, width) }
    lines += [""] + classes.lines()
    if !costs.rows.isEmpty { lines += [""] + costs.lines() }
    return lines
  }

  private var head: [String] {
    let total = status.counts.total
    let stored = status.store.map { " · kept \(Amount.rough($0.events + $0.queued))" } ?? ""
    let loss =
      status.lastLoss.map { " (last loss: \(Amount.count($0.events)) \($0.of) events, \(ago($0.time)) ago)" } ?? ""
    return [
      "running \(ago(status.started)) as pid \(status.pid) on \(status.host), Linux \(status.kernel), merops \(status.version)",
      "seen \(Amount.rough(total.seen)) · filtered \(Amount.rough(total.filtered))\(stored) · lost \(Amount.rough(total.lost))"
        + loss,
    ]
  }

  private var resources: [(String, String)] {
    var items = [("cost", cost)]
    if let delay = status.delay {
      items.append(("delay", "99 of 100 events were handed on within \(Amount.duration(delay))"))
    }
    if let store = status.store {
      let oldest = store.oldest.map { ", back to \(ago($0)) ago" } ?? ""
      items.append(
        (
          "store",
          "\(store.place): \(Amount.rough(store.events)) events, \(Amount.bytes(store.bytes))\(oldest); "
            + "\(Amount.count(store.queued)) waiting, \(Amount.count(store.lost)) lost"
        ))
    }
    for sink in status.sinks {
      let behind = sink.behind.map { ", \(Amount.duration($0)) behind" } ?? ""
      items.append(
        (
          "sink",
          "\(sink.name): \(sink.state), \(Amount.rough(sink.sent)) sent, \(Amount.count(sink.queued)) waiting\(behind), "
            + "\(Amount.count(sink.lost)) lost"
        ))
    }
    let readers = status.subscribers
    items.append(
      (
        "readers",
        "\(readers.count) now, \(Amount.count(readers.queued)) events waiting, \(Amount.count(readers.lost)) lost by slow ones"
      ))
    return items
  }

  private var cost: String {
    let share = status.now > status.started ? Double(status.process.cpuTime) / Double(status.now - status.started) : 0
    let kernel =
      costs.rows.first.map { most in
        "; in the kernel \(Amount.percent(costs.share)), most of it \(most.name) (\(most.hook)) \(Amount.percent(most.share))"
      } ?? "; in the kernel: sudo merops status --cost 5"
    return "\(Amount.percent(share)) of one CPU, \(Amount.bytes(status.process.memory)) of memory" + kernel
  }

  /// Each hook with the sensors that use it, in the sensors' order.
  private var hooks: [(hook: String, sensors: String)] {
    var hooks: [(hook: String, sensors: String)] = []
    for report in status.sensors {
      guard let hook = report.hook else { continue }
      if let index = hooks.firstIndex(where: { $0.hook == hook }) {
        hooks[index].sensors += ", " + report.sensor
      } else {
        hooks.append((hook, report.sensor))
      }
    }
    return hooks
  }

  private var classes: TextTable {
    var table = TextTable(["CLASS", "SEEN", "RECORDED", "FILTERED", "LIMITED", "LOST"], numbers: [1, 2, 3, 4, 5])
    for eventClass in EventClass.allCases {
      let entry = status.counts[eventClass]
      guard entry.seen > 0 else { continue }
      table.add(
        [eventClass.name] + [entry.seen, entry.recorded, entry.filtered, entry.limited, entry.lost].map(Amount.count))
    }
    return table
  }

  private func ago(_ time: UInt64) -> String { Amount.duration(status.now > time ? status.now - time : 0) }

  /// A name and what there is to say of it, whose further lines are indented.
  private static func item(_ name: String, _ text: String, _ width: Int?) -> [String] {
    let name = name.hasPrefix(" ") ? name + " " : name + String(repeating: " ", count: max(8 - name.count, 1))
    let indent = String(repeating: " ", count: name.hasPrefix(" ") ? 4 : 8)
    guard let width else { return [name + text] }
    // The name belongs to the first line, whose words may be its own.
    let lines = (name.replacing(" ", with: "\u{a0}") + text).wrapped(to: width - 1 - indent.count)
    return lines.enumerated().map { ($0 == 0 ? "" : indent) + $1.replacing("\u{a0}", with: " ") }
  }
}

/// What the kernel's programs cost: those that ran, the most expensive first.
struct ProgramCosts {
  struct Row {
    var name: String
    var hook: String
    var runs: UInt64
    /// Nanoseconds.
    var time: UInt64
    /// Of one CPU.
    var share: Double
  }

  private(set) var rows: [Row] = []
  private let nanoseconds: UInt64

  var share: Double { rows.reduce(0) { $0 + $1.share } }

  /// Since the agent started, or since an earlier status.
  init(_ status: AgentStatus, since earlier: AgentStatus? = nil) {
    let start = earlier?.now ?? status.started
    nanoseconds = status.now > start ? status.now - start : 1
    let before = Dictionary((earlier?.programs ?? []).map { ($0.name, $0) }) { first, _ in first }
    for program in status.programs {
      let runs = program.runs &- (before[program.name]?.runs ?? 0)
      let time = program.time &- (before[program.name]?.time ?? 0)
      guard runs > 0 else { continue }
      rows.append(
        Row(
          name: program.name, hook: program.hook, runs: runs, time: time, share: Double(time) / Double(nanoseconds)))
    }
    rows.sort { ($1.time, $0.name) < ($0.time, $1.name) }
  }

  func lines() -> [String] {
    var table = TextTable(["PROGRAM", "RUNS", "PER RUN", "OF ONE CPU", "HOOK"], numbers: [1, 2, 3])
    for row in rows {
      table.add([
        row.name, Amount.count(row.runs), Amount.duration(row.time / row.runs), Amount.percent(row.share), row.hook,
      ])
    }
    table.add(["together", "", "", Amount.percent(share), ""])
    return table.lines()
  }

  /// One object. The names are the agent's own, without anything to escape.
  var json: String {
    let list = rows.map { #"{"name":"\#($0.name)","hook":"\#($0.hook)","runs":\#($0.runs),"time":\#($0.time)}"# }
    return #"{"time":\#(nanoseconds),"programs":[\#(list.joined(separator: ","))]}"# + "\n"
  }
}
