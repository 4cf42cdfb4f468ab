// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation

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
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let processID = Int32(entry), processID != CurrentProcess.id else { continue }
      let folder = "/proc/\(entry)/fdinfo"
      var owner: Owner?
      for descriptor in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
        // Only bpf objects are worth reading: the link's text tells.
        guard let kind = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/fd/\(descriptor)"),
          kind.hasPrefix("anon_inode:bpf"), let text = try? SystemFile.text("\(folder)/\(descriptor)")
        else { continue }
        let command = (try? SystemFile.text("/proc/\(entry)/comm")) ?? "?"
        let known = owner ?? Owner(processID: processID, command: command)
        owner = known
        for line in text.split(separator: "\n") {
          let parts = line.split(separator: ":")
          guard parts.count == 2, let id = UInt32(parts[1].drop { $0 == " " || $0 == "\t" }) else { continue }
          switch (parts[0], kind) {
          case ("prog_id", "anon_inode:bpf-prog"): programs[id, default: []].insert(known)
          case ("map_id", "anon_inode:bpf-map"): maps[id, default: []].insert(known)
          case ("link_id", _): links[id, default: []].insert(known)
          default: break
          }
        }
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
    sorted(owners).map { "\($0.command)(\($0.processID))" }.joined(separator: " ")
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
