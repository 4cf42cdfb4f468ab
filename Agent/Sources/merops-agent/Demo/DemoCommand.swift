// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "See an attack, a policy that stops it, and changes of it without a gap: a guided show of a minute.",
    discussion: """
      It happens in a network namespace, a cgroup and a folder of its own, with an agent of its own, and leaves nothing behind;
      Ctrl-C ends it at any time. Needs root.

      EXAMPLES
        sudo merops demo
        sudo merops demo policy --wait           goes on when you press Enter
        sudo merops demo > demo.txt
      """,
    subcommands: [
      DemoPolicyCommand.self, DemoWorkCommand.self, DemoServersCommand.self, DemoLoadCommand.self,
    ], defaultSubcommand: DemoPolicyCommand.self)
}
