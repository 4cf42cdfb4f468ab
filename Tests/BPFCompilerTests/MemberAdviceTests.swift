// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import TestSupport
import Testing

/// Fields of kernel structures that are not there.
@Suite(.requires(.kernelBTF), .requires(.command("swiftc"))) struct MemberAdviceTests {
  @Test(arguments: [("tgidd", "did you mean 'tgid'"), ("real_parentt.tgid", "did you mean 'real_parent'")])
  func theFieldThatWasMeantIsNamed(path: String, advice: String) throws {
    let source = """
      import BPFKernel
      let license = License.gpl
      var last: Int32 = 0
      @section("tp_btf/sched_process_exec")
      func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
        last = context.p.\(path)
        return 0
      }
      """
    let error = try #require(throws: CompileError.self) { try Built.object(source) }
    let lines = "\(error)".split(separator: "\n")
    #expect(lines.contains { $0.contains("probe.bpf.swift:6:") && $0.contains("has no member") })
    #expect(lines.contains { $0.contains("probe.bpf.swift:6:") && $0.contains(": note: \(advice)") })
  }
}
