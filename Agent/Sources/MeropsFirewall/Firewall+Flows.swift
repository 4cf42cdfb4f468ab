// SPDX-License-Identifier: Apache-2.0
import BPF

/// What is known of connections.
public struct FlowReport: Hashable, Sendable {
  /// Those that have not ended.
  public var known: Int
  /// As many as there can be.
  public var capacity: Int
  /// How many were made, and wanted to be.
  public var begun: UInt64
  /// Of these, those that were forgotten since newer ones needed the room. What was used longest ago goes first.
  public var evicted: UInt64
}

extension Firewall {
  /// - Returns: nil where no rule asks for flows.
  public func flows() throws -> FlowReport? {
    guard rules.asksForFlows else { return nil }
    let counts = (try object.flowCounts.get(FlowCount.byPrograms) ?? [])
    let (begun, failed) = (counts.reduce(0) { $0 &+ $1.begun }, counts.reduce(0) { $0 &+ $1.failed })
    let removed = try removedFlows()
    let ends = try object.flows.entries().map(\.value.end)
    let now = Self.bootTime()
    return FlowReport(
      known: ends.count { $0 > now }, capacity: try flowCapacity, begun: begun &+ failed,
      evicted: failed &+ begun &- min(begun, removed &+ UInt64(ends.count)))
  }

  /// Makes room in the table: what has ended gives way to what has not.
  func removeEndedFlows(_ state: inout State) throws {
    let now = Self.bootTime()
    guard state.rules.asksForFlows, now > state.nextSweep else { return }
    state.nextSweep = now + Self.sweepInterval
    let begun = (try object.flowCounts.get(FlowCount.byPrograms) ?? []).reduce(0) { $0 &+ $1.begun }
    let removed = try removedFlows()
    guard begun &- removed > UInt64(try flowCapacity) / 2 else { return }
    var count = removed
    for (key, flow) in try object.flows.entries() where flow.end < now {
      // A packet that leaves may have begun it anew.
      guard let newest = try object.flows.get(key), newest.end < now, try object.flows.delete(key) else { continue }
      count += 1
    }
    try setRemovedFlows(count)
  }

  /// Forgets all flows: their ends were not seen.
  func removeAllFlows() throws {
    let count = try object.collection.map("flows").removeAll()
    try setRemovedFlows(try removedFlows() + UInt64(count))
  }

  /// 30 seconds.
  private static let sweepInterval: UInt64 = 30_000_000_000

  private func removedFlows() throws -> UInt64 { try object.flowCounts.get(FlowCount.byAgent)?.first?.removed ?? 0 }

  private func setRemovedFlows(_ count: UInt64) throws {
    try object.flowCounts.set(all: FlowCount(begun: 0, failed: 0, removed: count), for: FlowCount.byAgent)
  }

  private var flowCapacity: Int { get throws { try object.collection.map("flows").info.maxEntries } }
}
