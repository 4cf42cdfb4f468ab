// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
import BPFSystem
import BTF
import Synchronization

extension Features {
  /// Whether programs of a type may call a helper.
  ///
  /// - Throws: `permission`; `unsupported` when programs of the type cannot be loaded at all, or not without a target
  ///   that only their author knows (freplace, struct_ops).
  public static func supports(_ helper: Helper, in type: ProgramType) throws(BPFError) -> Bool {
    try answer(.helper(helper, type)) { () throws(BPFError) in
      guard try supports(type) else { throw missing("\(type) programs", type.minimumKernel, "looking for \(helper)") }
      var probe = Probe(type, attachType: type.probedAttachType, [.call(helper)] + Probe.returnZero)
      if type == .syscall { probe.load.flags = ProgramFlags.sleepable.rawValue }
      try probe.aim(type, for: helper)
      let outcome = probe.run()
      // The call lacks its arguments, so most helpers are refused; what counts is whether for that.
      return outcome.isAccepted || !outcome.log.isEmpty && !saysNoHelper(outcome.log)
    }
  }

  /// The helpers that programs of a type may call, by number.
  ///
  /// - Throws: as ``supports(_:in:)-(Helper,_)``.
  public static func helpers(in type: ProgramType) throws(BPFError) -> [Helper] {
    var result: [Helper] = []
    for helper in Helper.allCases where try supports(helper, in: type) { result.append(helper) }
    return result
  }

  /// Source: kernel/bpf/verifier.c, check_helper_call and get_helper_proto, over the versions.
  private static func saysNoHelper(_ log: String) -> Bool {
    [
      "unknown func", "invalid func", "program of this type cannot use helper",
      "helper call is not allowed in probe", "helper call might sleep in a non-sleepable prog",
    ].contains { log.contains($0) }
  }
}

extension Probe {
  /// Gives programs a target that cannot be loaded without one.
  mutating func aim(_ type: ProgramType, for helper: Helper) throws(BPFError) {
    switch type {
    case .tracing:
      load.expectedAttachType = AttachType.traceRawTP.rawValue
      load.attachTypeID = try target("btf_trace_sched_switch", .typedef)
    case .lsm:
      load.expectedAttachType = AttachType.lsmMAC.rawValue
      load.attachTypeID = try target("bpf_lsm_file_open", .function)
    case .ext, .structOps:
      throw BPFError(
        .unsupported, "looking for \(helper) in \(type) programs",
        detail: "what they may call depends on what they are attached to")
    default: break
    }
  }

  private func target(_ name: String, _ kind: BTFKind) throws(BPFError) -> UInt32 {
    guard let id = try KernelTypes.current().vmlinux.id(named: name, kind: kind) else {
      throw BPFError(.unsupported, "probing this kernel", detail: "its types lack \(name)")
    }
    return id.rawValue
  }
}

// Kernel functions.
extension Features {
  /// The functions that the kernel proper offers to programs (kfuncs), by name, sorted.
  ///
  /// Empty where the kernel's types do not mark them: before 6.10, or when it was built with an old pahole.
  ///
  /// - Requires: Linux 6.10 built with pahole 1.26
  public static func kernelFunctions() throws(BPFError) -> [String] {
    if let known = functions.withLock({ $0 }) { return known }
    let types = try KernelTypes.current().vmlinux
    var names: Set<String> = []
    for id in types.ids(named: "bpf_kfunc") {
      guard case .declTag(let tag)? = try? types.type(id), types.kind(tag.type) == .function else { continue }
      names.insert(types.name(tag.type))
    }
    let sorted = names.sorted()
    functions.withLock { $0 = sorted }
    return sorted
  }

  private static let functions = Mutex<[String]?>(nil)

  /// Whether the kernel or one of its modules has a function that programs could call by this name.
  ///
  /// Where the kernel's types mark such functions (6.10), only marked ones count. Otherwise any function of the name
  /// does, and a program that calls it may yet be refused.
  ///
  /// - Parameter name: "bpf_task_from_pid".
  public static func hasKernelFunction(_ name: String) throws(BPFError) -> Bool {
    let marked = try kernelFunctions()
    if marked.contains(name) { return true }
    guard let found = try KernelTypes.current().find(name, kind: .function) else { return false }
    return marked.isEmpty || found.module != nil
  }
}
