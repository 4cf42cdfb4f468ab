// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsPolicy
import MeropsScreens

struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Check policies, and let the agent enforce them.",
    discussion: """
      EXAMPLES
        merops policy check mine.yaml            say what is wrong with it, with line and column
        merops policy test mine.test.yaml        compare verdicts with what is expected
        merops policy plan mine.yaml             show what applying it would change
        sudo merops policy apply mine.yaml       let it count, at once
        merops policy list
        merops policy decisions                  what was denied, by which rule
        sudo merops policy rollback
        sudo merops policy off                   end enforcement, also without the agent
      """,
    subcommands: [
      PolicyCheckCommand.self, PolicyTestCommand.self, PolicyPlanCommand.self, Schema.self, Apply.self, List.self,
      Show.self, Decisions.self,
      History.self,
      Rollback.self,
      Delete.self, Off.self,
    ])

  /// What a change says of itself.
  private static func tell(_ change: PolicyChange) {
    Output.line(
      "version \(change.version) counts: \(change.policies) \(change.policies == 1 ? "policy" : "policies"), "
        + "\(change.rules) \(change.rules == 1 ? "rule" : "rules")")
  }

  /// A time in UTC, to the second.
  static func time(_ nanoseconds: UInt64) -> String { RFC3339.text(nanoseconds).prefix(19) + "Z" }

  struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "apply", abstract: "Put a file's policies in place of those that the file had before.",
      discussion: """
        When the command returns, every act is decided by the new policies. A file that is wrong, or that the kernel
        refuses, changes nothing.

        EXAMPLES
          sudo merops policy apply web.yaml
        """)

    @Argument(help: "The file. Its name, without directories, names it from then on.", completion: .file())
    var file: String
    @OptionGroup var agent: AgentOptions

    func run() throws {
      var sources = PolicySources()
      do throws(PolicyProblem) {
        try sources.add(path: file)
        // What can be told without the agent is told with the file's place.
        _ = try PolicyCompiler.offline.compile(try sources.set(), generation: 1)
      } catch {
        Output.note(sources.described(error))
        throw ExitCode(1)
      }
      guard sources.texts.count == 1, let text = sources.texts.first?.text else {
        throw ValidationError("\(file) is a directory: name one file")
      }
      let name = file.split(separator: "/").last.map(String.init) ?? file
      PolicyCommand.tell(
        try agent.client.change(
          "POST", "/v1/policies?file=\(EventRequest.escaped(name))", body: Array(text.utf8), as: PolicyChange.self))
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show the rules that count, and how often each has decided.",
      discussion: """
        EXAMPLES
          merops policy list
        """)

    @OptionGroup var agent: AgentOptions

    func run() throws {
      let report = try agent.client.get("/v1/policies", as: PolicyReport.self)
      var table = TextTable(["FILE", "RULE", "ON", "ACTION", "MODE", "PRIORITY", "APPLIED"], numbers: [5, 6])
      for file in report.files {
        for policy in file.policies {
          for rule in policy.rules {
            table.add([
              file.name, "\(policy.name)/\(rule.id)", rule.acts.joined(separator: " "), rule.action, rule.mode,
              "\(rule.priority)", "\(rule.applied)",
            ])
          }
        }
      }
      Output.lines(report.files.isEmpty ? ["no policies"] : table.lines())
      Output.line("version \(report.version), in \(report.cgroup)")
      if !report.isInForce { Output.line("NOTHING IS ENFORCED: policies were switched off; start the agent again") }
      if report.lost > 0 { Output.line("\(report.lost) verdicts were not told: the ring was full") }
      if report.unknownProcesses > 0 {
        Output.line(
          "the programs of \(report.unknownProcesses) processes are not known: rules that deny count for them")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print a file that counts.",
      discussion: """
        EXAMPLES
          merops policy show web.yaml > web.yaml
        """)

    @Argument(help: "The file's name, as `merops policy list` shows it.")
    var file: String
    @OptionGroup var agent: AgentOptions

    func run() throws {
      let report = try agent.client.get("/v1/policies", as: PolicyReport.self)
      guard let found = report.files.first(where: { $0.name == file }) else {
        let known = report.files.isEmpty ? "none" : report.files.map(\.name).joined(separator: ", ")
        throw ControlError.notFound("There is no file of policies `\(file)`. There are: \(known).")
      }
      Output.text(found.text)
    }
  }

  struct Decisions: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "decisions", abstract: "Show what was denied or told, and by which rule: the newest last.",
      discussion: """
        The agent remembers the last thousand.

        EXAMPLES
          merops policy decisions
        """)

    @OptionGroup var agent: AgentOptions

    func run() throws {
      for decision in try agent.client.get("/v1/policies/decisions", as: [PolicyDecision].self) {
        Output.line(Self.line(decision))
      }
    }

    private static func line(_ decision: PolicyDecision) -> String {
      let address = decision.address.contains(":") ? "[\(decision.address)]" : decision.address
      var line = "\(PolicyCommand.time(decision.time))  \(decision.verdict)  \(decision.rule)  "
      line += "\(decision.executable ?? decision.command) (pid \(decision.pid))  \(decision.hook)  "
      line += "\(decision.transport) \(address):\(decision.port)"
      if decision.isUncertain { line += "  (not all was known)" }
      if let message = decision.message { line += "  \(message)" }
      return line.visible
    }
  }

  struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "history", abstract: "Show the changes, and who made them: the newest last.",
      discussion: """
        EXAMPLES
          merops policy history
        """)

    @OptionGroup var agent: AgentOptions

    func run() throws {
      var table = TextTable(["VERSION", "TIME", "BY", "RULES", "CHANGE"], numbers: [0, 3])
      for change in try agent.client.get("/v1/policies/history", as: [PolicyChange].self) {
        table.add([
          "\(change.version)", PolicyCommand.time(change.time), change.author, "\(change.rules)", change.change,
        ])
      }
      Output.lines(table.lines())
    }
  }

  struct Rollback: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rollback", abstract: "Let the files of an earlier version count again.",
      discussion: """
        EXAMPLES
          sudo merops policy rollback                the version before
          sudo merops policy rollback 3
        """)

    @Argument(help: "The version; the one before if not given.")
    var version: UInt64?
    @OptionGroup var agent: AgentOptions

    func run() throws {
      let query = version.map { "?version=\($0)" } ?? ""
      PolicyCommand.tell(try agent.client.change("POST", "/v1/policies/rollback\(query)", as: PolicyChange.self))
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Take a file's policies out.",
      discussion: """
        EXAMPLES
          sudo merops policy delete web.yaml
        """)

    @Argument(help: "The file's name, as `merops policy list` shows it.")
    var file: String
    @OptionGroup var agent: AgentOptions

    func run() throws {
      PolicyCommand.tell(
        try agent.client.change("DELETE", "/v1/policies/\(EventRequest.escaped(file))", as: PolicyChange.self))
    }
  }
  struct Off: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "off", abstract: "End the enforcement of all policies at once. No agent is needed.",
      discussion: """
        What holds policies in the kernel is removed. They count again when the agent starts.

        EXAMPLES
          sudo merops policy off
        """)

    @Option(help: "What `policies.pins` says in the agent's file.", completion: .directory)
    var pins = PolicyPins.usualPath

    func run() throws {
      guard let count = PolicyPins.remove(pins) else {
        throw ControlError(status: 0, message: "\(pins) cannot be removed: use sudo.")
      }
      Output.line(count == 0 ? "no policies are in force by \(pins)" : "no policy is enforced any more")
    }
  }

  struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "schema", abstract: "Print the JSON Schema of policy files, for editors.",
      discussion: """
        EXAMPLES
          merops policy schema > policy.schema.json
        """)

    func run() { Output.line(PolicySchema.text) }
  }
}
