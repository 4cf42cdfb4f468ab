// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsPolicy

struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End the agent that runs, and say what becomes of the policies that it enforces.",
    discussion: """
      Where policies are enforced, one of the two has to be said: whether they stay in force without an agent, or end with it.
      The next agent takes over what stays. An agent that systemd watches is better ended by `systemctl stop merops`, which keeps
      policies in force.

      EXAMPLES
        sudo merops stop --keep-enforcing
        sudo merops stop --release
      """)

  enum Policies: String, EnumerableFlag {
    case keepEnforcing, release

    static func help(for value: Self) -> ArgumentHelp? {
      value == .keepEnforcing ? "Policies stay in force." : "Policies end with the agent."
    }
  }

  @Flag(exclusivity: .exclusive)
  var policies: Policies?
  @OptionGroup var agent: AgentOptions

  func run() throws {
    let status = try agent.client.get("/v1/status", as: AgentStatus.self)
    var report: PolicyReport?
    do { report = try agent.client.get("/v1/policies", as: PolicyReport.self) } catch {
      guard error.status == 404 else { throw error }
    }
    let isEnforcing = report.map { $0.isInForce && !$0.files.isEmpty } ?? false
    if isEnforcing, policies == nil {
      throw ValidationError("Policies are in force: say --keep-enforcing or --release.")
    }
    if isEnforcing, policies == .keepEnforcing, report?.pins == nil {
      throw ControlError(
        status: 0, message: "These policies cannot stay in force: `policies.pins` is none in the agent's file.")
    }
    let agent = pid_t(status.pid)
    guard kill(agent, SIGTERM) == 0 else {
      throw ControlError(
        status: 0, message: "The agent (pid \(status.pid)) cannot be ended: \(String(cString: strerror(errno))).")
    }
    let end = ContinuousClock.now + .seconds(60)
    while kill(agent, 0) == 0 {
      guard ContinuousClock.now < end else {
        throw ControlError(status: 0, message: "The agent (pid \(status.pid)) has not ended within a minute.")
      }
      usleep(20_000)
    }
    guard isEnforcing, let pins = report?.pins else { return Output.line("the agent has ended") }
    if policies == .release {
      guard PolicyPins.remove(pins) != nil else {
        throw ControlError(status: 0, message: "The agent has ended; \(pins) cannot be removed: use sudo.")
      }
      return Output.line("the agent has ended, and its policies with it")
    }
    Output.line("the agent has ended; its policies stay in force, by \(pins)")
  }
}
