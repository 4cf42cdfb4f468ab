// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Testing

struct NecessaryValuesTests {
  private static let cases: [(String, [Field: Set<Value>])] = {
    var cases: [(String, [Field: Set<Value>])] = []
    func add(_ text: String, _ values: [Field: Set<Value>] = [:]) { cases.append((text, values)) }
    add("process.pid == 5", [.processID: [.uint(5)]])
    add(
      "5u == process.pid && event.kind == \"file.open\"", [.processID: [.uint(5)], .eventKind: [.text("file.open")]])
    add("process.pid in [1, 2, 3] && process.pid in [2, 3, 4]", [.processID: [.uint(2), .uint(3)]])
    add("process.pid == 1 || process.pid == 2 && process.name == \"sh\"", [.processID: [.uint(1), .uint(2)]])
    add("process.pid == 1 || process.name == \"sh\"")
    add(
      "process.executable.path in [\"/bin/sh\", \"/bin/ls\"]",
      [.processExecutable: [.text("/bin/sh"), .text("/bin/ls")]])
    add("process.exit.code == -1", [.exitCode: [.int(-1)]])
    add("process.exit.code == 3", [.exitCode: [.int(3)]])
    add("!(process.pid == 1)")
    add("process.pid != 1")
    add("process.pid > 1")
    add("process.ancestors.exists(p, p.pid == 7)")
    add("process.name.startsWith(\"a\") && process.pid == 9", [.processID: [.uint(9)]])
    return cases
  }()

  @Test(arguments: cases)
  func whatAnIndexCanLookFor(_ text: String, _ expected: [Field: Set<Value>]) throws {
    #expect(try EventExpression(text).necessaryValues == expected)
  }
}
