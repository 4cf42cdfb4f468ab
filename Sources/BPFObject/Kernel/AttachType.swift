// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// Where exactly a program attaches, within what its type allows; some types are verified differently for each.
///
/// An open set: the kernel's `enum bpf_attach_type`. The description is bpftool's name.
public struct AttachType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_CGROUP_INET_INGRESS`
  /// - Requires: Linux 4.10
  public static let cgroupInetIngress = AttachType(rawValue: 0)
  /// `BPF_CGROUP_INET_EGRESS`
  /// - Requires: Linux 4.10
  public static let cgroupInetEgress = AttachType(rawValue: 1)
  /// `BPF_CGROUP_INET_SOCK_CREATE`
  /// - Requires: Linux 4.10
  public static let cgroupInetSockCreate = AttachType(rawValue: 2)
  /// `BPF_CGROUP_SOCK_OPS`
  /// - Requires: Linux 4.13
  public static let cgroupSockOps = AttachType(rawValue: 3)
  /// `BPF_SK_SKB_STREAM_PARSER`
  /// - Requires: Linux 4.14
  public static let skSKBStreamParser = AttachType(rawValue: 4)
  /// `BPF_SK_SKB_STREAM_VERDICT`
  /// - Requires: Linux 4.14
  public static let skSKBStreamVerdict = AttachType(rawValue: 5)
  /// `BPF_CGROUP_DEVICE`
  /// - Requires: Linux 4.15
  public static let cgroupDevice = AttachType(rawValue: 6)
  /// `BPF_SK_MSG_VERDICT`
  /// - Requires: Linux 4.17
  public static let skMsgVerdict = AttachType(rawValue: 7)
  /// `BPF_CGROUP_INET4_BIND`
  /// - Requires: Linux 4.17
  public static let cgroupInet4Bind = AttachType(rawValue: 8)
  /// `BPF_CGROUP_INET6_BIND`
  /// - Requires: Linux 4.17
  public static let cgroupInet6Bind = AttachType(rawValue: 9)
  /// `BPF_CGROUP_INET4_CONNECT`
  /// - Requires: Linux 4.17
  public static let cgroupInet4Connect = AttachType(rawValue: 10)
  /// `BPF_CGROUP_INET6_CONNECT`
  /// - Requires: Linux 4.17
  public static let cgroupInet6Connect = AttachType(rawValue: 11)
  /// `BPF_CGROUP_INET4_POST_BIND`
  /// - Requires: Linux 4.17
  public static let cgroupInet4PostBind = AttachType(rawValue: 12)
  /// `BPF_CGROUP_INET6_POST_BIND`
  /// - Requires: Linux 4.17
  public static let cgroupInet6PostBind = AttachType(rawValue: 13)
  /// `BPF_CGROUP_UDP4_SENDMSG`
  /// - Requires: Linux 4.18
  public static let cgroupUDP4Sendmsg = AttachType(rawValue: 14)
  /// `BPF_CGROUP_UDP6_SENDMSG`
  /// - Requires: Linux 4.18
  public static let cgroupUDP6Sendmsg = AttachType(rawValue: 15)
  /// `BPF_LIRC_MODE2`
  /// - Requires: Linux 4.18
  public static let lircMode2 = AttachType(rawValue: 16)
  /// `BPF_FLOW_DISSECTOR`
  /// - Requires: Linux 4.20
  public static let flowDissector = AttachType(rawValue: 17)
  /// `BPF_CGROUP_SYSCTL`
  /// - Requires: Linux 5.2
  public static let cgroupSysctl = AttachType(rawValue: 18)
  /// `BPF_CGROUP_UDP4_RECVMSG`
  /// - Requires: Linux 5.2
  public static let cgroupUDP4Recvmsg = AttachType(rawValue: 19)
  /// `BPF_CGROUP_UDP6_RECVMSG`
  /// - Requires: Linux 5.2
  public static let cgroupUDP6Recvmsg = AttachType(rawValue: 20)
  /// `BPF_CGROUP_GETSOCKOPT`
  /// - Requires: Linux 5.3
  public static let cgroupGetsockopt = AttachType(rawValue: 21)
  /// `BPF_CGROUP_SETSOCKOPT`
  /// - Requires: Linux 5.3
  public static let cgroupSetsockopt = AttachType(rawValue: 22)
  /// `BPF_TRACE_RAW_TP`
  /// - Requires: Linux 5.5
  public static let traceRawTP = AttachType(rawValue: 23)
  /// `BPF_TRACE_FENTRY`
  /// - Requires: Linux 5.5
  public static let traceFentry = AttachType(rawValue: 24)
  /// `BPF_TRACE_FEXIT`
  /// - Requires: Linux 5.5
  public static let traceFexit = AttachType(rawValue: 25)
  /// `BPF_MODIFY_RETURN`
  /// - Requires: Linux 5.7
  public static let modifyReturn = AttachType(rawValue: 26)
  /// `BPF_LSM_MAC`
  /// - Requires: Linux 5.7
  public static let lsmMAC = AttachType(rawValue: 27)
  /// `BPF_TRACE_ITER`
  /// - Requires: Linux 5.8
  public static let traceIter = AttachType(rawValue: 28)
  /// `BPF_CGROUP_INET4_GETPEERNAME`
  /// - Requires: Linux 5.8
  public static let cgroupInet4Getpeername = AttachType(rawValue: 29)
  /// `BPF_CGROUP_INET6_GETPEERNAME`
  /// - Requires: Linux 5.8
  public static let cgroupInet6Getpeername = AttachType(rawValue: 30)
  /// `BPF_CGROUP_INET4_GETSOCKNAME`
  /// - Requires: Linux 5.8
  public static let cgroupInet4Getsockname = AttachType(rawValue: 31)
  /// `BPF_CGROUP_INET6_GETSOCKNAME`
  /// - Requires: Linux 5.8
  public static let cgroupInet6Getsockname = AttachType(rawValue: 32)
  /// `BPF_XDP_DEVMAP`
  /// - Requires: Linux 5.8
  public static let xdpDevmap = AttachType(rawValue: 33)
  /// `BPF_CGROUP_INET_SOCK_RELEASE`
  /// - Requires: Linux 5.9
  public static let cgroupInetSockRelease = AttachType(rawValue: 34)
  /// `BPF_XDP_CPUMAP`
  /// - Requires: Linux 5.9
  public static let xdpCpumap = AttachType(rawValue: 35)
  /// `BPF_SK_LOOKUP`
  /// - Requires: Linux 5.9
  public static let skLookup = AttachType(rawValue: 36)
  /// `BPF_XDP`
  /// - Requires: Linux 5.9
  public static let xdp = AttachType(rawValue: 37)
  /// `BPF_SK_SKB_VERDICT`
  /// - Requires: Linux 5.13
  public static let skSKBVerdict = AttachType(rawValue: 38)
  /// `BPF_SK_REUSEPORT_SELECT`
  /// - Requires: Linux 5.14
  public static let skReuseportSelect = AttachType(rawValue: 39)
  /// `BPF_SK_REUSEPORT_SELECT_OR_MIGRATE`
  /// - Requires: Linux 5.14
  public static let skReuseportSelectOrMigrate = AttachType(rawValue: 40)
  /// `BPF_PERF_EVENT`
  /// - Requires: Linux 5.15
  public static let perfEvent = AttachType(rawValue: 41)
  /// `BPF_TRACE_KPROBE_MULTI`
  /// - Requires: Linux 5.18
  public static let traceKprobeMulti = AttachType(rawValue: 42)
  /// `BPF_LSM_CGROUP`
  /// - Requires: Linux 6.0
  public static let lsmCgroup = AttachType(rawValue: 43)
  /// `BPF_STRUCT_OPS`
  /// - Requires: Linux 6.4
  public static let structOps = AttachType(rawValue: 44)
  /// `BPF_NETFILTER`
  /// - Requires: Linux 6.4
  public static let netfilter = AttachType(rawValue: 45)
  /// `BPF_TCX_INGRESS`
  /// - Requires: Linux 6.6
  public static let tcxIngress = AttachType(rawValue: 46)
  /// `BPF_TCX_EGRESS`
  /// - Requires: Linux 6.6
  public static let tcxEgress = AttachType(rawValue: 47)
  /// `BPF_TRACE_UPROBE_MULTI`
  /// - Requires: Linux 6.6
  public static let traceUprobeMulti = AttachType(rawValue: 48)
  /// `BPF_CGROUP_UNIX_CONNECT`
  /// - Requires: Linux 6.7
  public static let cgroupUnixConnect = AttachType(rawValue: 49)
  /// `BPF_CGROUP_UNIX_SENDMSG`
  /// - Requires: Linux 6.7
  public static let cgroupUnixSendmsg = AttachType(rawValue: 50)
  /// `BPF_CGROUP_UNIX_RECVMSG`
  /// - Requires: Linux 6.7
  public static let cgroupUnixRecvmsg = AttachType(rawValue: 51)
  /// `BPF_CGROUP_UNIX_GETPEERNAME`
  /// - Requires: Linux 6.7
  public static let cgroupUnixGetpeername = AttachType(rawValue: 52)
  /// `BPF_CGROUP_UNIX_GETSOCKNAME`
  /// - Requires: Linux 6.7
  public static let cgroupUnixGetsockname = AttachType(rawValue: 53)
  /// `BPF_NETKIT_PRIMARY`
  /// - Requires: Linux 6.7
  public static let netkitPrimary = AttachType(rawValue: 54)
  /// `BPF_NETKIT_PEER`
  /// - Requires: Linux 6.7
  public static let netkitPeer = AttachType(rawValue: 55)
  /// `BPF_TRACE_KPROBE_SESSION`
  /// - Requires: Linux 6.10
  public static let traceKprobeSession = AttachType(rawValue: 56)
  /// `BPF_TRACE_UPROBE_SESSION`
  /// - Requires: Linux 6.13
  public static let traceUprobeSession = AttachType(rawValue: 57)
  /// `BPF_TRACE_FSESSION`
  /// - Requires: Linux 7.0
  public static let traceFsession = AttachType(rawValue: 58)
  /// `BPF_TRACE_FENTRY_MULTI`
  /// - Requires: Linux 7.2
  public static let traceFentryMulti = AttachType(rawValue: 59)
  /// `BPF_TRACE_FEXIT_MULTI`
  /// - Requires: Linux 7.2
  public static let traceFexitMulti = AttachType(rawValue: 60)
  /// `BPF_TRACE_FSESSION_MULTI`
  /// - Requires: Linux 7.2
  public static let traceFsessionMulti = AttachType(rawValue: 61)

  /// All that this library knows, in the kernel's order.
  public static let allKnown: [AttachType] = facts.indices.map { AttachType(rawValue: UInt32($0)) }

  /// The one with bpftool's name `name`, as `"cgroup_inet_egress"`.
  public init?(name: String) {
    guard let index = Self.facts.firstIndex(where: { $0.name == name }) else { return nil }
    self.init(rawValue: UInt32(index))
  }

  /// The first release that has it; nil if this library does not know it.
  public var minimumKernel: KernelVersion? {
    rawValue < UInt32(Self.facts.count) ? Self.facts[Int(rawValue)].minimumKernel : nil
  }

  /// Names and first kernels, by raw value.
  private static let facts: [(name: String, minimumKernel: KernelVersion?)] = [
    ("cgroup_inet_ingress", KernelVersion(4, 10)),
    ("cgroup_inet_egress", KernelVersion(4, 10)),
    ("cgroup_inet_sock_create", KernelVersion(4, 10)),
    ("cgroup_sock_ops", KernelVersion(4, 13)),
    ("sk_skb_stream_parser", KernelVersion(4, 14)),
    ("sk_skb_stream_verdict", KernelVersion(4, 14)),
    ("cgroup_device", KernelVersion(4, 15)),
    ("sk_msg_verdict", KernelVersion(4, 17)),
    ("cgroup_inet4_bind", KernelVersion(4, 17)),
    ("cgroup_inet6_bind", KernelVersion(4, 17)),
    ("cgroup_inet4_connect", KernelVersion(4, 17)),
    ("cgroup_inet6_connect", KernelVersion(4, 17)),
    ("cgroup_inet4_post_bind", KernelVersion(4, 17)),
    ("cgroup_inet6_post_bind", KernelVersion(4, 17)),
    ("cgroup_udp4_sendmsg", KernelVersion(4, 18)),
    ("cgroup_udp6_sendmsg", KernelVersion(4, 18)),
    ("lirc_mode2", KernelVersion(4, 18)),
    ("flow_dissector", KernelVersion(4, 20)),
    ("cgroup_sysctl", KernelVersion(5, 2)),
    ("cgroup_udp4_recvmsg", KernelVersion(5, 2)),
    ("cgroup_udp6_recvmsg", KernelVersion(5, 2)),
    ("cgroup_getsockopt", KernelVersion(5, 3)),
    ("cgroup_setsockopt", KernelVersion(5, 3)),
    ("trace_raw_tp", KernelVersion(5, 5)),
    ("trace_fentry", KernelVersion(5, 5)),
    ("trace_fexit", KernelVersion(5, 5)),
    ("modify_return", KernelVersion(5, 7)),
    ("lsm_mac", KernelVersion(5, 7)),
    ("trace_iter", KernelVersion(5, 8)),
    ("cgroup_inet4_getpeername", KernelVersion(5, 8)),
    ("cgroup_inet6_getpeername", KernelVersion(5, 8)),
    ("cgroup_inet4_getsockname", KernelVersion(5, 8)),
    ("cgroup_inet6_getsockname", KernelVersion(5, 8)),
    ("xdp_devmap", KernelVersion(5, 8)),
    ("cgroup_inet_sock_release", KernelVersion(5, 9)),
    ("xdp_cpumap", KernelVersion(5, 9)),
    ("sk_lookup", KernelVersion(5, 9)),
    ("xdp", KernelVersion(5, 9)),
    ("sk_skb_verdict", KernelVersion(5, 13)),
    ("sk_reuseport_select", KernelVersion(5, 14)),
    ("sk_reuseport_select_or_migrate", KernelVersion(5, 14)),
    ("perf_event", KernelVersion(5, 15)),
    ("trace_kprobe_multi", KernelVersion(5, 18)),
    ("lsm_cgroup", KernelVersion(6, 0)),
    ("struct_ops", KernelVersion(6, 4)),
    ("netfilter", KernelVersion(6, 4)),
    ("tcx_ingress", KernelVersion(6, 6)),
    ("tcx_egress", KernelVersion(6, 6)),
    ("trace_uprobe_multi", KernelVersion(6, 6)),
    ("cgroup_unix_connect", KernelVersion(6, 7)),
    ("cgroup_unix_sendmsg", KernelVersion(6, 7)),
    ("cgroup_unix_recvmsg", KernelVersion(6, 7)),
    ("cgroup_unix_getpeername", KernelVersion(6, 7)),
    ("cgroup_unix_getsockname", KernelVersion(6, 7)),
    ("netkit_primary", KernelVersion(6, 7)),
    ("netkit_peer", KernelVersion(6, 7)),
    ("trace_kprobe_session", KernelVersion(6, 10)),
    ("trace_uprobe_session", KernelVersion(6, 13)),
    ("trace_fsession", KernelVersion(7, 0)),
    ("trace_fentry_multi", KernelVersion(7, 2)),
    ("trace_fexit_multi", KernelVersion(7, 2)),
    ("trace_fsession_multi", KernelVersion(7, 2)),
  ]
}

extension AttachType: CustomStringConvertible {
  /// bpftool's name, as `cgroup_inet_egress`; a number for one that this library does not know.
  public var description: String {
    rawValue < UInt32(Self.facts.count) ? Self.facts[Int(rawValue)].name : "attach type \(rawValue)"
  }
}
