// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsPolicy

struct PolicyApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Put a file's policies in place of those that the file had before.",
    discussion: """
      When the command returns, every act is decided by the new policies. A file that is wrong, or that the kernel
      refuses, changes nothing.

      A policy may lock you out. With --confirm-within it rolls itself back after that time, unless `merops policy confirm`
      says that you are still there.

      EXAMPLES
        sudo merops policy apply web.yaml
        sudo merops policy apply web.yaml --mode audit           tell what it would deny, and deny nothing
        sudo merops policy apply web.yaml --confirm-within 60s && sudo merops policy confirm
      """)

  enum ApplyMode: String, CaseIterable, ExpressibleByArgument {
    case enforce, audit
  }

  @Argument(help: "The file. Its name, without directories, names it from then on.", completion: .file())
  var file: String
  @Option(help: "enforce: the rules count as they say; audit: all of them only tell.")
  var mode = ApplyMode.enforce
  @Option(
    help: ArgumentHelp("Roll it back after this time, unless it is confirmed: 60s, 10m.", valueName: "time"),
    completion: .list(["60s", "10m"]))
  var confirmWithin: String?
  @OptionGroup var agent: AgentOptions

  func run() throws { try Self.apply(file, mode == .audit ? "&mode=audit" : "", confirmWithin, agent) }

  /// Hands a file to the agent.
  ///
  /// - Parameter query: how it is applied.
  static func apply(_ file: String, _ query: String, _ confirmWithin: String?, _ agent: AgentOptions) throws {
    if let confirmWithin, TimePoint.duration(confirmWithin) == nil {
      throw ValidationError("'\(confirmWithin)' is not a time: write 60s or 10m.")
    }
    var sources = PolicySources()
    do throws(PolicyProblem) { try sources.add(path: file) } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
    guard sources.texts.count == 1, let text = sources.texts.first?.text else {
      throw ValidationError("\(file) is a directory: name one file")
    }
    // What can be told without the agent is told with the file's place. Lists may be in other files, which the agent has.
    var all = try PolicySources.counting(agent.client).without(sources.appliedNames)
    all.add(sources)
    do throws(PolicyProblem) { _ = try PolicyCompiler.offline.compile(try all.set(), generation: 1) } catch {
      Output.note(all.described(error))
      throw ExitCode(1)
    }
    let name = PolicySources.appliedName(file)
    var query = "file=\(EventRequest.escaped(name))\(query)"
    if let confirmWithin { query += "&confirm_within=\(EventRequest.escaped(confirmWithin))" }
    let target = "/v1/policies?\(query)"
    let lists = sources.lists[file] ?? [:]
    PolicyCommand.tell(
      lists.isEmpty
        ? try agent.client.change("POST", target, body: Array(text.utf8), as: PolicyChange.self)
        : try agent.client.send("POST", target, PolicyUpload(text: text, lists: lists), as: PolicyChange.self))
  }
}
