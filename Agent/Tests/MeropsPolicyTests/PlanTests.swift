// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy
import Testing

@Suite struct PlanTests {
  private static func set(_ rules: String...) throws -> PolicySet {
    let head =
      "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  lists: {ports: [1, 2, 3]}\n  rules:\n"
    return try PolicySet(PolicyFile.read(head + rules.map { "    - {\($0)}\n" }.joined(), name: "p.yaml"))
  }

  private static let same = "id: same, on: network.bind, action: deny, match: source.port in ports"
  private static let before = "id: a, on: network.connect, action: deny, match: destination.port in ports"

  @Test func whatIsOtherIsTold() throws {
    for (after, keys, enforcement) in [
      ("id: a, on: network.connect, action: deny, match: destination.port in ports, mode: audit", ["mode"], "observe"),
      ("id: a, on: network.connect, action: deny, match: destination.port in ports, mode: 'off'", ["mode"], "off"),
      ("id: a, on: network.connect, action: allow, match: 'destination.port in [1, 2]'", ["match", "action"], "allow"),
      ("id: a, on: process.exec, action: kill, priority: 7", ["on", "match", "action", "priority"], "kill"),
      (
        "id: a, on: network.connect, action: deny, match: 'destination.port in [1, 2, 3]', message: no, subject: {cgroup: /a}",
        ["subject.cgroup", "message"], "deny"
      ),
    ] {
      let plan = try PolicyPlan(Self.set(Self.same, after), before: Self.set(Self.same, Self.before))
      #expect(plan.changes.map(\.kind) == [.changed] && plan.unchanged == 1)
      #expect(plan.changes.first?.rule == "p/a" && plan.changes.first?.keys == keys, "\(plan.changes)")
      #expect(plan.changes.first?.enforcement == enforcement)
    }
  }

  @Test func rulesComeAndGo() throws {
    let plan = try PolicyPlan(
      Self.set(Self.same, "id: b, on: process.exec, action: kill, subject: {executable: /bin/sh}"),
      before: Self.set(Self.same, Self.before))
    #expect(plan.changes.map(\.rule) == ["p/a", "p/b"] && plan.changes.map(\.kind) == [.removed, .added])
    #expect(plan.hooks.map(\.name) == ["cgroup/bind4", "cgroup/bind6", "tp_btf/sched_process_exec"])
    #expect(plan.hooks.map(\.rung) == ["deny", "deny", "kill"] && plan.hooks.map(\.rules) == [1, 1, 1])
    let nothing = try PolicyPlan(PolicySet([]), before: Self.set(Self.same))
    #expect(nothing.hooks.isEmpty && nothing.changes.map(\.kind) == [.removed] && nothing.unchanged == 0)
    #expect(try PolicyPlan(Self.set(Self.same), before: Self.set(Self.same)).changes.isEmpty)
  }

  /// Twelve ports become a map: eight bytes and a value of four each; three are compared.
  @Test func listsAreCounted() throws {
    let many = (1...12).map(String.init).joined(separator: ", ")
    let plan = try PolicyPlan(
      Self.set(Self.same, "id: b, on: network.connect, action: deny, match: 'destination.port in [\(many)]'"),
      before: PolicySet([]))
    for hook in plan.hooks {
      let isBind = hook.name.contains("bind")
      #expect(hook.mapEntries == (isBind ? 0 : 12) && hook.mapBytes == (isBind ? 0 : 144), "\(hook)")
    }
    let compiled = try PolicyCompiler.offline.compile(Self.set(Self.same), generation: 1)
    #expect(
      plan.hooks.first { $0.name == "cgroup/bind4" }?.instructions == compiled.hooks[.bind4]?.instructions.count)
  }
}
