// SPDX-License-Identifier: Apache-2.0
public import MeropsModel

/// What becomes of the packets of some sources.
///
/// Of the rules that meet a packet the one with the longest prefix counts; of several with the same prefix, one that drops. So the
/// order of rules means nothing. A rule that has ended, or whose other conditions do not meet the packet, is as if it were not
/// there.
public struct PacketRule: Hashable, Sendable {
  public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
    case drop, pass
  }

  /// Its number, which the firewall gives it and no other rule gets; 0 before.
  public var id: UInt32 = 0
  public var action: Action
  /// Ascending, each once; IPv4 as IPv6 has it (`::ffff:0:0/96`).
  public private(set) var sources: [AddressBlock]
  /// Where packets arrive; nil for all guarded interfaces.
  public var interface: String?
  public var conditions = Conditions()
  /// When the rule ends, in nanoseconds since boot (CLOCK_BOOTTIME); nil for never.
  public var end: UInt64?
  /// What people say about it.
  public var reason: String
  /// The list that it was read from.
  public var list: String?
  /// The rule of a policy that it is, as `policy/rule`: it changes with the policy alone.
  public var policy: String?

  /// What a packet has to be besides its source.
  public struct Conditions: Hashable, Sendable {
    /// The number of a protocol: 6 is TCP.
    public var transport: UInt8?
    public var sourcePorts: ClosedRange<UInt16>?
    public var ports: ClosedRange<UInt16>?
    /// Of TCP: the flags that are looked at, and those of them that are set.
    public var flags: (mask: UInt8, set: UInt8)? {
      get { flagMask.map { ($0, flagsSet) } }
      set { (flagMask, flagsSet) = (newValue?.mask, newValue?.set ?? 0) }
    }
    public var icmpType: UInt8?
    /// Whether it belongs to a flow that this machine has sent a packet of.
    public var state: State?
    /// A rule that drops meets what one source sends beyond the rate, one that passes what it sends within it.
    public var rate: Rate?
    private var flagMask: UInt8?
    private var flagsSet: UInt8 = 0

    public init() {}
  }

  /// What nftables calls the state of a connection.
  public enum State: String, Hashable, Sendable, CaseIterable {
    /// It belongs to no known flow.
    case new
    /// It is of TCP or UDP, or the answer to an echo of ICMP, and its flow is known; or an error of ICMP about such a packet.
    case established
  }

  /// Packets of one source: an address of IPv4, or the /64 of one of IPv6.
  public struct Rate: Hashable, Sendable {
    /// Packets a second, from 1 on.
    public var packets: UInt32
    /// Packets that may come at once, from 1 on.
    public var burst: UInt32

    public init(packets: UInt32, burst: UInt32) { (self.packets, self.burst) = (max(packets, 1), max(burst, 1)) }
  }

  public init(
    _ action: Action, _ sources: [AddressBlock], interface: String? = nil, end: UInt64? = nil, reason: String = "",
    list: String? = nil
  ) {
    (self.action, self.interface, self.end, self.reason, self.list) = (action, interface, end, reason, list)
    self.sources = sources
    normalize()
  }

  /// For what is ascending already.
  init(_ action: Action, ascending sources: [AddressBlock]) {
    (self.action, self.sources, reason) = (action, sources, "")
  }

  /// Puts other sources in place of the rule's.
  public mutating func setSources(_ sources: [AddressBlock]) {
    self.sources = sources
    normalize()
  }

  private mutating func normalize() {
    var isAscending = true
    for index in sources.indices.dropFirst() where !(sources[index - 1] < sources[index]) {
      isAscending = false
      break
    }
    if isAscending { return }
    sources.sort(by: <)
    var last: AddressBlock?
    sources.removeAll { block in
      defer { last = block }
      return block == last
    }
  }

  /// Whether every packet of its sources meets it, for ever.
  var isPlain: Bool { end == nil && interface == nil && conditions == Conditions() }
}

extension AddressBlock {
  /// By address; a block that contains others comes before them.
  static func < (left: AddressBlock, right: AddressBlock) -> Bool {
    left.base.bits == right.base.bits ? left.prefix < right.prefix : left.base.bits < right.base.bits
  }

  /// Whether its addresses are looked up among those of IPv4. A shorter prefix, such as `::/0`, is of IPv6 alone.
  var isIPv4: Bool { prefix >= 96 && base.isIPv4 }
}

/// Everything that a firewall shall do.
public struct FirewallRules: Hashable, Sendable {
  /// What becomes of packets that no rule meets: `pass` makes the rules a list of what is blocked, `drop` of what is allowed.
  public var defaultAction = PacketRule.Action.pass
  /// By name; the rules count for what arrives there.
  public var interfaces: [String] = []
  public var rules: [PacketRule] = []
  /// The number of the newest rule.
  var lastID: UInt32 = 0

  public init() {}

  /// Adds a rule, and gives it its number.
  @discardableResult
  public mutating func add(_ rule: PacketRule) -> UInt32 {
    lastID += 1
    var rule = rule
    rule.id = lastID
    rules.append(rule)
    return lastID
  }

  /// Whether a rule asks for flows, so that packets that leave have to be looked at.
  var asksForFlows: Bool { rules.contains { $0.conditions.state != nil } }

  /// Removes rules that ended.
  mutating func removeEnded(at now: UInt64) {
    guard rules.contains(where: { ($0.end ?? .max) <= now }) else { return }
    rules.removeAll { ($0.end ?? .max) <= now }
  }
}

/// What is wrong with rules, or keeps them from being enforced: a sentence.
public struct FirewallError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// The request is wrong.
    case invalid
    case notFound
    /// Something else is in the way.
    case conflict
    case failed
  }

  public var kind: Kind
  public var description: String

  public init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }
}
