// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What is read of every packet.
import BPFKernel

/// Where a packet comes from.
struct Heading {
  /// The source, first byte highest; an IPv4 address in the upper half's upper half.
  var upper: UInt64 = 0
  var lower: UInt64 = 0
  var etherType: UInt16 = 0
  var vlan: UInt16 = 0xffff
  /// Whether the source is looked up among those of IPv6.
  var isIPv6 = false
  /// Not ``Slot/none``: the packet has no source that could be looked up.
  var slot: UInt32 = 0

  @inline(__always)
  init(_ context: XDPContext) {
    var packet = context.packet
    guard let frame = packet.ethernet() else {
      slot = Slot.malformed
      return
    }
    etherType = frame.type.rawValue
    if let tag = frame.vlan { vlan = tag.id }
    if frame.type == .ipv4 {
      guard let header = packet.ipv4() else {
        slot = Slot.malformed
        return
      }
      upper = UInt64(header.source.hostOrder) << 32
    } else if frame.type == .ipv6 {
      guard let header = packet.ipv6() else {
        slot = Slot.malformed
        return
      }
      upper = header.source.upper
      lower = header.source.lower
      // An IPv4 address in IPv6's clothes (::ffff:a.b.c.d) is that IPv4 address. Linux refuses it from 5.4 on.
      if upper == 0 && lower >> 32 == 0xffff {
        upper = lower << 32
        lower = 0
      } else {
        isIPv6 = true
      }
    } else {
      slot = frame.type.isVLAN ? Slot.unreadable : Slot.other
    }
  }
}

extension IPv6Address {
  var upper: UInt64 {
    @inline(__always) get { UInt64(UInt32(bigEndian: words.0)) << 32 | UInt64(UInt32(bigEndian: words.1)) }
  }
  var lower: UInt64 {
    @inline(__always) get { UInt64(UInt32(bigEndian: words.2)) << 32 | UInt64(UInt32(bigEndian: words.3)) }
  }
}
