// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl
import MeropsMetrics
import MeropsModel
import Synchronization

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

  /// The same as numbers.
  var metrics: String {
    let status = status
    var metrics = AgentMetrics()
    metrics.version = status.version
    metrics.counts = status.counts
    metrics.delay = delays.withLock { $0 }
    metrics.residentBytes = Int(status.process.memory)
    metrics.cpuSeconds = Double(status.process.cpuTime) / 1e9
    metrics.store = archive.metrics
    for sink in status.sinks {
      metrics.sinks.append(
        AgentMetrics.Sink(
          name: sink.name, delivered: sink.sent, dropped: sink.lost, rejected: 0, failures: 0, works: sink.state == "ok"
        ))
      metrics.queues.append(AgentMetrics.Queue(name: sink.name, events: Int(sink.queued), bytes: 0))
    }
    return metrics.prometheusText
  }
}
