// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFSystem
import BTFCoding

/// `merops net`
struct NetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "net",
    abstract: "Show the programs on network devices in the order they run.",
    discussion: """
      merops shows xdp, tcx, netkit and tc programs of its own network namespace, or of --netns.

      EXAMPLES
        merops net
        merops net --netns web --json
      """)

  @Option(help: "A network namespace: its name (ip netns) or path.") var netns: String?
  @Flag(help: "Also list devices without programs.") var all = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    var attachments: [NetworkAttachment] = []
    if let netns {
      let path = netns.contains("/") ? netns : "/run/netns/\(netns)"
      attachments = try NetworkNamespace(path: path).run { try NetworkAttachment.all() }
    } else {
      attachments = try NetworkAttachment.all()
    }
    if !all { attachments.removeAll { $0.programID == 0 } }
    output.print(NetworkReport(attachments: attachments))
  }
}

/// A program on a device; program 0 for a device without any.
struct NetworkAttachment {
  var device: String
  var index: UInt32
  var hook: String
  var programID: UInt32
  var linkID: UInt32 = 0

  static func all() throws -> [NetworkAttachment] {
    try NetworkInterface.all().flatMap { device in
      var found: [NetworkAttachment] = []
      func add(_ hook: String, _ program: UInt32, link: UInt32 = 0) {
        found.append(
          NetworkAttachment(device: device.name, index: device.index, hook: hook, programID: program, linkID: link))
      }
      if device.xdp.driverProgramID != 0 { add("xdp (driver)", device.xdp.driverProgramID) }
      if device.xdp.genericProgramID != 0 { add("xdp (generic)", device.xdp.genericProgramID) }
      if device.xdp.hardwareProgramID != 0 { add("xdp (offload)", device.xdp.hardwareProgramID) }
      for type in [AttachType.tcxIngress, .tcxEgress, .netkitPrimary, .netkitPeer] {
        guard let query = try HookQuery.programs(at: device.index, type, isMultiple: true) else { continue }
        for (position, id) in query.programIDs.enumerated() {
          add("\(type)", id, link: position < query.linkIDs.count ? query.linkIDs[position] : 0)
        }
      }
      for direction in TrafficControl.Direction.allCases {
        for filter in try TrafficControl.filters(interface: device.index, direction) {
          add("tc \(direction) prio \(filter.priority)", filter.programID)
        }
      }
      if found.isEmpty { add("-", 0) }
      return found
    }
  }
}

struct NetworkReport: Report {
  var attachments: [NetworkAttachment]

  var text: String {
    guard !attachments.isEmpty else { return "no program is attached" }
    var table = Table("DEVICE", "HOOK", "PROGRAM", "NAME", "LINK")
    for entry in attachments {
      table.row(
        entry.device, entry.hook, entry.programID == 0 ? "-" : "\(entry.programID)",
        ProgramNames.name(entry.programID),
        entry.linkID == 0 ? "-" : "\(entry.linkID)")
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for entry in attachments {
      json.beginObject()
      json.field("devname", entry.device)
      json.field("ifindex", entry.index)
      json.field("hook", entry.hook)
      json.field("prog_id", entry.programID)
      json.field("name", ProgramNames.name(entry.programID))
      if entry.linkID != 0 { json.field("link_id", entry.linkID) }
      json.endObject()
    }
    json.endArray()
  }
}
