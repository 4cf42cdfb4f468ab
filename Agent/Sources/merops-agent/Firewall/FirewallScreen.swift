// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import MeropsControl
import MeropsScreens

/// What the firewall does, as people read it.
struct FirewallScreen {
  private let report: FirewallReport

  init(_ report: FirewallReport) { self.report = report }

  func rules(width: Int?) -> [String] {
    var table = TextTable(["RULE", "DOES", "SOURCES", "ONLY", "ENDS", "PACKETS", "BYTES", "WHY"], numbers: [0, 5, 6])
    for rule in report.rules {
      let only = [rule.interface.map { "on \($0)" }, rule.conditions].compactMap { $0 }.joined(separator: " ")
      table.add([
        "\(rule.id)", rule.action == "drop" ? "block" : "allow", Self.sources(rule), only,
        rule.left.map { "in \(Amount.duration($0))" } ?? "", Amount.count(rule.packets), Amount.bytes(rule.bytes),
        [rule.policy.map { "policy \($0)" }, rule.reason.isEmpty ? nil : rule.reason].compactMap { $0 }
          .joined(separator: ": "),
      ])
    }
    return [place] + (report.rules.isEmpty ? ["There are no rules."] : table.lines(width: width))
  }

  private static func sources(_ rule: FirewallReport.Rule) -> String {
    if let list = rule.list { return "list \(list), \(Amount.count(UInt64(rule.sourceCount)))" }
    let shown = rule.sources.prefix(3).joined(separator: ", ")
    return rule.sourceCount > 3 ? "\(shown) and \(rule.sourceCount - 3) more" : shown
  }

  /// `eth0 is guarded. What no rule names passes.`
  private var place: String {
    let names = report.interfaces.map(\.name)
    let guarded =
      names.isEmpty
      ? "No interface is guarded." : "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") guarded."
    return guarded
      + (report.defaultAction == "drop" ? " What no rule names is dropped." : " What no rule names passes.")
  }

  func statistics() -> [String] {
    var table = TextTable(["", "PACKETS", "BYTES"], numbers: [1, 2])
    func row(_ name: String, _ count: FirewallReport.Count) {
      table.add([name, Amount.count(count.packets), Amount.bytes(count.bytes)])
    }
    func sum(_ action: String, with condition: String = "") -> FirewallReport.Count {
      report.rules.filter { $0.action == action && ($0.conditions ?? "").hasSuffix(condition) }.reduce(
        into: .init(packets: 0, bytes: 0)
      ) {
        $0.packets += $1.packets
        $0.bytes += $1.bytes
      }
    }
    row("blocked by rules", sum("drop"))
    row("allowed by rules", sum("pass"))
    if report.flows != nil { row("of these: established", sum("pass", with: "state established")) }
    row(report.defaultAction == "drop" ? "dropped: no rule names them" : "passed: no rule names them", report.others)
    row("passed: no IP", report.otherProtocols)
    row("dropped: malformed", report.malformed)
    row("dropped: too many VLAN tags", report.unreadable)
    let sources = report.rules.reduce(0) { $0 + $1.sourceCount }
    let flows = report.flows.map {
      "\(Amount.count(UInt64($0.known))) connections of \(Amount.count(UInt64($0.capacity))) at most are known; "
        + "\(Amount.count($0.begun)) began, \(Amount.count($0.evicted)) were forgotten for want of room"
    }
    return [place] + report.interfaces.map { "\($0.name)\(Self.explanation(of: $0.mode))" } + table.lines()
      + [flows].compactMap { $0 } + [
        "\(Amount.count(UInt64(report.rules.count))) rules with \(Amount.count(UInt64(sources))) sources in "
          + "\(Amount.bytes(report.memory)); \(Amount.count(report.generation)) changes"
          + (report.isAdopted ? "; taken over from the agent before" : "")
      ]
  }

  static func explanation(of mode: String) -> String {
    switch mode {
    case "native": " in its driver"
    case "generic": " behind its driver, which is slower: the driver does not run such programs"
    default: " as soon as it is there"
    }
  }

  /// `14:02:11.418  203.0.113.9:40000 -> 198.51.100.1:22 tcp, 60 bytes on eth0, rule 7`
  static func drop(_ line: [UInt8]) -> String? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let drop = try? decoder.decode(FirewallDrop.self, from: Data(line)) else { return nil }
    func end(_ address: String?, _ port: UInt16?) -> String {
      guard let address else { return "?" }
      guard let port else { return address }
      return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
    let what =
      drop.source == nil
      ? "a packet"
      : "\(end(drop.source, drop.sourcePort)) -> \(end(drop.destination, drop.destinationPort)) \(drop.transport ?? "")"
    let cause =
      switch drop.cause {
      case "rule": drop.rule.map { "rule \($0)" } ?? "a rule that is gone"
      case "default": "no rule allows it"
      case "malformed": "malformed"
      default: "too many VLAN tags"
      }
    let tag = drop.vlan.map { " of VLAN \($0)" } ?? ""
    let untold = drop.untold > 0 ? "; \(Amount.count(drop.untold)) before it are not shown" : ""
    let time = TimePoint.clock(drop.time)
    return "\(time)  \(what), \(Amount.bytes(UInt64(drop.length))) on \(drop.interface)\(tag): \(cause)\(untold)"
  }
}

extension TimePoint {
  /// The local time of day of a time that RFC 3339 has written.
  fileprivate static func clock(_ text: String) -> String {
    guard let time = try? parse(text, now: 0) else { return text }
    return LineLayout(showsDate: false).time(time)
  }
}
