// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// The agent's numbers at one moment, as whoever wires it collects them.
public struct AgentMetrics: Sendable {
  public struct Queue: Sendable {
    public var name: String
    public var events: UInt64

    public init(name: String, events: UInt64) { (self.name, self.events) = (name, events) }
  }

  public struct Sink: Sendable {
    public var name: String
    public var delivered, dropped, rejected, failures: UInt64
    /// Seconds from the last event that it has to the newest one.
    public var behind: Double
    public var works: Bool

    public init(
      name: String, delivered: UInt64, dropped: UInt64, rejected: UInt64, failures: UInt64, behind: Double, works: Bool
    ) {
      (self.name, self.delivered, self.dropped) = (name, delivered, dropped)
      (self.rejected, self.failures, self.behind, self.works) = (rejected, failures, behind, works)
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

  public var version = ""
  public var counts = Counts()
  public var delay = DelayHistogram()
  /// Bytes of the agent's memory, and seconds of CPU that it used.
  public var residentBytes = 0
  public var cpuSeconds = 0.0
  public var queues: [Queue] = []
  public var sinks: [Sink] = []
  public var store: Store?
  /// Those that have not run, or whose runs the kernel does not count, are left out.
  public var programs: [ProgramCost] = []
  public var subscribers = 0
  public var subscriberLosses: UInt64 = 0
  public var firewall: FirewallMetrics?

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

  init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
  }

  init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    self.init(name, kind, help, [Sample(value: value)])
  }
}

/// Things that have a sample each, which a label tells apart.
private struct Family<Thing> {
  var label: String
  var things: [Thing]
  var name: (Thing) -> String

  func counter(_ name: String, _ help: String, _ value: (Thing) -> UInt64) -> Metric {
    metric(name, .counter, help) { Double(value($0)) }
  }

  func metric(_ name: String, _ kind: Metric.Kind, _ help: String, _ value: (Thing) -> Double) -> Metric {
    Metric(name, kind, help, things.map { Metric.Sample(labels: [(label, self.name($0))], value: value($0)) })
  }
}

extension AgentMetrics {
  /// All metrics, in a fixed order. What labels say is bounded: classes, queues, sinks and programs of this agent,
  /// and ``FirewallMetrics/ruleLimit`` names of rules.
  public var metrics: [Metric] {
    let classes = Family(label: "class", things: EventClass.allCases) { $0.name }
    let queues = Family(label: "queue", things: queues) { $0.name }
    let sinks = Family(label: "sink", things: sinks) { $0.name }
    let programs = Family(label: "program", things: programs.filter { $0.runs > 0 }) { $0.name }
    var all = [
      Metric(
        "merops_build_info", .gauge, "1, with the version of Merops.",
        [Metric.Sample(labels: [("version", version)], value: 1)]),
      classes.counter("merops_events_recorded_total", "Acts that the kernel's programs recorded.") {
        counts[$0].recorded
      },
      classes.counter("merops_events_filtered_total", "Acts that filters in the kernel left out.") {
        counts[$0].filtered
      },
      classes.counter("merops_events_limited_total", "Of those, the acts beyond their class's limit for a second.") {
        counts[$0].limited
      },
      classes.counter("merops_events_lost_total", "Acts that did not fit into the ring.") { counts[$0].lost },
      delayMetric,
      Metric("merops_agent_resident_bytes", .gauge, "Memory of the agent.", Double(residentBytes)),
      Metric(
        "merops_agent_cpu_seconds_total", .counter, "CPU time of the agent, the kernel's programs left out.", cpuSeconds
      ),
      queues.metric("merops_queue_waiting_events", .gauge, "Events that wait.") { Double($0.events) },
      Metric("merops_subscribers", .gauge, "Connections that get events as they happen.", Double(subscribers)),
      Metric(
        "merops_subscriber_dropped_total", .counter, "Events that subscribers were too slow for.",
        Double(subscriberLosses)),
      sinks.counter("merops_sink_delivered_total", "Events that arrived.") { $0.delivered },
      sinks.counter("merops_sink_dropped_total", "Events that the sink had no room for.") { $0.dropped },
      sinks.counter("merops_sink_rejected_total", "Events that the other side refused.") { $0.rejected },
      sinks.counter("merops_sink_failures_total", "Tries to deliver that failed.") { $0.failures },
      sinks.metric(
        "merops_sink_behind_seconds", .gauge, "From the last event that the other side has to the newest one."
      ) { $0.behind },
      sinks.metric("merops_sink_works", .gauge, "1 if the last try succeeded.") { $0.works ? 1 : 0 },
      programs.counter("merops_program_runs_total", "Runs of a kernel program, while the kernel counted them.") {
        $0.runs
      },
      programs.metric("merops_program_run_seconds_total", .counter, "CPU time in a kernel program.") {
        Double($0.time) / 1e9
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
    if let firewall { all += firewall.metrics }
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
