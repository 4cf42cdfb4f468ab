// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Testing

struct ErrorTests {
  @Test(arguments: [
    ("", "the expression is empty"), ("process.pid ==", "the expression ends where a value should follow"),
    ("proces.executable.path == 'x'", "did you mean `process.executable.path`?"),
    ("process.exit == 1", "its fields are process.exit.code"), ("file.colour == 1", "there is no field"),
    ("process.pid == 'x'", "cannot be compared"), ("process.pid", "a condition is wanted"),
    ("1 < 2 < 3", "comparisons do not chain"),
    ("process.pid = 1", "Write `==`"), ("process.pid == 1 and true", "Write `&&`"),
    ("process.pid == 1 & true", "Write `&&`"),
    ("true ? true : false", "has no `? :`"), ("process.name.matches('a.*')", "no regular expressions"),
    ("process.name.startWith('a')", "did you mean `startsWith`?"),
    ("process.name.startsWith(process.name)", "wants a text in quotes"),
    ("process.pid.startsWith('a')", "asked of a text"), ("'x' in process.pid", "a list is wanted"),
    ("process.pid in ['x']", "not a number"),
    ("process.name in [1]", "not a text"), ("process.name in [process.name]", "constants only"),
    ("process.ancestors.exists(p, p.ancestors.exists(q, true))", "cannot stand inside another"),
    ("process.pid == 99999999999999999999", "64 bits"),
    ("process.pid == 1.5", "whole numbers only"), ("process.pid == 1e5", "whole numbers only"),
    ("'abc", "no closing quote"),
    (#"'\q' == 'q'"#, "starts no escape"), ("null == null", "has no null"), ("has(1)", "`has` wants a field"),
    ("-process.pid == 1", "cannot be negative"),
    ("process.pid + process.exit.code == 1", "cannot be operands of one `+`"), ("{} == {}", "no maps"),
    ("true < false", "no order"),
    ("process.command_args[-1] == 'x'", "from 0 to 4095"), ("#", "does not belong"),
    ("process.ancestors.exists(process, true)", "already has a meaning"),
    ("process.ancestors.exists(p, p.exit.code == 1)", "an ancestor has no"),
    ("process.name.glob('a\\\\')", "ends in a backslash"),
    ("process.name.contains()", "takes one argument, and 0 were given"), ("(process.pid == 1", "`)`"),
    ("process.pid == 1 process.pid", "stands where"),
  ])
  func mistakesAreExplained(_ text: String, _ part: String) {
    do {
      _ = try EventExpression(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect("\(error)".contains(part), "\(text): \(error)")
      #expect(error.range.lowerBound >= 0 && error.range.upperBound <= text.utf8.count)
    }
  }

  @Test func fieldsOfOtherEventsAreRefused() throws {
    _ = try EventExpression("process.exit.code == 0", for: [.processExec, .processExit])
    #expect(throws: ExpressionError.self) { try EventExpression("process.exit.code == 0", for: [.processExec]) }
  }

  @Test func thePlaceIsShown() {
    let text = "process.pid == 1 &&\n  proces.executable.path == \"/bin/sh\""
    do {
      _ = try EventExpression(text)
      Issue.record("taken")
    } catch {
      #expect(
        error.described(in: text, file: "web.yaml", line: 13, column: 12) == """
          web.yaml:14:3: there is no field `proces.executable.path`; did you mean `process.executable.path`?
              proces.executable.path == "/bin/sh"
              ^~~~~~~~~~~~~~~~~~~~~~
          """)
    }
  }

  @Test(arguments: [
    String(repeating: "(", count: 100_000), String(repeating: "!", count: 60_000) + "true",
    String(repeating: "-", count: 60_000) + "1",
    "1" + String(repeating: "+1", count: 30_000) + " == 1", "a" + String(repeating: ".a", count: 30_000),
    "a" + String(repeating: "[0]", count: 20_000),
    String(repeating: "[", count: 60_000), String(repeating: "has(", count: 15_000),
    String(repeating: " ", count: 70_000),
  ])
  func deepOrLongTextIsRefused(_ text: String) { #expect(throws: ExpressionError.self) { try EventExpression(text) } }

  @Test func manyOperandsAreFine() throws {
    let text = Array(repeating: "process.pid == 1", count: 3000).joined(separator: " || ")
    #expect(try EventExpression(text).evaluate(subject()) == .no)
  }

  /// Whatever is read, it ends with an answer or an error whose place is in the text.
  @Test func randomTextEndsWell() {
    let words = [
      "process.pid", "process.executable.path", "process.command_args", "process.ancestors", "has(", "(", ")", "[", "]",
      ".exists(p, ", "p.pid", "==",
      "in", "&&", "||", "!", "-", "1", "2u", "'a'", ",", ".startsWith('", "+", "/", "0", "math.bitAnd(", ".size()",
      "\"", "\\", "é", "\n", "true",
    ]
    var random = Random(seed: 11)
    var taken = 0
    for _ in 0..<40_000 {
      let text = (0..<1 + random.below(8)).map { _ in words[random.below(words.count)] }.joined(
        separator: random.below(2) == 0 ? " " : "")
      do {
        _ = try EventExpression(text).evaluate(subject())
        taken += 1
      } catch {
        #expect(error.range.upperBound <= text.utf8.count && !error.described(in: text, file: "x").isEmpty)
      }
    }
    #expect(taken > 100)
  }
}
