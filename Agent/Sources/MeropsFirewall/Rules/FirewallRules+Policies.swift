// SPDX-License-Identifier: Apache-2.0

extension FirewallRules {
  /// Puts the rules of policies in the place of those that there were. One that is as before stays, with its number and count.
  public mutating func setPolicies(_ wanted: [PacketRule]) {
    var fresh = wanted
    rules.removeAll { rule in
      guard rule.policy != nil else { return false }
      var content = rule
      content.id = 0
      guard let index = fresh.firstIndex(of: content) else { return true }
      fresh.remove(at: index)
      return false
    }
    for rule in fresh { add(rule) }
  }
}
