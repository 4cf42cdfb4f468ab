// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import SystemPackage
import TestSupport
import Testing

@testable import BPF

@Suite(.sameOnEveryKernel) struct VerifierLogTests {
  static let nullAccess = """
    0: R1=ctx() R10=fp0
    ; u64 *value = bpf_map_lookup_elem(&counts, &key); @ counter.bpf.c:17
    0: (18) r1 = 0xffff888100000000       ; R1_w=map_ptr(map=counts,ks=4,vs=8)
    2: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,map=counts,ks=4,vs=8)
    ; *value += 1; @ counter.bpf.c:18
    3: (79) r1 = *(u64 *)(r0 +0)
    R0 invalid mem access 'map_value_or_null'
    processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
    """

  static let twoLines = """
    func#0 @0
    0: R1=ctx() R10=fp0
    1: (71) r0 = *(u8 *)(r2 +0)
    invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)
    R2 offset is outside of the packet
    verification time 49 usec
    stack depth 16+8
    processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
    """

  static let poisoned = """
    0: R1=ctx() R10=fp0
    ; return BPF_CORE_READ(task, gone); @ probe.bpf.c:9
    7: (85) call unknown#195896080
    invalid func unknown#195896080
    processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
    """

  /// Linux 7.3's: a report after the cause, and statistics for each function.
  static let reported = """
    ; *value = 1; @ counter.bpf.c:18
    8: (7b) *(u64 *)(r0 +0) = r1
    R0 invalid mem access 'map_value_or_null'

    Verification failed: Register Type Safety: Invalid dereference

    Reason:
      R0 may be NULL here (a nullable map value pointer).

    At:
      count @ counter.bpf.c:18:9
      Instruction context:
      >>>  8 | (7b) *(u64 *)(r0 +0) = r1

    Suggestion:
      Add a NULL check before the access and dereference the pointer
      only on the non-NULL path.

    verification time 49 usec
    stack depth max 24
    subprog 0 (count) main insns_self 8 insns_total 12 stack 8
    subprog 1 (helper) global insns_self 4 insns_total 4 stack 16
    processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
    """

  @Test func reportsAreNotTheCause() {
    let log = VerifierLog(text: Self.reported)
    #expect(log.finding().cause == "R0 invalid mem access 'map_value_or_null'")
    #expect(log.finding().instruction == 8)
    #expect(log.lastLines(1) == ["R0 invalid mem access 'map_value_or_null'"])
    #expect(log.stackDepths == [8, 16])
    #expect(log.processedInstructions == 12)
    let suggestion = "Add a NULL check before the access and dereference the pointer only on the non-NULL path."
    #expect(log.suggestion == suggestion)
    let error = VerifierError(program: "count", errno: .permissionDenied, log: log, locate: { _ in nil })
    #expect(error.description.contains("\n  the verifier suggests: \(suggestion)\n"))
    #expect(VerifierLog(text: Self.nullAccess).suggestion == nil)
  }

  @Test func helpersThatTheKernelHasOnlyANumberFor() {
    let log = VerifierLog(text: "3: (85) call unknown#181\ninvalid func unknown#181\n").explainingPoison { _, _ in nil }
    #expect(log.finding().cause == "invalid func unknown#181: this kernel does not have bpf_loop")
    #expect(log.missingHelpers.map(\.minimumKernel) == [KernelVersion(5, 17)])
    #expect(VerifierLog(text: "invalid func unknown#4711").missingHelpers.isEmpty)
  }

  @Test func causeAndPlace() {
    let finding = VerifierLog(text: Self.nullAccess).finding()
    #expect(finding.cause == "R0 invalid mem access 'map_value_or_null'")
    #expect(finding.instruction == 3)
    #expect(finding.disassembly == "r1 = *(u64 *)(r0 +0)")
    #expect(finding.source == "*value += 1; @ counter.bpf.c:18")
  }

  @Test func causeOfTwoLinesAndStatistics() {
    let log = VerifierLog(text: Self.twoLines)
    let finding = log.finding()
    #expect(
      finding.cause
        == "invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet")
    #expect(log.processedInstructions == 2)
    #expect(log.stackDepths == [16, 8])
    #expect(log.lastLines(1) == ["R2 offset is outside of the packet"])
  }

  @Test func nothingSaid() {
    let finding = VerifierLog(text: "").finding()
    #expect(finding == VerifierLog.Finding())
    #expect(VerifierLog(text: "garbage\n:::\n12\n").finding().cause == "garbage; :::; 12")
  }

  @Test func poisonIsExplained() {
    let log = VerifierLog(text: Self.poisoned).explainingPoison { index, meaning in
      index == 7 && meaning == .core ? "failed to resolve CO-RE relocation of task_struct.gone" : nil
    }
    #expect(log.finding().cause == "failed to resolve CO-RE relocation of task_struct.gone")
    #expect(Poison.meaning(of: 2_001_000_003) == .map(3))
    #expect(Poison.meaning(of: 2_002_000_010) == .kernelFunction(10))
    #expect(Poison.meaning(of: 1) == nil)
  }

  @Test func bytesThatAreNotText() {
    let log = VerifierLog(buffer: [0x61, 0xff, 0x62, 0, 0x63], isTruncated: true)
    #expect(log.text == "a\u{FFFD}b")
    #expect(log.isTruncated)
  }

  @Test func errorTellsAll() {
    let error = VerifierError(
      program: "count", errno: .permissionDenied, log: VerifierLog(text: Self.nullAccess),
      locate: { $0 == 3 ? "counter.bpf.c:18:3: *value += 1;" : nil })
    let text = error.description
    #expect(
      text.hasPrefix(
        "the verifier refused program count (Permission denied): R0 invalid mem access 'map_value_or_null'\n"))
    #expect(text.contains("\n  at instruction 3: r1 = *(u64 *)(r0 +0)\n"))
    #expect(text.contains("\n  source counter.bpf.c:18:3: *value += 1;\n"))
    #expect(text.contains("    | R0 invalid mem access"))
    #expect(!text.contains("processed 4 insns"))
  }
}
