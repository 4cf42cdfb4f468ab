// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BTF

extension KernelTypes {
  /// How the kernel names what a program of an attach type attaches to: `tp_btf/sched_process_exec` is the typedef
  /// `btf_trace_sched_process_exec`.
  static func naming(of attachType: AttachType) -> (prefix: String, kind: BTFKind) {
    switch attachType {
    case .traceRawTP: ("btf_trace_", .typedef)
    case .lsmMAC, .lsmCgroup: ("bpf_lsm_", .function)
    case .traceIter: ("bpf_iter_", .function)
    default: ("", .function)
    }
  }

  /// Finds the hook, function or iterator that a program is to be attached to.
  ///
  /// - Parameters:
  ///   - name: as in the section's name: "sched_process_exec", "file_open", "task", "do_unlinkat"; with a module as
  ///     "nf_conntrack:nf_conntrack_in", and "vmlinux:" for the kernel itself.
  ///   - attachType: what the program attaches as.
  /// - Throws: `BPFError` of code `.notFound`, naming what is similar.
  public func attachTarget(named name: String, for attachType: AttachType) throws(BPFError) -> KernelTypes.Match {
    let (prefix, kind) = Self.naming(of: attachType)
    let colon = name.firstIndex(of: ":")
    let moduleName = colon.map { String(name[..<$0]) }
    let plain = prefix + (colon.map { String(name[name.index(after: $0)...]) } ?? name)

    if moduleName == nil || moduleName == "vmlinux" {
      if let id = vmlinux.id(named: plain, kind: kind) { return KernelTypes.Match(types: vmlinux, id: id) }
    }
    for module in try modules() where moduleName == nil || module.name == moduleName {
      if let id = module.types.id(named: plain, kind: kind, includingBase: false) {
        return KernelTypes.Match(types: module.types, id: id, module: module)
      }
    }
    let needed = attachType == .traceIter ? Self.iterators[name].flatMap { Features.isRunning($0) ? nil : $0 } : nil
    throw BPFError(
      needed == nil ? .notFound : .unsupported, "finding \(name) to attach to",
      detail: "the kernel's BTF has no \(kind) \(plain)", requires: needed.map { "\($0)" },
      hint: Self.hint(attachType))
  }

  /// The first kernels of iterators that came after 5.10.
  private static let iterators = [
    "task_vma": KernelVersion(5, 12), "unix": KernelVersion(5, 15), "bpf_link": KernelVersion(5, 19),
    "ksym": KernelVersion(6, 0), "cgroup": KernelVersion(6, 1),
  ]

  private static func hint(_ attachType: AttachType) -> String {
    switch attachType {
    case .traceRawTP: "tracepoints are in /sys/kernel/tracing/events; leave the subsystem's name out"
    case .lsmMAC, .lsmCgroup: "see the hooks in include/linux/lsm_hook_defs.h; the kernel needs CONFIG_BPF_LSM"
    case .traceIter: "iterators are task, task_file, bpf_map, tcp and others: `merops btf dump kernel | grep bpf_iter_`"
    default: "the function may be inlined, renamed or static in this kernel: see /proc/kallsyms"
    }
  }
}
