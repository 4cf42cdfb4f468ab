// SPDX-License-Identifier: Apache-2.0

/// A packet that the firewall dropped: a line of the stream of drops.
public struct FirewallDrop: Hashable, Sendable, Codable {
  /// RFC 3339, in UTC.
  public var time: String
  /// `rule`, `default`, `malformed`, `unreadable`.
  public var cause: String
  /// The rule; nil where none dropped it, or one that is gone since.
  public var rule: UInt32?
  /// nil where the packet has none that can be read.
  public var source: String?
  public var sourcePort: UInt16?
  public var destination: String?
  public var destinationPort: UInt16?
  /// `tcp`, or a number.
  public var transport: String?
  public var interface: String
  public var vlan: UInt16?
  /// Bytes.
  public var length: UInt32
  /// Drops on the same CPU since the line before, of which there is none.
  public var untold: UInt64

  public init(
    time: String, cause: String, rule: UInt32?, source: String?, sourcePort: UInt16?, destination: String?,
    destinationPort: UInt16?, transport: String?, interface: String, vlan: UInt16?, length: UInt32, untold: UInt64
  ) {
    (self.time, self.cause, self.rule, self.source, self.sourcePort) = (time, cause, rule, source, sourcePort)
    (self.destination, self.destinationPort, self.transport) = (destination, destinationPort, transport)
    (self.interface, self.vlan, self.length, self.untold) = (interface, vlan, length, untold)
  }
}
