// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem
import BTFCoding

/// A link in words.
struct LinkFacts {
  var info: LinkInfo

  init(_ info: LinkInfo) { self.info = info }

  init(id: UInt32) throws { self.init(try Link.open(id: id).info()) }

  /// The name of the program; empty when it cannot be opened.
  var programName: String { ProgramNames.name(info.programID) }

  /// bpftool's names (enum bpf_link_type).
  var kind: String { "\(info.type)" }

  /// Where it is attached.
  var place: String {
    let attachType = info.attachType.map { "\($0)" } ?? ""
    let (name, path) = (info.name ?? "", info.path ?? "")
    switch info.type {
    case .rawTracepoint: return "raw tracepoint \(name)"
    case .tracing: return "\(attachType) \(Self.typeName(info.typeIDs.first ?? 0))"
    case .cgroup:
      let id = info.cgroupID ?? 0
      return "cgroup \(CgroupPaths.shared[id] ?? "id \(id)"), \(attachType)"
    case .iterator:
      return "iterator \(name)" + (info.mapID.map { " of map \($0)" } ?? "")
        + (info.processID.map { " of process \($0)" } ?? "")
    case .networkNamespace: return "network namespace \(info.networkNamespaceInode ?? 0), \(attachType)"
    case .xdp: return "xdp on \(Self.interface(info.interfaceIndex ?? 0))"
    case .structOps: return "struct_ops map \(info.mapID ?? 0)"
    case .netfilter:
      guard let netfilter = info.netfilter else { return kind }
      return "netfilter \(netfilter.family) \(netfilter.hook), priority \(netfilter.priority)"
    case .kprobeMulti where !info.addresses.isEmpty:
      return "\(info.isReturn ? "kretprobe" : "kprobe").multi, \(info.addresses.count) functions"
    case .tcx, .netkit: return "\(attachType) of \(Self.interface(info.interfaceIndex ?? 0))"
    case .uprobeMulti where !path.isEmpty: return "uprobe.multi \(path), \(info.offsets.count) places"
    case .tracingMulti: return "\(attachType), \(info.typeIDs.count) functions"
    case .sockmap: return "sockmap \(info.mapID ?? 0), \(attachType)"
    case .perfEvent: return perfEventPlace
    default: return kind
    }
  }

  private var perfEventPlace: String {
    let offset = info.offsets.first ?? 0
    let plus = "+0x\(String(offset, radix: 16))"
    switch info.perfEventKind {
    case .uprobe?, .uretprobe?: return "\(info.isReturn ? "uretprobe" : "uprobe") \(info.path ?? "")\(plus)"
    case .kprobe?, .kretprobe?:
      return "\(info.isReturn ? "kretprobe" : "kprobe") \(info.name ?? "")\(offset == 0 ? "" : plus)"
    case .tracepoint?: return "tracepoint \(info.name ?? "")"
    case .event?: return info.perfEvent.map { "perf event \($0.type)/\($0.config)" } ?? kind
    default: return kind
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
        "\(link.info.id)", link.kind, "\(link.info.programID)", link.programName, link.place,
        owners?.text(link: link.info.id) ?? "")
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
    let info = link.info
    var lines = [
      "link \(info.id)", "type       \(link.kind)", "program    \(info.programID) \(link.programName)",
      "place      \(link.place)",
    ]
    if let processes = owners?.text(link: info.id), !processes.isEmpty {
      lines.append("held by    \(processes)")
    }
    return lines.lines
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("id", link.info.id)
    json.field("type", link.kind)
    json.field("prog_id", link.info.programID)
    json.field("prog_name", link.programName)
    json.field("place", link.place)
    owners?.write(link: link.info.id, to: &json)
    json.endObject()
  }
}
