// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of programs that see packets as the network stack keeps them (`struct __sk_buff`): tc and tcx (which return
/// a ``TrafficAction``), cgroup_skb (a ``CgroupVerdict``), socket filters (the bytes to keep, 0 for none), sk_skb (a
/// ``SocketVerdict``), flow dissectors and lightweight tunnels. Which fields a program may use depends on its type; the
/// verifier rejects the others.
///
///     @section("tcx/ingress")
///     func filter(_ context: SocketBuffer) -> TrafficAction { ... }
///
/// - Requires: Linux 3.19; tcx: 6.6.
@frozen public struct SocketBuffer: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// Bytes of the packet (`len`).
  public var length: UInt32 { @inline(__always) get { __sk_buff_len(raw) } }
  /// The packet's addressee (`pkt_type`): 0 this host, 1 broadcast, 2 multicast, 3 others, 4 outgoing.
  public var packetType: UInt32 { @inline(__always) get { __sk_buff_pkt_type(raw) } }
  /// The protocol of the network layer.
  public var etherType: EtherType {
    @inline(__always) get { EtherType(networkOrder: UInt16(truncatingIfNeeded: __sk_buff_protocol(raw))) }
  }
  /// The queue of the interface (`queue_mapping`).
  public var queue: UInt32 {
    @inline(__always) get { __sk_buff_queue_mapping(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_queue_mapping(raw, newValue) }
  }
  /// The mark that rules and routes see.
  public var mark: UInt32 {
    @inline(__always) get { __sk_buff_mark(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_mark(raw, newValue) }
  }
  /// The priority that queueing disciplines see.
  public var priority: UInt32 {
    @inline(__always) get { __sk_buff_priority(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_priority(raw, newValue) }
  }
  /// Whether the packet has a VLAN tag beside its bytes (`vlan_present`).
  public var hasVLAN: Bool { @inline(__always) get { __sk_buff_vlan_present(raw) != 0 } }
  /// That tag: priority, DEI and id.
  public var vlanTag: VLANTag {
    @inline(__always) get { VLANTag(control: BigEndian(UInt16(truncatingIfNeeded: __sk_buff_vlan_tci(raw)))) }
  }
  /// The interface that received the packet (`ingress_ifindex`); 0 for a packet that this host sends.
  public var ingressInterfaceIndex: UInt32 { @inline(__always) get { __sk_buff_ingress_ifindex(raw) } }
  /// The interface that it is at (`ifindex`).
  public var interfaceIndex: UInt32 { @inline(__always) get { __sk_buff_ifindex(raw) } }
  /// The traffic control class (`tc_index`).
  public var trafficControlIndex: UInt32 {
    @inline(__always) get { __sk_buff_tc_index(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_tc_index(raw, newValue) }
  }
  /// The class that a classifier chooses (`tc_classid`).
  ///
  /// - Requires: Linux 4.4.
  public var classID: UInt32 {
    @inline(__always) get { __sk_buff_tc_classid(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_tc_classid(raw, newValue) }
  }
  /// The flow hash, 0 if not computed yet; see ``flowHash()``.
  public var hash: UInt32 { @inline(__always) get { __sk_buff_hash(raw) } }
  /// The id of the receiving NAPI instance.
  public var napiID: UInt32 { @inline(__always) get { __sk_buff_napi_id(raw) } }
  /// The time stamp, in nanoseconds (`tstamp`).
  ///
  /// - Requires: Linux 5.0.
  public var timestamp: UInt64 {
    @inline(__always) get { __sk_buff_tstamp(raw) }
    @inline(__always) nonmutating set { __sk_buff_set_tstamp(raw, newValue) }
  }
  /// Bytes on the wire (`wire_len`).
  ///
  /// - Requires: Linux 5.0.
  public var wireLength: UInt32 { @inline(__always) get { __sk_buff_wire_len(raw) } }
  /// Segments that the packet will be cut into (`gso_segs`).
  ///
  /// - Requires: Linux 5.1.
  public var segments: UInt32 { @inline(__always) get { __sk_buff_gso_segs(raw) } }
  /// Bytes of such a segment (`gso_size`).
  ///
  /// - Requires: Linux 5.7.
  public var segmentSize: UInt32 { @inline(__always) get { __sk_buff_gso_size(raw) } }
  /// The packet's socket (`sk`).
  ///
  /// - Requires: Linux 5.1.
  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(__sk_buff_sk(raw)) } }

  /// Five words that programs on the packet's way pass on to each other (`cb`); `index` is a constant.
  @inline(__always)
  public func scratch(_ index: Int) -> UInt32 {
    switch index {
    case 0: __sk_buff_cb0(raw)
    case 1: __sk_buff_cb1(raw)
    case 2: __sk_buff_cb2(raw)
    case 3: __sk_buff_cb3(raw)
    default: __sk_buff_cb4(raw)
    }
  }

  /// Writes one of the five words of `cb`; `index` is a constant.
  @inline(__always)
  public func setScratch(_ index: Int, _ value: UInt32) {
    switch index {
    case 0: __sk_buff_set_cb0(raw, value)
    case 1: __sk_buff_set_cb1(raw, value)
    case 2: __sk_buff_set_cb2(raw, value)
    case 3: __sk_buff_set_cb3(raw, value)
    default: __sk_buff_set_cb4(raw, value)
    }
  }
}
