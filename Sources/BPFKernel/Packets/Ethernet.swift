// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What a frame carries (`ETH_P_...`).
@frozen public struct EtherType: RawRepresentable, Equatable, BitwiseCopyable {
  /// The number as it lies in memory.
  public var bigEndian: BigEndian<UInt16>

  /// The number: 0x0800 is IPv4.
  public var rawValue: UInt16 { @inline(__always) get { bigEndian.value } }
  @inline(__always) public init(rawValue: UInt16) { bigEndian = BigEndian(rawValue) }

  /// - Parameter networkOrder: as the C type `__be16`.
  @inline(__always) public init(networkOrder: UInt16) { bigEndian = BigEndian(raw: networkOrder) }

  @inline(__always)
  public static func == (left: EtherType, right: EtherType) -> Bool { left.bigEndian == right.bigEndian }

  /// 0x0800
  public static var ipv4: EtherType { @inline(__always) get { EtherType(rawValue: 0x0800) } }
  /// 0x0806
  public static var arp: EtherType { @inline(__always) get { EtherType(rawValue: 0x0806) } }
  /// 0x86dd
  public static var ipv6: EtherType { @inline(__always) get { EtherType(rawValue: 0x86dd) } }
  /// 0x8100: an IEEE 802.1Q tag follows.
  public static var vlan: EtherType { @inline(__always) get { EtherType(rawValue: 0x8100) } }
  /// 0x88a8: an IEEE 802.1ad service tag follows.
  public static var serviceVLAN: EtherType { @inline(__always) get { EtherType(rawValue: 0x88a8) } }
  /// 0x8847
  public static var mpls: EtherType { @inline(__always) get { EtherType(rawValue: 0x8847) } }

  /// Whether a VLAN tag follows.
  public var isVLAN: Bool { @inline(__always) get { self == .vlan || self == .serviceVLAN } }
}

/// The header of an Ethernet frame: 14 bytes.
@frozen public struct EthernetHeader: BitwiseCopyable {
  public var destination: MACAddress
  public var source: MACAddress
  /// What follows; with a VLAN tag, the tag.
  public var type: EtherType

  /// Sends the frame back: exchanges the addresses.
  @inline(__always)
  public mutating func swapAddresses() {
    let old = destination
    destination = source
    source = old
  }
}

/// A VLAN tag's control word: priority, drop eligibility, id (IEEE 802.1Q).
@frozen public struct VLANTag: Equatable, BitwiseCopyable {
  /// The control word (TCI).
  public var control: BigEndian<UInt16>
  @inline(__always) public init(control: BigEndian<UInt16>) { self.control = control }
  @inline(__always) public init(id: UInt16, priority: UInt8 = 0) {
    control = BigEndian(UInt16(priority & 7) << 13 | id & 0xfff)
  }

  /// The VLAN: 0 to 4095.
  public var id: UInt16 { @inline(__always) get { control.value & 0xfff } }
  /// The priority: 0 to 7.
  public var priority: UInt8 { @inline(__always) get { UInt8(truncatingIfNeeded: control.value >> 13) } }
}

/// A VLAN tag and what follows it: 4 bytes.
@frozen public struct VLANHeader: BitwiseCopyable {
  public var tag: VLANTag
  public var type: EtherType
}

/// An Ethernet header with up to two VLAN tags behind it.
@frozen public struct EthernetFrame: BitwiseCopyable {
  public var header: EthernetHeader
  /// What the frame carries, behind the tags.
  public var type: EtherType
  /// The tag next to the payload.
  public var vlan: VLANTag?
  /// The tag before that one (802.1ad).
  public var serviceVLAN: VLANTag?
}

extension Packet {
  /// Reads an Ethernet header and moves behind it and up to two VLAN tags; nil if the packet ends before.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func ethernet() -> EthernetFrame? {
    guard let header = read(EthernetHeader.self) else { return nil }
    var frame = EthernetFrame(header: header, type: header.type)
    guard frame.type.isVLAN else { return frame }
    guard let first = read(VLANHeader.self) else { return nil }
    frame.vlan = first.tag
    frame.type = first.type
    guard frame.type.isVLAN else { return frame }
    guard let second = read(VLANHeader.self) else { return nil }
    frame.serviceVLAN = first.tag
    frame.vlan = second.tag
    frame.type = second.type
    return frame
  }
}
