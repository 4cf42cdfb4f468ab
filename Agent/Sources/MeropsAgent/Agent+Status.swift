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
      subscribers: AgentStatus.Subscribers(
        count: subscribers.count, queued: UInt64(subscribers.waiting), lost: subscribers.lost),
      process: OwnCost.now(), programs: (try? source.costs()) ?? [], delay: delays.withLock { $0.limit(of: 0.99) },
      alarms: [archive.alarm, Self.namespaceAlarm, options.firewallAlarm].compactMap { $0 }
        + (policies?.alarms ?? []) + (options.firewall?.alarms ?? []))
  }

  /// The inode of the PID namespace that the kernel begins with. ABI: PROC_PID_INIT_INO, include/uapi/linux/nsfs.h.
  private static let firstPIDNamespace: ino_t = 0xEFFF_FFFC

  /// The kernel's programs see the machine's process numbers, and /proc those of its own namespace.
  static let namespaceAlarm: String? = {
    var facts = stat()
    guard stat("/proc/self/ns/pid", &facts) == 0, facts.st_ino != firstPIDNamespace else { return nil }
    return "The agent runs in a PID namespace of its own: what it reads about processes in /proc is of others. "
      + "Start its container with the host's (--pid=host)."
  }()

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
    metrics.programs = status.programs
    metrics.subscribers = status.subscribers.count
    metrics.subscriberLosses = status.subscribers.lost
    for sink in status.sinks {
      metrics.sinks.append(
        AgentMetrics.Sink(
          name: sink.name, delivered: sink.sent, dropped: sink.lost - sink.rejected, rejected: sink.rejected,
          failures: sink.failures, behind: Double(sink.behind ?? 0) / 1e9, works: sink.state == "ok"))
    }
    // Names with a point in front: a sink's begins with a letter or digit.
    metrics.queues =
      [AgentMetrics.Queue(name: ".subscribers", events: status.subscribers.queued)]
      + (status.store.map { [AgentMetrics.Queue(name: ".store", events: $0.queued)] } ?? [])
      + status.sinks.map { AgentMetrics.Queue(name: $0.name, events: $0.queued) }
    metrics.firewall = options.firewall?.metrics
    return metrics.prometheusText
  }
}
