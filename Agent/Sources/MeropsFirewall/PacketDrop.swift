// SPDX-License-Identifier: Apache-2.0
public import MeropsModel

/// A packet that was dropped.
public struct PacketDrop: Hashable, Sendable {
  public enum Cause: Hashable, Sendable {
    case rule(UInt32)
    /// A rule that is gone since.
    case formerRule
    case defaultAction
    case malformed
    case unreadable
  }

  /// Nanoseconds since boot.
  public var time: UInt64
  public var cause: Cause
  /// The addresses; nil where the packet has none that can be read.
  public var source: Address?
  public var destination: Address?
  /// 0 where there is none.
  public var sourcePort: UInt16
  public var destinationPort: UInt16
  /// The number of the protocol; 6 is TCP.
  public var transport: UInt8
  public var vlan: UInt16?
  /// Bytes.
  public var length: UInt32
  /// The kernel's number of it.
  public var interface: UInt32
  /// Of the rules that dropped it.
  public var generation: UInt64
  /// Drops on the same CPU since the one that was told before, of which nothing is told.
  public var untold: UInt64

  init(_ record: DropRecord, rule: UInt32?) {
    (time, sourcePort, destinationPort) = (record.time, record.sourcePort, record.destinationPort)
    (transport, length, interface) = (record.transport, record.length, record.interface)
    (generation, untold) = (record.generation, record.untold)
    vlan = record.vlan == 0xffff ? nil : record.vlan
    cause =
      switch record.slot {
      case Slot.none, Slot.noneDropped: .defaultAction
      case Slot.malformed: .malformed
      case Slot.unreadable: .unreadable
      default: rule.map { .rule($0) } ?? .formerRule
      }
    let hasAddresses = record.sourceUpper | record.sourceLower | record.destinationUpper | record.destinationLower != 0
    func address(_ upper: UInt64, _ lower: UInt64, isIPv6: Bool) -> Address {
      isIPv6
        ? Address(bits: UInt128(upper) << 64 | UInt128(lower)) : Address(ipv4: UInt32(truncatingIfNeeded: upper >> 32))
    }
    if hasAddresses {
      source = address(record.sourceUpper, record.sourceLower, isIPv6: record.isIPv6 == 1)
      destination = address(
        record.destinationUpper, record.destinationLower, isIPv6: record.etherType == 0x86dd)
    }
  }
}
