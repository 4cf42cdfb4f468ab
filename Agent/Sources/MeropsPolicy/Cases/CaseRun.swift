// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel

/// The cases of a file, asked of the instructions that the kernel would run.
public struct CaseRun: Sendable {
  public var results: [CaseResult] = []
  /// Rules that no case came to, those that are off left out.
  public var unreached: [String] = []

  /// - Parameters:
  ///   - file: what ``PolicySources`` read of the cases.
  ///   - texts: gets the texts of the policies, to show where a problem is.
  /// - Throws: ``PolicyProblem``; ``PolicyInterpreter/Failure`` for a fault of Merops.
  public init(_ file: (name: String, text: String), _ texts: inout PolicySources) throws {
    var reader = CaseReader(file: file.name)
    let root = try reader.root(file.text)
    var policies = PolicySources()
    defer { texts.add(policies) }
    for path in try reader.policies(root) { try policies.add(path: path) }
    let set = try policies.set()
    let cases = try reader.cases(root, about: set)
    let interpreter = try PolicyInterpreter(set)
    var reached: Set<String> = []
    for each in cases {
      var decision = try interpreter.decide(each.act)
      let event = each.event
      decision.told += interpreter.observed.filter { $0.tells(of: event) }.map(\.rule.name)
      reached.formUnion(decision.told)
      var missing: [Field] = []
      if let name = decision.rule {
        reached.insert(name)
        let asked = set.rules.first { $0.name == name }?.conditions.flatMap { $0.condition.places.map(\.field) } ?? []
        missing = Set(asked.filter(Condition.kernelMayNotKnow)).subtracting(each.given).sorted { $0.name < $1.name }
      }
      results.append(CaseResult(policyCase: each, decision: decision, missing: missing))
    }
    unreached = set.rules.map(\.name).filter { !reached.contains($0) }
  }
}
