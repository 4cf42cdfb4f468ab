// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem
public import BPFValues

/// The kind of a link (`enum bpf_link_type`). An open set: the next kernel's kinds have numbers, too.
public struct LinkType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let rawTracepoint = LinkType(rawValue: 1)
  public static let tracing = LinkType(rawValue: 2)
  public static let cgroup = LinkType(rawValue: 3)
  public static let iterator = LinkType(rawValue: 4)
  public static let networkNamespace = LinkType(rawValue: 5)
  public static let xdp = LinkType(rawValue: 6)
  /// Tracepoints, kprobes, uprobes and perf events: ``LinkInfo/perfEventKind``.
  public static let perfEvent = LinkType(rawValue: 7)
  public static let kprobeMulti = LinkType(rawValue: 8)
  public static let structOps = LinkType(rawValue: 9)
  public static let netfilter = LinkType(rawValue: 10)
  public static let tcx = LinkType(rawValue: 11)
  public static let uprobeMulti = LinkType(rawValue: 12)
  public static let netkit = LinkType(rawValue: 13)
  public static let sockmap = LinkType(rawValue: 14)
  public static let tracingMulti = LinkType(rawValue: 15)

  private static let names = [
    "unspec", "raw_tracepoint", "tracing", "cgroup", "iter", "netns", "xdp", "perf_event", "kprobe_multi", "struct_ops",
    "netfilter", "tcx", "uprobe_multi", "netkit", "sockmap", "tracing_multi",
  ]

  /// bpftool's name.
  public var description: String {
    Self.names.indices.contains(Int(rawValue)) ? Self.names[Int(rawValue)] : "link type \(rawValue)"
  }

  /// Whether ``Link/detach()`` detaches it, whoever holds or has pinned it. Others go with their last holder.
  public var isDetachable: Bool {
    [.cgroup, .networkNamespace, .xdp, .netfilter, .tcx, .netkit, .sockmap, .structOps].contains(self)
  }
}

/// What the kernel reports of a link.
///
/// What the link's type does not have, or an older kernel does not report, is nil or empty.
public struct LinkInfo: Sendable, Hashable {
  private let link: LinkInformation

  init(_ link: LinkInformation) { self.link = link }

  public var type: LinkType { LinkType(rawValue: link.type) }
  public var id: UInt32 { link.id }
  /// Zero for struct_ops.
  public var programID: UInt32 { link.programID }

  /// What the program was attached as: tracing, cgroup, network namespace, tcx, netkit, sockmap.
  public var attachType: AttachType? { link.attachType.map { AttachType(rawValue: $0) } }
  /// `bpf_get_attach_cookie`'s values, one for each place or none.
  public var cookies: [UInt64] { link.cookies }
  /// A tracepoint, kernel function or iterator target.
  public var name: String? { link.name }
  /// The file of a uprobe or uprobe.multi link.
  public var path: String? { link.path }
  /// File offsets, or for a kprobe that in the function.
  public var offsets: [UInt64] { link.offsets }
  /// File offsets of USDT semaphores, parallel to ``offsets``.
  public var semaphores: [UInt64] { link.semaphores }
  /// Addresses of kernel functions; zero where the reader may not see them.
  public var addresses: [UInt64] { link.addresses }
  /// Whether a probe is on returns.
  public var isReturn: Bool { link.isReturn }
  /// How often a probe could not run its program.
  public var missed: UInt64? { link.missed }
  /// What tracing attaches to: ids in one BTF object.
  public var typeIDs: [UInt32] { link.typeIDs }
  /// The BTF object, or program, that ``typeIDs`` are of.
  public var objectID: UInt32? { link.objectID }
  /// The device of xdp, tcx and netkit, in its own network namespace; zero when it was removed.
  public var interfaceIndex: UInt32? { link.interfaceIndex }
  public var cgroupID: UInt64? { link.cgroupID }
  /// The map of an iterator, a sockmap or struct_ops.
  public var mapID: UInt32? { link.mapID }
  /// ``NetworkNamespace/inode``.
  public var networkNamespaceInode: UInt64? { link.networkNamespaceInode }
  /// The thread that an iterator shows.
  public var threadID: UInt32? { link.threadID }
  /// The process that an iterator shows, or that a uprobe.multi link is limited to.
  public var processID: UInt32? { link.processID }

  /// A netfilter hook.
  public struct Netfilter: Sendable, Hashable {
    public var family: Hook.NetfilterFamily
    public var hook: NetfilterHook
    public var priority: Int32
    public var defragments: Bool
  }

  public var netfilter: Netfilter? {
    link.netfilter.map {
      Netfilter(
        family: Hook.NetfilterFamily(rawValue: $0.family), hook: NetfilterHook(rawValue: $0.hook),
        priority: $0.priority,
        defragments: $0.flags & 1 != 0)
    }
  }

  /// What a ``LinkType/perfEvent`` link is on (`enum bpf_perf_event_type`).
  public struct PerfEventKind: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let uprobe = PerfEventKind(rawValue: 1)
    public static let uretprobe = PerfEventKind(rawValue: 2)
    public static let kprobe = PerfEventKind(rawValue: 3)
    public static let kretprobe = PerfEventKind(rawValue: 4)
    public static let tracepoint = PerfEventKind(rawValue: 5)
    public static let event = PerfEventKind(rawValue: 6)
  }

  /// - Requires: Linux 6.6
  public var perfEventKind: PerfEventKind? { link.perfEventKind.map { PerfEventKind(rawValue: $0) } }

  /// A perf event: `PERF_TYPE_*` and its number.
  public var perfEvent: (type: UInt32, config: UInt64)? { link.perfEvent.map { ($0.type, $0.config) } }
}
