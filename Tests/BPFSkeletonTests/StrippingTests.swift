// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFELF
import BPFObject
import BPFSkeleton
import Foundation
import TestSupport
import Testing

private let clang = ProcessInfo.processInfo.environment["MEROPS_CLANG"].flatMap { $0.isEmpty ? nil : $0 } ?? "clang"

/// An object with DWARF, as clang writes it, embedded without.
@Suite(.requires(.command(clang))) struct StrippingTests {
  private static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct settings { __u32 limit; char name[12]; };
    struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, struct settings);
             __uint(max_entries, 4); } table SEC(".maps");
    const volatile struct settings preset = { 3, "three" };
    __u64 calls;
    static __noinline int limit(__u32 key) {
      struct settings *found = bpf_map_lookup_elem(&table, &key);
      return found ? found->limit : preset.limit;
    }
    SEC("xdp") int answer(struct xdp_md *context) { calls++; return limit(context->ingress_ifindex); }
    char LICENSE[] SEC("license") = "GPL";
    """

  private static func compile() throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stripping-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, object) = (folder.appending(path: "a.c"), folder.appending(path: "a.o"))
    try Data(source.utf8).write(to: file)
    try Shell.check([
      clang, "-target", "bpfel", "-g", "-O2", "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu",
      "-c", file.path, "-o", object.path,
    ])
    return try Array(Data(contentsOf: object))
  }

  @Test("What a loader reads is the same, and DWARF is gone")
  func contents() throws {
    let original = try Self.compile()
    let stripped = try ELFFile(bytes: original).stripped()
    #expect(stripped.count < original.count * 2 / 3)
    let (before, after) = (try ELFFile(bytes: original), try ELFFile(bytes: stripped))
    #expect(before.sections.map(\.name) == after.sections.map(\.name))
    #expect(before.symbols == after.symbols)
    #expect(after.sections.allSatisfy { !$0.name.contains("debug") || $0.size == 0 })
    for (old, new) in zip(before.sections, after.sections) where new.size > 0 && old.type != .noBits {
      #expect(before.bytes(of: old) == after.bytes(of: new), "\(old.name)")
      #expect(new.offset % max(Int(new.alignment), 1) == 0)
    }
    #expect(after.stripped() == stripped)

    let text = try SkeletonSource(ObjectSpec(bytes: original, name: "a")).text()
    #expect(try SkeletonSource(ObjectSpec(bytes: stripped, name: "a")).text() == text)
    var embedding = try SkeletonSource(ObjectSpec(bytes: original, name: "a"))
    embedding.object = .embedded(original)
    let embedded = try embedding.text()
    #expect(embedded.utf8.count < text.utf8.count + original.count)
  }

  @Test("It loads and runs as the original does", .requires(.root))
  func loading() throws {
    let original = try Self.compile()
    for bytes in [original, try ELFFile(bytes: original).stripped()] {
      let collection = try BPFCollection(bytes: bytes, name: "a")
      try collection.load()
      let result = try collection.program("answer").testRun(data: [UInt8](repeating: 0, count: 64))
      #expect(result.returnValue == 3)
      #expect(try collection.global("calls", as: UInt64.self) == 1)
      #expect(try collection.program("answer").info().btfID > 0)
    }
  }

  @Test("bpftool loads it, too", .requires(.root), .requires(.command("bpftool")))
  func bpftool() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stripping-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let object = folder.appending(path: "a.o")
    try Data(ELFFile(bytes: Self.compile()).stripped()).write(to: object)
    // It writes a skeleton of what it can open, and needs no bpffs for that.
    let result = try Shell.run(["bpftool", "gen", "skeleton", object.path, "name", "stripped"])
    #expect(result.status == 0 && result.output.contains("struct bpf_map *table"), "\(result.output.prefix(2000))")
    let loaded = try Shell.run(["bpftool", "-L", "gen", "skeleton", object.path, "name", "stripped"])
    #expect(loaded.status == 0, "\(loaded.output.prefix(2000))")
  }
}
