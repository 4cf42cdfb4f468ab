// SPDX-License-Identifier: Apache-2.0

/// A kind of program: where it may be attached.
public protocol ProgramKind: Sendable {
  associatedtype Place: AttachPlace
}

/// A kind whose programs say in their section where they attach.
public protocol SelfAttaching: ProgramKind {}

/// A place that one kind of program may be attached to.
public protocol AttachPlace: Sendable {
  var hook: Hook { get }
}

/// The kinds of programs, by what they may be attached to.
public enum ProgramKinds {
  /// A program of any kind whose section names its place.
  public enum Placed<Kind: ProgramKind>: SelfAttaching {
    public typealias Place = Kind.Place
  }

  public enum XDP: ProgramKind { public typealias Place = XDPPlace }
  public enum TrafficControl: ProgramKind { public typealias Place = TrafficControlPlace }
  /// Traffic control whose section says that it is for ingress.
  public enum Ingress: ProgramKind { public typealias Place = IngressPlace }
  /// Traffic control whose section says that it is for egress.
  public enum Egress: ProgramKind { public typealias Place = EgressPlace }
  public enum Netkit: ProgramKind { public typealias Place = NetkitPlace }
  public enum Tracepoint: ProgramKind { public typealias Place = TracepointPlace }
  public enum RawTracepoint: ProgramKind { public typealias Place = RawTracepointPlace }
  /// What is chosen by type information at the load: `fentry`, `fexit`, `fmod_ret`, `tp_btf`, `lsm`, `freplace`.
  public enum Tracing: SelfAttaching { public typealias Place = TracingPlace }
  public enum TracingMulti: ProgramKind { public typealias Place = TracingMultiPlace }
  public enum Kprobe: ProgramKind { public typealias Place = KprobePlace }
  public enum Kretprobe: ProgramKind { public typealias Place = KretprobePlace }
  public enum KprobeMulti: ProgramKind { public typealias Place = KprobeMultiPlace }
  public enum KretprobeMulti: ProgramKind { public typealias Place = KretprobeMultiPlace }
  public enum Uprobe: ProgramKind { public typealias Place = UprobePlace }
  public enum Uretprobe: ProgramKind { public typealias Place = UretprobePlace }
  public enum UprobeMulti: ProgramKind { public typealias Place = UprobeMultiPlace }
  public enum UretprobeMulti: ProgramKind { public typealias Place = UretprobeMultiPlace }
  public enum USDT: ProgramKind { public typealias Place = USDTPlace }
  public enum PerfEvent: ProgramKind { public typealias Place = PerfEventPlace }
  public enum Cgroup: ProgramKind { public typealias Place = CgroupPlace }
  public enum NetworkNamespace: ProgramKind { public typealias Place = NetworkNamespacePlace }
  public enum Netfilter: ProgramKind { public typealias Place = NetfilterPlace }
  public enum SocketMap: ProgramKind { public typealias Place = SocketMapPlace }
  public enum Socket: ProgramKind { public typealias Place = SocketPlace }
  public enum Iterator: SelfAttaching { public typealias Place = IteratorPlace }
  /// Programs that attach by other means, or not at all: operations of struct_ops, actions, `syscall`, tunnels.
  public enum Unattached: ProgramKind { public typealias Place = NoPlace }
}

/// No place at all: programs of this kind cannot be attached.
public enum NoPlace: AttachPlace {
  public var hook: Hook { switch self {} }
}
