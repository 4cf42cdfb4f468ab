// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
import TestSupport
import Testing

@testable import BPF

@Suite struct KernelTypesTests {
  @Test func oneObjectPerProcess() throws {
    let first = try KernelTypes.current()
    let second = try KernelTypes.current()
    #expect(first === second)
    #expect(first.vmlinux.endID > 10_000)
  }

  /// The same ids as bpftool's, for each of the ways that the kernel names hooks.
  @Test(
    .sameOnEveryKernel,
    arguments: [
      ("sched_process_exec", AttachType.traceRawTP, "TYPEDEF 'btf_trace_sched_process_exec'"),
      ("task", .traceIter, "FUNC 'bpf_iter_task'"),
      ("vmlinux:do_exit", .traceFentry, "FUNC 'do_exit'"),
    ])
  func targetsAreBpftools(name: String, type: AttachType, line: String) throws {
    let target = try KernelTypes.current().attachTarget(named: name, for: type)
    let dump = try Shell.check("bpftool btf dump file /sys/kernel/btf/vmlinux")
    #expect(dump.split(separator: "\n").contains { $0.hasPrefix("[\(target.id.rawValue)] \(line)") })
    #expect(target.module == nil)
  }

  @Test func absentTargetsAreNamed() throws {
    let kernel = try KernelTypes.current()
    let error = #expect(throws: BPFError.self) {
      try kernel.attachTarget(named: "no_such_event", for: .traceRawTP)
    }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("btf_trace_no_such_event") == true)
  }

  @Test func fromFiles() throws {
    let types = try KernelTypes.load(path: "/sys/kernel/btf/vmlinux")
    #expect(types.vmlinux.endID == (try KernelTypes.current().vmlinux.endID))
    #expect(try types.modules().isEmpty)
    #expect(throws: BPFError.self) { try KernelTypes.load(path: "/dev/null") }
    #expect(throws: BPFError.self) { try KernelTypes.load(path: "/bin/true") }
    #expect(throws: BPFError.self) { try KernelTypes.load(path: "/nowhere") }
  }
}
