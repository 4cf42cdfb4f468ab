// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding

/// `merops map dump`
struct MapDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print all entries of a map, decoded by their types.",
    discussion: """
      EXAMPLES
        merops map dump counts
        merops map dump /sys/fs/bpf/probe/counts --json | jq '.[].value'
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @OptionGroup var output: OutputOptions

  func run() throws {
    var printer = EntryPrinter(try TypeAccess.entries(of: map.map(access: .readOnly)), json: output.json)
    try printer.run()
  }
}

/// `merops map get`
struct MapGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Print the value of a key.",
    discussion: """
      Write keys and values by their type: 42, "name", a=1,b.c=2, x[0]=3, 10.0.0.1 for an address, 10.0.0.0/8 for a \
      prefix, 443 for a port, JSON as merops prints it, or bytes as in "hex 0a 00 00 01".

      EXAMPLES
        merops map get counts 1234
        merops map get flows addr=10.0.0.1,port=443
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: "The key.") var key: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let codec = try TypeAccess.entries(of: map.map(access: .readOnly))
    guard let value = try codec.get(key: key) else { throw NotThere(key: key, map: map) }
    Output.line(value.json)
  }
}

/// `merops map set`
struct MapSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set the value of a key.",
    discussion: """
      EXAMPLES
        merops map set counts 1234 0
        merops map set flows addr=10.0.0.1,port=443 limit=3 --only-new
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: "The key.") var key: String
  @Argument(help: "The value.") var value: String
  @Flag(help: "Fail if the map has the key.") var onlyNew = false
  @Flag(help: "Fail if the map does not have the key.") var onlyExisting = false

  func validate() throws {
    if onlyNew, onlyExisting { throw ValidationError("--only-new and --only-existing contradict each other") }
  }

  func run() throws {
    try TypeAccess.entries(of: map.map()).set(
      value: value, forKey: key, if: onlyNew ? .absent : onlyExisting ? .present : .any)
  }
}

/// `merops map delete`
struct MapDelete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete an entry by its key.",
    discussion: """
      EXAMPLES
        merops map delete counts 1234
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: "The key.") var key: String

  func run() throws {
    guard try TypeAccess.entries(of: map.map()).delete(key: key) else { throw NotThere(key: key, map: map) }
  }
}

/// `merops map pin`
struct MapPin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Pin a map in a bpffs.",
    discussion: """
      EXAMPLES
        merops map pin counts /sys/fs/bpf/counts
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: "The path to pin it at, in a bpffs; it must not exist.") var path: String

  func run() throws { try map.map().pin(at: path) }
}

/// A key that a map does not have.
struct NotThere: Error, CustomStringConvertible {
  var key: String
  var map: ObjectName
  var description: String { "map \(map) has no key \(key)" }
}
