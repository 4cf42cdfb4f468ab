// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// What a program is for: which context it gets, which helpers it may call, where it attaches.
///
/// An open set: the kernel's `enum bpf_prog_type`. The description is bpftool's name.
public struct ProgramType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_PROG_TYPE_UNSPEC`: No type: the section's name said nothing.
  public static let unspecified = ProgramType(rawValue: 0)
  /// `BPF_PROG_TYPE_SOCKET_FILTER`: Filters what a socket receives.
  /// - Requires: Linux 3.19
  public static let socketFilter = ProgramType(rawValue: 1)
  /// `BPF_PROG_TYPE_KPROBE`: Runs at a kernel or user function, or at a USDT probe.
  /// - Requires: Linux 4.1
  public static let kprobe = ProgramType(rawValue: 2)
  /// `BPF_PROG_TYPE_SCHED_CLS`: Classifies packets in traffic control, tcx or netkit.
  /// - Requires: Linux 4.1
  public static let schedCLS = ProgramType(rawValue: 3)
  /// `BPF_PROG_TYPE_SCHED_ACT`: A traffic control action.
  /// - Requires: Linux 4.1
  public static let schedACT = ProgramType(rawValue: 4)
  /// `BPF_PROG_TYPE_TRACEPOINT`: Runs at a static tracepoint.
  /// - Requires: Linux 4.7
  public static let tracepoint = ProgramType(rawValue: 5)
  /// `BPF_PROG_TYPE_XDP`: Handles packets in the driver, before the network stack.
  /// - Requires: Linux 4.8
  public static let xdp = ProgramType(rawValue: 6)
  /// `BPF_PROG_TYPE_PERF_EVENT`: Runs on each sample of a perf event.
  /// - Requires: Linux 4.9
  public static let perfEvent = ProgramType(rawValue: 7)
  /// `BPF_PROG_TYPE_CGROUP_SKB`: Filters packets of a cgroup.
  /// - Requires: Linux 4.10
  public static let cgroupSKB = ProgramType(rawValue: 8)
  /// `BPF_PROG_TYPE_CGROUP_SOCK`: Decides on sockets that a cgroup makes.
  /// - Requires: Linux 4.10
  public static let cgroupSock = ProgramType(rawValue: 9)
  /// `BPF_PROG_TYPE_LWT_IN`: Examines packets arriving at a route (lightweight tunnel).
  /// - Requires: Linux 4.10
  public static let lwtIn = ProgramType(rawValue: 10)
  /// `BPF_PROG_TYPE_LWT_OUT`: Examines packets leaving by a route.
  /// - Requires: Linux 4.10
  public static let lwtOut = ProgramType(rawValue: 11)
  /// `BPF_PROG_TYPE_LWT_XMIT`: Rewrites packets leaving by a route.
  /// - Requires: Linux 4.10
  public static let lwtXmit = ProgramType(rawValue: 12)
  /// `BPF_PROG_TYPE_SOCK_OPS`: Follows and tunes the TCP connections of a cgroup.
  /// - Requires: Linux 4.13
  public static let sockOps = ProgramType(rawValue: 13)
  /// `BPF_PROG_TYPE_SK_SKB`: Parses and redirects streams in a socket map.
  /// - Requires: Linux 4.14
  public static let skSKB = ProgramType(rawValue: 14)
  /// `BPF_PROG_TYPE_CGROUP_DEVICE`: Decides on device access of a cgroup.
  /// - Requires: Linux 4.15
  public static let cgroupDevice = ProgramType(rawValue: 15)
  /// `BPF_PROG_TYPE_SK_MSG`: Decides on messages sent by sockets in a socket map.
  /// - Requires: Linux 4.17
  public static let skMsg = ProgramType(rawValue: 16)
  /// `BPF_PROG_TYPE_RAW_TRACEPOINT`: Runs at a tracepoint, given its raw arguments.
  /// - Requires: Linux 4.17
  public static let rawTracepoint = ProgramType(rawValue: 17)
  /// `BPF_PROG_TYPE_CGROUP_SOCK_ADDR`: Decides on and rewrites addresses in bind, connect and the like.
  /// - Requires: Linux 4.17
  public static let cgroupSockAddr = ProgramType(rawValue: 18)
  /// `BPF_PROG_TYPE_LWT_SEG6LOCAL`: Implements a segment routing function.
  /// - Requires: Linux 4.18
  public static let lwtSeg6Local = ProgramType(rawValue: 19)
  /// `BPF_PROG_TYPE_LIRC_MODE2`: Decodes infrared remote controls.
  /// - Requires: Linux 4.18
  public static let lircMode2 = ProgramType(rawValue: 20)
  /// `BPF_PROG_TYPE_SK_REUSEPORT`: Chooses a socket of a reuseport group.
  /// - Requires: Linux 4.19
  public static let skReuseport = ProgramType(rawValue: 21)
  /// `BPF_PROG_TYPE_FLOW_DISSECTOR`: Takes packets' flow keys apart.
  /// - Requires: Linux 4.20
  public static let flowDissector = ProgramType(rawValue: 22)
  /// `BPF_PROG_TYPE_CGROUP_SYSCTL`: Decides on sysctl access of a cgroup.
  /// - Requires: Linux 5.2
  public static let cgroupSysctl = ProgramType(rawValue: 23)
  /// `BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE`: A raw tracepoint program that may write to the tracepoint's buffer.
  /// - Requires: Linux 5.2
  public static let rawTracepointWritable = ProgramType(rawValue: 24)
  /// `BPF_PROG_TYPE_CGROUP_SOCKOPT`: Decides on and rewrites socket options of a cgroup.
  /// - Requires: Linux 5.3
  public static let cgroupSockopt = ProgramType(rawValue: 25)
  /// `BPF_PROG_TYPE_TRACING`: Runs at a function or tracepoint known by BTF, or iterates over kernel objects.
  /// - Requires: Linux 5.5
  public static let tracing = ProgramType(rawValue: 26)
  /// `BPF_PROG_TYPE_STRUCT_OPS`: Implements one operation of a kernel interface.
  /// - Requires: Linux 5.6
  public static let structOps = ProgramType(rawValue: 27)
  /// `BPF_PROG_TYPE_EXT`: Replaces a global function of another program.
  /// - Requires: Linux 5.6
  public static let ext = ProgramType(rawValue: 28)
  /// `BPF_PROG_TYPE_LSM`: Decides at a Linux security module hook.
  /// - Requires: Linux 5.7
  public static let lsm = ProgramType(rawValue: 29)
  /// `BPF_PROG_TYPE_SK_LOOKUP`: Chooses the listening socket for a packet.
  /// - Requires: Linux 5.9
  public static let skLookup = ProgramType(rawValue: 30)
  /// `BPF_PROG_TYPE_SYSCALL`: Runs on demand and may itself call bpf(2).
  /// - Requires: Linux 5.14
  public static let syscall = ProgramType(rawValue: 31)
  /// `BPF_PROG_TYPE_NETFILTER`: Decides on packets at a netfilter hook.
  /// - Requires: Linux 6.4
  public static let netfilter = ProgramType(rawValue: 32)

  /// All that this library knows, in the kernel's order.
  public static let allKnown: [ProgramType] = facts.indices.map { ProgramType(rawValue: UInt32($0)) }

  /// The one with bpftool's name `name`, as `"socket_filter"`.
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
    ("unspec", nil),
    ("socket_filter", KernelVersion(3, 19)),
    ("kprobe", KernelVersion(4, 1)),
    ("sched_cls", KernelVersion(4, 1)),
    ("sched_act", KernelVersion(4, 1)),
    ("tracepoint", KernelVersion(4, 7)),
    ("xdp", KernelVersion(4, 8)),
    ("perf_event", KernelVersion(4, 9)),
    ("cgroup_skb", KernelVersion(4, 10)),
    ("cgroup_sock", KernelVersion(4, 10)),
    ("lwt_in", KernelVersion(4, 10)),
    ("lwt_out", KernelVersion(4, 10)),
    ("lwt_xmit", KernelVersion(4, 10)),
    ("sock_ops", KernelVersion(4, 13)),
    ("sk_skb", KernelVersion(4, 14)),
    ("cgroup_device", KernelVersion(4, 15)),
    ("sk_msg", KernelVersion(4, 17)),
    ("raw_tracepoint", KernelVersion(4, 17)),
    ("cgroup_sock_addr", KernelVersion(4, 17)),
    ("lwt_seg6local", KernelVersion(4, 18)),
    ("lirc_mode2", KernelVersion(4, 18)),
    ("sk_reuseport", KernelVersion(4, 19)),
    ("flow_dissector", KernelVersion(4, 20)),
    ("cgroup_sysctl", KernelVersion(5, 2)),
    ("raw_tracepoint_writable", KernelVersion(5, 2)),
    ("cgroup_sockopt", KernelVersion(5, 3)),
    ("tracing", KernelVersion(5, 5)),
    ("struct_ops", KernelVersion(5, 6)),
    ("ext", KernelVersion(5, 6)),
    ("lsm", KernelVersion(5, 7)),
    ("sk_lookup", KernelVersion(5, 9)),
    ("syscall", KernelVersion(5, 14)),
    ("netfilter", KernelVersion(6, 4)),
  ]
}

extension ProgramType: CustomStringConvertible {
  /// bpftool's name, as `socket_filter`; a number for one that this library does not know.
  public var description: String {
    rawValue < UInt32(Self.facts.count) ? Self.facts[Int(rawValue)].name : "program type \(rawValue)"
  }
}
