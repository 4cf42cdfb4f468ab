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

  /// Code that is unlikely to run, by itself and as a function.
  private static let cold = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct event { __u32 a[24]; };
    struct {
      __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct event);
    } events SEC(".maps");
    volatile int limit;
    static __attribute__((cold, always_inline)) int fill(struct event *e, __u32 len) {
      e->a[0] = bpf_get_smp_processor_id();
      e->a[1] = bpf_get_prandom_u32();
      e->a[2] = bpf_ktime_get_ns();
      e->a[3] = bpf_get_prandom_u32() + len;
      e->a[4] = bpf_ktime_get_ns() * len;
      e->a[5] = bpf_get_prandom_u32() ^ len;
      e->a[6] = bpf_get_smp_processor_id() - len;
      return 1;
    }
    __attribute__((cold, noinline)) int report(int size) {
      bpf_printk("too large: %d", size);
      return size + limit;
    }
    SEC("socket") int check(struct __sk_buff *skb) {
      __u32 key = 1;
      struct event *e = bpf_map_lookup_elem(&events, &key);
      if (!e) return 0;
      if (__builtin_expect(skb->len > 1500, 0)) {
        fill(e, skb->len);
        e->a[7] = report(skb->len);
        bpf_map_update_elem(&events, &key, e, 0);
        bpf_printk("big one: %d", skb->len);
      }
      return 0;
    }
    char LICENSE[] SEC("license") = "GPL";
    """

  @Test func coldCodeStaysWhereItBelongs() throws {
    let file = try ELFFile(bytes: compile(Self.cold))
    #expect(file.symbols.filter { $0.type == .function }.map(\.name).sorted() == ["check", "report"])
    #expect(!file.sections.contains { $0.name.contains(".text.") })
    #expect(try ObjectSpec(bytes: compile(Self.cold), name: "cold").programs.map(\.name) == ["check"])
  }

  /// C gets advice in terms of C.
  @Test(arguments: [
    (
      "int d = 3; SEC(\"xdp\") int f(struct xdp_md *c) { return (int)c->data / d; }",
      "divide `__u32` or `__u64` numbers, or build with --cpu v4"
    ),
    (
      "static __attribute__((noinline)) SEC(\"xdp\") int g(int x) { return x * x + 1; }\n"
        + "SEC(\"xdp\") int f(struct xdp_md *c) { return g(c->data); }",
      "`g` is a static function in section `xdp`"
    ),
    (
      "int (*g)(int); SEC(\"xdp\") int f(struct xdp_md *c) { return g(1); }", "call the function by its name"
    ),
    ("SEC(\"xdp\") int f(struct xdp_md *c) { if (c->data) __builtin_trap(); return 1; }", "leave out `__builtin_trap`"),
  ])
  func adviceIsForC(_ source: String, _ advice: String) throws {
    let head = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"
    let error = try #require(throws: CompileError.self) { try compile(head + source) }
    #expect("\(error)".contains(advice), "\(error)")
    #expect(!"\(error)".contains("UInt32") && !"\(error)".contains("@inline"))
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
