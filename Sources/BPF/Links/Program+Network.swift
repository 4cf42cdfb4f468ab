// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// sk_lookup and flow_dissector.
  func attachNetworkNamespace(_ path: String) throws(BPFError) -> Link {
    let place = "network namespace \(path)"
    try requireType(.skLookup, .flowDissector, for: place)
    let namespace = try openTarget(path, place)
    return try createLink(
      at: place, target: UInt32(bitPattern: namespace.rawValue),
      attachType: type == .skLookup ? .skLookup : .flowDissector, requires: type == .skLookup ? "5.9" : "5.8")
  }

  func attachNetfilter(
    family: NetfilterFamily, hook: NetfilterHook, priority: Int32, defragments: Bool
  ) throws(BPFError) -> Link {
    let place = "netfilter \(family) \(hook), priority \(priority)"
    try requireType(.netfilter, for: place)
    return try createLink(
      at: place, attachType: .netfilter,
      detail: .netfilter(
        family: family.rawValue, hook: hook.rawValue, priority: priority, flags: defragments ? 1 : 0),
      requires: "6.4")
  }

  /// sk_msg and sk_skb: by a link (6.10), or by BPF_PROG_ATTACH.
  func attachSockmap(_ map: AnyMap) throws(BPFError) -> Link {
    let place = "sockmap \(map.name)"
    try requireType(.skMsg, .skSKB, for: place)
    guard let attachType = attachType ?? (type == .skMsg ? .skMsgVerdict : nil) else {
      throw BPFError(
        .invalid, "attaching \(name) to \(place)", detail: "it does not say whether it parses or decides",
        hint: "name the hook in its section, as in SEC(\"sk_skb/stream_verdict\")")
    }
    do {
      let link = try BPFCall.createLink(
        LinkCreate(program: fd, target: UInt32(bitPattern: map.fd), attachType: attachType.rawValue))
      return Link(KernelLink(link, place), place: place)
    } catch {
      guard error == .invalidArgument, KernelVersion.current < KernelVersion(6, 10) else {
        throw attachError(place, error, requires: "4.14")
      }
    }
    let target: Descriptor
    do { target = try Descriptor.duplicating(map.fd) } catch {
      throw BPFError("attaching \(name) to \(place)", errno: error)
    }
    return Link(
      try DirectAttachment(self, target: target, attachType: attachType, place, requires: "4.14"), place: place)
  }

  /// socket_filter and sk_reuseport: setsockopt(2).
  func attachSocket(_ socket: CInt) throws(BPFError) -> Link {
    let place = "socket \(socket)"
    try requireType(.socketFilter, .skReuseport, for: place)
    return Link(try SocketAttachment(self, socket: socket, place), place: place)
  }
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
      throw program.attachError(place, error, requires: isReuseport ? "4.19" : "3.19")
    }
  }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    do { try SocketProgram.detach(socket: socket.rawValue, isReuseport: isReuseport) } catch {
      guard error != .noSuchFileOrDirectory else { return }
      throw BPFError("detaching from \(place)", errno: error)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    do { try SocketProgram.attach(program: program.fd, socket: socket.rawValue, isReuseport: isReuseport) } catch {
      throw BPFError("replacing the program at \(place)", errno: error)
    }
  }
}
