// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Keys and values that are wrong for their map: an error with the cause, and the map stays as it was.
@Suite(.serialized, .requires(.root), .requires(kernel: "5.16")) struct EntryTests {
  let scratch: Scratch
  let pins: TestBPFFS
  let folder: String
  let object: String

  init() throws {
    scratch = try Scratch()
    pins = try TestBPFFS()
    folder = "\(pins.path)/entries"
    object = try scratch.compiled(scratch.file("entries.bpf.c", Array(Self.source.utf8)))
    _ = try Command.text("prog", "load", object, "--pin", folder)
  }

  private static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    char LICENSE[] SEC("license") = "GPL";
    struct flow { __u32 source, destination; };
    struct prefix { __u32 bits; __u8 address[4]; };
    struct limits { int low, high; } limits;
    float ratio;
    const volatile int constant = 3;
    #define MAP(name, t, k, n) \\
      struct { __uint(type, BPF_MAP_TYPE_##t); __type(key, k); __type(value, int); __uint(max_entries, n); } name SEC(".maps");
    MAP(flows, HASH, struct flow, 1)
    MAP(names, HASH, char[8], 4)
    MAP(array, ARRAY, int, 4)
    MAP(per_cpu, PERCPU_ARRAY, int, 4)
    struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __type(key, struct prefix); __type(value, int);
      __uint(max_entries, 1); __uint(map_flags, BPF_F_NO_PREALLOC); } prefixes SEC(".maps");
    #define KEYLESS(name, t) \\
      struct { __uint(type, BPF_MAP_TYPE_##t); __type(value, int); __uint(max_entries, 2); } name SEC(".maps");
    KEYLESS(queue, QUEUE)
    KEYLESS(stack, STACK)
    KEYLESS(bloom, BLOOM_FILTER)
    struct { __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY); __uint(key_size, 4); __uint(value_size, 4);
      __uint(max_entries, 2); } cgroups SEC(".maps");
    SEC("xdp") int pass(struct xdp_md *c) { return limits.low + constant + ratio > 0 ? XDP_PASS : XDP_PASS; }
    """

  private func refused(_ words: String..., says answers: String..., status: Int32 = 1) throws {
    let result = try Shell.run([Command.path("merops")] + words)
    #expect(result.status == status, "\(words): \(result.output)")
    for answer in answers { #expect(result.output.contains(answer), "\(words): \(result.output)") }
    for wrong in ["root", "capability", "raise", "U+FFFD"] {
      #expect(answers.contains { $0.contains(wrong) } || !result.output.contains(wrong), "\(result.output)")
    }
  }

  private func map(_ name: String) -> String { "\(folder)/\(name)" }

  /// A variable that is not set in a script is not the key of zeros: 0.0.0.0/0, the first flow, index 0.
  @Test func nothingIsNotZero() throws {
    _ = try Command.text("map", "set", map("flows"), "source=0", "1")
    _ = try Command.text("map", "set", map("prefixes"), "0.0.0.0/0", "1")
    _ = try Command.text("map", "set", map("names"), "\"\"", "1")
    for nothing in ["", " ", "{}", "\t\n"] {
      for verb in ["get", "delete"] {
        try refused("map", verb, map("flows"), nothing, says: "source=...,destination=...", "is expected, not")
        try refused("map", verb, map("prefixes"), nothing, says: "as in 10.0.0.0/8")
      }
      try refused("map", "set", map("flows"), nothing, "7", says: "is expected, not")
      try refused("map", "set", map("array"), nothing, "7", says: "is expected, not")
      try refused("prog", "load", object, "--global", "limits=\(nothing)", says: "low=...,high=...")
    }
    try refused("map", "delete", map("names"), "", says: "\"\" for the empty one")
    try refused("map", "set", map("array"), "1", "", says: "a number is expected")
    #expect(try Command.text("map", "get", map("flows"), "source=0") == "1\n")
    #expect(try Command.text("map", "get", map("prefixes"), "0.0.0.0/0") == "1\n")
    #expect(try Command.text("map", "get", map("names"), "\"\"") == "1\n")
  }

  @Test(arguments: ["queue", "stack"]) func queuesAndStacks(name: String) throws {
    try refused("map", "get", map(name), says: "is empty")
    _ = try Command.text("map", "set", map(name), "7")
    #expect(try Command.text("map", "get", map(name)) == "7\n")
    for words in [["get", map(name), "0"], ["set", map(name), "0", "8"], ["delete", map(name), "0"]] {
      let result = try Shell.run([Command.path("merops"), "map"] + words)
      #expect(result.status == 1 && result.output.contains("a \(name) map has no keys such as '0'"), "\(result.output)")
    }
    #expect(try Command.text("map", "get", map(name)) == "7\n")
    _ = try Command.text("map", "set", map(name), "8")
    try refused("map", "set", map(name), "9", says: "full", "raise the map's max_entries")
  }

  @Test func bloomFilters() throws {
    try refused("map", "get", map("bloom"), "5", says: "does not have 5")
    _ = try Command.text("map", "set", map("bloom"), "5")
    #expect(try Command.text("map", "get", map("bloom"), "5") == "5\n")
    try refused("map", "get", map("bloom"), "0", says: "does not have 0")
    try refused("map", "set", map("bloom"), "5", "6", says: "no keys such as '5'")
    try refused("map", "get", map("bloom"), says: "is asked for a value", status: 64)
    try refused("map", "get", map("flows"), says: "is asked for a key", status: 64)
    try refused("map", "set", map("flows"), "1", says: "give a key and a value", status: 64)
  }

  @Test func whatTheKernelRefuses() throws {
    for name in ["array", "per_cpu"] {
      try refused("map", "set", map(name), "4", "1", says: "index 4 is beyond its last, 3")
      try refused(
        "map", "delete", map(name), "1", says: "the entries of an array cannot be removed", "set the entry to zero")
      try refused("map", "set", map(name), "1", "1", "--only-new", says: "has every one of its entries from the start")
    }
    _ = try Command.text("map", "set", map("flows"), "source=1", "1")
    try refused("map", "set", map("flows"), "source=2", "1", says: "full", "raise the map's max_entries")
    try refused("map", "set", map("prefixes"), "10.0.0.0/33", "1", says: "0 to 32 bits")
    try refused("map", "set", map("prefixes"), "bits=33", "1", says: "at most 32 bits, not 33")
    _ = try Command.text("map", "set", map("prefixes"), "10.0.0.0/8", "1")
    try refused("map", "set", map("prefixes"), "10.1.0.0/16", "1", says: "full", "raise the map's max_entries")
    try refused(
      "map", "set", map("entries_rodata"), "0", #"{"constant":4}"#, says: "it is frozen", "load its object again")
    let cgroups = try Command.merops("map", "set", map("cgroups"), "0", "5")
    #expect(cgroups.status == 1 && cgroups.output.contains("has no id to be named by"), "\(cgroups.output)")
  }

  @Test func numbersBeyondTheirType() throws {
    for value in ["1e400", "-1e400", "1e39"] {
      try refused("prog", "load", object, "--global", "ratio=\(value)", says: "does not fit in float")
    }
    try refused("prog", "load", object, "--global", "constant=1e400", says: "int is expected, not '1e400'")
    #expect(try Command.text("prog", "load", object, "--global", "ratio=inf").contains("verified"))
  }

  @Test func packets() throws {
    let program = map("pass")
    let long = try scratch.file("long", [UInt8](repeating: 0, count: 100_000))
    let empty = try scratch.file("empty", [])
    try refused("prog", "run", program, "--data", long, says: "the packet of 100000 bytes is too long")
    try refused("prog", "run", program, "--data", empty, says: "'\(empty)' has no bytes")
    try refused("prog", "run", program, "--data", "0xcafe", says: "at least 14 bytes, not 2")
    try refused("prog", "run", program, "--data", "/dev/zero", says: "reading /dev/zero for --data: File too large")
    try refused("prog", "run", program, "--data", "/", says: "reading / for --data: Is a directory")
    try refused("prog", "run", program, "--context", scratch.path, says: "reading \(scratch.path) for --context")
  }

  /// A file that is called like bytes in hexadecimal.
  @Test func aFileOrBytes() throws {
    let name = String(repeating: "ca", count: 14)
    _ = try scratch.file(name, [UInt8](repeating: 1, count: 20))
    func run(_ data: String) throws -> Shell.Result {
      try Shell.run([
        "sh", "-c", "cd \(scratch.path) && \"$0\" prog run \(map("pass")) --data \(data)", Command.path("merops"),
      ])
    }
    let both = try run(name)
    #expect(
      both.status == 1 && both.output.contains("./\(name) for the file, or 0x\(name) for the bytes"), "\(both.output)")
    let ones = Array(repeating: "01", count: 20).joined(separator: " ")
    #expect(try run("./\(name)").output.contains(ones))
    #expect(try run("0x\(name)").output.contains(Array(repeating: "ca", count: 14).joined(separator: " ")))
  }
}
