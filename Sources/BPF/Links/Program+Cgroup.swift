// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// By a link (5.7), or by BPF_PROG_ATTACH with BPF_F_ALLOW_MULTI.
  func attachCgroup(_ path: String, order: AttachOrder) throws(BPFError) -> Link {
    let place = "cgroup \(path)"
    let attachType = try cgroupAttachType(place)
    let cgroup = try openTarget(path, place)
    let detail: LinkCreate.Detail =
      order == .last ? .none : .ordered(relative: order.neighbour, expectedRevision: 0)
    do {
      let link = try BPFCall.createLink(
        LinkCreate(
          program: fd, target: UInt32(bitPattern: cgroup.rawValue), attachType: attachType.rawValue,
          flags: order.flags, detail: detail))
      return Link(KernelLink(link, place), place: place)
    } catch {
      guard error == .invalidArgument, KernelVersion.current < KernelVersion(5, 7) else {
        throw attachError(
          place, error, requires: order == .last ? (attachType.minimumKernel?.description ?? "5.7") : "6.17",
          hint: error == .badFileDescriptor ? "it must be a directory of cgroup v2" : nil)
      }
    }
    let attachment = try DirectAttachment(
      self, target: cgroup, attachType: attachType, flags: 2 /* BPF_F_ALLOW_MULTI */, place, requires: "4.15")
    return Link(attachment, place: place)
  }

  /// What the program was loaded for; some types have one hook only, which need not be said at load.
  private func cgroupAttachType(_ place: String) throws(BPFError) -> AttachType {
    if let attachType { return attachType }
    switch type {
    case .cgroupDevice: return .cgroupDevice
    case .cgroupSysctl: return .cgroupSysctl
    case .cgroupSock: return .cgroupInetSockCreate
    case .sockOps: return .cgroupSockOps
    default:
      throw BPFError(
        .invalid, "attaching \(name) to \(place)",
        detail: "a program of type \(type) does not say which cgroup hook it is for",
        hint: "name the hook in its section, as in SEC(\"cgroup_skb/egress\")")
    }
  }

  /// Opens the directory or file that names what to attach to.
  func openTarget(_ path: String, _ place: String) throws(BPFError) -> Descriptor {
    do { return try Descriptor.open(path) } catch {
      throw BPFError("attaching \(name) to \(place)", errno: error, detail: "cannot open it")
    }
  }
}
