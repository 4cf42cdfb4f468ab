// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import BPF

/// Refusals of the running kernel's verifier. Its words change between versions, so only what is stable is compared.
@Suite(.requires(.root)) struct VerifierErrorTests {
  static func refusal(_ object: String, _ program: String) throws -> VerifierError {
    let error = #expect(throws: BPFError.self) {
      try load(object) { try $0.select(programs: [program]) }
    }
    #expect(error?.context == "loading program \(program)")
    return try #require(error?.underlying as? VerifierError)
  }

  static let refusals: [(program: String, cause: String, line: String, text: String)] = [
    ("null_not_checked", "invalid mem access 'map_value_or_null'", ":18:", "*value = 1;"),
    ("bounds_not_checked", "invalid access to packet", ":25:", "return *(__u8 *)(long)ctx->data;"),
    ("index_not_bounded", "stack", ":43:", "return bytes[ctx->len & 0xff];"),
  ]

  @Test(arguments: refusals) func refused(program: String, cause: String, line: String, text: String) throws {
    let refusal = try Self.refusal("verifier_reject", program)
    #expect(refusal.cause.contains(cause))
    #expect(refusal.source?.contains("verifier_reject.bpf.c\(line)") == true)
    #expect(refusal.source?.hasSuffix(text) == true)
    let message = "\(refusal)"
    #expect(message.contains("at instruction \(try #require(refusal.instruction))"))
    #expect(message.contains(text))
    #expect(refusal.disassembly != nil)
  }

  @Test func endlessLoops() throws {
    let refusal = try Self.refusal("verifier_reject", "endless")
    #expect(refusal.cause.contains("infinite loop") || refusal.cause.contains("too large"))
  }

  @Test func poisonedRelocations() throws {
    let refusal = try Self.refusal("core_poison", "read_missing")
    #expect(refusal.cause.contains("task_struct___gone.field_that_no_kernel_has"))
    #expect(refusal.source?.contains("core_poison.bpf.c:") == true)
    #expect(!refusal.cause.contains("unknown#"))
  }
}
