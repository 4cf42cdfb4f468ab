// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `merops prog`
struct ProgramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prog", abstract: "Load, list, print, run and profile programs.",
    subcommands: [
      ProgramLoad.self, ProgramList.self, ProgramShow.self, ProgramDump.self, ProgramRun.self, ProgramProfile.self,
    ])
}
