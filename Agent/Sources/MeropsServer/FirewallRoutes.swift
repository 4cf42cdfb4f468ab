// SPDX-License-Identifier: Apache-2.0

public import MeropsControl

/// What the server asks for its answers about the firewall.
public struct FirewallRoutes: Sendable {
  public var report: @Sendable () throws(ControlError) -> FirewallReport
  /// Drops from now on, as JSON lines.
  public var drops: @Sendable () throws(ControlError) -> ByteStream
  public var add: @Sendable (FirewallRequest, Peer) throws(ControlError) -> FirewallReply
  public var remove: @Sendable (FirewallRemoval, Peer) throws(ControlError) -> FirewallReply
  public var set: @Sendable (FirewallSettings, Peer) throws(ControlError) -> FirewallReply

  public init(
    report: @escaping @Sendable () throws(ControlError) -> FirewallReport,
    drops: @escaping @Sendable () throws(ControlError) -> ByteStream,
    add: @escaping @Sendable (FirewallRequest, Peer) throws(ControlError) -> FirewallReply,
    remove: @escaping @Sendable (FirewallRemoval, Peer) throws(ControlError) -> FirewallReply,
    set: @escaping @Sendable (FirewallSettings, Peer) throws(ControlError) -> FirewallReply
  ) {
    (self.report, self.drops, self.add, self.remove, self.set) = (report, drops, add, remove, set)
  }
}
