// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

/// What programs attach to, by the kind of hook: the one list that section names, `Hook` and skeletons share.
///
/// An open set. The raw value is the name that the kind has among `ProgramKinds` of the library `BPF`.
public struct HookKind: RawRepresentable, Hashable, Sendable {
  public var rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// A tracepoint, by category and name.
  public static let tracepoint = HookKind(rawValue: "Tracepoint")
  /// A tracepoint, by name alone.
  public static let rawTracepoint = HookKind(rawValue: "RawTracepoint")
  /// What was chosen when the program was loaded: fentry, fexit, fmod_ret, fsession, tp_btf, lsm, freplace.
  public static let tracing = HookKind(rawValue: "Tracing")
  /// All functions that match a pattern, by BTF.
  public static let tracingMulti = HookKind(rawValue: "TracingMulti")
  /// A kernel function, `function+offset`.
  public static let kprobe = HookKind(rawValue: "Kprobe")
  public static let kretprobe = HookKind(rawValue: "Kretprobe")
  /// All kernel functions whose names match a pattern.
  public static let kprobeMulti = HookKind(rawValue: "KprobeMulti")
  public static let kretprobeMulti = HookKind(rawValue: "KretprobeMulti")
  /// The same, on entry and return.
  public static let kprobeSession = HookKind(rawValue: "KprobeSession")
  /// A system call's function, whatever it is called on this machine.
  public static let ksyscall = HookKind(rawValue: "Ksyscall")
  public static let kretsyscall = HookKind(rawValue: "Kretsyscall")
  /// A user function, `file:function+offset`.
  public static let uprobe = HookKind(rawValue: "Uprobe")
  public static let uretprobe = HookKind(rawValue: "Uretprobe")
  /// All user functions whose names match a pattern, `file:pattern`.
  public static let uprobeMulti = HookKind(rawValue: "UprobeMulti")
  public static let uretprobeMulti = HookKind(rawValue: "UretprobeMulti")
  /// The same, on entry and return.
  public static let uprobeSession = HookKind(rawValue: "UprobeSession")
  /// A static user probe, `file:provider:name`.
  public static let usdt = HookKind(rawValue: "USDT")
  public static let perfEvent = HookKind(rawValue: "PerfEvent")
  /// A link whose iterators user space reads.
  public static let iterator = HookKind(rawValue: "Iterator")
  public static let xdp = HookKind(rawValue: "XDP")
  /// An interface's ingress or egress.
  public static let trafficControl = HookKind(rawValue: "TrafficControl")
  public static let ingress = HookKind(rawValue: "Ingress")
  public static let egress = HookKind(rawValue: "Egress")
  public static let netkit = HookKind(rawValue: "Netkit")
  public static let cgroup = HookKind(rawValue: "Cgroup")
  public static let networkNamespace = HookKind(rawValue: "NetworkNamespace")
  public static let netfilter = HookKind(rawValue: "Netfilter")
  public static let socketMap = HookKind(rawValue: "SocketMap")
  public static let socket = HookKind(rawValue: "Socket")
  /// Nothing: operations of struct_ops, `syscall`, tunnels, programs of device and CPU maps.
  public static let unattached = HookKind(rawValue: "Unattached")

  /// The kind of programs of a type, where the section's name says nothing else.
  init(_ programType: ProgramType, _ attachType: AttachType?) {
    switch programType {
    case .xdp: self = attachType == nil || attachType == .xdp ? .xdp : .unattached
    case .schedCLS, .schedACT:
      switch attachType {
      case .tcxIngress?: self = .ingress
      case .tcxEgress?: self = .egress
      case .netkitPrimary?, .netkitPeer?: self = .netkit
      default: self = .trafficControl
      }
    case .tracepoint: self = .tracepoint
    case .rawTracepoint, .rawTracepointWritable: self = .rawTracepoint
    case .perfEvent: self = .perfEvent
    case .kprobe: self = .kprobe
    case .tracing: self = attachType == .traceIter ? .iterator : .tracing
    case .ext: self = .tracing
    case .lsm: self = attachType == .lsmCgroup ? .cgroup : .tracing
    case .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice, .sockOps:
      self = .cgroup
    case .skMsg, .skSKB: self = .socketMap
    case .skLookup, .flowDissector: self = .networkNamespace
    case .netfilter: self = .netfilter
    case .socketFilter, .skReuseport: self = .socket
    default: self = .unattached
    }
  }
}

extension ProgramSpec {
  /// What the program attaches to.
  public var hookKind: HookKind {
    guard let kind = sectionKind, kind.programType == type else { return HookKind(type, attachType) }
    return kind.hook
  }

  /// Whether the section names the place, so that the program can be attached without another word: with what follows
  /// the slash, or when it was loaded.
  public var namesItsPlace: Bool {
    switch hookKind {
    case .tracing, .iterator: true
    case .tracepoint, .rawTracepoint, .tracingMulti, .kprobe, .kretprobe, .kprobeMulti, .kretprobeMulti, .kprobeSession,
      .ksyscall, .kretsyscall, .uprobe, .uretprobe, .uprobeMulti, .uretprobeMulti, .uprobeSession, .usdt:
      sectionKind != nil && attachTarget?.isEmpty == false
    default: false
    }
  }
}
