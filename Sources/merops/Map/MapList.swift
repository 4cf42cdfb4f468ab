// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding
import BTFText

/// `merops map list`
struct MapList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the maps in the kernel.",
    discussion: """
      Needs CAP_SYS_ADMIN.

      EXAMPLES
        merops map list
        merops map list --processes
        merops map list --json | jq '.[].name'
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var holders: HolderOptions

  func run() throws {
    var maps: [MapFacts] = []
    try AnyMap.forEach { maps.append(MapFacts(info: $0.info, name: $0.name, usage: try? $0.usage())) }
    output.print(MapListReport(maps: maps, owners: holders.owners))
  }
}

/// `merops map show`
struct MapShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show everything that the kernel reports about one map.",
    discussion: """
      EXAMPLES
        merops map show counts
        merops map show /sys/fs/bpf/probe/counts --json
      """)

  @Argument(help: "Its id, name or pinned path.") var map: ObjectName
  @OptionGroup var output: OutputOptions

  func run() throws {
    let map = try map.map(access: .readOnly)
    let facts = MapFacts(
      info: map.info, name: map.name, usage: try map.usage(), types: try TypeAccess.types(of: map))
    output.print(MapReport(facts: facts, owners: Owners()))
  }
}

/// What is known of one map.
struct MapFacts {
  var info: MapInfo
  /// In full.
  var name: String
  var usage: MapUsage?
  var types: MapTypes?
}

struct MapListReport: Report {
  var maps: [MapFacts]
  var owners: Owners?

  var text: String {
    var table = Table(
      "ID", "TYPE", "NAME", "KEY", "VALUE", "ENTRIES", "MEMORY", "FLAGS", owners == nil ? "" : "PROCESSES")
    for facts in maps {
      let map = facts.info
      table.row(
        "\(map.id)", "\(map.type)", facts.name, "\(map.keySize)", "\(map.valueSize)", "\(map.maxEntries)",
        facts.usage.map { "\($0.memory)" } ?? "-",
        map.flags.isEmpty ? "-" : "0x" + String(map.flags.rawValue, radix: 16), owners?.text(map: map.id) ?? "")
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for facts in maps { MapReport(facts: facts, owners: owners).write(to: &json) }
    json.endArray()
  }
}

/// One map.
struct MapReport: Report {
  var facts: MapFacts
  var owners: Owners?

  private var info: MapInfo { facts.info }

  var text: String {
    var lines = [
      "map \(info.id): \(facts.name)",
      "type       \(info.type)",
      "key        \(info.keySize) bytes\(type(facts.types?.key))",
      "value      \(info.valueSize) bytes\(type(facts.types?.value))",
      "entries    at most \(info.maxEntries)",
      "flags      0x\(String(info.flags.rawValue, radix: 16))",
    ]
    if let usage = facts.usage {
      lines.append("memory     \(usage.memory) bytes\(usage.isFrozen ? ", frozen: read-only from user space" : "")")
    }
    if info.btfID != 0 { lines.append("types      btf \(info.btfID)") }
    if let processes = owners?.text(map: info.id), !processes.isEmpty { lines.append("held by    \(processes)") }
    return lines.lines
  }

  private func type(_ id: TypeID?) -> String {
    guard let types = facts.types, let id, id != 0, types.types.kind(id) != .dataSection else { return "" }
    return ": \(types.types.declaration(of: id))"
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("id", info.id)
    json.field("type", "\(info.type)")
    json.field("name", facts.name)
    json.field("bytes_key", info.keySize)
    json.field("bytes_value", info.valueSize)
    json.field("max_entries", info.maxEntries)
    json.field("flags", info.flags.rawValue)
    if let usage = facts.usage {
      json.field("bytes_memlock", usage.memory)
      json.key("frozen")
      json.bool(usage.isFrozen)
    }
    if info.btfID != 0 { json.field("btf_id", info.btfID) }
    owners?.write(map: info.id, to: &json)
    json.endObject()
  }
}
