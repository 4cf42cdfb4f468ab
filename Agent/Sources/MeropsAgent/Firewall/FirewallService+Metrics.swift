// SPDX-License-Identifier: Apache-2.0

import MeropsFirewall
import MeropsMetrics

extension FirewallService {
  /// nil where the kernel does not say.
  var metrics: FirewallMetrics? {
    guard let status = try? firewall.status() else { return nil }
    func count(_ count: FirewallState.Count) -> FirewallMetrics.Count {
      .init(packets: count.packets, bytes: count.bytes)
    }
    var metrics = FirewallMetrics()
    var (passed, dropped) = (count(status.formerlyPassed), count(status.formerlyDropped))
    for rule in status.rules.rules {
      let own = count(status.counts[rule.id] ?? .init())
      metrics.rules.append(.init(name: rule.list ?? rule.policy ?? ".unnamed", isDropping: rule.action == .drop, own))
      if rule.action == .drop {
        dropped.packets += own.packets
        dropped.bytes += own.bytes
      } else {
        passed.packets += own.packets
        passed.bytes += own.bytes
      }
    }
    metrics.outcomes = [
      .init(isDropped: true, cause: "rule", dropped), .init(isDropped: false, cause: "rule", passed),
      .init(isDropped: true, cause: "default", count(status.droppedByDefault)),
      .init(isDropped: false, cause: "default", count(status.passedByDefault)),
      .init(isDropped: true, cause: "malformed", count(status.malformed)),
      .init(isDropped: true, cause: "unreadable", count(status.unreadable)),
      .init(isDropped: false, cause: "not_ip", count(status.notIP)),
    ]
    metrics.ruleCount = status.rules.rules.count
    metrics.sourceCount = status.rules.rules.reduce(0) { $0 + $1.sources.count }
    metrics.interfaces = [FirewallState.GuardedInterface.Mode.native, .generic, .absent].map { mode in
      (mode.rawValue, status.interfaces.count { $0.mode == mode })
    }
    (metrics.exchanges, metrics.imageBytes) = (status.generation, status.memory)
    metrics.flows = (try? firewall.flows()).flatMap { $0 }.map {
      .init(known: $0.known, begun: $0.begun, evicted: $0.evicted)
    }
    return metrics
  }
}
