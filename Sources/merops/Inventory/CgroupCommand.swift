// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFSystem
import BTFCoding

/// `merops cgroup`
struct CgroupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cgroup",
    abstract: "Show the programs on cgroups in the order they run.",
    discussion: """
      EXAMPLES
        merops cgroup
        merops cgroup /sys/fs/cgroup/web --effective
      """)

  @Argument(help: "A cgroup directory. (default: all cgroups)", completion: .directory) var path: String?
  @Flag(help: "Include the programs of the ancestors: all that run for a cgroup.") var effective = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard path != nil || Mounts.cgroup2 != nil else {
      throw Refusal("cgroup v2 is not mounted: mount -t cgroup2 none DIRECTORY")
    }
    var attachments: [CgroupAttachment] = []
    for path in path.map({ [$0] }) ?? CgroupPaths.shared.all {
      do {
        attachments += try CgroupAttachment.all(in: path, effective: effective)
      } catch  where self.path == nil && !SystemFile.exists(path) {
        // It went away since they were listed.
      }
    }
    output.print(CgroupReport(attachments: attachments))
  }
}

struct CgroupAttachment {
  var path: String
  var attachType: AttachType
  var programID: UInt32

  static func all(in path: String, effective: Bool) throws -> [CgroupAttachment] {
    // Every directory of cgroup v2 has this file. The kernel refuses other directories as if nothing were attached.
    guard !SystemFile.exists(path) || SystemFile.exists("\(path)/cgroup.controllers") else {
      throw Refusal("\(path) is not a directory of cgroup v2")
    }
    let cgroup: Descriptor
    do { cgroup = try Descriptor.open(path) } catch { throw BPFError("opening cgroup \(path)", errno: error) }
    return try attached(to: UInt32(bitPattern: cgroup.rawValue), path, effective)
  }

  private static func attached(to cgroup: UInt32, _ path: String, _ effective: Bool) throws -> [CgroupAttachment] {
    try AttachType.allKnown.filter(isCgroup).flatMap { type in
      (try HookQuery.programs(at: cgroup, type, effective: effective)?.programIDs ?? []).map {
        CgroupAttachment(path: path, attachType: type, programID: $0)
      }
    }
  }

  private static func isCgroup(_ type: AttachType) -> Bool { "\(type)".contains("cgroup") }
}

struct CgroupReport: Report {
  var attachments: [CgroupAttachment]

  var text: String {
    guard !attachments.isEmpty else { return "no program is attached" }
    var table = Table("CGROUP", "HOOK", "PROGRAM", "NAME")
    for entry in attachments {
      table.row(entry.path, "\(entry.attachType)", "\(entry.programID)", ProgramNames.name(entry.programID))
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for entry in attachments {
      json.beginObject()
      json.field("cgroup", entry.path)
      json.field("attach_type", "\(entry.attachType)")
      json.field("id", entry.programID)
      json.field("name", ProgramNames.name(entry.programID))
      json.endObject()
    }
    json.endArray()
  }
}
