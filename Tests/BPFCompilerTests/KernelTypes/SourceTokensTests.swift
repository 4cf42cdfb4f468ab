// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BPFCompiler

struct SourceTokensTests {
  private func words(_ source: String) -> [String] {
    SourceTokens.of(source).filter { $0.kind == .word }.map(\.text)
  }

  @Test(arguments: [
    ("a // b\nc", ["a", "c"]),
    ("a /* b /* c */ d */ e", ["a", "e"]),
    ("a /* never closed", ["a"]),
    (#"a("b \"c\" d") e"#, ["a", "e"]),
    (#"a("b \(c.d("e")) f") g"#, ["a", "c", "d", "g"]),
    (##"a(#"b " \(c) "#) d"##, ["a", "d"]),
    ("a(\"\"\"\n b \"c\" \\(d)\n \"\"\") e", ["a", "d", "e"]),
    ("\"never closed\na", ["a"]),
    ("`in` 0x1f 1_000 a1", ["in", "a1"]),
    ("", []),
    ("größe", ["größe"]),
  ])
  func words(source: String, expected: [String]) {
    #expect(words(source) == expected)
  }

  @Test func placesCountFromOne() throws {
    let tokens = SourceTokens.of("a\n  b {\n\tc }")
    #expect(tokens.map(\.text) == ["a", "b", "{", "c", "}"])
    #expect(tokens.map(\.line) == [1, 2, 2, 3, 3])
    #expect(tokens.map(\.column) == [1, 3, 5, 2, 4])
    #expect(tokens.map(\.depth) == [0, 0, 0, 1, 0])
  }
}

struct ProbeNamesTests {
  private func candidates(_ source: String) -> Set<String> { Set(ProbeNames([source]).candidates) }

  @Test func typesInAnyPositionAreSeen() {
    let found = candidates(
      "func f(_ a: one, b: UnsafePointer<two>) -> three { let c = four(a); g(c as five); return six.current }")
    #expect(found.isSuperset(of: ["one", "two", "three", "four", "five", "six"]))
  }

  @Test func whatTheProbeDeclaresIsNoKernelType() {
    let found = candidates(
      """
      struct event { var file: UInt32 }
      func page(key: UInt32) { let path = key; list.forEach { item, node in use(path, item, node) } }
      """)
    #expect(found.isDisjoint(with: ["event", "file", "page", "key", "path", "item", "node"]))
  }

  @Test func aLocalOfTheSameNameDoesNotHideAType() {
    #expect(candidates("func f(_ file: file) { let path = path(file.f_path) }").isSuperset(of: ["file", "path"]))
  }

  @Test func aGlobalHidesAType() {
    #expect(!candidates("var file: Int = 0\nfunc f(_ x: file) {}").contains("file"))
  }

  @Test func membersLabelsAndPaths() {
    let names = ProbeNames(["call(label: task.real_parent?.tgid); task_struct.exists.comm"])
    #expect(Set(names.members.keys) == ["real_parent", "tgid", "exists", "comm"])
    #expect(names.words["label"] == nil)
    #expect(names.paths[["task_struct", "exists", "comm"]]?.column == 38)
    #expect(names.calls["call"] != nil)
  }
}
