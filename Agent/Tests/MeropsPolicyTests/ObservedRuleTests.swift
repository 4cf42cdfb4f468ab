// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Testing

/// Rules that only tell, and that events are asked about instead of the kernel.
@Suite struct ObservedRuleTests {
  private static func compiled(_ rules: String...) throws -> CompiledPolicy {
    let head = "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: told}\nspec:\n  rules:\n"
    let policies = try PolicyFile.read(head + rules.map { "    - {\($0)}\n" }.joined(), name: "told.yaml")
    return try PolicyCompiler.offline.compile(PolicySet(policies), generation: 1)
  }

  /// The kernel is asked what it can be asked; for the rest there is a reason.
  @Test func eachActOfARuleIsAskedWhereItCanBe() throws {
    let compiled = try Self.compiled(
      "id: kernel, on: network.connect, action: audit, match: destination.port == 25",
      "id: both, on: [network.connect, network.listen], action: audit, match: process.user.id == 0",
      #"id: arguments, on: process.exec, action: kill, mode: audit, match: 'process.command_args.exists(a, a == "-e")'"#
    )
    #expect(compiled.rules.map(\.id).sorted() == ["arguments", "both", "kernel"])
    #expect(compiled.hooks[.connect4]?.ruleCount == 2 && compiled.hooks[.exec] == nil)
    let observed = Dictionary(uniqueKeysWithValues: compiled.observed.map { ($0.rule.id, $0) })
    #expect(observed.keys.sorted() == ["arguments", "both"])
    #expect(observed["both"]?.acts == [.networkListen])
    #expect(observed["both"]?.reason == "no hook decides about network.listen")
    #expect(observed["arguments"]?.reason.contains("`process.command_args`") == true)
    #expect(observed.values.allSatisfy { compiled.rules[$0.number].id == $0.rule.id })
  }

  /// What denies is carried out as it is written, or refused.
  @Test func whatDeniesIsNeverOnlyTold() throws {
    for (rule, message) in [
      ("id: a, on: dns.query, action: deny", "no rule can decide about `dns.query` yet"),
      ("id: a, on: dns.query, action: deny, mode: audit, require: deny", "no rule can decide about `dns.query` yet"),
      (
        #"id: a, on: process.exec, action: kill, mode: audit, require: kill, match: 'process.command_args.exists(a, a == "-e")'"#,
        "does not know `process.command_args`"
      ),
      (
        #"id: a, on: process.exec, action: kill, match: 'process.command_args.exists(a, a == "-e")'"#,
        "does not know `process.command_args`"
      ),
    ] {
      let error = #expect(throws: PolicyProblem.self) { try Self.compiled(rule) }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
  }

  /// A rule that allows keeps those behind it from telling, wherever each is asked.
  @Test func whatIsAllowedIsNotTold() throws {
    func told(_ kind: EventKind, _ arguments: [String], by compiled: CompiledPolicy) -> [String] {
      var process = Facts()
      process.append(.processArguments, .texts(arguments.map { Text($0) }))
      process.append(.processUser, UInt64(7))
      var builder = EventBatchBuilder()
      builder.append(
        kind, id: EventID(rawValue: 1), time: 5,
        by: MeropsModel.Process(key: ProcessKey(start: 1, pid: 77), generation: 0, parent: nil, facts: process))
      let event = builder.finish()[0]
      return compiled.observed.filter { $0.tells(of: event) }.map(\.rule.id)
    }
    let marked = "'process.command_args.exists(a, a == \"-e\")'"
    // The kernel could be asked about the one that allows; not about the one that denies.
    let first = try Self.compiled(
      "id: user, on: process.exec, action: allow, mode: audit, match: process.user.id == 7, priority: 200",
      "id: no, on: process.exec, action: kill, mode: audit, match: \(marked)",
      "id: watch, on: process.exec, action: audit, match: \(marked)")
    #expect(told(.processExec, ["-e"], by: first) == ["watch"])
    let behind = try Self.compiled(
      "id: user, on: process.exec, action: allow, mode: audit, match: process.user.id == 7",
      "id: no, on: process.exec, action: kill, mode: audit, match: \(marked)")
    #expect(told(.processExec, ["-e"], by: behind) == ["no"])
    // And the other way round: then events are asked both.
    let second = try Self.compiled(
      "id: marked, on: process.exec, action: allow, mode: audit, match: \(marked), priority: 200",
      "id: no, on: process.exec, action: kill, mode: audit, match: process.user.id == 7")
    #expect(second.hooks[.exec] == nil)
    #expect(told(.processExec, ["-e"], by: second) == [] && told(.processExec, ["-x"], by: second) == ["no"])
  }

  @Test func eventsAreAskedWithinTheCgroups() throws {
    let observed = try #require(
      try Self.compiled(
        "id: a, on: network.listen, action: audit, subject: {cgroup: /system.slice/nginx.service}, match: 'source.port == 25'"
      )
      .observed.first)
    func tells(_ kind: EventKind, _ port: UInt64, _ cgroup: String, in scope: String = "/") throws -> Bool {
      var process = Facts()
      process.append(.processCgroupPath, .text(Text(cgroup)))
      var facts = Facts()
      facts.append(.sourcePort, port)
      var builder = EventBatchBuilder()
      builder.append(
        kind, id: EventID(rawValue: 1), time: 5,
        by: MeropsModel.Process(key: ProcessKey(start: 1, pid: 77), generation: 0, parent: nil, facts: process), facts)
      return observed.tells(of: builder.finish()[0], in: scope)
    }
    #expect(try tells(.networkListen, 25, "/system.slice/nginx.service"))
    #expect(try tells(.networkListen, 25, "/system.slice/nginx.service/worker", in: "/system.slice"))
    #expect(try !tells(.networkListen, 26, "/system.slice/nginx.service"))
    #expect(try !tells(.networkBind, 25, "/system.slice/nginx.service"))
    #expect(try !tells(.networkListen, 25, "/system.slice/nginx.service2"))
    #expect(try !tells(.networkListen, 25, "/system.slice/nginx.service", in: "/user.slice"))
  }

  /// The policies that are shipped are read, only tell, and say what an engineer wants to know.
  @Test func shippedPoliciesOnlyTell() throws {
    var sources = PolicySources()
    try sources.add(path: URL(filePath: #filePath).appending(path: "../../../Policies").standardized.path)
    let set = try sources.set()
    #expect(set.policies.count >= 8)
    for rule in set.rules {
      #expect(rule.isAudit, "\(rule.name)")
      #expect(rule.note.message != nil && rule.note.technique != nil && rule.note.tactic != nil, "\(rule.name)")
    }
    _ = try PolicyCompiler.offline.compile(set, generation: 1)
  }
}
