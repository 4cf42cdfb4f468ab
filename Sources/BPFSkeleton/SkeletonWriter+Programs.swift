// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

extension SkeletonWriter {
  mutating func programs() -> [SkeletonProperty] {
    source.spec.programs.map { program in
      let kind = Self.kind(program)
      let name = Self.quoted(program.name)
      return SkeletonProperty(
        name: names.claim(program.name, suffix: "Program"),
        type: "BPF.SkeletonProgram<\(kind)>",
        value: ".init(collection, \(name))",
        comment: "Program `\(Self.oneLine(program.name))` of section `\(Self.oneLine(program.sectionName))`."
          + (program.autoload ? "" : " It is not loaded by default."))
    }
  }

  /// The kind, as the runtime names it, for what the program's section says.
  private static func kind(_ program: ProgramSpec) -> String {
    let kind = "BPF.ProgramKinds.\(base(program))"
    let namesPlace: Bool =
      switch program.sectionKind?.attachment {
      case nil, .some(.none), .tracing, .lsm, .iterator: false
      default: !(program.attachTarget ?? "").isEmpty
      }
    return namesPlace ? "BPF.ProgramKinds.Placed<\(kind)>" : kind
  }

  private static func base(_ program: ProgramSpec) -> String {
    switch program.type {
    case .xdp: "XDP"
    case .schedCLS, .schedACT:
      switch program.attachType {
      case .tcxIngress?: "Ingress"
      case .tcxEgress?: "Egress"
      case .netkitPrimary?, .netkitPeer?: "Netkit"
      default: "TrafficControl"
      }
    case .tracepoint: "Tracepoint"
    case .rawTracepoint, .rawTracepointWritable: "RawTracepoint"
    case .perfEvent: "PerfEvent"
    case .kprobe: probe(program)
    case .tracing:
      switch program.sectionKind?.attachment {
      case .iterator?: "Iterator"
      case .tracingMulti?: "TracingMulti"
      default: "Tracing"
      }
    case .ext: "Tracing"
    case .lsm: program.attachType == .lsmCgroup ? "Cgroup" : "Tracing"
    case .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice, .sockOps: "Cgroup"
    case .skMsg, .skSKB: "SocketMap"
    case .skLookup, .flowDissector: "NetworkNamespace"
    case .netfilter: "Netfilter"
    case .socketFilter, .skReuseport: "Socket"
    default: "Unattached"
    }
  }

  private static func probe(_ program: ProgramSpec) -> String {
    switch program.sectionKind?.attachment {
    case .kprobe(isReturn: true)?, .ksyscall(isReturn: true)?: "Kretprobe"
    case .kprobeMulti(let isReturn)?: isReturn ? "KretprobeMulti" : "KprobeMulti"
    case .kprobeSession?: "KprobeMulti"
    case .uprobe(let isReturn)?: isReturn ? "Uretprobe" : "Uprobe"
    case .uprobeMulti(let isReturn)?: isReturn ? "UretprobeMulti" : "UprobeMulti"
    case .uprobeSession?: "UprobeMulti"
    case .usdt?: "USDT"
    default: "Kprobe"
    }
  }
}
