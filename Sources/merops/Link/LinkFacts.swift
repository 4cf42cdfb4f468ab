// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem
import BTFCoding

/// A link in words.
struct LinkFacts {
  var information: LinkInformation

  init(_ information: LinkInformation) { self.information = information }

  init(id: UInt32) throws { self.init(try Link.open(id: id).information()) }

  /// The name of the program; empty when it cannot be opened.
  var programName: String { ProgramNames.name(information.programID) }

  /// bpftool's names (enum bpf_link_type).
  var kind: String {
    let type = Int(information.type)
    return type < Self.kinds.count ? Self.kinds[type] : "type \(type)"
  }

  private static let kinds = [
    "unspec", "raw_tracepoint", "tracing", "cgroup", "iter", "netns", "xdp", "perf_event", "kprobe_multi", "struct_ops",
    "netfilter", "tcx", "uprobe_multi", "netkit", "sockmap", "tracing_multi",
  ]

  /// Whether BPF_LINK_DETACH works for it.
  var isForceable: Bool {
    ["cgroup", "netns", "xdp", "netfilter", "tcx", "netkit", "sockmap", "struct_ops"].contains(kind)
  }

  /// Where it is attached.
  var place: String {
    switch information.detail {
    case .rawTracepoint(let name, _): "raw tracepoint \(name)"
    case .tracing(let attachType, _, let typeID, _):
      "\(AttachType(rawValue: attachType)) \(Self.typeName(typeID))"
    case .cgroup(let id, let attachType):
      "cgroup \(CgroupPaths.shared[id] ?? "id \(id)"), \(AttachType(rawValue: attachType))"
    case .iterator(let target, let mapID, _, _, let processID):
      "iterator \(target)" + (mapID != 0 ? " of map \(mapID)" : "") + (processID != 0 ? " of process \(processID)" : "")
    case .networkNamespace(let inode, let attachType): "network namespace \(inode), \(AttachType(rawValue: attachType))"
    case .xdp(let index): "xdp on \(Self.interface(index))"
    case .structOps(let mapID): "struct_ops map \(mapID)"
    case .netfilter(let family, let hook, let priority, _):
      "netfilter \(NetfilterFamily(rawValue: family).map { "\($0)" } ?? "family \(family)") "
        + "\(NetfilterHook(rawValue: hook)), priority \(priority)"
    case .kprobeMulti(let addresses, _, let flags, _):
      "\(flags & 1 != 0 ? "kretprobe" : "kprobe").multi, \(addresses.count) functions"
    case .tcx(let index, let attachType): "\(AttachType(rawValue: attachType)) of \(Self.interface(index))"
    case .uprobeMulti(let path, let offsets, _, _, _, _): "uprobe.multi \(path), \(offsets.count) places"
    case .netkit(let index, let attachType): "\(AttachType(rawValue: attachType)) of \(Self.interface(index))"
    case .tracingMulti(let attachType, _, let typeIDs, _, _):
      "\(AttachType(rawValue: attachType)), \(typeIDs.count) functions"
    case .sockmap(let mapID, let attachType): "sockmap \(mapID), \(AttachType(rawValue: attachType))"
    case .uprobe(let path, let offset, _, let isReturn):
      "\(isReturn ? "uretprobe" : "uprobe") \(path)+0x\(String(offset, radix: 16))"
    case .kprobe(let function, let offset, _, _, _, let isReturn):
      "\(isReturn ? "kretprobe" : "kprobe") \(function)\(offset == 0 ? "" : "+0x" + String(offset, radix: 16))"
    case .tracepoint(let name, _): "tracepoint \(name)"
    case .perfEvent(let type, let config, _): "perf event \(type)/\(config)"
    case .unknown: kind
    }
  }

  private static func interface(_ index: UInt32) -> String {
    NetworkInterface.name(ofIndex: index) ?? (index == 0 ? "a removed device" : "device \(index) of another namespace")
  }

  private static func typeName(_ id: UInt32) -> String {
    guard let types = try? KernelTypes.current().vmlinux, id != 0 else { return "" }
    let name = types.name(TypeID(rawValue: id))
    for prefix in ["btf_trace_", "bpf_lsm_", "bpf_iter_"] where name.hasPrefix(prefix) {
      return String(name.dropFirst(prefix.count))
    }
    return name
  }
}

struct LinkListReport: Report {
  var links: [LinkFacts]
  var owners: Owners?

  var text: String {
    var table = Table("ID", "TYPE", "PROGRAM", "NAME", "PLACE", owners == nil ? "" : "PROCESSES")
    for link in links {
      table.row(
        "\(link.information.id)", link.kind, "\(link.information.programID)", link.programName, link.place,
        owners?.text(link: link.information.id) ?? "")
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for link in links { LinkReport(link: link, owners: owners).write(to: &json) }
    json.endArray()
  }
}

struct LinkReport: Report {
  var link: LinkFacts
  var owners: Owners?

  var text: String {
    let information = link.information
    var lines = [
      "link \(information.id)", "type       \(link.kind)", "program    \(information.programID) \(link.programName)",
      "place      \(link.place)",
    ]
    if let processes = owners?.text(link: information.id), !processes.isEmpty {
      lines.append("held by    \(processes)")
    }
    return lines.lines
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("id", link.information.id)
    json.field("type", link.kind)
    json.field("prog_id", link.information.programID)
    json.field("prog_name", link.programName)
    json.field("place", link.place)
    owners?.write(link: link.information.id, to: &json)
    json.endObject()
  }
}
