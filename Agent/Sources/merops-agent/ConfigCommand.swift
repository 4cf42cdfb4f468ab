// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check the agent's file, or show every key with its meaning and value.",
    discussion: """
      EXAMPLES
        merops config check my.yaml
        merops config show > my.yaml             a file to start from
      """, subcommands: [Check.self, Show.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Say what is wrong with a file, with its line and column.",
      discussion: """
        EXAMPLES
          merops config check my.yaml && sudo systemctl reload merops
        """)

    @Argument(help: "The file; /etc/merops/merops.yaml if not given.", completion: .file())
    var file: String?

    func run() throws {
      try Programs.become(Programs.find("meropsd"), ["--check"] + (file.map { ["--config", $0] } ?? []))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print every key with its meaning and its value, as a file.",
      discussion: """
        EXAMPLES
          merops config show                     what the service's file says
          merops config show my.yaml | grep -v '#'
        """)

    @Argument(help: "The file; /etc/merops/merops.yaml if not given, or what counts without one.", completion: .file())
    var file: String?

    func run() throws {
      try Programs.become(Programs.find("meropsd"), ["--show"] + (file.map { ["--config", $0] } ?? []))
    }
  }
}
