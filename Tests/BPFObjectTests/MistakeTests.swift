// SPDX-License-Identifier: Apache-2.0

import BPFObject
import TestSupport
import Testing

/// Mistakes that a developer makes, and what they are told.
@Suite(.requires(.bpfCompiler)) struct MistakeTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    var source: String
    var expected: String
    var arguments: [String] = ["-g"]
    var testDescription: String { expected }
  }

  private static func map(_ members: String, _ more: String = "") -> String {
    "\(more) struct { \(members) } m SEC(\".maps\"); SEC(\"xdp\") int p(void *c) { return 0; }"
  }

  @Test(arguments: [
    Mistake(source: map("__type(key, int);"), expected: "map m: its definition has no `type`"),
    Mistake(
      source: map("__uint(type, 1); __type(key, int); __uint(key_size, 8);"),
      expected: "map m: key sizes 4 and 8 contradict each other"),
    Mistake(
      source: map("__uint(type, 1); __uint(value_size, 2); __type(value, long);"),
      expected: "map m: value sizes 2 and 8 contradict each other"),
    Mistake(source: map("__uint(type, 1); __uint(colour, 2);"), expected: "has a member `colour`, which means nothing"),
    Mistake(source: map("int type;"), expected: "`type` must be a pointer to an array, not INT; use __uint()"),
    Mistake(source: map("__uint(type, 1); int key;"), expected: "`key` must be a pointer to the type, not INT"),
    Mistake(source: map("__uint(type, 1); __type(key, struct unknown);"), expected: "has no size"),
    Mistake(source: map("__uint(type, 1); __uint(pinning, 7);"), expected: "map m: unknown pinning 7"),
    Mistake(
      source: map("__uint(type, 1); __array(values, int(void *));"),
      expected: "only maps of maps and program arrays have `values`, not a map of type hash"),
    Mistake(
      source: map("__uint(type, 12); __array(values, int);"), expected: "map m: `values` has pointers to INT"),
    Mistake(
      source: map(
        "__uint(type, 12); __array(values, struct inner);",
        "struct leaf { __uint(type, 2); }; struct inner { __uint(type, 12); __array(values, struct leaf); };"),
      expected: "map m.inner: maps of maps of maps are not supported"),
    Mistake(
      source: map("__uint(type, 12); __array(values, struct { __uint(type, 2); __uint(pinning, 1); });"),
      expected: "map m.inner: an inner map cannot be pinned"),
    Mistake(
      source: "static struct { __uint(type, 1); } m SEC(\".maps\"); SEC(\"xdp\") int p(void *c) { return (long)&m; }",
      expected: "map m: it is static, but a map has to be global and not hidden"),
    Mistake(
      source: map("__uint(type, 33); __uint(max_entries, 1);", "struct { __uint(type, 33); } first SEC(\".maps\");"),
      expected: "it is the second arena of the object"),
    Mistake(
      source: "int __attribute__((address_space(1))) x; SEC(\"xdp\") int p(void *c) { return x; }",
      expected: ".maps does not define an arena"),
    Mistake(
      source: "extern int missing; SEC(\"xdp\") int p(void *c) { return missing; }",
      expected: "extern missing: no object file defines it here: if another object defines it, link the two"),
    Mistake(
      source: "extern int f(void) __ksym; SEC(\"xdp\") int p(void *c) { return f(); }",
      expected: "extern f: it is not defined here, and the object has no BTF that describes it: compile with -g",
      arguments: []),
    Mistake(
      source: "extern float CONFIG_X __kconfig; SEC(\"xdp\") int p(void *c) { return *(int *)&CONFIG_X; }",
      expected: "extern CONFIG_X: its type cannot hold a kernel configuration value"),
    Mistake(
      source: map("__uint(type, 1);"), expected: "section .maps: the object has no BTF that defines its maps",
      arguments: []),
    Mistake(
      source: """
        int step(void *c);
        struct { __uint(type, 3); __uint(key_size, 4); __array(values, int(void *)); } m SEC(".maps") =
          { .values = { &step } };
        int step(void *c) { return 0; }
        """, expected: "relocation of .maps at 16, against step: that is not a program"),
    Mistake(
      source: "int x SEC(\"mine\"); SEC(\"xdp\") int p(void *c) { return x; }",
      expected: "program p, instruction 0, against x: instructions cannot refer to what is in section mine"),
    Mistake(
      source: "SEC(\"xdp\") int p(void *c) { return 0; }\nint v SEC(\"version\") = 1; short w SEC(\"version\") = 2;",
      expected: "section version: it has 6 bytes instead of 4"),
  ])
  func isExplained(_ mistake: Mistake) throws {
    let bytes = try Compiler.compile(mistake.source, arguments: mistake.arguments)
    let error = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: bytes) }
    #expect(error.description.contains(mistake.expected), "\(error)")
  }

  @Test func notAnObject() throws {
    let text = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: Array("int main() {}".utf8)) }
    #expect(text.description == "this is not an ELF file")
    let native = try Compiler.compile("int x;", target: "x86_64-linux-gnu", arguments: [])
    let machine = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: native) }
    #expect(machine.description.contains("this is an object file for x86-64, not an eBPF object"))
  }
}
