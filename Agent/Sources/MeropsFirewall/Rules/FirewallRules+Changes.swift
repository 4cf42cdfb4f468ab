// SPDX-License-Identifier: Apache-2.0
public import MeropsModel

// What people ask for.
extension FirewallRules {
  /// Adds a rule. Single sources that rules of the same kind have are taken out of those: the new one's time and reason count.
  /// A list is put in the place of the list of its name.
  ///
  /// - Returns: the number of the rule.
  @discardableResult
  public mutating func put(_ rule: PacketRule) -> UInt32 {
    if let list = rule.list {
      rules.removeAll { $0.list == list }
    } else {
      let sources = Set(rule.sources)
      for index in rules.indices where rules[index].isLike(rule) {
        let rest = rules[index].sources.filter { !sources.contains($0) }
        if rest.count < rules[index].sources.count { rules[index].setSources(rest) }
      }
      rules.removeAll { $0.sources.isEmpty && $0.isSingle }
    }
    return add(rule)
  }

  /// Removes a rule.
  ///
  /// - Throws: ``FirewallError`` if there is none with the number.
  public mutating func remove(rule id: UInt32) throws(FirewallError) -> PacketRule {
    guard let index = rules.firstIndex(where: { $0.id == id }) else {
      throw FirewallError(.notFound, "There is no rule \(id); `merops firewall list` shows those that there are.")
    }
    if let policy = rules[index].policy {
      throw FirewallError(
        .conflict,
        "Rule \(id) is `\(policy)` of a policy, and goes with it: change the policy's file and apply it, or write "
          + "`merops policy delete FILE`.")
    }
    return rules.remove(at: index)
  }

  /// Removes a list.
  public mutating func remove(list name: String) throws(FirewallError) -> PacketRule {
    guard let index = rules.firstIndex(where: { $0.list == name }) else {
      throw FirewallError(.notFound, "There is no list \(name); `merops firewall list` shows those that there are.")
    }
    return rules.remove(at: index)
  }

  /// Takes a source out of the rules that drop and were made for it.
  ///
  /// - Returns: the numbers of those rules.
  /// - Throws: ``FirewallError`` where none has exactly this source, with what blocks it nevertheless.
  public mutating func unblock(_ block: AddressBlock) throws(FirewallError) -> [UInt32] {
    var changed: [UInt32] = []
    for index in rules.indices where rules[index].action == .drop && rules[index].isSingle {
      guard rules[index].sources.contains(block) else { continue }
      rules[index].setSources(rules[index].sources.filter { $0 != block })
      changed.append(rules[index].id)
    }
    guard changed.isEmpty else {
      rules.removeAll { $0.sources.isEmpty && $0.isSingle }
      return changed
    }
    let cover = rules.filter { $0.action == .drop }.compactMap { rule in
      rule.sources.first { $0.prefix <= block.prefix && $0.contains(block.base) && $0.isIPv4 == block.isIPv4 }
        .map { (rule: rule, block: $0) }
    }.max { $0.block.prefix < $1.block.prefix }
    guard let cover else { throw FirewallError(.notFound, "\(block) is not blocked.") }
    let place =
      cover.rule.list.map { "the list \($0)" } ?? cover.rule.policy.map { "the policy's rule `\($0)`" }
      ?? "rule \(cover.rule.id)"
    throw FirewallError(
      .notFound,
      "\(block) is not blocked by itself: \(place) has \(cover.block). Write `merops firewall allow \(block)` to let it "
        + "through nevertheless.")
  }
}

extension PacketRule {
  /// Whether another rule differs in sources, time and reason only.
  fileprivate func isLike(_ other: PacketRule) -> Bool {
    isSingle && action == other.action && interface == other.interface && conditions == other.conditions
  }

  /// Whether somebody gave it by itself: no list, no policy.
  fileprivate var isSingle: Bool { list == nil && policy == nil }
}

extension PacketRule.Conditions: CustomStringConvertible {
  /// `tcp from 1000-2000 to 443 flags syn,!ack`
  public var description: String {
    var words: [String] = []
    if let transport { words.append(IPTransport.name(transport)) }
    func text(_ ports: ClosedRange<UInt16>) -> String {
      ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }
    if let sourcePorts { words.append("from " + text(sourcePorts)) }
    if let ports { words.append("to " + text(ports)) }
    if let flags {
      let named = Self.flagNames.enumerated().filter { flags.mask & 1 << $0.offset != 0 }
      words.append(
        "flags " + named.map { (flags.set & 1 << $0.offset != 0 ? "" : "!") + $0.element }.joined(separator: ","))
    }
    if let icmpType { words.append("type \(icmpType)") }
    if let rate { words.append("\(rate.packets)/s a source, \(rate.burst) at once") }
    if let state { words.append("state \(state)") }
    return words.joined(separator: " ")
  }

  private static let flagNames = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]
  /// Reads conditions as people write them.
  ///
  /// - Throws: ``FirewallError``
  public init(
    transport: String?, port: String?, sourcePort: String?, flags: String?, icmpType: UInt8?, state: String? = nil,
    rate: UInt32? = nil, burst: UInt32? = nil
  ) throws(FirewallError) {
    self.init()
    if let rate {
      guard (1...1_000_000_000).contains(rate), burst != 0 else {
        throw FirewallError(
          .invalid, "A rate is a number of packets a second from 1 to 1000000000, and a burst is 1 or more.")
      }
      self.rate = PacketRule.Rate(packets: rate, burst: burst ?? rate)
    } else if burst != nil {
      throw FirewallError(.invalid, "A burst is that of a rate: add `--rate`.")
    }
    if let state {
      guard let known = PacketRule.State(rawValue: state) else {
        throw FirewallError(.invalid, "'\(state)' is no state: write new or established.")
      }
      self.state = known
    }
    if let transport {
      guard let number = IPTransport.number(transport) else {
        throw FirewallError(.invalid, "'\(transport)' is no protocol: write \(IPTransport.choices).")
      }
      self.transport = number
    }
    let withPorts: Set<UInt8?> = [6, 17, 132]
    if port != nil || sourcePort != nil, !withPorts.contains(self.transport) {
      throw FirewallError(.invalid, "Ports are those of a protocol: add `--protocol tcp`, udp or sctp.")
    }
    ports = try port.map(Self.range)
    sourcePorts = try sourcePort.map(Self.range)
    if let flags {
      guard self.transport == 6 else { throw FirewallError(.invalid, "Flags are those of TCP: add `--protocol tcp`.") }
      var (mask, set): (UInt8, UInt8) = (0, 0)
      for word in flags.split(separator: ",") {
        let name = word.hasPrefix("!") ? word.dropFirst() : word
        guard let bit = Self.flagNames.firstIndex(of: String(name)) else {
          throw FirewallError(
            .invalid,
            "'\(name)' is no flag of TCP: write \(Self.flagNames.joined(separator: ", ")), or !ack for one that is not set."
          )
        }
        mask |= 1 << bit
        if !word.hasPrefix("!") { set |= 1 << bit }
      }
      self.flags = (mask, set)
    }
    if let icmpType {
      guard self.transport == 1 || self.transport == 58 else {
        throw FirewallError(.invalid, "Types are those of ICMP: add `--protocol icmp` or icmpv6.")
      }
      self.icmpType = icmpType
    }
  }

  private static func range(_ text: String) throws(FirewallError) -> ClosedRange<UInt16> {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1], first <= last else {
      throw FirewallError(.invalid, "'\(text)' is no port: write one such as 22, or a range such as 8000-8080.")
    }
    return first...last
  }
}
