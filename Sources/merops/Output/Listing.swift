// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Whether a list says who holds what it lists.
struct HolderOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Name the processes that hold each: goes through all descriptors in /proc.")
  var processes = false
}

/// A `list` verb: what a script or a monitor calls again and again.
protocol Listing: ParsableCommand {
  static func list(json: Bool, processes: Bool) throws
}

extension Merops {
  /// Reading a command line with the whole tree of verbs takes three times as long as listing all programs does. The plain
  /// `list` verbs are known by their words.
  static func main() {
    guard let (listing, json) = plainListing(CommandLine.arguments.dropFirst()) else { return main(nil) }
    do {
      try listing.list(json: json, processes: false)
    } catch {
      listing.exit(withError: error)
    }
  }

  private static func plainListing(_ arguments: ArraySlice<String>) -> (any Listing.Type, json: Bool)? {
    let json = arguments.last == "--json"
    return switch json ? arguments.dropLast() : arguments {
    case ["prog", "list"]: (ProgramList.self, json)
    case ["map", "list"]: (MapList.self, json)
    case ["link", "list"]: (LinkList.self, json)
    default: nil
    }
  }
}
