// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsModel
import MeropsPolicy

struct PolicyCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say what is wrong with policies, with line and column. Needs no root and no agent.",
    discussion: """
      The policies are read, and compiled as the agent would compile them. Whether this kernel takes them, and whether
      their cgroups exist, shows when they are applied.

      EXAMPLES
        merops policy check mine.yaml
        merops policy check policies.d && echo good
      """)

  @Argument(help: "Files, and directories of files that end in .yaml.", completion: .file())
  var paths: [String]

  func run() throws {
    var sources = PolicySources()
    do throws(PolicyProblem) {
      for path in paths { try sources.add(path: path) }
      let set = try sources.set()
      let compiled = try PolicyCompiler.offline.compile(set, generation: 1)
      for policy in set.policies { Output.line(Self.summary(policy)) }
      for (hook, program) in compiled.hooks.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        Output.line(
          "\(hook.name): \(program.ruleCount) \(program.ruleCount == 1 ? "rule" : "rules"), "
            + "\(program.instructions.count) instructions, \(hook.rung.rawValue)")
      }
      for each in compiled.observed {
        let acts = each.acts.map(\.name).joined(separator: ", ")
        Output.line("\(each.rule.name): told from events of \(acts), since the kernel cannot be asked: \(each.reason)")
      }
    } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
  }

  private static func summary(_ policy: Policy) -> String {
    let modes = Mode.allCases.compactMap { mode -> String? in
      let count = policy.rules.count { $0.mode == mode } + policy.packetRules.count { $0.mode == mode }
      return count == 0 ? nil : "\(count) \(mode.rawValue)"
    }
    return "\(policy.name): \(modes.joined(separator: ", "))"
  }
}
