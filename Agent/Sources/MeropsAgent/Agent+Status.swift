// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl
import MeropsModel

extension Agent {
  /// What the agent says of itself.
  var status: AgentStatus {
    let lost = lastLoss
    return AgentStatus(
      version: options.version, pid: Int(getpid()), host: Self.file("hostname"), kernel: Self.file("osrelease"),
      started: started, now: wallClock(), counts: counts(), lastLoss: lost, sensors: source.reports,
      store: archive.status, sinks: sinks.map(\.status),
      subscribers: AgentStatus.Subscribers(count: subscribers.count, lost: subscribers.lost), process: OwnCost.now(),
      alarms: [archive.alarm].compactMap { $0 })
  }

  private static func file(_ name: String) -> String {
    let text = OwnCost.file("/proc/sys/kernel/\(name)")
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// The same as counters, in the text format of Prometheus. Labels have few values, whatever happens on the machine.
  var metrics: String {
    let status = status
    var text = MetricsText()
    text.add("merops_info", .gauge, "The version, and the kernel's release.")
    text.sample("merops_info", [("version", status.version), ("kernel", status.kernel)], 1)
    text.add("merops_start_time_seconds", .gauge, "When the agent was started, since 1970.")
    text.sample("merops_start_time_seconds", [], Double(status.started) / 1e9)
    text.add("merops_acts_total", .counter, "Acts that the kernel's programs saw, by what became of them.")
    for eventClass in EventClass.allCases {
      let entry = status.counts[eventClass]
      for (fate, count) in [("recorded", entry.recorded), ("filtered", entry.filtered), ("lost", entry.lost)] {
        text.sample("merops_acts_total", [("class", eventClass.name), ("fate", fate)], Double(count))
      }
    }
    text.add("merops_sensor_active", .gauge, "Whether a sensor runs on this kernel, and the hook that it uses.")
    for report in status.sensors {
      text.sample(
        "merops_sensor_active", [("sensor", report.sensor), ("hook", report.hook ?? "")], report.hook == nil ? 0 : 1)
    }
    if let store = status.store {
      text.add("merops_store_events", .gauge, "Events in the store.")
      text.sample("merops_store_events", [], Double(store.events))
      text.add("merops_store_bytes", .gauge, "Bytes that the store takes.")
      text.sample("merops_store_bytes", [], Double(store.bytes))
      text.add("merops_store_queued_events", .gauge, "Events that wait for the store.")
      text.sample("merops_store_queued_events", [], Double(store.queued))
      text.add("merops_store_lost_total", .counter, "Events that the store did not keep.")
      text.sample("merops_store_lost_total", [], Double(store.lost))
    }
    if !status.sinks.isEmpty {
      text.add("merops_sink_sent_total", .counter, "Events that a sink has sent.")
      for sink in status.sinks { text.sample("merops_sink_sent_total", [("sink", sink.name)], Double(sink.sent)) }
      text.add("merops_sink_queued_events", .gauge, "Events that wait for a sink.")
      for sink in status.sinks { text.sample("merops_sink_queued_events", [("sink", sink.name)], Double(sink.queued)) }
      text.add("merops_sink_lost_total", .counter, "Events that a sink did not send.")
      for sink in status.sinks { text.sample("merops_sink_lost_total", [("sink", sink.name)], Double(sink.lost)) }
    }
    text.add("merops_subscribers", .gauge, "Who gets events as they happen.")
    text.sample("merops_subscribers", [], Double(status.subscribers.count))
    text.add("merops_subscribers_lost_total", .counter, "Events that slow subscribers did not get.")
    text.sample("merops_subscribers_lost_total", [], Double(status.subscribers.lost))
    text.add("merops_delivery_delay_seconds", .histogram, "From the kernel's time stamp of an event to its delivery.")
    text.histogram("merops_delivery_delay_seconds", delays)
    text.add("process_resident_memory_bytes", .gauge, "Resident memory of the agent.")
    text.sample("process_resident_memory_bytes", [], Double(status.process.memory))
    text.add("process_cpu_seconds_total", .counter, "CPU time of the agent.")
    text.sample("process_cpu_seconds_total", [], Double(status.process.cpuTime) / 1e9)
    return text.text
  }
}

/// The text format of Prometheus, version 0.0.4.
struct MetricsText {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""

  mutating func add(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    text += name + (labels.isEmpty ? "" : "{\(pairs)}") + " \(number)\n"
  }

  mutating func histogram(_ name: String, _ delays: Delays) {
    let (counts, sum) = delays.values
    var total: UInt64 = 0
    for (count, bound) in zip(counts, Delays.bounds) {
      total += count
      sample(name + "_bucket", [("le", "\(Double(bound) / 1e6)")], Double(total))
    }
    total += counts.last ?? 0
    sample(name + "_bucket", [("le", "+Inf")], Double(total))
    sample(name + "_sum", [], Double(sum) / 1e9)
    sample(name + "_count", [], Double(total))
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
