// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
public import BPFObject
import BPFSystem
import SystemPackage

extension Features {
  /// Whether programs of a type can be loaded.
  ///
  /// - Throws: `permission`.
  public static func supports(_ type: ProgramType) throws(BPFError) -> Bool {
    try answer(.program(type)) { () throws(BPFError) in
      try Probe.checkPrivilege()
      switch type {
      case .unspecified: return false
      // These name a target in the kernel; the error that it is a bad one is the proof.
      case .tracing:
        for attachType in [AttachType.traceRawTP, .traceFentry, .traceIter] where knowsTarget(type, attachType) {
          return true
        }
        return false
      case .lsm: return knowsTarget(type, .lsmMAC)
      case .ext: return knowsTarget(type, nil)
      case .structOps: return knowsTarget(type, nil)
      default: return probe(type, type.probedAttachType).isAccepted
      }
    }
  }

  /// Whether programs can be meant for an attach type.
  ///
  /// Asked of the kernel where it checks that when a program is loaded; otherwise judged by the kernel's version.
  ///
  /// - Throws: `permission`.
  public static func supports(_ attachType: AttachType) throws(BPFError) -> Bool {
    try answer(.attach(attachType)) { () throws(BPFError) in
      try Probe.checkPrivilege()
      switch attachType {
      case .traceRawTP, .traceFentry, .traceFexit, .traceIter, .modifyReturn: return knowsTarget(.tracing, attachType)
      case .lsmMAC, .lsmCgroup: return knowsTarget(.lsm, attachType)
      case .traceKprobeMulti, .traceKprobeSession: return try supports(Ability.kprobeMulti) && isRecent(attachType)
      case .traceUprobeMulti, .traceUprobeSession: return try supports(Ability.uprobeMulti) && isRecent(attachType)
      case .tcxIngress, .tcxEgress: return try supports(Ability.tcxLink)
      case .netkitPrimary, .netkitPeer: return try supports(Ability.netkitLink)
      default: break
      }
      guard let type = attachType.typeThatChecksIt else { return isRecent(attachType) }
      return probe(type, attachType).isAccepted
    }
  }

  private static func isRecent(_ attachType: AttachType) -> Bool {
    attachType.minimumKernel.map { isRunning($0) } ?? false
  }

  private static func probe(_ type: ProgramType, _ attachType: AttachType?) -> Probe.Outcome {
    var probe = Probe(type, attachType: attachType)
    if type == .syscall { probe.load.flags = ProgramFlags.sleepable.rawValue }
    return probe.run()
  }

  /// Whether a load that names type 1 of the kernel as its target (an integer, so never a good one) comes as far as the
  /// check of the target.
  private static func knowsTarget(_ type: ProgramType, _ attachType: AttachType?) -> Bool {
    var probe = Probe(type, attachType: attachType)
    probe.load.attachTypeID = 1
    let outcome = probe.run()
    switch type {
    case .structOps: return outcome.errno == BPFError.Code.kernelNotSupported || outcome.log.contains("struct")
    case .ext: return outcome.log.contains("Cannot replace kernel functions")
    default: return outcome.isAccepted || outcome.log.contains("attach_btf_id 1")
    }
  }
}

extension ProgramType {
  /// One that lets the type be loaded, where the kernel wants to know.
  var probedAttachType: AttachType? {
    switch self {
    case .cgroupSockAddr: .cgroupInet4Connect
    case .cgroupSockopt: .cgroupGetsockopt
    case .skLookup: .skLookup
    case .netfilter: .netfilter
    default: nil
    }
  }
}

extension AttachType {
  /// The type of program that no kernel loads with an attach type that it does not know.
  ///
  /// Source: kernel/bpf/syscall.c, bpf_prog_load_check_attach.
  var typeThatChecksIt: ProgramType? {
    switch self {
    case .cgroupInetSockCreate, .cgroupInetSockRelease, .cgroupInet4PostBind, .cgroupInet6PostBind: .cgroupSock
    case .cgroupInet4Bind, .cgroupInet6Bind, .cgroupInet4Connect, .cgroupInet6Connect, .cgroupUDP4Sendmsg,
      .cgroupUDP6Sendmsg, .cgroupUDP4Recvmsg, .cgroupUDP6Recvmsg, .cgroupInet4Getpeername, .cgroupInet6Getpeername,
      .cgroupInet4Getsockname, .cgroupInet6Getsockname, .cgroupUnixConnect, .cgroupUnixSendmsg, .cgroupUnixRecvmsg,
      .cgroupUnixGetpeername, .cgroupUnixGetsockname:
      .cgroupSockAddr
    case .cgroupInetIngress, .cgroupInetEgress: .cgroupSKB
    case .cgroupGetsockopt, .cgroupSetsockopt: .cgroupSockopt
    case .skLookup: .skLookup
    case .netfilter: .netfilter
    default: nil
    }
  }
}
