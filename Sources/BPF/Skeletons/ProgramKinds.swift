// SPDX-License-Identifier: Apache-2.0

public import BPFValues

/// The kinds of programs in skeletons, by what they can be attached to: `SkeletonProgram<ProgramKinds.XDP>`.
///
/// The makers of ``AttachTarget`` are the places of each kind.
public enum ProgramKinds {
  /// A kind of program.
  public protocol Kind: Sendable {
    /// The kind whose places the program can be attached to.
    associatedtype Target: Kind = Self
  }

  /// A kind whose programs name in their section where they attach.
  public protocol SelfAttaching: Kind {}

  /// A program of any kind whose section names its place.
  public enum Placed<Target: Kind>: SelfAttaching {}

  public enum XDP: Kind {}
  public enum TrafficControl: Kind {}
  /// Traffic control whose section names ingress.
  public enum Ingress: Kind {}
  /// Traffic control whose section names egress.
  public enum Egress: Kind {}
  public enum Netkit: Kind {}
  public enum Tracepoint: Kind {}
  public enum RawTracepoint: Kind {}
  /// What is chosen by type information at the load: `fentry`, `fexit`, `fmod_ret`, `tp_btf`, `lsm`, `freplace`.
  public enum Tracing: SelfAttaching {}
  public enum TracingMulti: Kind {}
  public enum Kprobe: Kind {}
  public enum Kretprobe: Kind {}
  public enum Ksyscall: Kind {}
  public enum Kretsyscall: Kind {}
  public enum KprobeMulti: ManyFunctions { public static var isReturn: Bool { false } }
  public enum KretprobeMulti: ManyFunctions { public static var isReturn: Bool { true } }
  public enum KprobeSession: ManyFunctions { public static var isReturn: Bool { false } }
  public enum Uprobe: Kind {}
  public enum Uretprobe: Kind {}
  public enum UprobeMulti: ManyUserFunctions { public static var isReturn: Bool { false } }
  public enum UretprobeMulti: ManyUserFunctions { public static var isReturn: Bool { true } }
  public enum UprobeSession: ManyUserFunctions { public static var isReturn: Bool { false } }
  public enum USDT: Kind {}
  public enum PerfEvent: Kind {}
  public enum Cgroup: Kind {}
  public enum NetworkNamespace: Kind {}
  public enum Netfilter: Kind {}
  public enum SocketMap: Kind {}
  public enum Socket: Kind {}
  public enum Iterator: SelfAttaching {}
  /// Programs that attach by other means, or not at all: operations of struct_ops, `syscall`, tunnels, programs of device
  /// and CPU maps.
  public enum Unattached: Kind {}

  /// `kprobe.multi`, `kretprobe.multi`, `kprobe.session`.
  public protocol ManyFunctions: Kind { static var isReturn: Bool { get } }
  /// `uprobe.multi`, `uretprobe.multi`, `uprobe.session`.
  public protocol ManyUserFunctions: Kind { static var isReturn: Bool { get } }
}

/// A place that programs of one kind can be attached to: a ``Hook`` that fits the program, checked when your code is
/// compiled.
///
///     let link = try firewall.filterPacket.attach(to: .interface("veth0"))
public struct AttachTarget<Kind: ProgramKinds.Kind>: Sendable {
  public let hook: Hook

  fileprivate init(_ hook: Hook) { self.hook = hook }
}

// Interfaces.
extension AttachTarget where Kind == ProgramKinds.XDP {
  /// An interface's receive path.
  public static func interface(_ interface: Interface, mode: Hook.XDPMode = .automatic) -> Self {
    Self(.xdp(interface: interface, mode: mode))
  }
}

extension AttachTarget where Kind == ProgramKinds.TrafficControl {
  /// What an interface receives.
  public static func ingress(_ interface: Interface, order: Hook.Order = .last) -> Self {
    Self(.trafficControl(interface: interface, direction: .ingress, order: order))
  }

  /// What an interface sends.
  public static func egress(_ interface: Interface, order: Hook.Order = .last) -> Self {
    Self(.trafficControl(interface: interface, direction: .egress, order: order))
  }
}

extension AttachTarget where Kind == ProgramKinds.Ingress {
  /// What an interface receives.
  public static func interface(_ interface: Interface, order: Hook.Order = .last) -> Self {
    Self(.trafficControl(interface: interface, direction: .ingress, order: order))
  }
}

extension AttachTarget where Kind == ProgramKinds.Egress {
  /// What an interface sends.
  public static func interface(_ interface: Interface, order: Hook.Order = .last) -> Self {
    Self(.trafficControl(interface: interface, direction: .egress, order: order))
  }
}

extension AttachTarget where Kind == ProgramKinds.Netkit {
  /// The side of a netkit device that the program's section names.
  ///
  /// - Requires: Linux 6.7
  public static func interface(_ interface: Interface, order: Hook.Order = .last) -> Self {
    Self(.netkit(interface: interface, order: order))
  }
}

// Cgroups, namespaces, sockets.
extension AttachTarget where Kind == ProgramKinds.Cgroup {
  /// A cgroup (v2) by its directory: the processes in it and below it.
  ///
  /// - Requires: an order Linux 6.17
  public static func cgroup(_ path: String, order: Hook.Order = .last) -> Self {
    Self(.cgroup(path: path, order: order))
  }
}

extension AttachTarget where Kind == ProgramKinds.NetworkNamespace {
  public static func networkNamespace(_ namespace: BPF.NetworkNamespace) -> Self {
    Self(.networkNamespace(namespace))
  }

  /// A namespace by its path: `/proc/PID/ns/net`, `/run/netns/NAME`.
  public static func networkNamespace(path: String) -> Self { Self(.networkNamespace(path: path)) }
}

extension AttachTarget where Kind == ProgramKinds.Netfilter {
  /// A netfilter hook; programs of lower priority numbers run first.
  ///
  /// - Parameters:
  ///   - namespace: nil for that of the calling thread.
  /// - Requires: Linux 6.4
  public static func hook(
    _ hook: NetfilterHook, family: Hook.NetfilterFamily, priority: Int32, defragments: Bool = false,
    in namespace: BPF.NetworkNamespace? = nil
  ) -> Self {
    Self(.netfilter(family: family, hook: hook, priority: priority, defragments: defragments, in: namespace))
  }
}

extension AttachTarget where Kind == ProgramKinds.SocketMap {
  /// A sockmap or sockhash.
  public static func map(_ map: AnyMap) -> Self { Self(.sockmap(map)) }

  /// A sockmap or sockhash.
  public static func map<Key>(_ map: DescriptorMap<Key>) -> Self { Self(.sockmap(map.map)) }
}

extension AttachTarget where Kind == ProgramKinds.Socket {
  /// A socket that is open; the program stays until it closes.
  public static func socket(_ descriptor: CInt) -> Self { Self(.socket(descriptor: descriptor)) }
}

// Tracing.
extension AttachTarget where Kind == ProgramKinds.Tracepoint {
  /// A tracepoint as in `/sys/kernel/tracing/events`: `"sched", "sched_process_exec"`.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func tracepoint(_ category: String, _ name: String, cookie: UInt64 = 0) -> Self {
    Self(.tracepoint(category: category, name: name, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.RawTracepoint {
  /// A tracepoint by name.
  ///
  /// - Requires: a cookie Linux 6.10
  public static func tracepoint(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(.rawTracepoint(name, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.Tracing {
  /// The target that the section names, with a cookie.
  ///
  /// - Requires: Linux 5.19 (tp_btf 6.10)
  public static func target(cookie: UInt64) -> Self { Self(.typed(cookie: cookie)) }
}

extension AttachTarget where Kind == ProgramKinds.TracingMulti {
  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 7.2
  public static func functions(_ functions: [String], cookies: [UInt64] = []) -> Self {
    Self(.typedMulti(functions: functions, cookies: cookies))
  }
}

extension AttachTarget where Kind == ProgramKinds.PerfEvent {
  /// An open event; the link keeps a reference of its own.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func perfEvent(_ descriptor: CInt, cookie: UInt64 = 0) -> Self {
    Self(.perfEvent(descriptor: descriptor, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.Iterator {
  /// A map's entries, a thread, a process, a cgroup.
  public static func target(_ target: Hook.IteratorTarget) -> Self { Self(.iterator(target)) }
}

// Functions of the kernel.
extension AttachTarget where Kind == ProgramKinds.Kprobe {
  /// A function, plus bytes.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func function(_ name: String, offset: UInt64 = 0, cookie: UInt64 = 0) -> Self {
    Self(.kprobe(function: name, offset: offset, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.Kretprobe {
  /// A function's return.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func function(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(.kretprobe(function: name, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.Ksyscall {
  /// A system call's function, whatever it is called on this machine.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func systemCall(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(.systemCall(name, cookie: cookie))
  }
}

extension AttachTarget where Kind == ProgramKinds.Kretsyscall {
  /// The return of a system call's function.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func systemCall(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(.systemCall(name, isReturn: true, cookie: cookie))
  }
}

extension AttachTarget where Kind: ProgramKinds.ManyFunctions {
  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 5.18
  public static func functions(_ names: [String], cookies: [UInt64] = []) -> Self {
    Self(.kprobeMulti(Hook.KprobeMulti(names, isReturn: Kind.isReturn, cookies: cookies)))
  }
}

// Functions of executables and libraries.
extension AttachTarget where Kind == ProgramKinds.Uprobe {
  /// A function of a file, plus bytes.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func function(
    _ symbol: String, in path: String, offset: UInt64 = 0, processID: Int32? = nil, cookie: UInt64 = 0
  ) -> Self {
    Self(.uprobe(Hook.Uprobe(path: path, symbol: symbol, offset: offset, processID: processID, cookie: cookie)))
  }

  /// Bytes from the start of a file.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func offset(_ offset: UInt64, in path: String, processID: Int32? = nil, cookie: UInt64 = 0) -> Self {
    Self(.uprobe(Hook.Uprobe(path: path, offset: offset, processID: processID, cookie: cookie)))
  }
}

extension AttachTarget where Kind == ProgramKinds.Uretprobe {
  /// The return of a function of a file.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func function(_ symbol: String, in path: String, processID: Int32? = nil, cookie: UInt64 = 0) -> Self {
    Self(.uprobe(Hook.Uprobe(path: path, symbol: symbol, isReturn: true, processID: processID, cookie: cookie)))
  }
}

extension AttachTarget where Kind: ProgramKinds.ManyUserFunctions {
  /// Functions of a file by name or pattern.
  ///
  /// - Requires: Linux 6.6
  public static func functions(
    _ symbols: [String], in path: String, processID: Int32? = nil, cookies: [UInt64] = []
  ) -> Self {
    Self(
      .uprobeMulti(
        Hook.UprobeMulti(
          path: path, symbols: symbols, isReturn: Kind.isReturn, processID: processID, cookies: cookies)))
  }
}

extension AttachTarget where Kind == ProgramKinds.USDT {
  /// A static probe of a file by provider and name.
  public static func probe(
    _ name: String, provider: String, in path: String, processID: Int32? = nil, cookie: UInt64 = 0
  ) -> Self {
    Self(.usdt(Hook.USDT(path: path, provider: provider, name: name, processID: processID, cookie: cookie)))
  }
}
