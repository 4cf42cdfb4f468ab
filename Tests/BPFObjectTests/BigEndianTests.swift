// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import TestSupport
import Testing

/// One source compiled for both byte orders says the same.
@Suite(.requires(.bpfCompiler)) struct BigEndianTests {
  static let source = """
    const volatile int limit = 7; long total = 9; static int hidden = 3;
    extern int LINUX_KERNEL_VERSION __kconfig;
    extern int bpf_something(int x) __ksym __weak;
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10); __type(key, int); __type(value, long); }
      counts SEC(".maps");
    int last(void *c);
    struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4);
      __array(values, int(void *)); } steps SEC(".maps") = { .values = { [1] = &last } };
    __attribute__((noinline)) static int leaf(int x) { hidden += x; return x + limit; }
    __attribute__((noinline)) int global(int x) { return leaf(x) * 2; }
    SEC("tp_btf/sys_enter") int first(void *c) {
      int key = LINUX_KERNEL_VERSION;
      bpf_map_lookup_elem(&counts, &key);
      if (bpf_something) bpf_something(1);
      total++;
      return global(key) + leaf(2);
    }
    SEC("?tp_btf/sys_enter") int last(void *c) { return 0; }
    int object_version SEC("version") = 0x50a00;
    char object_license[] SEC("license") = "GPL";
    """

  @Test func saysTheSame() throws {
    let little = try ObjectSpec(bytes: try Compiler.compile(Self.source), name: "both")
    let big = try ObjectSpec(bytes: try Compiler.compile(Self.source, target: "bpfeb"), name: "both")
    #expect(!little.isBigEndian && big.isBigEndian)
    #expect(big.license == "GPL")
    #expect((little.kernelVersion, big.kernelVersion) == (0x50a00, 0x50a00))
    #expect(little.externs == big.externs)
    #expect(little.maps.map(\.name) == big.maps.map(\.name))
    for (left, right) in zip(little.maps, big.maps) {
      #expect(left.variables == right.variables)
      #expect(
        (left.type, left.keySize, left.valueSize, left.flags) == (
          right.type, right.keySize, right.valueSize, right.flags
        ))
      #expect(left.keyType == right.keyType && left.valueType == right.valueType)
      if case .slots = left.contents { #expect(left.contents == right.contents) }
    }
    #expect(big[map: "both.rodata"]?.contents == .bytes([0, 0, 0, 7]))
    #expect(little.programs.map(\.name) == big.programs.map(\.name))
    #expect(big[program: "first"]?.autoload == true)
    #expect(big[program: "last"]?.autoload == false)
    for (left, right) in zip(little.programs, big.programs) {
      let (left, right) = (try left.linked(), try right.linked())
      #expect(left.instructions == right.instructions)
      #expect(left.references == right.references)
      #expect(left.functions.map(\.instruction) == right.functions.map(\.instruction))
      #expect(left.lines.map(\.instruction) == right.lines.map(\.instruction))
    }
    let ids = try #require(little.types).ids
    #expect(big.types?.ids == ids)
    for id in ids { #expect(try little.types?.type(id) == big.types?.type(id)) }
  }
}
