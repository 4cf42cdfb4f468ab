// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import BPFELF
import BPFObject
import Foundation
import TestSupport
import Testing

/// Programs in C, as `merops build` and the build plugin compile them.
@Suite(.requires(.headers)) struct CCompilerTests {
  private static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    #include "limit.h"
    __u64 packets;
    SEC("xdp") int count(struct xdp_md *context) { return ++packets > LIMIT ? XDP_DROP : XDP_PASS; }
    char LICENSE[] SEC("license") = "GPL";
    """

  private func compile(_ source: String = source, stage: CCompiler.Stage = .object) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      try source.write(toFile: "\(folder)/count.bpf.c", atomically: true, encoding: .utf8)
      try "#define LIMIT 7\n".write(toFile: "\(folder)/limit.h", atomically: true, encoding: .utf8)
      return try CCompiler(clang: Toolchain.findClang()).compile("\(folder)/count.bpf.c", root: folder, stage: stage)
    }
  }

  /// BTF and nothing else for a debugger; the same wherever it is built.
  @Test func makesAStandardObject() throws {
    let object = try compile()
    let spec = try ObjectSpec(bytes: object, name: "count")
    #expect(spec.programs.map(\.name) == ["count"])
    #expect(spec.license == "GPL")
    let names = try ELFFile(bytes: object).sections.map(\.name)
    #expect(names.contains(".BTF.ext") && !names.contains { $0.hasPrefix(".debug") })
    #expect(try compile() == object)
  }

  @Test func showsTheStages() throws {
    #expect(String(decoding: try compile(stage: .assembly), as: UTF8.self).contains("exit\n"))
    #expect(String(decoding: try compile(stage: .ir), as: UTF8.self).contains("target triple = \"bpfel\""))
  }

  @Test(arguments: [
    ("int count(void) { return missing; }", "count.bpf.c:1:26: error: "),
    ("#include <vmlinux.h>", "made by `merops btf dump kernel > vmlinux.h`"),
    (
      "int (*volatile next)(void); __attribute__((section(\"xdp\"))) int count(void *c) { return next(); }",
      "count.bpf.c:1:89: error: "
    ),
  ])
  func tellsWhatIsWrong(_ source: String, _ message: String) throws {
    let error = try #require(throws: CompileError.self) { try compile(source) }
    #expect("\(error)".contains(message), "\(error)")
  }

  @Test func clangWithoutBPF() throws {
    try withTemporaryFolder { folder in
      let clang = "\(folder)/clang"
      try Shell.writeScript("echo 'error: unable to create target' >&2; exit 1", at: clang)
      try Self.source.write(toFile: "\(folder)/count.bpf.c", atomically: true, encoding: .utf8)
      let error = try #require(throws: CompileError.self) {
        try CCompiler(clang: clang).compile("\(folder)/count.bpf.c", root: folder)
      }
      #expect("\(error)" == "error: \(clang) does not compile for BPF: name a clang that does in MEROPS_CLANG")
    }
  }
}

extension Requirement {
  fileprivate static let headers = Requirement("needs libbpf's headers") {
    FileManager.default.fileExists(atPath: "/usr/include/bpf/bpf_helpers.h")
  }
}
