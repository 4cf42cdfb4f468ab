// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

extension SocketBuffer {
  /// The bytes that can be read directly, from the link header on (tc) or the network header (cgroup_skb). The stack
  /// may keep the rest elsewhere: ``pull(_:)`` brings it here, ``load(_:at:)`` reads it wherever it is.
  ///
  /// - Requires: Linux 4.7 in tc programs, 5.0 in cgroup_skb.
  public var packet: Packet {
    @inline(__always) @_lifetime(immortal)
    get { Packet(start: __sk_buff_data(raw), end: __sk_buff_data_end(raw)) }
  }

  /// Makes the first `bytes` of the packet (0: all) readable and writable through a new ``packet``.
  ///
  /// - Requires: Linux 4.9.
  @inline(__always) @discardableResult
  public func pull(_ bytes: UInt32) -> Status { Status(rawValue: bpf_skb_pull_data(raw, bytes)) }

  /// Copies from the packet, wherever its bytes are; nil if it is not that long.
  ///
  /// - Requires: Linux 4.5.
  @inline(__always)
  public func load<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: UInt32) -> T? {
    readFromHelper(type) { bpf_skb_load_bytes(pointer, offset, $0, UInt32(MemoryLayout<T>.size)) }
  }

  /// The same, counted from the network header.
  ///
  /// - Requires: Linux 4.18.
  @inline(__always)
  public func loadFromNetworkHeader<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: UInt32) -> T? {
    readFromHelper(type) { bpf_skb_load_bytes_relative(pointer, offset, $0, UInt32(MemoryLayout<T>.size), 1) }
  }

  /// Writes into the packet, wherever its bytes are.
  ///
  /// - Parameters:
  ///   - value: what is written.
  ///   - offset: bytes from the start of the packet.
  ///   - recomputingChecksum: keeps the checksum that the hardware took right.
  /// - Requires: Linux 4.1.
  @inline(__always) @discardableResult
  public func store<T: BitwiseCopyable>(_ value: T, at offset: UInt32, recomputingChecksum: Bool = false) -> Status {
    withUnsafeBytesOf(value) {
      Status(
        rawValue: bpf_skb_store_bytes(
          raw, offset, $0, UInt32(MemoryLayout<T>.size), recomputingChecksum ? 1 : 0))
    }
  }

  /// The flow hash, computed if need be.
  ///
  /// - Requires: Linux 4.8.
  @inline(__always)
  public func flowHash() -> UInt32 { bpf_get_hash_recalc(raw) }

  /// Changes the packet's length.
  ///
  /// - Requires: Linux 4.9.
  @inline(__always) @discardableResult
  public func changeLength(to bytes: UInt32) -> Status { Status(rawValue: bpf_skb_change_tail(raw, bytes, 0)) }

  /// Grows (or shrinks, if negative) the packet behind its link header, or behind its network header.
  ///
  /// - Requires: Linux 4.13.
  @inline(__always) @discardableResult
  public func adjustRoom(by bytes: Int32, behindLinkHeader: Bool, flags: UInt64 = 0) -> Status {
    Status(rawValue: bpf_skb_adjust_room(raw, bytes, behindLinkHeader ? 1 : 0, flags))
  }

  /// Puts a VLAN tag on the packet.
  ///
  /// - Requires: Linux 4.3.
  @inline(__always) @discardableResult
  public func pushVLAN(_ tag: VLANTag, type: EtherType = .vlan) -> Status {
    Status(rawValue: bpf_skb_vlan_push(raw, type.bigEndian.raw, tag.control.value))
  }

  /// Takes the outer VLAN tag off the packet.
  ///
  /// - Requires: Linux 4.3.
  @inline(__always) @discardableResult
  public func popVLAN() -> Status { Status(rawValue: bpf_skb_vlan_pop(raw)) }

  /// Corrects the IPv4 checksum at `offset` for a word of the header that changed.
  ///
  /// - Requires: Linux 4.1.
  @inline(__always) @discardableResult
  public func updateNetworkChecksum<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: UInt32, from old: BigEndian<T>, to new: BigEndian<T>
  ) -> Status {
    Status(
      rawValue: bpf_l3_csum_replace(
        raw, offset, UInt64(truncatingIfNeeded: old.raw), UInt64(truncatingIfNeeded: new.raw),
        UInt64(MemoryLayout<T>.size)))
  }

  /// Corrects the TCP or UDP checksum at `offset` for a word that changed.
  ///
  /// - Parameters:
  ///   - offset: bytes from the start of the packet.
  ///   - old: what the packet had.
  ///   - new: what it has now.
  ///   - inPseudoHeader: the word is an address, and so part of the pseudo header.
  ///   - allowingZero: UDP over IPv4, where 0 means that there is no checksum.
  /// - Requires: Linux 4.1.
  @inline(__always) @discardableResult
  public func updateTransportChecksum<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: UInt32, from old: BigEndian<T>, to new: BigEndian<T>, inPseudoHeader: Bool = false,
    allowingZero: Bool = false
  ) -> Status {
    let flags = UInt64(MemoryLayout<T>.size) | (inPseudoHeader ? 0x10 : 0) | (allowingZero ? 0x20 : 0)
    return Status(
      rawValue: bpf_l4_csum_replace(
        raw, offset, UInt64(truncatingIfNeeded: old.raw), UInt64(truncatingIfNeeded: new.raw), flags))
  }
}

extension SocketBuffer {
  /// Corrects the IPv4 checksum at `offset` for an address that changed.
  ///
  /// - Requires: Linux 4.1.
  @inline(__always) @discardableResult
  public func updateNetworkChecksum(at offset: UInt32, from old: IPv4Address, to new: IPv4Address) -> Status {
    updateNetworkChecksum(at: offset, from: BigEndian(raw: old.networkOrder), to: BigEndian(raw: new.networkOrder))
  }

  /// Corrects the TCP or UDP checksum at `offset` for an address that changed: addresses are in the pseudo header.
  ///
  /// - Parameters:
  ///   - offset: bytes from the start of the packet.
  ///   - old: what the packet had.
  ///   - new: what it has now.
  ///   - allowingZero: UDP over IPv4, where 0 means that there is no checksum.
  /// - Requires: Linux 4.1.
  @inline(__always) @discardableResult
  public func updateTransportChecksum(
    at offset: UInt32, from old: IPv4Address, to new: IPv4Address, allowingZero: Bool = false
  ) -> Status {
    updateTransportChecksum(
      at: offset, from: BigEndian(raw: old.networkOrder), to: BigEndian(raw: new.networkOrder), inPseudoHeader: true,
      allowingZero: allowingZero)
  }
}

extension SocketBuffer {
  /// Sends the packet out of an interface, or into it: `return context.redirect(to: index)`.
  ///
  /// - Requires: Linux 4.4.
  @inline(__always)
  public func redirect(to interfaceIndex: UInt32, ingress: Bool = false) -> TrafficAction {
    TrafficAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect(interfaceIndex, ingress ? 1 : 0)))
  }

  /// Sends the packet into the peer of a virtual interface, in the peer's network namespace.
  ///
  /// - Requires: Linux 5.10.
  @inline(__always)
  public func redirectToPeer(of interfaceIndex: UInt32) -> TrafficAction {
    TrafficAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect_peer(interfaceIndex, 0)))
  }

  /// Sends the packet out of an interface with the link addresses of the route's next hop.
  ///
  /// - Requires: Linux 5.10.
  @inline(__always)
  public func redirectToNeighbour(on interfaceIndex: UInt32) -> TrafficAction {
    TrafficAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect_neigh(interfaceIndex, nil, 0, 0)))
  }

  /// Sends a copy of the packet out of an interface, or into it.
  ///
  /// - Requires: Linux 4.2.
  @inline(__always) @discardableResult
  public func clone(to interfaceIndex: UInt32, ingress: Bool = false) -> Status {
    Status(rawValue: bpf_clone_redirect(raw, interfaceIndex, ingress ? 1 : 0))
  }

  /// The cgroup (v2) of the packet's socket; 0 if it has none.
  ///
  /// - Requires: Linux 4.18 in tc programs, 5.8 in cgroup_skb.
  public var cgroupID: UInt64 { @inline(__always) get { bpf_skb_cgroup_id(raw) } }

  /// The user who owns the packet's socket; 65534 if unknown.
  ///
  /// - Requires: Linux 4.12.
  public var socketUserID: UInt32 { @inline(__always) get { bpf_get_socket_uid(raw) } }

  /// A number that names the packet's socket as long as the machine runs; 0 if it has none.
  ///
  /// - Requires: Linux 4.12.
  public var socketCookie: UInt64 { @inline(__always) get { bpf_get_socket_cookie(pointer) } }
}
