// SPDX-License-Identifier: Apache-2.0

/// A place in the kernel that a program can be attached to.
///
/// What a program *may* attach to follows from its type; what it *says* it attaches to, from its section name
/// (``Program/attach()`` uses that). A hook names the rest: the interface, the cgroup, the process.
public enum Hook: Sendable {
  /// A static tracepoint by category and name, as in `/sys/kernel/tracing/events`: `("sched", "sched_process_exec")`.
  ///
  /// - Requires: Linux 4.7; a cookie Linux 5.15
  case tracepoint(category: String, name: String, cookie: UInt64 = 0)

  /// A raw tracepoint by name.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 6.10
  case rawTracepoint(String, cookie: UInt64 = 0)

  /// What the program was loaded for by its BTF: `tp_btf`, `fentry`, `fexit`, `fmod_ret`, `lsm`, `freplace`.
  ///
  /// - Requires: Linux 5.5 (lsm 5.7, freplace 5.6); a cookie Linux 5.19 (tp_btf 6.10)
  case typed(cookie: UInt64 = 0)

  /// Many kernel functions, by name or pattern of `*` and `?`, for `fentry.multi` and its like.
  ///
  /// - Requires: Linux 7.2
  case typedMulti(functions: [String], cookies: [UInt64] = [])

  /// A kernel function's entry (plus `offset` bytes) or, for `isReturn`, its return.
  ///
  /// - Requires: Linux 4.17 (older ones by way of tracefs); a cookie Linux 5.15
  case kprobe(function: String, offset: UInt64 = 0, isReturn: Bool = false, cookie: UInt64 = 0)

  /// Many kernel functions in one link.
  ///
  /// - Requires: Linux 5.18, built with CONFIG_FPROBE
  case kprobeMulti(KprobeMulti)

  /// A place in an executable or shared library.
  ///
  /// - Requires: Linux 4.17 (older ones by way of tracefs); a cookie Linux 5.15
  case uprobe(Uprobe)

  /// Many places of one file in one link.
  ///
  /// - Requires: Linux 6.6
  case uprobeMulti(UprobeMulti)

  /// A statically defined probe (`DTRACE_PROBE`, `USDT`) of an executable or shared library.
  ///
  /// - Requires: Linux 4.20 for probes with a semaphore; before 5.15 a shared library's or movable program's probe is
  ///   attached to in one process (``USDT/processID``), which must be running
  case usdt(USDT)

  /// A perf event that is open: the link takes a reference of its own.
  ///
  /// - Requires: Linux 4.9; a cookie Linux 5.15
  case perfEvent(descriptor: CInt, cookie: UInt64 = 0)

  /// A network interface's receive path, before the stack.
  ///
  /// - Requires: Linux 5.9 as a link, 4.8 by netlink
  case xdp(interface: Interface, mode: XDPMode = .automatic)

  /// A network interface's ingress or egress: tcx, or on older kernels a clsact filter.
  ///
  /// - Requires: Linux 6.6 (tcx), 4.5 (clsact)
  case trafficControl(interface: Interface, direction: TrafficDirection, order: AttachOrder = .last)

  /// A netkit device's primary or peer side, as the program's attach type says.
  ///
  /// - Requires: Linux 6.7
  case netkit(interface: Interface, order: AttachOrder = .last)

  /// A cgroup (v2) directory: for the processes in it and below it.
  ///
  /// - Requires: Linux 5.7 as a link, 4.10 otherwise; an order 6.17
  case cgroup(path: String, order: AttachOrder = .last)

  /// A network namespace, by path (`/proc/self/ns/net`, `/run/netns/NAME`): `sk_lookup` and `flow_dissector`.
  ///
  /// - Requires: Linux 5.8 (sk_lookup 5.9)
  case networkNamespace(path: String)

  /// A netfilter hook of the calling thread's network namespace.
  ///
  /// - Requires: Linux 6.4
  case netfilter(family: NetfilterFamily, hook: NetfilterHook, priority: Int32, defragments: Bool = false)

  /// A sockmap or sockhash, for `sk_msg` and `sk_skb` programs.
  ///
  /// - Requires: Linux 4.14; as a link 6.10
  case sockmap(AnyMap)

  /// A program's own iterator target; ``Link/read(_:)`` runs it.
  ///
  /// - Requires: Linux 5.8
  case iterator(IteratorTarget = .all)

  /// A socket that is open: `socket_filter` and `sk_reuseport` programs. It stays attached until the socket closes.
  ///
  /// - Requires: Linux 3.19 (sk_reuseport 4.19)
  case socket(descriptor: CInt)
}

/// The functions that a kprobe.multi link attaches to.
public struct KprobeMulti: Sendable {
  /// Function names; patterns with `*` and `?` are resolved against what the kernel can trace.
  public var functions: [String]
  public var isReturn = false
  /// One for each function, or none. Not with patterns.
  public var cookies: [UInt64] = []

  public init(_ functions: [String], isReturn: Bool = false, cookies: [UInt64] = []) {
    self.functions = functions
    self.isReturn = isReturn
    self.cookies = cookies
  }
}

/// Where a uprobe attaches.
public struct Uprobe: Sendable {
  /// An executable's or library's path; a bare name ("libc.so.6", "bash") is looked for where the linker and shell would.
  public var path: String
  /// A symbol, or nil for ``offset`` alone.
  public var symbol: String?
  /// Bytes from the symbol; without a symbol, from the start of the file.
  public var offset: UInt64
  public var isReturn: Bool
  /// Only this process; nil for every one.
  public var processID: Int32?
  /// File offset of a counter that the kernel raises while the probe is attached.
  public var semaphoreOffset: UInt64
  public var cookie: UInt64

  public init(
    path: String, symbol: String? = nil, offset: UInt64 = 0, isReturn: Bool = false, processID: Int32? = nil,
    semaphoreOffset: UInt64 = 0, cookie: UInt64 = 0
  ) {
    self.path = path
    self.symbol = symbol
    self.offset = offset
    self.isReturn = isReturn
    self.processID = processID
    self.semaphoreOffset = semaphoreOffset
    self.cookie = cookie
  }
}

/// Where a uprobe.multi link attaches.
public struct UprobeMulti: Sendable {
  public var path: String
  /// Symbols; patterns with `*` and `?` are resolved against the file's function symbols.
  public var symbols: [String]
  public var isReturn: Bool
  public var processID: Int32?
  /// One for each symbol, or none. Not with patterns.
  public var cookies: [UInt64] = []

  public init(path: String, symbols: [String], isReturn: Bool = false, processID: Int32? = nil) {
    self.path = path
    self.symbols = symbols
    self.isReturn = isReturn
    self.processID = processID
  }
}

/// A statically defined probe: `libc.so.6`, `libc`, `setjmp`.
public struct USDT: Sendable {
  public var path: String
  public var provider: String
  public var name: String
  public var processID: Int32?
  /// `bpf_usdt_cookie`'s value.
  public var cookie: UInt64

  public init(path: String, provider: String, name: String, processID: Int32? = nil, cookie: UInt64 = 0) {
    self.path = path
    self.provider = provider
    self.name = name
    self.processID = processID
    self.cookie = cookie
  }
}

/// Which way packets go through an interface.
public enum TrafficDirection: Sendable, Hashable, CaseIterable {
  case ingress, egress
}

/// Where a driver runs an XDP program.
public enum XDPMode: UInt32, Sendable, Hashable, CaseIterable {
  /// In the driver where it can, otherwise in the stack.
  case automatic = 0
  /// In the stack (`XDP_FLAGS_SKB_MODE`): every driver, slower.
  case generic = 2
  /// In the driver (`XDP_FLAGS_DRV_MODE`), or not at all.
  case native = 4
  /// On the card (`XDP_FLAGS_HW_MODE`).
  case offload = 8
}

/// A protocol family of netfilter's (`NFPROTO_*`).
public enum NetfilterFamily: UInt32, Sendable, Hashable {
  case ipv4 = 2
  case ipv6 = 10
}

/// What an iterator walks over, where its program leaves a choice.
public enum IteratorTarget: Sendable {
  case all
  /// The elements of a map (`bpf_map_elem`, `bpf_sk_storage_map`, `sockmap`).
  case map(AnyMap)
  /// One thread, one process, or the process of a pidfd (`task`, `task_file`, `task_vma`). Linux 6.1.
  case thread(UInt32)
  case process(UInt32)
  /// A cgroup by path (`cgroup`). Linux 6.1.
  case cgroup(path: String, order: CgroupOrder = .descendantsPreOrder)

  /// In which order cgroups are walked (`enum bpf_cgroup_iter_order`).
  public enum CgroupOrder: UInt32, Sendable {
    /// The named cgroup alone.
    case selfOnly = 1
    /// The cgroup, then those below it.
    case descendantsPreOrder = 2
    /// Those below it, then the cgroup.
    case descendantsPostOrder = 3
    /// The cgroup, its parent, and so on to the root.
    case ancestorsUp = 4
  }
}
