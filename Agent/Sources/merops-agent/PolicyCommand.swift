// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
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
        merops policy backtest mine.yaml --since 7d   what it would have done to the last week
        sudo merops policy apply mine.yaml --mode audit   only tell what it would deny
        sudo merops policy canary mine.yaml --percent 10  enforce it on a part, tell of the others
        sudo merops policy promote mine.yaml     enforce it on all
        sudo merops policy apply mine.yaml --confirm-within 60s
        sudo merops policy confirm
        merops policy list
        merops policy decisions                  what was denied, by which rule
        merops policy explain EVENT              why, and what would allow it
        sudo merops policy rollback
        sudo merops policy off                   end enforcement, also without the agent
      """,
    subcommands: [
      PolicyCheckCommand.self, PolicyTestCommand.self, PolicyImportCommand.self, PolicyPlanCommand.self,
      PolicyBacktestCommand.self, PolicyApplyCommand.self, PolicyCanaryCommand.self, PolicyPromoteCommand.self,
      Confirm.self, List.self, Show.self, PolicyDiffCommand.self, Decisions.self,
      ExplainCommand.self, History.self, Rollback.self, Delete.self, Off.self, Schema.self,
    ])

  /// What a change says of itself.
  static func tell(_ change: PolicyChange) {
    Output.line(
      "version \(change.version) counts: \(change.policies) \(change.policies == 1 ? "policy" : "policies"), "
        + "\(change.rules) \(change.rules == 1 ? "rule" : "rules")")
    guard let end = change.confirmBy else { return }
    Output.note(
      "It rolls itself back at \(time(end)) unless you type: merops policy confirm\n"
        + "Were the agent killed before, it would count on until the next agent starts, which then rolls it back.")
  }

  /// A time in UTC, to the second.
  static func time(_ nanoseconds: UInt64) -> String { RFC3339.text(nanoseconds).prefix(19) + "Z" }

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
      var table = TextTable(["FILE", "RULE", "ON", "ACTION", "MODE", "PRIORITY", "APPLIED", "WHERE"], numbers: [5, 6])
      for file in report.files {
        for policy in file.policies {
          for rule in policy.rules {
            table.add([
              file.name, "\(policy.name)/\(rule.id)", rule.acts.joined(separator: " "), rule.action,
              rule.mode == Mode.enforce.rawValue ? file.canary?.words ?? file.mode ?? rule.mode : rule.mode,
              "\(rule.priority)", "\(rule.applied)", rule.places.joined(separator: " "),
            ])
          }
        }
      }
      Output.lines(report.files.isEmpty ? ["no policies"] : table.lines())
      for (directory, files) in Dictionary(grouping: report.files.filter { $0.directory != nil }, by: \.directory) {
        Output.line("from \(directory ?? ""): \(files.map(\.name).joined(separator: ", "))")
      }
      Output.line("version \(report.version), in \(report.cgroup)")
      if let change = report.change {
        Output.line("\(change.change), by \(change.author), \(PolicyCommand.time(change.time))")
        if let hash = change.hash { Output.line("content \(hash.prefix(12))") }
        if let end = change.confirmBy {
          Output.line(
            "NOT CONFIRMED: it rolls itself back at \(PolicyCommand.time(end)); keep it by merops policy confirm")
        }
      }
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
      if let canary = found.canary {
        Output.note("It is tried on a part (\(canary.words)): on all others its rules only tell.")
      } else if found.mode == Mode.audit.rawValue {
        Output.note("It was applied to audit: its rules only tell.")
      }
    }
  }

  struct Decisions: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "decisions", abstract: "Show what was denied or told, and by which rule.",
      discussion: """
        The same as `merops events --kinds policy.decision`, which has more options.

        EXAMPLES
          merops policy decisions --follow
          merops policy decisions --since 1h --json
        """)

    @OptionGroup var agent: AgentOptions
    @Flag(name: .shortAndLong, help: "Go on with what happens from now on.")
    var follow = false
    @Option(
      help: ArgumentHelp("From then on: 10m, 1h, 7d ago, 14:02, yesterday, 2026-11-29.", valueName: "time"),
      completion: Candidates.times)
    var since: String?
    @Flag(help: "One object a line, with the schema's names.")
    var json = false

    func run() throws {
      // A command has its values from words alone.
      var words = ["--kinds", EventKind.policyDecision.name, "--socket", agent.socket]
      if follow { words.append("--follow") }
      if let since { words += ["--since", since] }
      if json { words.append("--json") }
      try EventsCommand.parse(words).run()
    }
  }

  struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "history", abstract: "Show the changes, and who made them: the newest last.",
      discussion: """
        Versions of the same CONTENT (SHA-256) are the same files.

        EXAMPLES
          merops policy history
          merops policy history --json | jq -r '.[-1].hash'
        """)

    @OptionGroup var agent: AgentOptions
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let changes = try agent.client.get("/v1/policies/history", as: [PolicyChange].self)
      if json { return try Output.json(changes) }
      var table = TextTable(["VERSION", "TIME", "BY", "RULES", "CONTENT", "CHANGE"], numbers: [0, 3])
      for change in changes {
        table.add([
          "\(change.version)", PolicyCommand.time(change.time), change.author, "\(change.rules)",
          change.hash.map { String($0.prefix(12)) } ?? "", change.change,
        ])
      }
      Output.lines(table.lines())
    }
  }

  struct Confirm: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "confirm", abstract: "Keep the version that else rolls itself back.",
      discussion: """
        EXAMPLES
          sudo merops policy apply web.yaml --confirm-within 60s
          sudo merops policy confirm
        """)

    @OptionGroup var agent: AgentOptions

    func run() throws {
      PolicyCommand.tell(try agent.client.change("POST", "/v1/policies/confirm", as: PolicyChange.self))
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
      commandName: "schema", abstract: "Print the JSON Schema of policy files or of cases, for editors.",
      discussion: """
        EXAMPLES
          merops policy schema > policy.schema.json
          merops policy schema --cases > cases.schema.json
        """)

    @Flag(help: "That of files of cases, which `merops policy test` reads.")
    var cases = false

    func run() { Output.line(cases ? PolicySchema.cases : PolicySchema.text) }
  }
}
