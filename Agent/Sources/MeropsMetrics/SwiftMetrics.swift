// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// Hands the numbers to whatever backend the program gave swift-metrics (`MetricsSystem.bootstrap`), each time that it is
/// called: for those who embed the agent. Histograms become their sum and count.
public final class MetricsForwarder: Sendable {
  private let before = Mutex<[String: Double]>([:])

  public init() {}

  public func forward(_ snapshot: AgentMetrics) {
    for metric in snapshot.metrics {
      for sample in metric.samples where sample.suffix != "_bucket" {
        let name = metric.name + sample.suffix
        if metric.kind == .gauge {
          Gauge(label: name, dimensions: sample.labels.map { ($0.name, $0.value) }).record(sample.value)
        } else {
          let key = name + sample.labels.map { "\u{1}\($0.name)\u{2}\($0.value)" }.joined()
          let last = before.withLock { values in
            defer { values[key] = sample.value }
            return values[key] ?? 0
          }
          FloatingPointCounter(label: name, dimensions: sample.labels.map { ($0.name, $0.value) })
            .increment(by: max(0, sample.value - last))
        }
      }
    }
  }
}
