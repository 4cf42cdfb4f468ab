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
      prefix, 443 for a port, JSON as merops prints it, or bytes as in "hex 0a 00 00 01". A queue or stack has no keys: \
      merops prints the next value, and leaves it there. A bloom filter is asked for a value.

      EXAMPLES
        merops map get counts 1234
        merops map get flows addr=10.0.0.1,port=443
        merops map get work_queue
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: "The key. (none for a queue or stack)") var key: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let codec = try TypeAccess.entries(of: map.map(access: .readOnly))
    let type = codec.map.info.type
    guard let key = key ?? (type == .queue || type == .stack ? "" : nil) else {
      throw ValidationError("map \(map) is asked for \(type == .bloomFilter ? "a value" : "a key"): give one")
    }
    guard let value = try codec.get(key: key) else { throw NotThere(key: key, map: map, type: type) }
    Output.line(value.json)
  }
}

/// `merops map set`
struct MapSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set the value of a key.",
    usage: "merops map set <map> [<key>] <value> [--only-new] [--only-existing]",
    discussion: """
      A queue, a stack and a bloom filter have no keys: the value is added.

      EXAMPLES
        merops map set counts 1234 0
        merops map set flows addr=10.0.0.1,port=443 limit=3 --only-new
        merops map set work_queue 17
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Argument(help: ArgumentHelp("The key, where the map has keys, and the value.", valueName: "value")) var words:
    [String]
  @Flag(help: "Fail if the map has the key.") var onlyNew = false
  @Flag(help: "Fail if the map does not have the key.") var onlyExisting = false

  func validate() throws {
    if onlyNew, onlyExisting { throw ValidationError("--only-new and --only-existing contradict each other") }
    guard words.count <= 2 else {
      throw ValidationError(
        "one key and one value are expected, not \(words.count) words: quote a value that has spaces")
    }
  }

  func run() throws {
    let codec = try TypeAccess.entries(of: map.map())
    guard words.count == 2 || codec.map.info.type.isKeyless else {
      throw ValidationError("map \(map) has keys: give a key and a value")
    }
    try codec.set(
      value: words[words.count - 1], forKey: words.count == 2 ? words[0] : "",
      if: onlyNew ? .absent : onlyExisting ? .present : .any)
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
    let codec = try TypeAccess.entries(of: map.map())
    guard try codec.delete(key: key) else { throw NotThere(key: key, map: map, type: codec.map.info.type) }
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
  var type: MapType

  var description: String {
    switch type {
    case .queue, .stack: "map \(map) is empty"
    case .bloomFilter: "map \(map) does not have \(key)"
    default: "map \(map) has no key \(key)"
    }
  }
}
