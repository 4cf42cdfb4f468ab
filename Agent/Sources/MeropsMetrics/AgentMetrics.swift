// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// The agent's numbers at one moment, as whoever wires it collects them.
public struct AgentMetrics: Sendable {
  public struct Queue: Sendable {
    public var name: String
    public var events: Int
    public var bytes: Int

    public init(name: String, events: Int, bytes: Int) { (self.name, self.events, self.bytes) = (name, events, bytes) }
  }

  public struct Sink: Sendable {
    public var name: String
    public var delivered, dropped, rejected, failures: UInt64
    public var works: Bool

    public init(name: String, delivered: UInt64, dropped: UInt64, rejected: UInt64, failures: UInt64, works: Bool) {
      (self.name, self.delivered, self.dropped) = (name, delivered, dropped)
      (self.rejected, self.failures, self.works) = (rejected, failures, works)
    }
  }

  public struct Store: Sendable {
    public var written, dropped, expired, commits: UInt64
    public var commitSeconds: Double
    public var events, bytes: Int
    /// Whether the disk takes events.
    public var stores: Bool

    public init(
      written: UInt64, dropped: UInt64, expired: UInt64, commits: UInt64, commitSeconds: Double, events: Int,
      bytes: Int,
      stores: Bool
    ) {
      (self.written, self.dropped, self.expired, self.commits) = (written, dropped, expired, commits)
      (self.commitSeconds, self.events, self.bytes, self.stores) = (commitSeconds, events, bytes, stores)
    }
  }

  /// A kernel program's run time, as the kernel counts it.
  public struct Program: Sendable {
    public var name: String
    public var runs: UInt64
    public var nanoseconds: UInt64

    public init(name: String, runs: UInt64, nanoseconds: UInt64) {
      (self.name, self.runs, self.nanoseconds) = (name, runs, nanoseconds)
    }
  }

  public var version = ""
  public var counts = Counts()
  public var delay = DelayHistogram()
  /// Bytes of the agent's memory, and seconds of CPU that it used.
  public var residentBytes = 0
  public var cpuSeconds = 0.0
  public var queues: [Queue] = []
  public var sinks: [Sink] = []
  public var store: Store?
  public var programs: [Program] = []

  public init() {}
}

/// One metric, with its samples.
public struct Metric: Sendable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  public struct Sample: Sendable {
    /// `_bucket`, `_sum` or `_count` of a histogram.
    public var suffix = ""
    public var labels: [(name: String, value: String)] = []
    public var value: Double
  }

  public let name: String
  public let kind: Kind
  public let help: String
  public let samples: [Sample]

  /// One sample for each thing.
  init<Thing>(
    _ name: String, _ kind: Kind, _ help: String, _ label: String, _ things: [Thing], _ name2: (Thing) -> String,
    _ value: (Thing) -> Double
  ) {
    (self.name, self.kind, self.help) = (name, kind, help)
    samples = things.map { Sample(labels: [(label, name2($0))], value: value($0)) }
  }

  init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
  }

  init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    self.init(name, kind, help, [Sample(value: value)])
  }
}

extension AgentMetrics {
  /// All metrics, in a fixed order. What labels say is bounded: classes, queues, sinks and programs of this agent.
  public var metrics: [Metric] {
    let classes = EventClass.allCases
    var all = [
      Metric(
        "merops_build_info", .gauge, "1, with the version of Merops.",
        [Metric.Sample(labels: [("version", version)], value: 1)]),
      Metric("merops_events_recorded_total", .counter, "Acts that the kernel's programs recorded.", "class", classes) {
        $0.name
      } _: {
        Double(counts[$0].recorded)
      },
      Metric("merops_events_filtered_total", .counter, "Acts that filters in the kernel left out.", "class", classes) {
        $0.name
      } _: {
        Double(counts[$0].filtered)
      },
      Metric("merops_events_lost_total", .counter, "Acts that did not fit into the ring.", "class", classes) {
        $0.name
      } _: {
        Double(counts[$0].lost)
      },
      delayMetric,
      Metric("merops_agent_resident_bytes", .gauge, "Memory of the agent.", Double(residentBytes)),
      Metric(
        "merops_agent_cpu_seconds_total", .counter, "CPU time of the agent, the kernel's programs left out.", cpuSeconds
      ),
      Metric("merops_queue_waiting_events", .gauge, "Events that wait.", "queue", queues) {
        $0.name
      } _: {
        Double($0.events)
      },
      Metric("merops_queue_waiting_bytes", .gauge, "Bytes of events that wait.", "queue", queues) {
        $0.name
      } _: {
        Double($0.bytes)
      },
      Metric("merops_sink_delivered_total", .counter, "Events that arrived.", "sink", sinks) {
        $0.name
      } _: {
        Double($0.delivered)
      },
      Metric("merops_sink_dropped_total", .counter, "Events that the sink had no room for.", "sink", sinks) {
        $0.name
      } _: {
        Double($0.dropped)
      },
      Metric("merops_sink_rejected_total", .counter, "Events that the other side refused.", "sink", sinks) {
        $0.name
      } _: {
        Double($0.rejected)
      },
      Metric("merops_sink_failures_total", .counter, "Tries to deliver that failed.", "sink", sinks) {
        $0.name
      } _: {
        Double($0.failures)
      },
      Metric("merops_sink_works", .gauge, "1 if the last try succeeded.", "sink", sinks) {
        $0.name
      } _: {
        $0.works ? 1 : 0
      },
      Metric("merops_program_runs_total", .counter, "Runs of a kernel program.", "program", programs) {
        $0.name
      } _: {
        Double($0.runs)
      },
      Metric("merops_program_run_seconds_total", .counter, "Time in a kernel program.", "program", programs) {
        $0.name
      } _: {
        Double($0.nanoseconds) / 1e9
      },
    ]
    if let store {
      all += [
        Metric("merops_store_written_total", .counter, "Events that were written.", Double(store.written)),
        Metric(
          "merops_store_dropped_total", .counter, "Events that were dropped before they were on disk.",
          Double(store.dropped)),
        Metric(
          "merops_store_expired_total", .counter, "Events that went for their age or for room.", Double(store.expired)),
        Metric("merops_store_commits_total", .counter, "Transactions.", Double(store.commits)),
        Metric("merops_store_commit_seconds_total", .counter, "Time in transactions.", store.commitSeconds),
        Metric("merops_store_events", .gauge, "Events on disk.", Double(store.events)),
        Metric("merops_store_bytes", .gauge, "Bytes on disk.", Double(store.bytes)),
        Metric("merops_store_works", .gauge, "1 if the disk takes events.", store.stores ? 1 : 0),
      ]
    }
    return all.filter { !$0.samples.isEmpty }
  }

  private var delayMetric: Metric {
    var samples: [Metric.Sample] = []
    var seen: UInt64 = 0
    for (index, count) in delay.counts.enumerated() {
      seen += count
      let limit = index < DelayHistogram.limits.count ? "\(Double(DelayHistogram.limits[index]) / 1e9)" : "+Inf"
      samples.append(Metric.Sample(suffix: "_bucket", labels: [("le", limit)], value: Double(seen)))
    }
    samples.append(Metric.Sample(suffix: "_sum", value: Double(delay.sum) / 1e9))
    samples.append(Metric.Sample(suffix: "_count", value: Double(seen)))
    return Metric(
      "merops_delivery_delay_seconds", .histogram, "From the kernel's time stamp to the delivery in user space.",
      samples)
  }

  /// All metrics as Prometheus reads them (text format 0.0.4).
  public var prometheusText: String {
    var text = ""
    for metric in metrics {
      text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
      for sample in metric.samples {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += metric.name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(Self.number(sample.value))\n"
      }
    }
    return text
  }

  /// The content type of ``prometheusText``.
  public static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  /// Whole numbers without a point, as far as they are exact.
  private static func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value), abs(value) < 0x1p53 { return "\(whole)" }
    return "\(value)"
  }
}
