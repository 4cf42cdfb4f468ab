// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Features {
  /// Whether the kernel has an ability.
  ///
  /// - Throws: `permission`.
  public static func supports(_ ability: Ability) throws(BPFError) -> Bool {
    try answer(.ability(ability)) { () throws(BPFError) in
      try Probe.checkPrivilege()
      switch ability {
      case .hashLookupAndDelete, .exclusiveMaps:
        return onMaps(ability)
      case .isaV4, .atomicFetch, .loadAcquire:
        return Probe(.socketFilter, instructions(ability)).run().isAccepted
      case .attachCookie: return try supports(.getAttachCookie, in: .tracepoint)
      case .memoryCgroupAccounting:
        // It leaves no trace that could be asked for; this helper came with it, as libbpf has it.
        guard let helper = Helper(named: "ktime_get_coarse_ns") else { return false }
        return try supports(helper, in: .socketFilter)
      case .token: return refusal { () throws(Errno) in _ = try BPFCall.createToken(bpffs: -1) } == .badFileDescriptor
      case .perfLink, .kprobeMulti, .uprobeMulti, .tcxLink, .netkitLink: return onLinks(ability)
      default: throw BPFError(.invalid, "asking for \(ability)", detail: "this version of the library does not know it")
      }
    }
  }

  /// What a call that cannot succeed is refused with.
  private static func refusal(_ call: () throws(Errno) -> Void) -> Errno? {
    do throws(Errno) {
      try call()
      return nil
    } catch {
      return error
    }
  }
}

// Maps.
extension Features {
  private static func onMaps(_ ability: Ability) -> Bool {
    var request = MapCreate(type: MapType.hash.rawValue, keySize: 4, valueSize: 8, maxEntries: 1)
    if ability == .exclusiveMaps { request.exclusiveProgramHash = Array(repeating: 0, count: 32) }
    do {
      let map = try BPFCall.createMap(request)
      guard ability == .hashLookupAndDelete else { return true }
      var key: UInt32 = 0
      var value: UInt64 = 0
      let error = refusal { () throws(Errno) in
        try BPFCall.lookupAndDelete(fd: map.rawValue, key: &key, value: &value)
      }
      return error == .noSuchFileOrDirectory
    } catch {
      return false
    }
  }
}

// Instructions.
extension Features {
  private static func instructions(_ ability: Ability) -> [Instruction] {
    switch ability {
    case .isaV4: return [.move(.r0, 0), .moveSigned(.r0, .r0, bits: 8), .byteSwap(.r0, bits: 16), .gotoLong(0), .exit]
    default:
      let operation: AtomicOperation = ability == .atomicFetch ? .fetchAdd : .loadAcquire
      return [
        .move(.r0, 0), .store(.r0, to: .r10, -8, size: .doubleWord),
        .atomic(operation, .r0, at: .r10, -8, size: .doubleWord),
        .move(.r0, 0), .exit,
      ]
    }
  }
}

// Links.
extension Features {
  /// Tries links to targets that cannot be. Old kernels answer EINVAL for the kind of link, and kernels that were built
  /// without it EOPNOTSUPP; others complain about the target.
  private static func onLinks(_ ability: Ability) -> Bool {
    let noDescriptor = UInt32(bitPattern: -1)
    let noDevice = UInt32(Int32.max)
    switch ability {
    case .perfLink: return link(.tracepoint, .perfEvent, target: noDescriptor) == .badFileDescriptor
    case .tcxLink: return link(.schedCLS, .tcxIngress, target: noDevice) == .operationNotSupportedByDevice
    case .netkitLink: return link(.schedCLS, .netkitPrimary, target: noDevice) == .operationNotSupportedByDevice
    case .kprobeMulti:
      var functions = LinkCreate.KprobeMulti()
      functions.symbols = ["merops_no_such_function"]
      let error = link(.kprobe, .traceKprobeMulti, detail: .kprobeMulti(functions))
      return error == .noSuchProcess || error == .noSuchFileOrDirectory || error == .addressNotAvailable
    default:
      let detail = LinkCreate.Detail.uprobeMulti(LinkCreate.UprobeMulti(path: "/", offsets: [0]))
      return link(.kprobe, .traceUprobeMulti, detail: detail) == .badFileDescriptor
    }
  }

  private static func link(
    _ type: ProgramType, _ attachType: AttachType, target: UInt32 = 0, detail: LinkCreate.Detail = .none
  ) -> Errno? {
    refusal { () throws(Errno) in
      let program = try Probe(type, attachType: type == .tracepoint ? nil : attachType).loaded()
      _ = try BPFCall.createLink(
        LinkCreate(program: program.rawValue, target: target, attachType: attachType.rawValue, detail: detail))
    }
  }
}
