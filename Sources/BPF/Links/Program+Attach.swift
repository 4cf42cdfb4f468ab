// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// Attaches the program to the hook that its section names. Keep the link: letting go of it detaches.
  ///
  /// - Throws: ``BPFError``; of code `.invalid` when the section does not say where, as with `SEC("xdp")`.
  public func attach() throws(BPFError) -> Link {
    guard let spec else {
      throw BPFError(
        .invalid, "attaching \(name)", detail: "it was not loaded from an object by this process",
        hint: "say where with attach(to:)")
    }
    guard let hook = try Hook(spec) else {
      throw BPFError(
        .invalid, "attaching \(name)", detail: "section '\(spec.sectionName)' does not say where",
        hint: "say where with attach(to:), as in .xdp(interface: \"eth0\") or .cgroup(path: \"...\")")
    }
    return try attach(to: hook)
  }

  /// Attaches the program to a hook. Keep the link: letting go of it detaches.
  ///
  /// - Throws: ``BPFError`` with the hook, the kernel's answer and, where the kernel is too old, the version it takes.
  public func attach(to hook: Hook) throws(BPFError) -> Link {
    switch hook {
    case .tracepoint(let category, let name, let cookie):
      try attachTracepoint(category: category, name: name, cookie: cookie)
    case .rawTracepoint(let name, let cookie): try attachRawTracepoint(name, cookie: cookie)
    case .typed(let cookie): try attachTyped(cookie: cookie)
    case .typedMulti(let functions, let cookies): try attachTypedMulti(functions, cookies: cookies)
    case .kprobe(let function, let offset, let isReturn, let cookie):
      try attachKprobe(function: function, offset: offset, isReturn: isReturn, cookie: cookie)
    case .kprobeMulti(let probe): try attachKprobeMulti(probe)
    case .uprobe(let probe): try attachUprobe(probe)
    case .uprobeMulti(let probe): try attachUprobeMulti(probe)
    case .usdt(let probe): try attachUSDT(probe)
    case .perfEvent(let descriptor, let cookie): try attachPerfEvent(borrowing: descriptor, cookie: cookie)
    case .xdp(let interface, let mode): try attachXDP(interface, mode: mode)
    case .trafficControl(let interface, let direction, let order):
      try attachTrafficControl(interface, direction: direction, order: order)
    case .netkit(let interface, let order): try attachNetkit(interface, order: order)
    case .cgroup(let path, let order): try attachCgroup(path, order: order)
    case .networkNamespace(let path): try attachNetworkNamespace(path)
    case .netfilter(let family, let hook, let priority, let defragments):
      try attachNetfilter(family: family, hook: hook, priority: priority, defragments: defragments)
    case .sockmap(let map): try attachSockmap(map)
    case .iterator(let target): try attachIterator(target)
    case .socket(let descriptor): try attachSocket(descriptor)
    }
  }

  /// Makes a kernel link, or says in which words it failed.
  ///
  /// - Parameters:
  ///   - requires: the first kernel that has this kind of link.
  func createLink(
    at place: String, target: UInt32 = 0, attachType: AttachType, flags: UInt32 = 0,
    detail: LinkCreate.Detail = .none, requires: String
  ) throws(BPFError) -> Link {
    Link(
      try kernelLink(
        at: place, target: target, attachType: attachType, flags: flags, detail: detail, requires: requires),
      place: place)
  }

  /// The same, to become a part of a larger attachment.
  func kernelLink(
    at place: String, target: UInt32 = 0, attachType: AttachType, flags: UInt32 = 0,
    detail: LinkCreate.Detail = .none, requires: String
  ) throws(BPFError) -> KernelLink {
    do {
      let link = try BPFCall.createLink(
        LinkCreate(program: fd, target: target, attachType: attachType.rawValue, flags: flags, detail: detail))
      return KernelLink(link, place)
    } catch {
      throw attachError(place, error, requires: requires)
    }
  }

  /// The error of an attachment that the kernel refused: what to do about each usual cause.
  func attachError(_ place: String, _ errno: Errno, requires kernel: String, hint: String? = nil) -> BPFError {
    let tooOld = KernelVersion(kernel).map { KernelVersion.current < $0 } ?? false
    let usual: String? =
      switch errno {
      case .resourceBusy, .fileExists:
        "another program is attached there; detach it first (merops link list, merops net)"
      case .argListTooLong where type == .flowDissector:
        "another program is attached there; a network namespace has one flow dissector"
      default: nil
      }
    return BPFError(
      tooOld ? .unsupported : .init(errno), "attaching \(name) to \(place)", errno: errno,
      requires: tooOld ? kernel : nil, hint: hint ?? usual)
  }

  /// A mistake of the caller's: the program is of a type that this hook does not take.
  func requireType(_ allowed: ProgramType..., for place: String) throws(BPFError) {
    guard !allowed.contains(type) else { return }
    let names = allowed.map(\.description).joined(separator: " or ")
    throw BPFError(
      .invalid, "attaching \(name) to \(place)", detail: "it is a program of type \(type), and this hook takes \(names)"
    )
  }
}
