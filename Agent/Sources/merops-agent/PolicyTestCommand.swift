// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsPolicy

struct PolicyTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Ask policies about acts, and compare the verdicts with what is expected. Needs no root and no agent.",
    discussion: """
      A file of cases says which act is given, and what is expected. The policies are compiled, and the instructions that the
      kernel would run are run here. Each case that fails is printed; the status is then 1.

        apiVersion: merops/v1
        kind: PolicyTest
        policies: web.yaml            # web.test.yaml is about web.yaml without it
        cases:
          - name: the database is reached
            on: network.connect
            cgroup: /system.slice/nginx.service
            given: {destination.address: 10.1.0.7, destination.port: 5432}
            expect: allow             # allow, deny or kill
            rule: web/database        # or none

      EXAMPLES
        merops policy test web.test.yaml
        merops policy test policies.d && sudo merops policy apply policies.d/web.yaml
        merops policy test web.test.yaml --json | jq '.cases[] | select(.passed | not)'
      """)

  @Argument(help: "Files of cases, and directories of files that end in .test.yaml.", completion: .file())
  var paths: [String]

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    var files = PolicySources()
    var texts = PolicySources()
    var report = Report()
    do {
      for path in paths {
        let before = files.texts.count
        try files.add(path: path, cases: true)
        guard files.texts.count > before else {
          throw ValidationError("\(path) has no files that end in .test.yaml or .test.yml")
        }
      }
      for file in files.texts { report.add(try CaseRun(file, &texts)) }
    } catch let error as PolicyProblem {
      files.add(texts)
      Output.note(files.described(error))
      throw ExitCode(1)
    }
    json ? try Output.json(report) : Output.lines(report.lines)
    if report.failed > 0 { throw ExitCode(1) }
  }

  /// What is printed.
  private struct Report: Encodable {
    var passed = 0
    var failed = 0
    var cases: [Case] = []
    /// Rules that no case came to.
    var unreached: [String] = []

    struct Case: Encodable {
      var file: String
      var line: Int
      var column: Int
      var name: String
      var passed: Bool
      var expected: Verdict
      var got: Verdict
      var message: String?
    }

    struct Verdict: Encodable {
      var action: String
      /// `none` for no rule; absent where any rule may decide.
      var rule: String?
      var uncertain: Bool
      var told: [String]?
    }

    mutating func add(_ run: CaseRun) {
      for result in run.results {
        let (expected, decision, place) = (
          result.policyCase.expected, result.decision, result.policyCase.place
        )
        var rule: String?
        if case .named(let name)? = expected.rule { rule = name }
        if case .some(.none) = expected.rule { rule = "none" }
        cases.append(
          Case(
            file: place.file, line: place.line, column: place.column, name: result.policyCase.name,
            passed: result.isPassed,
            expected: Verdict(
              action: expected.action.rawValue, rule: rule, uncertain: expected.isUncertain,
              told: expected.told?.sorted()),
            got: Verdict(
              action: decision.action.rawValue, rule: decision.rule ?? "none", uncertain: decision.isUncertain,
              told: decision.told),
            message: result.isPassed ? nil : result.description))
      }
      passed = cases.count { $0.passed }
      failed = cases.count - passed
      unreached += run.unreached
    }

    var lines: [String] {
      cases.filter { !$0.passed }.map { "FAIL \($0.file):\($0.line):\($0.column): \($0.name): \($0.message ?? "")" }
        + (unreached.isEmpty ? [] : ["no case comes to \(unreached.joined(separator: ", "))"])
        + [
          failed == 0
            ? "\(passed) \(passed == 1 ? "case" : "cases") passed"
            : "\(failed) of \(cases.count) \(cases.count == 1 ? "case" : "cases") failed"
        ]
    }
  }
}
