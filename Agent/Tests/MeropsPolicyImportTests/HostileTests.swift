// SPDX-License-Identifier: Apache-2.0

import MeropsPolicyImport
import Testing

/// Files that hold no rules, and files that would take too much memory or time.
struct HostileTests {
  @Test(arguments: PolicyImport.Origin.allCases) func whatIsNoRuleIsOneError(_ origin: PolicyImport.Origin) {
    for text in [
      "a: [", "just words", "- - - x", "{a: b}", "[1, 2]", "kind: Policy", "a: &a [x]\nb: [*a, *a]", "\u{0}", "\t- x",
    ] {
      let result = PolicyImport([("f.yaml", text)], from: origin, PolicyImport.Options())
      #expect(result.refused.count == 1 && result.text.isEmpty, "\(origin): \(text): \(result.refused)")
      #expect(result.refused.allSatisfy { ["file", "other document"].contains($0.cause) && $0.file == "f.yaml" })
    }
  }

  @Test func depthAndSizeHaveABound() throws {
    let deep = String(repeating: "(", count: 100_000)
    let sigma =
      "title: a\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image: /x}\n  condition: '\(deep)s'\n"
    #expect(try imported(sigma, .sigma).refused.map(\.cause) == ["form"])
    #expect(
      try imported("- {rule: a, condition: 'evt.type = execve and \(deep)proc.name = x'}", .falco).refused.map(\.cause)
        == ["form"])
    // Each macro is the one before, ten times.
    var bomb = "- {macro: m0, condition: (proc.name = x)}\n"
    for level in 1...20 {
      let body = Array(repeating: "m\(level - 1)", count: 10).joined(separator: " or ")
      bomb += "- {macro: m\(level), condition: (\(body))}\n"
    }
    #expect(
      try imported(bomb + "- {rule: a, condition: evt.type = execve and m20}", .falco).refused.map(\.cause) == ["form"])
    var lists = "- {list: l0, items: [x]}\n"
    for level in 1...40 {
      lists += "- {list: l\(level), items: [\(Array(repeating: "l\(level - 1)", count: 10).joined(separator: ", "))]}\n"
    }
    #expect(
      try imported(lists + "- {rule: a, condition: evt.type = execve and proc.name in (l40)}", .falco).refused.map(
        \.cause)
        == ["form"])
  }

  /// Each beginning of a file is an error, or is read: nothing crashes.
  @Test func filesThatAreCut() throws {
    let texts: [(PolicyImport.Origin, String)] = [
      (
        .sigma,
        "title: a\nlogsource: {product: linux, category: process_creation}\ndetection: {s: {Image|endswith: [/x, null]}, condition: s and not 1 of s*}\n"
      ),
      (
        .falco,
        "- macro: m\n  condition: evt.type in (execve, execveat)\n- rule: a\n  condition: m and proc.name in (a, \"b\") and not proc.exepath glob '*x'\n"
      ),
      (
        .tetragon,
        "kind: TracingPolicy\nmetadata: {name: a}\nspec: {kprobes: [{call: tcp_connect, selectors: [{matchArgs: [{index: 0, operator: DPort, values: ['1:2']}]}]}]}\n"
      ),
      (
        .kubearmor,
        "kind: KubeArmorHostPolicy\nmetadata: {name: a}\nspec: {file: {matchPaths: [{path: /x, fromSource: [{path: /y}]}]}, action: Block}\n"
      ),
    ]
    for (origin, text) in texts {
      #expect(try imported(text, origin).refused.isEmpty)
      var read = 0
      for count in 0..<text.count {
        let result = PolicyImport([("f", String(text.prefix(count)))], from: origin, PolicyImport.Options())
        if result.refused.isEmpty { read += 1 }
      }
      #expect(read > 0 && read < text.count)
    }
  }
}
