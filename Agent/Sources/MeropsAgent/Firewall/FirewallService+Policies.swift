// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsFirewall
import MeropsModel
import MeropsPolicy

extension FirewallService {
  /// Has the firewall carry out what policies say about packets, in one exchange with all other rules.
  ///
  /// - Parameter isAtStart: whether interfaces may be absent, which come later.
  /// - Throws: ``FirewallError``, or what the kernel says; the rules are then as they were.
  func setPolicies(_ rules: [PacketPolicyRule], isAtStart: Bool = false) throws {
    let wanted = try rules.flatMap(PacketRule.rules)
    try thread.run { [firewall] in
      // A set without such rules, after one without, asks for no exchange.
      guard !wanted.isEmpty || firewall.rules.rules.contains(where: { $0.policy != nil }) else { return }
      try firewall.change(mayBeAbsent: isAtStart) { rules in
        for case let name? in wanted.map(\.interface) where !rules.interfaces.contains(name) {
          rules.interfaces.append(name)
        }
        if let rule = wanted.first(where: { $0.interface == nil }), rules.interfaces.isEmpty, !isAtStart {
          throw FirewallError(
            .invalid,
            "The rule \(rule.policy ?? "") is about packets on all guarded interfaces, and none is guarded: write `interface:` "
              + "at the rule, or guard one with `merops firewall guard INTERFACE`.")
        }
        rules.setPolicies(wanted)
      }
    }
  }

  /// Packets that each rule of policies has met, by `policy/rule`.
  var policyCounts: [String: UInt64] {
    guard let status = try? firewall.status() else { return [:] }
    return status.rules.rules.reduce(into: [:]) { counts, rule in
      if let policy = rule.policy { counts[policy, default: 0] += status.counts[rule.id]?.packets ?? 0 }
    }
  }
}

extension PacketRule {
  /// What a policy's rule is here: one for each of its interfaces.
  static func rules(_ rule: PacketPolicyRule) throws(FirewallError) -> [PacketRule] {
    var conditions = PacketRule.Conditions()
    let match = rule.match
    conditions.transport = match.transport
    (conditions.ports, conditions.sourcePorts) = (match.destinationPorts, match.sourcePorts)
    conditions.icmpType = match.icmpType
    conditions.state = match.state.flatMap(State.init)
    if !match.flags.isEmpty {
      var (mask, set): (UInt8, UInt8) = (0, 0)
      for (bit, name) in PacketMatch.flagNames.enumerated() {
        guard let isSet = match.flags[name] else { continue }
        mask |= 1 << bit
        if isSet { set |= 1 << bit }
      }
      conditions.flags = (mask, set)
    }
    if let rate = rule.rate { conditions.rate = Rate(packets: rate, burst: rule.burst ?? rate) }
    let interfaces: [String?] = rule.interfaces.isEmpty ? [nil] : rule.interfaces
    return interfaces.map { interface in
      var result = PacketRule(
        rule.action == .allow ? .pass : .drop, match.sources ?? everywhere, interface: interface,
        reason: rule.message ?? "")
      result.conditions = conditions
      result.policy = rule.name
      return result
    }
  }

  /// All sources of both families.
  static let everywhere = [
    AddressBlock(base: Address(ipv4: 0), prefix: 96), AddressBlock(base: Address(bits: 0), prefix: 0),
  ].compactMap { $0 }
}
