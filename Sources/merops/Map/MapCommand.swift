// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `merops map`
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "List, read, write, watch and pin maps.",
    subcommands: [
      MapList.self, MapShow.self, MapDump.self, MapGet.self, MapSet.self, MapDelete.self, MapWatch.self, MapPin.self,
    ])
}
