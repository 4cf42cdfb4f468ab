// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Watch until Ctrl-C: a live screen on a terminal, JSON lines in a pipe.",
    discussion: """
      Needs root. Nothing is left behind at the end: events are kept in memory, unless a file with settings says otherwise. \
      While it runs, `merops events`, `merops top` and the others ask it.

      EXAMPLES
        sudo merops run
        sudo merops run --demo                                   with a little work to look at
        sudo merops run --where 'event.kind == "process.exec"'
        sudo merops run --seconds 60 > events.json
      """)

  @Option(help: "A file with settings. Without it, defaults count and events are kept in memory.", completion: .file())
  var config: String?
  @Option(help: "The socket that the others ask.", completion: .file())
  var socket = ControlClient.defaultSocket
  @Option(
    name: .customLong("where"), help: "Which events are shown: a condition in the expression language.",
    completion: Candidates.condition)
  var condition: String?
  @Flag(help: "Do a little work meanwhile, to have something to look at.")
  var demo = false
  @Option(help: "End after so many seconds.")
  var seconds: Double?
  @Flag(help: "Show processes that only start others, and those that end as they should, too.")
  var all = false
  @Flag(help: "JSON lines, on a terminal, too.")
  var json = false

  func run() throws {
    let daemon = try Programs.find("meropsd")
    var arguments = ["--socket", socket]
    arguments += config.map { ["--config", $0] } ?? ["--memory", "--defaults"]
    if let seconds { arguments += ["--seconds", "\(seconds)"] }
    if let seconds, !(seconds > 0) { throw ValidationError("--seconds has to be a number above 0.") }
    guard Terminal.isOutput, !json else {
      if let condition { arguments += ["--where", condition] }
      if demo { _ = try DemoWorkCommand.start() }
      try Programs.become(daemon, arguments + ["--json"])
    }
    var view = LiveView(socket: socket, condition: condition, showsAll: all)
    try view.run(daemon, arguments, demo: demo)
  }
}
