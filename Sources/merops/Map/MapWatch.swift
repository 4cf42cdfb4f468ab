// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding

/// `merops map watch`
struct MapWatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Print the changes of a map until Ctrl-C.",
    discussion: """
      merops reads the map at intervals; it does not see an entry that comes and goes between two reads.

      EXAMPLES
        merops map watch counts
        merops map watch counts --every 0.2 --json
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @Option(help: "The seconds between two reads.") var every = Seconds(1)
  @Option(help: "Stop after this many seconds.") var seconds: Seconds?
  @Flag(name: .long, help: "Print JSON, one object per line.") var json = false

  func validate() throws {
    guard every.value >= 0.01 else { throw ValidationError("--every must be 0.01 or more") }
  }

  func run() throws {
    Interrupt.catchSignals()
    var watcher = try MapWatcher(map.map(access: .readOnly), json: json)
    let end = seconds.map { ContinuousClock.now + $0.duration }
    while !Interrupt.isRequested {
      try watcher.step()
      if let end, ContinuousClock.now >= end { break }
      Interrupt.wait(every)
    }
  }
}

/// Prints the differences between one read of a map and the next.
struct MapWatcher {
  private let codec: MapCodec
  private let json: Bool
  private var known: [BTFValue: BTFValue]?

  init(_ map: AnyMap, json: Bool) throws {
    codec = try TypeAccess.entries(of: map)
    self.json = json
  }

  /// Reads the map and prints what is new, changed and gone; the first time, all of it.
  mutating func step() throws {
    var now: [BTFValue: BTFValue] = [:]
    for (key, value) in try codec.entries() {
      now[key] = value
      let before = known?[key]
      if before != value { report(before == nil ? "added" : "changed", key, from: before, to: value) }
    }
    for (key, value) in known ?? [:] where now[key] == nil { report("removed", key, from: value, to: nil) }
    known = now
  }

  private func report(_ what: String, _ key: BTFValue, from old: BTFValue?, to new: BTFValue?) {
    let name = codec.map.name
    guard json else {
      let change = [old?.json, new?.json].compactMap { $0 }.joined(separator: " -> ")
      return Output.line("\(name) \(what) \(key.json): \(change)")
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("map", name)
    writer.field("change", what)
    writer.key("key")
    writer.raw(key.json)
    if let old {
      writer.key("old")
      writer.raw(old.json)
    }
    if let new {
      writer.key("new")
      writer.raw(new.json)
    }
    writer.endObject()
    Output.line(writer.text)
  }
}
