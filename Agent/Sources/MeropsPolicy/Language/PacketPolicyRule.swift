// SPDX-License-Identifier: Apache-2.0

public import MeropsExpression
import Yams

/// A rule about packets that arrive: the firewall carries it out.
public struct PacketPolicyRule: Hashable, Sendable {
  public enum Action: String, CaseIterable, Sendable {
    case allow, drop
    /// What one source sends beyond a rate is dropped.
    case rateLimit = "rate-limit"
  }

  /// What verdicts name: unique within the policy.
  public var id: String
  public var policy: String
  /// Where packets arrive; empty for all guarded interfaces.
  public var interfaces: [String]
  public var match: PacketMatch
  public var action: Action
  /// Packets of one source in a second, and as many at once.
  public var rate: UInt32?
  public var burst: UInt32?
  public var mode: Mode
  public var message: String?
  public var place: Rule.Place

  /// What the rule is about, as `on` has it.
  public static let act = "packet.in"

  /// `policy/rule`, as messages name it.
  public var name: String { "\(policy)/\(id)" }
}

extension PolicyReader {
  static let packetRuleKeys = [
    "id", "on", "interface", "match", "action", "rate", "burst", "mode", "require", "severity", "message", "attack",
    "falsePositives",
  ]

  /// Whether a rule is about packets.
  static func isAboutPackets(_ node: PolicyNode) -> Bool {
    let on = node.node["on"]
    return (on?.sequence.map(Array.init) ?? on.map { [$0] } ?? []).contains {
      $0.scalar?.string == PacketPolicyRule.act
    }
  }

  func packetRule(
    _ node: PolicyNode, of policy: String, mode: Mode, lists: [String: NamedList]
  ) throws(PolicyProblem) -> PacketPolicyRule {
    for (key, value) in try node.block() {
      switch key.name {
      case "priority":
        throw PolicyProblem(
          "a rule about packets has no priority: of those that meet a packet the one with the longest prefix counts, and of one "
            + "prefix one that drops", key.place)
      case "subject":
        throw PolicyProblem(
          "a rule about packets has no subject: a packet arrives before anybody gets it", key.place)
      case "on":
        guard try value.items().count == 1 else {
          throw value.problem(
            "has to be `\(PacketPolicyRule.act)` alone", hint: "Write a rule of its own for other acts")
        }
      default: break
      }
    }
    let keys = try node.entries(Self.packetRuleKeys)
    let action = try node.required("action", in: keys)
    var rule = PacketPolicyRule(
      id: try node.required("id", in: keys).identifier(), policy: policy, interfaces: [], match: PacketMatch(),
      action: try action.choice(PacketPolicyRule.Action.self), mode: try keys["mode"]?.choice(Mode.self) ?? mode,
      message: try keys["message"]?.text(), place: node.place)
    if let interface = keys["interface"] {
      for item in try interface.items() { rule.interfaces.append(try self.interface(item)) }
    }
    if let match = keys["match"] { rule.match = try packetMatch(match, lists) }
    if let required = keys["require"], try required.choice(Rung.self) != .deny {
      throw required.problem("can only be `deny`: the firewall drops packets before anybody gets them")
    }
    rule.rate = UInt32(try keys["rate"]?.integer(in: 1...1_000_000_000) ?? 0)
    rule.burst = UInt32(try keys["burst"]?.integer(in: 1...Int(UInt32.max)) ?? 0)
    if rule.rate == 0 { rule.rate = nil }
    if rule.burst == 0 { rule.burst = nil }
    if rule.action == .rateLimit {
      _ = try node.required("rate", in: keys)
    } else if let rate = keys["rate"] ?? keys["burst"] {
      throw rate.problem("is that of `action: rate-limit`")
    }
    _ = try note(keys)
    return rule
  }

  /// A name as Linux takes it (dev_valid_name).
  private func interface(_ node: PolicyNode) throws(PolicyProblem) -> String {
    let name = try node.text()
    guard (1...15).contains(name.utf8.count), name != ".", name != "..",
      name.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") })
    else { throw node.problem("has to be the name of an interface, such as eth0, not \"\(name)\"") }
    return name
  }

  private func packetMatch(_ node: PolicyNode, _ lists: [String: NamedList]) throws(PolicyProblem) -> PacketMatch {
    let text = try node.text()
    do { return try PacketMatch(text, lists: lists) } catch {
      let place = node.expressionPlace(lines)
      var problem = PolicyProblem(error.message, place, hint: error.hint)
      problem.details = error.described(in: text, file: file, line: place.line, column: place.column)
      throw problem
    }
  }
}
