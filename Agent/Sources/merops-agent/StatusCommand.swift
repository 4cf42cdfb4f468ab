// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what the agent watches, what it cannot see here, what was lost and what it costs.",
    discussion: """
      The kernel counts how long its programs run where `statistics: true` is in the agent's file; --cost, as root, has it count \
      for so many seconds.

      EXAMPLES
        merops status
        sudo merops status --cost 5          what each of the kernel's programs costs now
        merops status --json
      """)

  @OptionGroup var agent: AgentOptions
  @Option(help: ArgumentHelp("Measure for so long what each of the kernel's programs costs.", valueName: "seconds"))
  var cost: Double?
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    if let cost, !(0.1...3600).contains(cost) {
      throw ValidationError("--cost has to be a time from 0.1 to 3600 seconds.")
    }
  }

  func run() throws {
    if let cost { return try showCost(cost) }
    if json { return Output.bytes(try agent.client.get("/v1/status")) }
    let status = try agent.client.get("/v1/status", as: AgentStatus.self)
    for line in StatusScreen(status).lines(width: Terminal.width) { Output.line(line) }
  }

  private func showCost(_ seconds: Double) throws {
    Interrupt.catchSignals()
    let counting = try RunTimeCounting()
    let before = try agent.client.get("/v1/status", as: AgentStatus.self)
    var rest = seconds
    while rest > 0, !Interrupt.isRequested {
      usleep(UInt32(min(rest, 0.1) * 1e6))
      rest -= 0.1
    }
    let after = try agent.client.get("/v1/status", as: AgentStatus.self)
    _ = consume counting
    let costs = ProgramCosts(after, since: before)
    guard !costs.rows.isEmpty else {
      throw ControlError(
        status: 0,
        message: "The kernel does not count how long its programs run. Use sudo, or write `statistics: true` into "
          + "the agent's file and start it again.")
    }
    if json { return Output.text(costs.json) }
    for line in costs.lines() { Output.line(line) }
  }
}
