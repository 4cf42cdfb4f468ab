// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsPolicy
import MeropsScreens

struct PolicyPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what applying files would change, and what the kernel would get. Changes nothing.",
    discussion: """
      The files stand in place of those of the same names that the agent has. Without an agent they are compared with no
      policies. Whether this kernel takes them, and whether their cgroups exist, shows when they are applied.

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
    let before = offline ? PolicySources() : try counting()
    var after = before.without(sources.appliedNames)
    after.add(sources)
    let plan: PolicyPlan
    do throws(PolicyProblem) { plan = try PolicyPlan(try after.set(), before: try before.set()) } catch {
      Output.note(after.described(error))
      throw ExitCode(1)
    }
    json ? try Output.json(plan) : Output.lines(Self.lines(plan))
  }

  /// The files that the agent has; none without an agent.
  private func counting() throws(ControlError) -> PolicySources {
    do { return try .counting(agent.client) } catch {
      guard error.status == 0 else { throw error }
      Output.note("\(error.message)\nThe files are compared with no policies.")
      return PolicySources()
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
