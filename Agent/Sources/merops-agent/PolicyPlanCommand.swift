// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsPolicy
import MeropsScreens

struct PolicyPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what applying files would change, and what the kernel would get. Changes nothing.",
    discussion: """
      The files stand in place of those of the same names that the agent has. Without an agent they are compared with no
      policies. For root, the agent hands the programs to the kernel's verifier, and drops them again: what it would refuse
      shows, and what loading costs.

      EXAMPLES
        merops policy plan web.yaml
        merops policy plan web.yaml --offline
        merops policy plan web.yaml --json | jq '.changes[] | select(.kind == "removed")'
      """)

  @Argument(help: "Files, and directories of files that end in .yaml.", completion: .file())
  var paths: [String]

  @Flag(help: "Ask no agent: compare with no policies.")
  var offline = false

  @Flag(help: "As JSON.")
  var json = false

  @OptionGroup var agent: AgentOptions

  func run() throws {
    var sources = PolicySources()
    do throws(PolicyProblem) {
      for path in paths { try sources.add(path: path) }
    } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
    let counting = offline ? nil : try counting()
    let before = PolicySources(counting ?? [])
    var after = before.without(sources.appliedNames)
    after.add(sources)
    let plan: PolicyPlan
    do throws(PolicyProblem) { plan = try PolicyPlan(try after.set(), before: try before.set()) } catch {
      Output.note(after.described(error))
      throw ExitCode(1)
    }
    let verified = try counting.flatMap { (files) throws(ControlError) in try verification(files, sources) }
    if json { return try Output.json(Report(plan, verified)) }
    Output.lines(
      Self.lines(plan) + (verified.map(Self.lines) ?? ["", "the kernel's verifier was not asked: \(unasked)"]))
  }

  private var unasked: String {
    offline ? "--offline" : geteuid() == 0 ? "there is no agent that enforces policies" : "that needs root"
  }

  /// What is printed.
  private struct Report: Encodable {
    var plan: PolicyPlan
    /// By hook; null where the verifier was not asked.
    var verified: [PolicyVerification.Hook]?

    init(_ plan: PolicyPlan, _ verified: PolicyVerification?) { (self.plan, self.verified) = (plan, verified?.hooks) }

    private enum Key: String, CodingKey { case verified }

    func encode(to encoder: any Encoder) throws {
      try plan.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(verified, forKey: .verified)
    }
  }

  /// Asks the verifier about the files that would count; nil without root.
  private func verification(
    _ counting: [PolicyVersion.File], _ sources: PolicySources
  ) throws(ControlError) -> PolicyVerification? {
    guard geteuid() == 0 else { return nil }
    let names = sources.appliedNames
    let new = sources.texts.map { name, text in
      PolicyVersion.File(name: PolicySources.appliedName(name), text: text, lists: sources.lists[name])
    }
    return try agent.client.send(
      "POST", "/v1/policies/verify", PolicyQuestion(files: counting.filter { !names.contains($0.name) } + new),
      as: PolicyVerification.self)
  }

  private static func lines(_ verified: PolicyVerification) -> [String] {
    if verified.hooks.isEmpty { return ["", "the kernel has nothing to verify"] }
    var table = TextTable(
      ["VERIFIED", "RULES", "INSTRUCTIONS", "VERIFIER WORK", "MEMORY", "LOADED IN"], numbers: [1, 2, 3, 4, 5])
    for hook in verified.hooks {
      table.add([
        hook.place, "\(hook.rules)", "\(hook.instructions)", hook.verifiedInstructions.map { "\($0)" } ?? "?",
        "\(hook.memory)", "\((hook.milliseconds * 10).rounded() / 10) ms",
      ])
    }
    return [""] + table.lines() + ["the kernel takes it; nothing was changed"]
  }

  /// The files that the agent has; nil without an agent, or one that enforces nothing.
  private func counting() throws(ControlError) -> [PolicyVersion.File]? {
    do { return try PolicySources.countingFiles(agent.client) } catch {
      guard error.status == 0 else { throw error }
      Output.note("\(error.message)\nThe files are compared with no policies.")
      return nil
    }
  }

  private static func lines(_ plan: PolicyPlan) -> [String] {
    var changes = TextTable(["CHANGE", "RULE", "ON", "BECOMES", "OTHER KEYS"])
    for change in plan.changes {
      changes.add([
        change.kind.rawValue, change.rule, change.acts.joined(separator: " "),
        change.kind == .removed ? "nothing" : change.enforcement, change.keys.joined(separator: " "),
      ])
    }
    var hooks = TextTable(
      ["HOOK", "RUNG", "RULES", "INSTRUCTIONS", "MAP ENTRIES", "MAP BYTES"], numbers: [2, 3, 4, 5])
    for hook in plan.hooks {
      hooks.add([
        hook.name, hook.rung, "\(hook.rules)", "\(hook.instructions)", "\(hook.mapEntries)", "\(hook.mapBytes)",
      ])
    }
    var observed = TextTable(["TOLD FROM EVENTS", "ON", "SINCE THE KERNEL CANNOT BE ASKED"])
    for each in plan.observed { observed.add([each.rule, each.acts.joined(separator: " "), each.reason]) }
    let counts = [PolicyPlan.ChangeKind.added, .changed, .removed].map { kind in
      "\(plan.changes.count { $0.kind == kind }) \(kind.rawValue)"
    }
    return (plan.changes.isEmpty ? [] : changes.lines() + [""]) + (plan.hooks.isEmpty ? [] : hooks.lines() + [""])
      + (plan.observed.isEmpty ? [] : observed.lines() + [""])
      + ["\(counts.joined(separator: ", ")), \(plan.unchanged) as before"]
  }
}
