// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// A socket: the context of cgroup programs that see one made, bound or released (which return a ``CgroupVerdict``), and
/// what contexts and lookups point to (`struct bpf_sock`).
///
///     @section("cgroup/sock_create")
///     func created(_ context: BPFSocket) -> CgroupVerdict { ... }
///
/// - Requires: Linux 4.10.
@frozen public struct BPFSocket: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  @inline(__always) @usableFromInline
  init?(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer else { return nil }
    raw = OpaquePointer(pointer)
  }

  /// The interface that the socket is bound to (`bound_dev_if`); 0: none.
  public var boundInterfaceIndex: UInt32 {
    @inline(__always) get { bpf_sock_bound_dev_if(raw) }
    @inline(__always) nonmutating set { bpf_sock_set_bound_dev_if(raw, newValue) }
  }
  /// `AF_INET` (2), `AF_INET6` (10).
  public var family: UInt32 { @inline(__always) get { bpf_sock_family(raw) } }
  /// `SOCK_STREAM` (1), `SOCK_DGRAM` (2), `SOCK_RAW` (3).
  public var type: UInt32 { @inline(__always) get { bpf_sock_type(raw) } }
  public var `protocol`: UInt32 { @inline(__always) get { bpf_sock_protocol(raw) } }
  /// The mark that rules and routes see.
  public var mark: UInt32 {
    @inline(__always) get { bpf_sock_mark(raw) }
    @inline(__always) nonmutating set { bpf_sock_set_mark(raw, newValue) }
  }
  /// The priority of its packets.
  public var priority: UInt32 {
    @inline(__always) get { bpf_sock_priority(raw) }
    @inline(__always) nonmutating set { bpf_sock_set_priority(raw, newValue) }
  }
  /// The local address (`src_ip4`).
  public var localIPv4: IPv4Address { @inline(__always) get { IPv4Address(networkOrder: bpf_sock_src_ip4(raw)) } }
  /// The local address (`src_ip6`).
  public var localIPv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sock_src_ip6_0(raw), bpf_sock_src_ip6_1(raw), bpf_sock_src_ip6_2(raw), bpf_sock_src_ip6_3(raw)
        ))
    }
  }
  /// The local port (`src_port`).
  public var localPort: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: bpf_sock_src_port(raw)) } }
  /// The peer's port (`dst_port`).
  public var remotePort: UInt16 { @inline(__always) get { UInt16(bigEndian: bpf_sock_dst_port(raw)) } }
  /// The peer's address (`dst_ip4`).
  public var remoteIPv4: IPv4Address { @inline(__always) get { IPv4Address(networkOrder: bpf_sock_dst_ip4(raw)) } }
  /// The peer's address (`dst_ip6`).
  public var remoteIPv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sock_dst_ip6_0(raw), bpf_sock_dst_ip6_1(raw), bpf_sock_dst_ip6_2(raw), bpf_sock_dst_ip6_3(raw)
        ))
    }
  }
  /// The TCP state: 1 established, 10 listening (`BPF_TCP_...`).
  public var state: UInt32 { @inline(__always) get { bpf_sock_state(raw) } }

  /// The full socket behind a packet's or lookup's socket, whose fields can then all be read.
  ///
  /// - Requires: Linux 5.1.
  public var full: BPFSocket? {
    @inline(__always) get {
      guard let full = bpf_sk_fullsock(raw) else { return nil }
      return BPFSocket(raw: full)
    }
  }

  /// The TCP part of a full socket.
  ///
  /// - Requires: Linux 5.1.
  public var tcp: BPFTCPSocket? {
    @inline(__always) get {
      guard let tcp = bpf_tcp_sock(raw) else { return nil }
      return BPFTCPSocket(raw: tcp)
    }
  }

  /// Releases a socket that a lookup found.
  ///
  /// - Requires: Linux 4.20.
  @inline(__always)
  public func release() { _ = bpf_sk_release(pointer) }
}

/// The TCP part of a socket (`struct bpf_tcp_sock`).
///
/// - Requires: Linux 5.1.
@frozen public struct BPFTCPSocket: BitwiseCopyable {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The congestion window, in segments (`snd_cwnd`).
  public var congestionWindow: UInt32 { @inline(__always) get { bpf_tcp_sock_snd_cwnd(raw) } }
  /// The smoothed round trip time in microseconds, times 8 (`srtt_us`).
  public var smoothedRoundTripTimesEight: UInt32 { @inline(__always) get { bpf_tcp_sock_srtt_us(raw) } }
  /// The least round trip time, in microseconds (`rtt_min`).
  public var minimumRoundTrip: UInt32 { @inline(__always) get { bpf_tcp_sock_rtt_min(raw) } }
  /// The maximum segment size (`mss_cache`).
  public var segmentSize: UInt32 { @inline(__always) get { bpf_tcp_sock_mss_cache(raw) } }
  /// Segments that are sent but not acknowledged (`packets_out`).
  public var segmentsUnderWay: UInt32 { @inline(__always) get { bpf_tcp_sock_packets_out(raw) } }
  /// Segments sent again, ever (`total_retrans`).
  public var retransmissions: UInt32 { @inline(__always) get { bpf_tcp_sock_total_retrans(raw) } }
  /// Segments received (`segs_in`).
  public var segmentsReceived: UInt32 { @inline(__always) get { bpf_tcp_sock_segs_in(raw) } }
  /// Segments sent (`segs_out`).
  public var segmentsSent: UInt32 { @inline(__always) get { bpf_tcp_sock_segs_out(raw) } }
  /// Bytes received in order (`bytes_received`).
  public var bytesReceived: UInt64 { @inline(__always) get { bpf_tcp_sock_bytes_received(raw) } }
  /// Bytes that the peer acknowledged (`bytes_acked`).
  public var bytesAcknowledged: UInt64 { @inline(__always) get { bpf_tcp_sock_bytes_acked(raw) } }
}
