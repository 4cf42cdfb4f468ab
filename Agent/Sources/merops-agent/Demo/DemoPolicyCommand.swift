// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

struct DemoPolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "An attack is seen, explained and stopped; the policy is changed while it goes on.",
    discussion: """
      EXAMPLES
        sudo merops demo policy
        sudo merops demo policy --wait
      """)

  @Flag(help: "Go on when Enter is pressed, and not by time.")
  var wait = false
  @Flag(help: .hidden)
  var isInside = false

  func run() throws {
    guard geteuid() == 0 else {
      throw ControlError(
        status: 0, message: "The demo loads programs into the kernel, which needs root: \(Programs.typed("demo"))")
    }
    guard isInside else {
      // Networks, mounts and pins that nobody else sees, and that end with the last process in them.
      let unshare = try Programs.find("unshare")
      guard let own = Programs.own else {
        throw ControlError(status: 0, message: "The path of this program cannot be found: is /proc mounted?")
      }
      try Programs.become(
        unshare,
        ["--net", "--mount", "--propagation", "private", own, "demo", "policy", "--is-inside"]
          + (wait ? ["--wait"] : []))
    }
    DemoStage.catchSignals()
    let stage = try DemoStage()
    do {
      try DemoShow(stage: stage, waitsForKeys: wait).run()
    } catch {
      stage.end()
      // What was interrupted may fail for another reason, such as an agent that has ended, too.
      let interruption = DemoStage.wasInterrupted ? DemoEnd.interrupted : nil
      guard let end = interruption ?? (error as? DemoEnd) else { throw error }
      // As if the signal had ended it.
      if end == .interrupted { Output.note("\nThe demo was ended; it has removed all that it made.") }
      throw ExitCode(end == .interrupted ? 130 : 1)
    }
    stage.end()
  }
}
