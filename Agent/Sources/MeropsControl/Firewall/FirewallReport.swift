// SPDX-License-Identifier: Apache-2.0

/// What an agent's firewall does, and has done.
public struct FirewallReport: Hashable, Sendable, Codable {
  /// What becomes of packets that no rule meets: `pass` or `drop`.
  public var defaultAction: String
  public var interfaces: [Interface]
  public var rules: [Rule]
  /// Of packets that no rule met.
  public var others: Count
  /// Dropped since they end before their headers do, or contradict themselves.
  public var malformed: Count
  /// Dropped: behind more than two VLAN tags.
  public var unreadable: Count
  /// Passed, since they are no IP.
  public var otherProtocols: Count
  /// Counts the changes.
  public var generation: UInt64
  /// Of the tables in the kernel, in bytes.
  public var memory: UInt64
  /// Whether enforcement was there when the agent started, and was taken over.
  public var isAdopted: Bool
  /// nil where no rule asks for the state of connections.
  public var flows: Flows?

  /// What is known of connections.
  public struct Flows: Hashable, Sendable, Codable {
    /// Those that have not ended.
    public var known: Int
    /// As many as there can be.
    public var capacity: Int
    public var begun: UInt64
    /// Of these, those that were forgotten since newer ones needed the room.
    public var evicted: UInt64

    public init(known: Int, capacity: Int, begun: UInt64, evicted: UInt64) {
      (self.known, self.capacity, self.begun, self.evicted) = (known, capacity, begun, evicted)
    }
  }

  public struct Count: Hashable, Sendable, Codable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64, bytes: UInt64) { (self.packets, self.bytes) = (packets, bytes) }
  }

  public struct Interface: Hashable, Sendable, Codable {
    public var name: String
    /// `native`: in the driver; `generic`: in Linux, behind it, and slower; `absent`: not there, guarded when it comes back.
    public var mode: String

    public init(name: String, mode: String) { (self.name, self.mode) = (name, mode) }
  }

  public struct Rule: Hashable, Sendable, Codable {
    public var id: UInt32
    /// `drop` or `pass`.
    public var action: String
    /// As CIDR; of a long list the first ones.
    public var sources: [String]
    /// How many there are.
    public var sourceCount: Int
    /// The name of the list that was imported.
    public var list: String?
    /// The policy's rule that it is: `policy/rule`.
    public var policy: String?
    /// What a packet has to be besides: `tcp to 22`.
    public var conditions: String?
    /// nil for all guarded interfaces.
    public var interface: String?
    public var reason: String
    /// Nanoseconds until it ends; nil for never.
    public var left: UInt64?
    public var packets: UInt64
    public var bytes: UInt64

    public init(
      id: UInt32, action: String, sources: [String], sourceCount: Int, list: String?, policy: String?,
      conditions: String?,
      interface: String?, reason: String, left: UInt64?, packets: UInt64, bytes: UInt64
    ) {
      (self.id, self.action, self.sources, self.sourceCount) = (id, action, sources, sourceCount)
      (self.list, self.policy) = (list, policy)
      (self.conditions, self.interface, self.reason) = (conditions, interface, reason)
      (self.left, self.packets, self.bytes) = (left, packets, bytes)
    }
  }

  public init(
    defaultAction: String, interfaces: [Interface], rules: [Rule], others: Count, malformed: Count, unreadable: Count,
    otherProtocols: Count, generation: UInt64, memory: UInt64, isAdopted: Bool, flows: Flows?
  ) {
    self.flows = flows
    (self.defaultAction, self.interfaces, self.rules) = (defaultAction, interfaces, rules)
    (self.others, self.malformed, self.unreadable, self.otherProtocols) = (
      others, malformed, unreadable, otherProtocols
    )
    (self.generation, self.memory, self.isAdopted) = (generation, memory, isAdopted)
  }
}

/// A rule that is wanted.
public struct FirewallRequest: Hashable, Sendable, Codable {
  /// `drop` or `pass`.
  public var action: String
  /// Addresses and blocks of them: `203.0.113.0/24`. None where `addresses` of a list come beside.
  public var sources: [String]?
  public var interface: String?
  /// `tcp`, `udp`, `icmp`, ... or a number.
  public var transport: String?
  /// `53`, or `1000-2000`.
  public var port: String?
  public var sourcePort: String?
  /// `syn`, or `syn,!ack`.
  public var flags: String?
  public var icmpType: UInt8?
  /// `established`: packets of flows that this machine has sent something of; `new`: others.
  public var state: String?
  /// Packets a second of one source: what is beyond is dropped by a rule that drops, what is within passed by one that passes.
  public var rate: UInt32?
  /// Packets that may come at once; as many as the rate has if not given.
  public var burst: UInt32?
  /// Nanoseconds from now until it ends; nil for never.
  public var time: UInt64?
  public var reason: String?
  /// The name of a list: its addresses are put in the place of those that it had.
  public var list: String?
  /// The text of a list: addresses a line each, what `ipset save` writes, or what `nft list set` does.
  public var addresses: String?

  public init(action: String) { self.action = action }
}

/// Rules that are not wanted any more.
public struct FirewallRemoval: Hashable, Sendable, Codable {
  /// Sources that rules with `drop` have, written as there.
  public var sources: [String]?
  /// Numbers of rules.
  public var rules: [UInt32]?
  public var list: String?

  public init() {}
}

/// Settings of the firewall; nil for as it is.
public struct FirewallSettings: Hashable, Sendable, Codable {
  /// `pass` or `drop`.
  public var defaultAction: String?
  /// Interfaces to guard as well.
  public var guarding: [String]?
  /// Interfaces to guard no longer.
  public var releasing: [String]?

  public init() {}
}

/// What a change has done.
public struct FirewallReply: Hashable, Sendable, Codable {
  /// The numbers of the rules that are new, or have gone.
  public var rules: [UInt32]
  /// Sources that were added or removed.
  public var sources: Int
  public var generation: UInt64
  /// From the request to the kernel's new state, in nanoseconds.
  public var time: UInt64
  /// Sentences that the person has to know.
  public var notes: [String]

  public init(rules: [UInt32], sources: Int, generation: UInt64, time: UInt64, notes: [String] = []) {
    (self.rules, self.sources, self.generation, self.time, self.notes) = (rules, sources, generation, time, notes)
  }
}
