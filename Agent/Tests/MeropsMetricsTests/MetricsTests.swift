// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import MeropsMetrics
import MeropsModel
import Synchronization
import Testing

private func snapshot() -> AgentMetrics {
  var metrics = AgentMetrics()
  metrics.version = "1.0 \"beta\"\\"
  metrics.counts[.file] = Counts.Entry(recorded: 10, filtered: 20, lost: 3)
  for delay: UInt64 in [1, 100_000, 100_001, 3_000_000, 20_000_000_000] { metrics.delay.record(delay) }
  metrics.residentBytes = 1 << 25
  metrics.cpuSeconds = 1.25
  metrics.queues = [.init(name: ".store", events: 5)]
  metrics.sinks = [.init(name: "a\nb", delivered: 1, dropped: 2, rejected: 3, failures: 4, behind: 2.5, works: false)]
  metrics.programs = [
    .init(name: "process.onExec", hook: "tp_btf/sched_process_exec", runs: 7, time: 5_000),
    .init(name: "process.onExit", hook: "tp_btf/sched_process_exit", runs: 0, time: 0),
  ]
  metrics.store = .init(
    written: 1, dropped: 2, expired: 3, commits: 4, commitSeconds: 0.5, events: 6, bytes: 7, stores: true)
  metrics.firewall = firewallSnapshot()
  return metrics
}

private func firewallSnapshot() -> FirewallMetrics {
  var metrics = FirewallMetrics()
  metrics.outcomes = [
    .init(isDropped: true, cause: "rule", .init(packets: 7, bytes: 420)),
    .init(isDropped: false, cause: "default", .init(packets: 9, bytes: 540)),
  ]
  metrics.rules = [
    .init(name: "drop", isDropping: true, .init(packets: 3, bytes: 180)),
    .init(name: ".unnamed", isDropping: true, .init(packets: 1, bytes: 60)),
    .init(name: ".unnamed", isDropping: true, .init(packets: 3, bytes: 180)),
    .init(name: ".unnamed", isDropping: false, .init(packets: 2, bytes: 120)),
  ]
  (metrics.ruleCount, metrics.sourceCount, metrics.exchanges, metrics.imageBytes) = (4, 1000, 12, 4096)
  metrics.interfaces = [("native", 1), ("generic", 0), ("absent", 2)]
  metrics.flows = .init(known: 5, begun: 8, evicted: 1)
  return metrics
}

struct PrometheusTests {
  /// However many rules there are, the labels are not more.
  @Test func namesOfRulesAreBounded() throws {
    var metrics = FirewallMetrics()
    metrics.rules = (0..<1000).map { .init(name: "list \($0)", isDropping: true, .init(packets: 2, bytes: 3)) }
    var agent = AgentMetrics()
    agent.firewall = metrics
    let all = try #require(agent.metrics.first { $0.name == "merops_firewall_rule_packets_total" })
    #expect(all.samples.count == FirewallMetrics.ruleLimit + 1)
    #expect(all.samples.reduce(0) { $0 + $1.value } == 2000)
    #expect(agent.prometheusText.contains(#"merops_firewall_rule_bytes_total{rule=".others",action="drop"} 2700"#))
    #expect(!agent.prometheusText.contains("merops_firewall_flows"))
  }

  @Test func theTextIsWhatPrometheusReads() throws {
    let lines = snapshot().prometheusText.split(separator: "\n").map(String.init)
    let sample = try NSRegularExpression(
      pattern:
        #"^(merops_[a-z_]+)(\{[a-z]+="(\\[\\"n]|[^"\\\n])*"(,[a-z]+="(\\[\\"n]|[^"\\\n])*")*\})? (-?[0-9][0-9.e+-]*)$"#)
    var types: [String: String] = [:]
    var seen: Set<String> = []
    for line in lines {
      if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ").map(String.init)
        #expect(types[words[2]] == nil)
        types[words[2]] = words[3]
      } else if !line.hasPrefix("# HELP ") {
        let match = try #require(
          sample.firstMatch(in: line, range: NSRange(line.startIndex..., in: line)), "\(line)")
        let name = try String(line[#require(Range(match.range(at: 1), in: line))])
        let family = ["_bucket", "_sum", "_count"].reduce(name) {
          $0.hasSuffix($1) && types[String($0.dropLast($1.count))] == "histogram" ? String($0.dropLast($1.count)) : $0
        }
        #expect(types[family] != nil, "\(line) has no type")
        if types[family] == "counter" { #expect(name.hasSuffix("_total")) }
        #expect(seen.insert(String(line.split(separator: " ").dropLast().joined(separator: " "))).inserted, "\(line)")
      }
    }
    for line in [
      #"merops_build_info{version="1.0 \"beta\"\\"} 1"#, #"merops_events_lost_total{class="file"} 3"#,
      #"merops_delivery_delay_seconds_bucket{le="0.0001"} 2"#, #"merops_delivery_delay_seconds_bucket{le="+Inf"} 5"#,
      "merops_delivery_delay_seconds_count 5", #"merops_sink_dropped_total{sink="a\nb"} 2"#,
      #"merops_program_run_seconds_total{program="process.onExec"} 5e-06"#, "merops_store_works 1",
      #"merops_queue_waiting_events{queue=".store"} 5"#,
      #"merops_firewall_packets_total{outcome="dropped",cause="rule"} 7"#,
      #"merops_firewall_rule_packets_total{rule=".unnamed",action="drop"} 4"#,
      #"merops_firewall_rule_bytes_total{rule=".unnamed",action="pass"} 120"#,
      #"merops_firewall_interfaces{mode="absent"} 2"#, "merops_firewall_flows_evicted_total 1",
      #"merops_sink_behind_seconds{sink="a\nb"} 2.5"#,
    ] { #expect(lines.contains(line), "\(line)") }
    #expect(!lines.contains { $0.contains("onExit") })
    var empty = AgentMetrics()
    empty.version = "1"
    #expect(!empty.prometheusText.contains("merops_sink") && !empty.prometheusText.contains("merops_store"))
  }

  private static func python(_ program: String, _ input: String) -> (code: Int32, output: String) {
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let (into, out) = (Pipe(), Pipe())
    process.standardInput = into
    process.standardOutput = out
    process.standardError = out
    guard (try? process.run()) != nil else { return (-1, "python3 does not start") }
    // A pipe holds more than this text.
    try? into.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? into.fileHandleForWriting.close()
    let output = (try? out.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test(.enabled(if: python("import prometheus_client", "").code == 0, "needs Python's prometheus-client"))
  func prometheusOwnParserReadsTheText() {
    let (code, output) = Self.python(
      """
      import sys
      from prometheus_client.parser import text_string_to_metric_families as parse
      for family in parse(sys.stdin.read()):
        for sample in family.samples:
          print(family.type, sample.name, sorted(sample.labels.items()), sample.value)
      """, snapshot().prometheusText)
    #expect(code == 0, "\(output)")
    let lines = output.split(separator: "\n").map(String.init)
    #expect(lines.count == snapshot().metrics.reduce(0) { $0 + $1.samples.count })
    for line in [
      "counter merops_events_lost_total [('class', 'file')] 3",
      "histogram merops_delivery_delay_seconds_count [] 5",
      "counter merops_sink_dropped_total [('sink', 'a\\nb')] 2", "gauge merops_store_bytes [] 7",
    ] { #expect(lines.contains(line), "\(output)") }
  }

  private static let promtool = "/usr/bin/promtool"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: promtool), "needs promtool (Debian: prometheus)"))
  func promtoolHasNothingToSay() throws {
    let (code, output) = Self.python(
      "import subprocess, sys; sys.exit(subprocess.run(['\(Self.promtool)', 'check', 'metrics']).returncode)",
      snapshot().prometheusText)
    #expect(code == 0 && output == "", "\(output)")
  }

  @Test func sharesOfDelays() {
    var delays = DelayHistogram()
    #expect(delays.limit(of: 0.5) == nil)
    for _ in 0..<99 { delays.record(200_000) }
    delays.record(40_000_000)
    #expect(delays.count == 100 && delays.limit(of: 0.5) == 250_000 && delays.limit(of: 0.99) == 250_000)
    #expect(delays.limit(of: 1) == 50_000_000)
    var builder = EventBatchBuilder()
    let process = MeropsModel.Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: Facts())
    builder.append(.fileOpen, id: EventID(rawValue: 1), time: 1_000, by: process)
    // The clock was set back.
    builder.append(.fileOpen, id: EventID(rawValue: 2), time: 9_000_000_000, by: process)
    delays.record(builder.finish(), now: 300_001_000)
    #expect(delays.count == 102 && delays.limit(of: 1) == 500_000_000)
  }
}

/// Keeps what swift-metrics is told.
private final class Backend: MetricsFactory, Sendable {
  final class Handler: CounterHandler, FloatingPointCounterHandler, RecorderHandler, MeterHandler, TimerHandler {
    let name: String
    let backend: Backend
    init(_ name: String, _ backend: Backend) { (self.name, self.backend) = (name, backend) }
    private func add(_ value: Double) { backend.values.withLock { $0[name, default: 0] += value } }
    private func put(_ value: Double) { backend.values.withLock { $0[name] = value } }
    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func reset() { put(0) }
    func record(_ value: Int64) { put(Double(value)) }
    func record(_ value: Double) { put(value) }
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func recordNanoseconds(_ duration: Int64) { put(Double(duration)) }
  }

  let values = Mutex<[String: Double]>([:])

  private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
    Handler(label + dimensions.map { "{\($0.0)=\($0.1)}" }.joined(), self)
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { handler(label, dimensions) }
  func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    handler(label, dimensions)
  }
  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    handler(label, dimensions)
  }
  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { handler(label, dimensions) }
  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { handler(label, dimensions) }
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}

@Test func swiftMetricsGetsTheSameNumbers() {
  let backend = Backend()
  MetricsSystem.bootstrap(backend)
  let forwarder = MetricsForwarder()
  var metrics = snapshot()
  forwarder.forward(metrics)
  metrics.counts[.file].lost = 9
  metrics.residentBytes = 5
  forwarder.forward(metrics)
  let values = backend.values.withLock { $0 }
  #expect(values["merops_events_lost_total{class=file}"] == 9)
  #expect(values["merops_agent_resident_bytes"] == 5)
  #expect(values["merops_delivery_delay_seconds_count"] == 5)
}
