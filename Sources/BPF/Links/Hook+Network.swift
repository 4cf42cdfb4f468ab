// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
public import BPFValues
import SystemPackage

// Interfaces.
extension Hook {
  /// Where a driver runs an XDP program.
  public struct XDPMode: RawRepresentable, Sendable, Hashable {
    /// XDP_FLAGS_*.
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// In the driver where it can, otherwise in the stack.
    public static let automatic = XDPMode(rawValue: 0)
    /// In the stack (`XDP_FLAGS_SKB_MODE`): every driver, slower.
    public static let generic = XDPMode(rawValue: 2)
    /// In the driver (`XDP_FLAGS_DRV_MODE`), or not at all.
    public static let native = XDPMode(rawValue: 4)
    /// On the card (`XDP_FLAGS_HW_MODE`).
    public static let offload = XDPMode(rawValue: 8)
  }

  /// A network interface's receive path, before the stack.
  public static func xdp(interface: Interface, mode: XDPMode = .automatic) -> Hook {
    Hook("xdp on \(interface)", .xdp) { (program, place) throws(BPFError) in
      try interface.resolved { (index) throws(BPFError) in
        try program.createLink(at: place, target: index, attachType: .xdp, flags: mode.rawValue) { error in
          switch error {
          case .notSupported:
            "the driver does not support native XDP, or not with this MTU or these offloads; try mode generic"
          case .invalidArgument where program.attachType != nil && program.attachType != .xdp:
            "programs of SEC(\"\(program.spec?.sectionName ?? "xdp/devmap")\") are put into a map, and are not attached"
          default: nil
          }
        }
      }
    }
  }

  /// Which way packets go through an interface.
  public enum Direction: Sendable, Hashable, CaseIterable {
    case ingress, egress
  }

  /// A network interface's ingress or egress: by tcx, or before Linux 6.6 by a clsact filter, which has no order.
  ///
  /// - Requires: an order Linux 6.6
  public static func trafficControl(interface: Interface, direction: Direction, order: Order = .last) -> Hook {
    Hook("tc \(direction) of \(interface)", .schedCLS, .schedACT) { (program, place) throws(BPFError) in
      try interface.resolved { (index) throws(BPFError) in
        do throws(Errno) {
          let link = try BPFCall.createLink(
            LinkCreate(
              program: program.fd, target: index,
              attachType: (direction == .ingress ? AttachType.tcxIngress : .tcxEgress).rawValue, flags: order.flags,
              detail: order.detail))
          let place = "tcx \(direction) of \(interface)"
          return Link(KernelLink(link, place), place: place)
        } catch {
          guard error == .invalidArgument, KernelVersion.current < KernelVersion(6, 6) else {
            throw program.attachError(place, error, requires: "6.6", hint: order.hint(error))
          }
        }
        guard order == .last else {
          throw BPFError(.unsupported, "attaching \(program.name) to \(place) in order", requires: "6.6")
        }
        return try program.attachClsact(index, direction: direction, place)
      }
    }
  }

  /// A netkit device's primary or peer side, as the program's attach type says.
  ///
  /// - Requires: Linux 6.7
  public static func netkit(interface: Interface, order: Order = .last) -> Hook {
    Hook("netkit \(interface)", .schedCLS) { (program, place) throws(BPFError) in
      try interface.resolved { (index) throws(BPFError) in
        try program.createLink(
          at: place, target: index, attachType: program.attachType ?? .netkitPrimary, flags: order.flags,
          detail: order.detail, requires: "6.7"
        ) { error in
          switch error {
          case .noSuchAddressOrDevice: "it is not a netkit device"
          case .permissionDenied: "programs are attached through the primary device of the pair"
          default: order.hint(error)
          }
        }
      }
    }
  }

  /// Where a new program stands among those that share a hook.
  ///
  /// - Requires: Linux 6.6 (tcx, netkit), 6.17 (cgroup)
  public struct Order: Sendable, Hashable {
    /// The kernel's flags.
    let flags: UInt32
    /// The neighbor's id; zero for none.
    let neighbor: UInt32

    private static let before: UInt32 = 1 << 3  // BPF_F_BEFORE
    private static let after: UInt32 = 1 << 4  // BPF_F_AFTER
    private static let byID: UInt32 = 1 << 5  // BPF_F_ID
    private static let isLink: UInt32 = 1 << 13  // BPF_F_LINK

    public static let first = Order(flags: before, neighbor: 0)
    public static let last = Order(flags: 0, neighbor: 0)
    public static func beforeProgram(id: UInt32) -> Order { Order(flags: before | byID, neighbor: id) }
    public static func afterProgram(id: UInt32) -> Order { Order(flags: after | byID, neighbor: id) }
    public static func beforeLink(id: UInt32) -> Order { Order(flags: before | byID | isLink, neighbor: id) }
    public static func afterLink(id: UInt32) -> Order { Order(flags: after | byID | isLink, neighbor: id) }

    var detail: LinkCreate.Detail { .ordered(relative: neighbor, expectedRevision: 0) }

    func hint(_ errno: Errno) -> String? {
      neighbor != 0 && (errno == .noSuchFileOrDirectory || errno == .outOfRange)
        ? "the \(flags & Self.isLink != 0 ? "link" : "program") \(neighbor) is not attached there" : nil
    }
  }
}

extension Program {
  /// A bpf filter in direct action mode on a clsact discipline, which is made if absent: the way of kernels without tcx.
  func attachClsact(_ index: UInt32, direction: Hook.Direction, _ place: String) throws(BPFError) -> Link {
    Link(try ClsactFilter(self, index: index, direction: direction, place), place: place)
  }
}

/// A filter that stays until someone removes it.
private final class ClsactFilter: Attachment {
  private let filter: TrafficControl.Filter
  private let namespace: NetworkNamespace
  private let place: String

  init(_ program: Program, index: UInt32, direction: Hook.Direction, _ place: String) throws(BPFError) {
    self.place = place
    // The interface is of the namespace that this thread is in now.
    namespace = try NetworkNamespace.current()
    do {
      try TrafficControl.createClsact(interface: index)
      filter = try TrafficControl.add(
        TrafficControl.Filter(
          interface: index, direction: direction == .ingress ? .ingress : .egress, handle: 1, name: program.name),
        program: program.fd)
    } catch {
      throw program.attachError(place, error.errno, detail: error.message)
    }
  }

  var linkFD: CInt? { nil }
  var linkKernel: String? { "6.6" }

  deinit { try? detach() }

  /// The discipline stays: others may have filters on it.
  func detach() throws(BPFError) {
    let filter = filter
    do {
      try namespace.run { () throws(NetlinkError) in try TrafficControl.delete(filter) }
    } catch {
      // Gone already, with its device or by another hand: that is what was asked for.
      let error = try error.cause
      guard error.errno != .noSuchFileOrDirectory, error.errno != .operationNotSupportedByDevice else { return }
      throw BPFError("detaching from \(place)", errno: error.errno, detail: error.message)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    let filter = filter
    do {
      try namespace.run { () throws(NetlinkError) in
        _ = try TrafficControl.add(filter, program: program.fd, replacing: true)
      }
    } catch {
      let error = try error.cause
      throw BPFError("replacing the program at \(place)", errno: error.errno, detail: error.message)
    }
  }
}

// Namespaces, sockets, and maps of sockets.
extension Hook {
  /// A network namespace: `sk_lookup` and `flow_dissector`.
  public static func networkNamespace(_ namespace: NetworkNamespace) -> Hook {
    Hook("network namespace \(namespace)", .skLookup, .flowDissector) { (program, place) throws(BPFError) in
      try program.createLink(
        at: place, target: UInt32(bitPattern: namespace.fd),
        attachType: program.type == .skLookup ? .skLookup : .flowDissector)
    }
  }

  /// The same, by path: `/proc/PID/ns/net`, `/run/netns/NAME`.
  public static func networkNamespace(path: String) -> Hook {
    Hook("network namespace \(path)", .skLookup, .flowDissector) { (program, _) throws(BPFError) in
      try Hook.networkNamespace(NetworkNamespace(path: path)).attach(program)
    }
  }

  /// A protocol family of netfilter's (`NFPROTO_*`).
  public struct NetfilterFamily: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let ipv4 = NetfilterFamily(rawValue: 2)
    public static let ipv6 = NetfilterFamily(rawValue: 10)

    public var description: String {
      switch self {
      case .ipv4: "ipv4"
      case .ipv6: "ipv6"
      default: "family \(rawValue)"
      }
    }
  }

  /// A netfilter hook. Programs of lower priority numbers run first.
  ///
  /// - Parameters:
  ///   - namespace: nil for that of the calling thread.
  /// - Requires: Linux 6.4
  public static func netfilter(
    family: NetfilterFamily, hook: NetfilterHook, priority: Int32, defragments: Bool = false,
    in namespace: NetworkNamespace? = nil
  ) -> Hook {
    Hook("netfilter \(family) \(hook), priority \(priority)", .netfilter) { (program, place) throws(BPFError) in
      try NetworkNamespace.run(in: namespace) { () throws(BPFError) in
        try program.createLink(
          at: place, attachType: .netfilter,
          detail: .netfilter(
            family: family.rawValue, hook: hook.rawValue, priority: priority, flags: defragments ? 1 : 0),
          requires: "6.4"
        ) { error in
          switch error {
          case .resourceBusy, .fileExists: "another program has this priority; choose another one"
          case .invalidArgument where priority == .min || priority == .max:
            "the kernel uses the first and the last priority itself"
          case .addressFamilyNotSupported: "the kernel's netfilter programs are of families ipv4 and ipv6"
          default: nil
          }
        }
      }
    }
  }

  /// A sockmap or sockhash, for `sk_msg` and `sk_skb` programs.
  ///
  /// - Requires: as a link Linux 6.10
  public static func sockmap(_ map: AnyMap) -> Hook {
    Hook("sockmap \(map.name)", .skMsg, .skSKB) { (program, place) throws(BPFError) in
      guard let attachType = program.attachType ?? (program.type == .skMsg ? .skMsgVerdict : nil) else {
        throw BPFError(
          .invalid, "attaching \(program.name) to \(place)",
          detail: "its section does not name whether it parses or decides",
          hint: "name the hook in its section, as in SEC(\"sk_skb/stream_verdict\")")
      }
      do throws(Errno) {
        let link = try BPFCall.createLink(
          LinkCreate(program: program.fd, target: UInt32(bitPattern: map.fd), attachType: attachType.rawValue))
        return Link(KernelLink(link, place), place: place)
      } catch {
        guard error == .invalidArgument, KernelVersion.current < KernelVersion(6, 10) else {
          throw program.attachError(place, error)
        }
      }
      return Link(try SockmapAttachment(program, map, attachType: attachType, place), place: place)
    }
  }

  /// A socket that is open: `socket_filter` and `sk_reuseport` programs. It stays attached until the socket closes.
  public static func socket(descriptor: CInt) -> Hook {
    Hook("socket \(descriptor)", .socketFilter, .skReuseport) { (program, place) throws(BPFError) in
      Link(try SocketAttachment(program, socket: descriptor, place), place: place)
    }
  }
}

/// A program in a map of sockets by BPF_PROG_ATTACH, before 6.10: it would stay when the process ends.
private final class SockmapAttachment: Attachment {
  private let program: Program
  private let map: AnyMap
  private let attachType: AttachType
  private let place: String

  init(_ program: Program, _ map: AnyMap, attachType: AttachType, _ place: String) throws(BPFError) {
    (self.program, self.map, self.attachType, self.place) = (program, map, attachType, place)
    do throws(Errno) { try BPFCall.attachProgram(request) } catch { throw program.attachError(place, error) }
  }

  private var request: ProgramAttach {
    ProgramAttach(target: UInt32(bitPattern: map.fd), program: program.fd, attachType: attachType.rawValue)
  }

  var linkFD: CInt? { nil }
  var linkKernel: String? { "6.10" }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    do throws(Errno) { try BPFCall.detachProgram(request) } catch {
      // Gone already, by another hand: that is what was asked for.
      guard error != .noSuchFileOrDirectory else { return }
      throw BPFError("detaching from \(place)", errno: error)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) { throw cannotReplace(place) }
}

/// A filter or a reuseport selector on one socket, which holds it until it closes.
private final class SocketAttachment: Attachment {
  private let socket: Descriptor
  private let isReuseport: Bool
  private let place: String

  init(_ program: Program, socket: CInt, _ place: String) throws(BPFError) {
    isReuseport = program.type == .skReuseport
    self.place = place
    do throws(Errno) {
      try SocketProgram.attach(program: program.fd, socket: socket, isReuseport: isReuseport)
      self.socket = try Descriptor.duplicating(socket)
    } catch {
      throw program.attachError(place, error)
    }
  }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    do throws(Errno) { try SocketProgram.detach(socket: socket.rawValue, isReuseport: isReuseport) } catch {
      guard error != .noSuchFileOrDirectory else { return }
      throw BPFError("detaching from \(place)", errno: error)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    do throws(Errno) {
      try SocketProgram.attach(program: program.fd, socket: socket.rawValue, isReuseport: isReuseport)
    } catch {
      throw BPFError("replacing the program at \(place)", errno: error)
    }
  }
}
