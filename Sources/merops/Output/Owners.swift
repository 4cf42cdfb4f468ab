// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem
import BTFCoding

/// Which processes hold which program, map or link, from the descriptors in /proc.
struct Owners {
  struct Owner: Hashable {
    var processID: Int32
    var command: String
  }

  private var programs: [UInt32: Set<Owner>] = [:]
  private var maps: [UInt32: Set<Owner>] = [:]
  private var links: [UInt32: Set<Owner>] = [:]

  /// Goes through the descriptors of the processes that the caller may see; others are left out.
  init() {
    var commands: [Int32: String] = [:]
    for object in HeldObject.all() where object.processID != CurrentProcess.id {
      let process = object.processID
      let command = commands[process] ?? (try? SystemFile.text("/proc/\(process)/comm")) ?? "?"
      commands[process] = command
      let owner = Owner(processID: process, command: command)
      func id(_ name: String) -> UInt32? { object.fields[name].flatMap { UInt32($0) } }
      switch object.kind {
      case "bpf-prog": if let id = id("prog_id") { programs[id, default: []].insert(owner) }
      case "bpf-map": if let id = id("map_id") { maps[id, default: []].insert(owner) }
      default: if let id = id("link_id") { links[id, default: []].insert(owner) }
      }
    }
  }

  func text(program id: UInt32) -> String { Self.text(programs[id]) }
  func text(map id: UInt32) -> String { Self.text(maps[id]) }
  func text(link id: UInt32) -> String { Self.text(links[id]) }

  func write(program id: UInt32, to json: inout JSONWriter) { Self.write(programs[id], &json) }
  func write(map id: UInt32, to json: inout JSONWriter) { Self.write(maps[id], &json) }
  func write(link id: UInt32, to json: inout JSONWriter) { Self.write(links[id], &json) }

  private static func sorted(_ owners: Set<Owner>?) -> [Owner] {
    (owners ?? []).sorted { $0.processID < $1.processID }
  }

  private static func text(_ owners: Set<Owner>?) -> String {
    sorted(owners).map { "\($0.command.visible)(\($0.processID))" }.joined(separator: " ")
  }

  private static func write(_ owners: Set<Owner>?, _ json: inout JSONWriter) {
    json.key("pids")
    json.beginArray()
    for owner in sorted(owners) {
      json.beginObject()
      json.field("pid", owner.processID)
      json.field("comm", owner.command)
      json.endObject()
    }
    json.endArray()
  }
}
