// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Hook {
  /// A cgroup (v2) directory: for the processes in it and below it.
  ///
  /// - Requires: an order Linux 6.17
  public static func cgroup(path: String, order: Order = .last) -> Hook {
    Hook(
      "cgroup \(path)", .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice,
      .sockOps, .lsm
    ) { (program, place) throws(BPFError) in
      let attachType = try program.cgroupAttachType(place)
      let cgroup = try program.openTarget(path, place)
      return try program.createLink(
        at: place, target: UInt32(bitPattern: cgroup.rawValue), attachType: attachType, flags: order.flags,
        detail: order == .last ? .none : order.detail,
        requires: order == .last ? attachType.minimumKernel?.description : "6.17"
      ) { error in error == .badFileDescriptor ? "it must be a directory of cgroup v2" : order.hint(error) }
    }
  }
}

extension Program {
  /// What the program was loaded for; some types have one hook only, which need not be named at load.
  fileprivate func cgroupAttachType(_ place: String) throws(BPFError) -> AttachType {
    if let attachType { return attachType }
    switch type {
    case .cgroupDevice: return .cgroupDevice
    case .cgroupSysctl: return .cgroupSysctl
    case .cgroupSock: return .cgroupInetSockCreate
    case .sockOps: return .cgroupSockOps
    default:
      throw BPFError(
        .invalid, "attaching \(name) to \(place)",
        detail: "a program of type \(type) does not name its cgroup hook",
        hint: "name the hook in its section, as in SEC(\"cgroup_skb/egress\")")
    }
  }
}
