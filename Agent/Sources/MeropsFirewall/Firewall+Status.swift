// SPDX-License-Identifier: Apache-2.0
import BPF
import Synchronization

/// What a firewall does, and has done.
public struct FirewallState: Hashable, Sendable {
  public struct Count: Hashable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) { (self.packets, self.bytes) = (packets, bytes) }
  }

  public struct GuardedInterface: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable {
      /// In the driver.
      case native
      /// In Linux, behind the driver: slower.
      case generic
      /// The interface is not there; it is guarded when it comes back.
      case absent
    }
    public var name: String
    public var mode: Mode
  }

  public var rules: FirewallRules
  public var interfaces: [GuardedInterface]
  /// By the rules' numbers.
  public var counts: [UInt32: Count]
  /// Of rules that are gone, but for what the kernel judged by them while they went.
  public var formerlyPassed: Count
  public var formerlyDropped: Count
  /// Of packets that no rule met, by what the default action was.
  public var passedByDefault: Count
  public var droppedByDefault: Count
  /// Dropped since they end before their headers do, or contradict themselves.
  public var malformed: Count
  /// Passed since they are not IP.
  public var notIP: Count
  /// Dropped: more than two VLAN tags.
  public var unreadable: Count
  /// Counts the changes.
  public var generation: UInt64
  /// Of the image, in bytes.
  public var memory: Int
  /// How addresses of IPv4 are looked up: `search` or `direct`.
  public var table: String

  /// Of packets that no rule met.
  public var others: Count {
    Count(
      packets: passedByDefault.packets &+ droppedByDefault.packets,
      bytes: passedByDefault.bytes &+ droppedByDefault.bytes)
  }
}

extension Firewall {
  public func status() throws -> FirewallState {
    let (state, interfaces) = state.withLock { ($0, $0.interfaces.guarded) }
    var counts: [UInt32: FirewallState.Count] = [:]
    for (id, slot) in state.slots { counts[id] = try count(slot) }
    return FirewallState(
      rules: state.rules,
      interfaces: state.rules.interfaces.map { name in
        .init(name: name, mode: interfaces[name].map { $0.isGeneric ? .generic : .native } ?? .absent)
      }, counts: counts, formerlyPassed: try count(Slot.formerlyPassed),
      formerlyDropped: try count(Slot.formerlyDropped), passedByDefault: try count(Slot.none),
      droppedByDefault: try count(Slot.noneDropped),
      malformed: try count(Slot.malformed),
      notIP: try count(Slot.other), unreadable: try count(Slot.unreadable), generation: state.generation,
      memory: state.pages * ImagePage.bytes, table: state.table)
  }

  /// Adds what a rule has counted to what rules did that are gone: totals never become less.
  func keepCount(of slot: UInt32, _ action: PacketRule.Action) throws {
    let total = action == .drop ? Slot.formerlyDropped : Slot.formerlyPassed
    let (former, latest) = (try count(total), try count(slot))
    var values = [SlotCount](
      repeating: SlotCount(packets: 0, bytes: 0), count: try object.counters.get(total)?.count ?? 0)
    guard !values.isEmpty else { return }
    // No program counts there: the first CPU's is as good as any.
    values[0] = SlotCount(packets: former.packets &+ latest.packets, bytes: former.bytes &+ latest.bytes)
    try object.counters.set(values, for: total)
  }

  /// Counts the changes.
  public var generation: UInt64 { state.withLock { $0.generation } }

  private func count(_ slot: UInt32) throws -> FirewallState.Count {
    (try object.counters.get(slot) ?? []).reduce(into: FirewallState.Count()) {
      $0.packets &+= $1.packets
      $0.bytes &+= $1.bytes
    }
  }

  /// Some of the packets that were dropped since the last call: at most 64 on each CPU in 256 ticks of the kernel's clock, a quarter
  /// of a second to two and a half.
  ///
  /// - Parameter wait: how long to wait for the first, in seconds.
  public func drops(wait: Double = 0) throws -> [PacketDrop] {
    let ids = state.withLock { Dictionary($0.slots.map { ($0.value, $0.key) }, uniquingKeysWith: { a, _ in a }) }
    var result: [PacketDrop] = []
    try object.drops.poll(timeout: .seconds(wait), limit: 4096) { result.append(PacketDrop($0, rule: ids[$0.slot])) }
    return result
  }

  /// Ends a call of ``drops(wait:)`` that waits.
  public func wake() { object.drops.wake() }
}
