// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of programs that follow TCP connections of a cgroup (`struct bpf_sock_ops`).
///
///     @section("sockops")
///     func follow(_ context: SocketOperations) -> Int32 { ... return 1 }
///
/// - Requires: Linux 4.13.
@frozen public struct SocketOperations: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// What happened.
  public var operation: SocketOperation { @inline(__always) get { SocketOperation(rawValue: bpf_sock_ops_op(raw)) } }

  /// An argument of the operation (`args`); `index` is a constant from 0 to 3.
  @inline(__always)
  public func argument(_ index: Int) -> UInt32 {
    switch index {
    case 0: bpf_sock_ops_args0(raw)
    case 1: bpf_sock_ops_args1(raw)
    case 2: bpf_sock_ops_args2(raw)
    default: bpf_sock_ops_args3(raw)
    }
  }

  /// Answers the operation (`reply`).
  @inline(__always)
  public func reply(_ value: UInt32) { bpf_sock_ops_set_args0(raw, value) }

  public var family: UInt32 { @inline(__always) get { bpf_sock_ops_family(raw) } }
  public var remoteIPv4: IPv4Address {
    @inline(__always) get { IPv4Address(networkOrder: bpf_sock_ops_remote_ip4(raw)) }
  }
  public var localIPv4: IPv4Address { @inline(__always) get { IPv4Address(networkOrder: bpf_sock_ops_local_ip4(raw)) } }
  public var remoteIPv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sock_ops_remote_ip6_0(raw), bpf_sock_ops_remote_ip6_1(raw), bpf_sock_ops_remote_ip6_2(raw),
          bpf_sock_ops_remote_ip6_3(raw)
        ))
    }
  }
  public var localIPv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sock_ops_local_ip6_0(raw), bpf_sock_ops_local_ip6_1(raw), bpf_sock_ops_local_ip6_2(raw),
          bpf_sock_ops_local_ip6_3(raw)
        ))
    }
  }
  /// The peer's port (`remote_port`, the upper half of a word in network order).
  public var remotePort: UInt16 {
    @inline(__always) get { UInt16(truncatingIfNeeded: UInt32(bigEndian: bpf_sock_ops_remote_port(raw))) }
  }
  /// The local port (`local_port`).
  public var localPort: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: bpf_sock_ops_local_port(raw)) } }
  /// The TCP state: 1 established (`BPF_TCP_...`).
  public var state: UInt32 { @inline(__always) get { bpf_sock_ops_state(raw) } }
  /// The smoothed round trip time in microseconds, times 8 (`srtt_us`).
  public var smoothedRoundTripTimesEight: UInt32 { @inline(__always) get { bpf_sock_ops_srtt_us(raw) } }
  /// The congestion window, in segments (`snd_cwnd`).
  public var congestionWindow: UInt32 { @inline(__always) get { bpf_sock_ops_snd_cwnd(raw) } }
  /// Segments sent again, ever (`total_retrans`).
  public var retransmissions: UInt32 { @inline(__always) get { bpf_sock_ops_total_retrans(raw) } }
  /// Bytes received in order (`bytes_received`).
  public var bytesReceived: UInt64 { @inline(__always) get { bpf_sock_ops_bytes_received(raw) } }
  /// Bytes that the peer acknowledged (`bytes_acked`).
  public var bytesAcknowledged: UInt64 { @inline(__always) get { bpf_sock_ops_bytes_acked(raw) } }
  /// Whether the socket is a full one, so that all of its fields can be read (`is_fullsock`).
  public var isFullSocket: Bool { @inline(__always) get { bpf_sock_ops_is_fullsock(raw) != 0 } }
  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(bpf_sock_ops_sk(raw)) } }

  /// Chooses which further events of this connection run the program.
  ///
  /// - Requires: Linux 4.16.
  @inline(__always) @discardableResult
  public func request(_ events: SocketEvents) -> Status {
    Status(rawValue: bpf_sock_ops_cb_flags_set(raw, Int32(truncatingIfNeeded: events.rawValue)))
  }
}

/// Why the kernel calls a program of TCP connections (`BPF_SOCK_OPS_..._CB`).
@frozen public struct SocketOperation: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// 3: a connection is about to be made.
  public static var connecting: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 3) } }
  /// 4: this side's connection is established.
  public static var activeEstablished: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 4) } }
  /// 5: the peer's connection is established.
  public static var passiveEstablished: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 5) } }
  /// 8: a retransmission timer ran out; needs ``SocketEvents/timeout``.
  public static var timeout: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 8) } }
  /// 9: a segment was sent again; needs ``SocketEvents/retransmission``.
  public static var retransmission: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 9) } }
  /// 10: the state changes, from argument 0 to argument 1; needs ``SocketEvents/state``.
  public static var state: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 10) } }
  /// 11: a socket listens.
  public static var listening: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 11) } }
  /// 12: a round trip was measured; needs ``SocketEvents/roundTrip``.
  public static var roundTrip: SocketOperation { @inline(__always) get { SocketOperation(rawValue: 12) } }
}

/// Which events of a connection run its program (`BPF_SOCK_OPS_..._CB_FLAG`).
@frozen public struct SocketEvents: OptionSet, BitwiseCopyable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var timeout: SocketEvents { @inline(__always) get { SocketEvents(rawValue: 1) } }
  public static var retransmission: SocketEvents { @inline(__always) get { SocketEvents(rawValue: 2) } }
  public static var state: SocketEvents { @inline(__always) get { SocketEvents(rawValue: 4) } }
  public static var roundTrip: SocketEvents { @inline(__always) get { SocketEvents(rawValue: 8) } }
}

/// The context of programs of a socket map that see messages being sent (`struct sk_msg_md`). Returns a
/// ``SocketVerdict``.
///
/// - Requires: Linux 4.17.
@frozen public struct SocketMessage: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// Bytes of the message.
  public var length: UInt32 { @inline(__always) get { sk_msg_md_size(raw) } }
  public var family: UInt32 { @inline(__always) get { sk_msg_md_family(raw) } }
  public var remoteIPv4: IPv4Address { @inline(__always) get { IPv4Address(networkOrder: sk_msg_md_remote_ip4(raw)) } }
  public var localIPv4: IPv4Address { @inline(__always) get { IPv4Address(networkOrder: sk_msg_md_local_ip4(raw)) } }
  public var remotePort: UInt16 {
    @inline(__always) get { UInt16(truncatingIfNeeded: UInt32(bigEndian: sk_msg_md_remote_port(raw))) }
  }
  public var localPort: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: sk_msg_md_local_port(raw)) } }
  /// - Requires: Linux 5.8.
  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(sk_msg_md_sk(raw)) } }

  /// The bytes that can be read directly; ``pull(from:to:)`` brings more.
  public var data: Packet {
    @inline(__always) @_lifetime(immortal)
    get { Packet(start: UnsafeRawPointer(sk_msg_md_data(raw)), end: UnsafeRawPointer(sk_msg_md_data_end(raw))) }
  }

  /// Makes bytes of the message readable and writable through a new ``data``.
  @inline(__always) @discardableResult
  public func pull(from start: UInt32, to end: UInt32) -> Status {
    Status(rawValue: bpf_msg_pull_data(raw, start, end, 0))
  }

  /// Applies the verdict to the next bytes of the stream.
  @inline(__always)
  public func apply(bytes: UInt32) { _ = bpf_msg_apply_bytes(raw, bytes) }

  /// Holds the message back until it has so many bytes.
  @inline(__always)
  public func cork(bytes: UInt32) { _ = bpf_msg_cork_bytes(raw, bytes) }
}

/// The context of programs that choose the socket for a connection or datagram (`struct bpf_sk_lookup`). Returns a
/// ``SocketVerdict``.
///
/// - Requires: Linux 5.9.
@frozen public struct SocketLookup: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  public var family: UInt32 { @inline(__always) get { bpf_sk_lookup_family(raw) } }
  public var `protocol`: IPProtocol {
    @inline(__always) get { IPProtocol(rawValue: UInt8(truncatingIfNeeded: bpf_sk_lookup_protocol(raw))) }
  }
  public var remoteIPv4: IPv4Address {
    @inline(__always) get { IPv4Address(networkOrder: bpf_sk_lookup_remote_ip4(raw)) }
  }
  public var localIPv4: IPv4Address {
    @inline(__always) get { IPv4Address(networkOrder: bpf_sk_lookup_local_ip4(raw)) }
  }
  public var localIPv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sk_lookup_local_ip6_0(raw), bpf_sk_lookup_local_ip6_1(raw), bpf_sk_lookup_local_ip6_2(raw),
          bpf_sk_lookup_local_ip6_3(raw)
        ))
    }
  }
  public var remotePort: UInt16 { @inline(__always) get { UInt16(bigEndian: bpf_sk_lookup_remote_port(raw)) } }
  public var localPort: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: bpf_sk_lookup_local_port(raw)) } }
  /// - Requires: Linux 5.17.
  public var interfaceIndex: UInt32 { @inline(__always) get { bpf_sk_lookup_ingress_ifindex(raw) } }
  /// The socket that has been chosen so far.
  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(bpf_sk_lookup_sk(raw)) } }

  /// Chooses a socket; `flags` 1 replaces an earlier choice, 2 skips the reuseport group.
  @inline(__always) @discardableResult
  public func choose(_ socket: BPFSocket?, flags: UInt64 = 0) -> Status {
    Status(rawValue: bpf_sk_assign(pointer, socket?.pointer, flags))
  }
}

/// The context of programs that choose one of a reuseport group's sockets (`struct sk_reuseport_md`). Returns a
/// ``SocketVerdict``.
///
/// - Requires: Linux 4.19.
@frozen public struct ReusePortSelection: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// Bytes of the packet from its transport header on.
  public var length: UInt32 { @inline(__always) get { sk_reuseport_md_len(raw) } }
  public var `protocol`: IPProtocol {
    @inline(__always) get { IPProtocol(rawValue: UInt8(truncatingIfNeeded: sk_reuseport_md_ip_protocol(raw))) }
  }
  /// The hash that the kernel would choose by.
  public var hash: UInt32 { @inline(__always) get { sk_reuseport_md_hash(raw) } }
  /// The packet from its transport header on.
  public var data: Packet {
    @inline(__always) @_lifetime(immortal)
    get {
      Packet(
        start: UnsafeRawPointer(sk_reuseport_md_data(raw)), end: UnsafeRawPointer(sk_reuseport_md_data_end(raw)))
    }
  }
}
