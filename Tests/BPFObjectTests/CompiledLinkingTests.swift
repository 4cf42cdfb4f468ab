// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BPFObject
import BTF
import Foundation
import TestSupport
import Testing

/// Linking of what needs a compiler's or linker's help to be made.
@Suite(.requires(.bpfCompiler)) struct CompiledLinkingTests {
  private func functions(_ object: ObjectSpec, _ program: String) throws -> [String] {
    try #require(object[program: program]).linked().functions.map { object.types?.name($0.type) ?? "" }
  }

  /// The callback is called by no instruction: a tag on the program says that it belongs to it.
  @Test func exceptionCallback() throws {
    let source = """
      __attribute__((noinline)) static int used(int x) { return bpf_get_prandom_u32() + x; }
      __attribute__((noinline)) int handler(unsigned long cookie) { return used(cookie); }
      __attribute__((noinline)) int other(int x) { return x + 1; }
      SEC("tc") __attribute__((btf_decl_tag("exception_callback:handler"))) int one(void *c) { return other(1); }
      SEC("tc") int two(void *c) { return other(2); }
      """
    let object = try ObjectSpec(bytes: try Compiler.compile(source))
    #expect(try functions(object, "one") == ["one", "other", "handler", "used"])
    #expect(try functions(object, "two") == ["two", "other"])
    let missing = source.replacing("exception_callback:handler", with: "exception_callback:nobody")
    let error = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: try Compiler.compile(missing)) }
    #expect(error.description == "program one: its exception callback nobody is not a global subprogram")
  }

  /// Compilers move cold functions, and with `-ffunction-sections` all of them, into sections of their own: these are
  /// subprograms, not programs without a type.
  @Test(arguments: [["-g"], ["-g", "-ffunction-sections"], []])
  func functionsInSectionsOfTheirOwn(arguments: [String]) throws {
    let source = """
      volatile int limit;
      __attribute__((cold, noinline)) int report(int size) { return size + limit; }
      __attribute__((hot, noinline)) int often(int size) { return size - limit; }
      __attribute__((noinline)) int plain(int size) { return often(size) * limit; }
      SEC("socket") int check(struct __sk_buff *skb) { return skb->len > 1500 ? report(skb->len) : plain(skb->len); }
      """
    let bytes = try Compiler.compile(source, arguments: arguments)
    let sections = try ELFFile(bytes: bytes).sections.map(\.name)
    #expect(sections.contains { $0.hasPrefix(".text.unlikely.") })
    #expect(sections.contains(".text.plain") == arguments.contains("-ffunction-sections"))
    let object = try ObjectSpec(bytes: bytes)
    #expect(object.programs.map(\.name) == ["check"])
    let linked = try #require(object.programs.first).linked()
    #expect(linked.instructions.filter { $0.isSubprogramCall }.count == 3)
    #expect(linked.instructions.filter { $0.isExit }.count >= 4)
    if !arguments.isEmpty { #expect(Set(try functions(object, "check")) == ["check", "report", "often", "plain"]) }
  }

  /// Two files that `bpftool gen object` has made one: weak functions overridden, hidden ones shared, data merged.
  @Test(.requires(.command("bpftool"))) func staticallyLinked() throws {
    let first = """
      int shared = 3; const volatile int limit = 7; static int own = 5; extern int other_value;
      __hidden int hidden(int x);
      int global(int x);
      struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10); __type(key, int); __type(value, long); }
        first_map SEC(".maps");
      __weak __noinline int weak(int x) { shared += x; return x * 2; }
      SEC("xdp") int first(struct xdp_md *c) {
        int key = 1;
        bpf_map_lookup_elem(&first_map, &key);
        own += 2;
        return weak(c->data) + own + hidden(1) + global(2) + other_value + limit;
      }
      char first_license[] SEC("license") = "GPL";
      """
    let second = """
      int other_value = 9; extern int shared; static int own = 15;
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, int); __type(value, int); }
        second_map SEC(".maps");
      __hidden __noinline int hidden(int x) { int key = 1; bpf_map_lookup_elem(&second_map, &key); return x + own++; }
      __noinline int global(int x) { return hidden(x) + shared; }
      __weak __noinline int weak(int x) { own += 100; return x * 3 + own; }
      SEC("?xdp") int second(struct xdp_md *c) { return global(weak(c->data_end)); }
      """
    let folder = NSTemporaryDirectory() + "merops-linked-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, source) in [("first", first), ("second", second)] {
      try Data(try Compiler.compile(source)).write(to: URL(fileURLWithPath: "\(folder)/\(name).o"))
    }
    let result = try Shell.run(
      ["bpftool", "gen", "object", "\(folder)/linked.o", "\(folder)/first.o", "\(folder)/second.o"])
    #expect(result.status == 0, "\(result.output)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/linked.o")))
    let object = try ObjectSpec(bytes: bytes, name: "linked")

    #expect(object.programs.map(\.name) == ["first", "second"])
    #expect(object.programs.map(\.autoload) == [true, false])
    #expect(try functions(object, "first") == ["first", "weak", "hidden", "global"])
    #expect(try functions(object, "second") == ["second", "weak", "global", "hidden"])
    #expect(object.maps.map(\.name).prefix(2) == ["first_map", "second_map"])
    let data = try #require(object[map: ".data"])
    #expect(Set(data.variables.map(\.name)) == ["shared", "own", "other_value"])
    #expect(data.variables.map(\.offset) == data.variables.map(\.offset).sorted())
    // Each file's own static variable has its own place.
    #expect(Set(data.variables.filter { $0.name == "own" }.map(\.offset)).count == 2)
    let linked = try #require(object[program: "first"]).linked()
    for line in linked.lines { #expect(object.types?.string(at: line.line.line) != nil) }
  }

  /// An indirect jump's table, as LLVM writes it: addresses of basic blocks, relative to the section.
  @Test func jumpTable() throws {
    var code: [Instruction] = [
      Instruction(opcode: Opcode(rawValue: 0x95)),  // a function before it
      Instruction(opcode: Opcode(rawValue: 0x18), registers: 1), Instruction(rawValue: 0),
      Instruction(opcode: Opcode(rawValue: 0x95)), Instruction(opcode: Opcode(rawValue: 0x95)),
    ]
    code[1].immediate = 0
    var writer = ELFWriter()
    let section = writer.addSection(
      "tc", flags: [.allocate, .executable], alignment: 8, contents: Instruction.encode(code))
    let table = writer.addSection(
      ".jumptables", alignment: 8,
      contents: [UInt64(8), 24, 32, 96].flatMap { value in
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      })
    writer.addSymbol("before", type: .function, placement: .section(section), value: 0, size: 8)
    writer.addSymbol("jumps", type: .function, placement: .section(section), value: 8, size: 32)
    let good = writer.addSymbol("good", type: .object, binding: .local, placement: .section(table), value: 8, size: 16)
    var broken = writer
    let bad = broken.addSymbol("bad", type: .object, binding: .local, placement: .section(table), value: 16, size: 16)
    writer.addRelocation(section: section, offset: 8, symbol: good, type: .bpf64)
    broken.addRelocation(section: section, offset: 8, symbol: bad, type: .bpf64)

    let linked = try #require(try ObjectSpec(bytes: writer.encode())[program: "jumps"]).linked()
    #expect(linked.references == [.init(instruction: 0, target: .jumpTable([2, 3]))])
    let error = try #require(throws: ObjectError.self) {
      try ObjectSpec(bytes: broken.encode())[program: "jumps"]?.linked()
    }
    #expect(error.description == "program jumps, instruction 0: its jump table leads out of the function")
  }
}
