// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

@main
struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merops",
    abstract: "Watch what processes, files and the network of this machine do.",
    discussion: """
      `merops run` watches until Ctrl-C. The other commands ask the agent that runs: that one, or the service.

      EXAMPLES
        sudo merops run                                     watch, live
        sudo merops run | jq -r '."process.executable.path"'  the same as JSON lines
        merops events --since 1h --where 'process.user.id == 0'
        merops top --by file
        merops tree
        merops status

      EXIT STATUS
        0: success; 1: something failed; 64: the command line is wrong
      """,
    version: "merops 0.1.0",
    subcommands: [
      RunCommand.self, EventsCommand.self, TopCommand.self, TreeCommand.self, ShowCommand.self, FieldsCommand.self,
      StatusCommand.self, PolicyCommand.self, ExplainCommand.self, FirewallCommand.self, PanicOffCommand.self,
      StopCommand.self, ConfigCommand.self, DemoCommand.self,
    ])

  static func main() {
    // Swift reads the command line from there, and crashes without it.
    guard access("/proc/self/cmdline", R_OK) == 0 else {
      Output.note("Error: merops needs /proc, which is not mounted here: mount -t proc proc /proc")
      Glibc.exit(1)
    }
    if CommandLine.arguments.dropFirst() == ["--list-verbs"] { return listVerbs() }
    // Whose usage a mistake is told with.
    var kind: any ParsableCommand.Type = Self.self
    do {
      var command = try parseAsRoot()
      kind = type(of: command)
      try command.run()
    } catch let error as ControlError {
      Output.note("Error: \(error.message)")
      Glibc.exit(1)
    } catch {
      let status = kind.exitCode(for: error)
      let text = kind.fullMessage(for: error)
      if status.isSuccess { Output.line(text) } else if !text.isEmpty { Output.note(text) }
      Glibc.exit(status.rawValue)
    }
  }

  /// For `merops`, which offers these as its own: a line each, the verb and what it does.
  private static func listVerbs() {
    for verb in configuration.subcommands where verb.configuration.shouldDisplay {
      Output.line("\(verb.configuration.commandName ?? "")\t\(verb.configuration.abstract)")
    }
  }
}

/// Where the agent is asked.
struct AgentOptions: ParsableArguments {
  @Option(help: "The agent's socket; without it, what MEROPS_SOCKET says.", completion: .file())
  var socket = Self.usualSocket

  private static var usualSocket: String {
    let named = getenv("MEROPS_SOCKET").map { String(cString: $0) } ?? ""
    return named.isEmpty ? ControlClient.defaultSocket : named
  }

  var client: ControlClient { ControlClient(socket: socket, start: Programs.waysToStart(socket: socket)) }
}
