// SPDX-License-Identifier: Apache-2.0

/// The firewall's numbers at one moment.
public struct FirewallMetrics: Sendable {
  public struct Count: Sendable {
    public var packets, bytes: UInt64

    public init(packets: UInt64, bytes: UInt64) { (self.packets, self.bytes) = (packets, bytes) }
  }

  /// What became of packets, and why.
  public struct Outcome: Sendable {
    public var isDropped: Bool
    /// `rule`, `default`, `malformed`, `unreadable`, `not_ip`.
    public var cause: String
    public var count: Count

    public init(isDropped: Bool, cause: String, _ count: Count) {
      (self.isDropped, self.cause, self.count) = (isDropped, cause, count)
    }
  }

  /// Rules that have a name in common: that of their list or policy.
  public struct Rules: Sendable {
    public var name: String
    public var isDropping: Bool
    public var count: Count

    public init(name: String, isDropping: Bool, _ count: Count) {
      (self.name, self.isDropping, self.count) = (name, isDropping, count)
    }
  }

  public struct Flows: Sendable {
    public var known: Int
    public var begun, evicted: UInt64

    public init(known: Int, begun: UInt64, evicted: UInt64) {
      (self.known, self.begun, self.evicted) = (known, begun, evicted)
    }
  }

  public var outcomes: [Outcome] = []
  /// By name: more than ``ruleLimit`` of them become one.
  public var rules: [Rules] = []
  public var ruleCount = 0
  public var sourceCount = 0
  /// By mode: `native`, `generic`, `absent`.
  public var interfaces: [(mode: String, count: Int)] = []
  public var exchanges: UInt64 = 0
  public var imageBytes = 0
  /// nil where no rule asks for the state of connections.
  public var flows: Flows?

  /// Names of rules that have samples of their own.
  public static let ruleLimit = 100

  public init() {}

  var metrics: [Metric] {
    func packets(_ value: (Count) -> UInt64) -> [Metric.Sample] {
      outcomes.map {
        Metric.Sample(
          labels: [("outcome", $0.isDropped ? "dropped" : "passed"), ("cause", $0.cause)],
          value: Double(value($0.count)))
      }
    }
    let named = namedRules
    func ofRules(_ value: (Count) -> UInt64) -> [Metric.Sample] {
      named.map {
        Metric.Sample(
          labels: [("rule", $0.name), ("action", $0.isDropping ? "drop" : "pass")], value: Double(value($0.count)))
      }
    }
    var all = [
      Metric(
        "merops_firewall_packets_total", .counter, "Packets on guarded interfaces, by what became of them.",
        packets(\.packets)),
      Metric("merops_firewall_bytes_total", .counter, "Bytes of these packets.", packets(\.bytes)),
      Metric(
        "merops_firewall_rule_packets_total", .counter,
        "Packets that a list, a policy, or the rules without a name met; beyond \(Self.ruleLimit) names, all others.",
        ofRules(\.packets)),
      Metric("merops_firewall_rule_bytes_total", .counter, "Bytes of these packets.", ofRules(\.bytes)),
      Metric("merops_firewall_rules", .gauge, "Rules in force.", Double(ruleCount)),
      Metric("merops_firewall_sources", .gauge, "Addresses and blocks that rules name.", Double(sourceCount)),
      Metric(
        "merops_firewall_interfaces", .gauge, "Guarded interfaces, by how the kernel runs the program there.",
        interfaces.map { Metric.Sample(labels: [("mode", $0.mode)], value: Double($0.count)) }),
      Metric("merops_firewall_exchanges_total", .counter, "Exchanges of the rules in the kernel.", Double(exchanges)),
      Metric("merops_firewall_image_bytes", .gauge, "Kernel memory of the rules.", Double(imageBytes)),
    ]
    if let flows {
      all += [
        Metric("merops_firewall_flows", .gauge, "Connections that are known.", Double(flows.known)),
        Metric("merops_firewall_flows_begun_total", .counter, "Connections that became known.", Double(flows.begun)),
        Metric(
          "merops_firewall_flows_evicted_total", .counter, "Connections that were forgotten for want of room.",
          Double(flows.evicted)),
      ]
    }
    return all
  }

  /// Rules of one name and action as one, ascending; those beyond the limit under a name that is nobody's.
  private var namedRules: [Rules] {
    var counts: [String: [Bool: Count]] = [:]
    func add(_ rules: Rules, as name: String) {
      var count = counts[name]?[rules.isDropping] ?? Count(packets: 0, bytes: 0)
      count.packets &+= rules.count.packets
      count.bytes &+= rules.count.bytes
      counts[name, default: [:]][rules.isDropping] = count
    }
    let names = Set(rules.map(\.name)).sorted()
    let kept = Set(names.prefix(Self.ruleLimit))
    for each in rules { add(each, as: kept.contains(each.name) ? each.name : ".others") }
    return counts.sorted { $0.key < $1.key }.flatMap { name, actions in
      actions.sorted { $0.key && !$1.key }.map { Rules(name: name, isDropping: $0.key, $0.value) }
    }
  }
}
