// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Testing

@Suite struct JudgeTests {
  /// How many random acts the evaluator and the interpreter are asked about.
  private static let count = ProcessInfo.processInfo.environment["MEROPS_VERDICTS"].flatMap { Int($0) } ?? 5000

  @Test func theInterpreterDecidesAsTheReferenceDoes() throws {
    var random = SeededRandom(seed: 90)
    var (denied, allowed, unknown) = (0, 0, 0)
    while denied + allowed < Self.count {
      let set = try PolicySet((0..<3).map { Self.tried(Made.policy("p\($0)", &random), &random) })
      let interpreted = try PolicyInterpreter(set, of: Act.self)
      for _ in 0..<40 {
        let act = Self.act(&random)
        let (expected, told) = Reference.decision(about: act, by: set)
        let decision = try interpreted.decide(act.policyAct, at: act.hook)
        let found = decision.action == .allow ? nil : decision.rule
        if act.path == Made.longPath {
          // The kernel has not all of the path: what the whole path denies is denied.
          if let expected, found == nil { Issue.record("\(expected.name) let \(act) pass") }
        } else {
          #expect(found == expected?.name, "\(act) by \(set.rules)")
          #expect(decision.told == told.map(\.name), "\(act) by \(set.rules)")
        }
        if let found {
          denied += 1
          if decision.isUncertain { unknown += 1 }
          if decision.isUncertain, act.path != nil, act.path != Made.longPath {
            Issue.record("\(found) says that it did not know \(act)")
          }
        } else {
          allowed += 1
        }
      }
    }
    #expect(denied > Self.count / 5 && allowed > Self.count / 5 && unknown > Self.count / 100)
  }

  /// Some policies are tried on a part of the processes.
  private static func tried(_ policy: Policy, _ random: inout SeededRandom) -> Policy {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: policy.tried(on: .percent(Int.random(in: 1...99, using: &random)))
    case 1: policy.tried(on: .cgroup(["/a", "/b"].randomElement(using: &random) ?? "/a"))
    default: policy
    }
  }

  /// Each percent is a part of the next, and as many sessions as it says.
  @Test func aPercentageOfSessions() {
    for (first, percent) in [(1, 1), (1, 10), (3000, 25), (4_000_000, 50), (77, 99)] as [(UInt32, Int)] {
      let inside = (first..<first + 10_000).filter { Canary.contains(session: $0, percent: percent) }
      #expect(abs(inside.count - 100 * percent) <= 50, "\(percent) %: \(inside.count)")
      #expect(percent == 99 || inside.allSatisfy { Canary.contains(session: $0, percent: percent + 1) })
    }
  }

  /// In audit mode a set tells exactly the acts that it denies when it is enforced, and names the same rule first.
  @Test func auditTellsWhatEnforcingDenies() throws {
    var random = SeededRandom(seed: 91)
    var (denied, allowed) = (0, 0)
    while denied + allowed < Self.count {
      var policies = (0..<3).map { Made.policy("p\($0)", &random) }
      for policy in policies.indices {
        for rule in policies[policy].rules.indices where policies[policy].rules[rule].mode == .audit {
          policies[policy].rules[rule].mode = .enforce
        }
      }
      let enforced = try PolicySet(policies)
      let audited = try PolicyInterpreter(PolicySet(policies.map(\.audited)), of: Act.self)
      let deciding = Set(enforced.rules.filter { !$0.isAudit }.map(\.name))
      for _ in 0..<40 {
        let act = Self.act(&random)
        // Of a path that is cut the reference knows more than the kernel.
        if act.path == Made.longPath { continue }
        let decision = try audited.decide(act.policyAct, at: act.hook)
        let expected = Reference.denial(of: act, by: enforced)?.name
        #expect(decision.action == .allow)
        #expect(decision.told.first(where: deciding.contains) == expected, "\(act) by \(enforced.rules)")
        if expected == nil { allowed += 1 } else { denied += 1 }
      }
    }
    #expect(denied > Self.count / 5 && allowed > Self.count / 5)
  }

  static func act(_ random: inout SeededRandom) -> Act {
    let hook =
      [PolicyHook.connect4, .connect4, .connect6, .connect6, .send4, .send6, .bind4, .bind6, .exec]
      .randomElement(using: &random) ?? .connect4
    let isIPv4 = [.connect4, .send4, .bind4].contains(hook)
    let addresses = Made.addresses.compactMap { text in Address(text).flatMap { !isIPv4 || $0.isIPv4 ? $0 : nil } }
    let paths: [String?] = Made.paths + [nil, Made.longPath]
    return Act(
      hook: hook, address: addresses.randomElement(using: &random) ?? Address(ipv4: 0),
      port: Made.ports.randomElement(using: &random) ?? 1, transport: Bool.random(using: &random) ? 6 : 17,
      path: paths.randomElement(using: &random) ?? nil, user: [0, 1000, 1001].randomElement(using: &random) ?? 0,
      cgroup: ["/a", "/b", "/c"].randomElement(using: &random) ?? "/a",
      session: UInt32.random(in: 1...100_000, using: &random))
  }
}
