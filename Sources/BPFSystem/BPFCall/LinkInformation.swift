// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What the kernel says of a link: what its kind does not have, or an older kernel does not fill, is nil or empty.
package struct LinkInformation: Sendable, Hashable {
  /// enum bpf_link_type.
  package var type: UInt32
  package var id: UInt32
  /// Zero for struct_ops.
  package var programID: UInt32

  package var attachType: UInt32?
  package var cookies: [UInt64] = []
  /// A tracepoint, kernel function or iterator target.
  package var name: String?
  package var path: String?
  package var offsets: [UInt64] = []
  package var semaphores: [UInt64] = []
  package var addresses: [UInt64] = []
  package var isReturn = false
  package var missed: UInt64?
  package var objectID: UInt32?
  package var typeIDs: [UInt32] = []
  package var interfaceIndex: UInt32?
  package var cgroupID: UInt64?
  package var mapID: UInt32?
  package var networkNamespaceInode: UInt64?
  package var threadID: UInt32?
  package var processID: UInt32?
  package var netfilter: Netfilter?
  /// enum bpf_perf_event_type.
  package var perfEventKind: UInt32?
  package var perfEvent: PerfEvent?

  package struct Netfilter: Sendable, Hashable {
    package var family, hook: UInt32
    package var priority: Int32
    package var flags: UInt32
  }

  package struct PerfEvent: Sendable, Hashable {
    package var type: UInt32
    package var config: UInt64
  }

  init(type: UInt32, id: UInt32, programID: UInt32) {
    self.type = type
    self.id = id
    self.programID = programID
  }
}

extension BPFCall {
  /// The information of a link, names and arrays included.
  package static func linkInformation(fd: CInt) throws(Errno) -> LinkInformation {
    var info = cbpf_link_info()
    try objectInfo(fd: fd, &info)
    var link = LinkInformation(type: info.type, id: info.id, programID: info.prog_id)
    try fill(&link, fd, info)
    return link
  }

  private static func fill(_ link: inout LinkInformation, _ fd: CInt, _ first: cbpf_link_info) throws(Errno) {
    var memory = CallMemory()
    defer { memory.free() }
    var info = cbpf_link_info()
    func nonzero<Number: BinaryInteger>(_ number: Number) -> Number? { number == 0 ? nil : number }
    switch first.type {
    case 1:
      let name = memory.room(256)
      info.raw_tracepoint.tp_name = name.address
      info.raw_tracepoint.tp_name_len = UInt32(name.count)
      try objectInfo(fd: fd, &info)
      link.name = text(name)
      link.cookies = [info.raw_tracepoint.cookie]
    case 2:
      let tracing = first.tracing
      link.attachType = tracing.attach_type
      link.objectID = nonzero(tracing.target_obj_id)
      link.typeIDs = nonzero(tracing.target_btf_id).map { [$0] } ?? []
      link.cookies = [tracing.cookie]
    case 3: (link.cgroupID, link.attachType) = (first.cgroup.cgroup_id, first.cgroup.attach_type)
    case 4:
      let name = memory.room(256)
      info.iter.target_name = name.address
      info.iter.target_name_len = UInt32(name.count)
      try objectInfo(fd: fd, &info)
      // What follows the name is a union that the target's name tells apart.
      let target = text(name)
      link.name = target
      if target == "cgroup" {
        link.cgroupID = nonzero(info.iter.cgroup.cgroup_id)
      } else if target.hasPrefix("task") {
        (link.threadID, link.processID) = (nonzero(info.iter.task.tid), nonzero(info.iter.task.pid))
      } else {
        link.mapID = nonzero(info.iter.map_id)
      }
    case 5: (link.networkNamespaceInode, link.attachType) = (UInt64(first.netns.netns_ino), first.netns.attach_type)
    case 6: link.interfaceIndex = first.device.ifindex
    case 7: try fillPerf(&link, fd, first.perf_event.type)
    case 8: try fillKprobes(&link, fd, count: first.kprobe_multi.count)
    case 9: link.mapID = first.map.map_id
    case 10:
      let filter = first.netfilter
      link.netfilter = LinkInformation.Netfilter(
        family: filter.family, hook: filter.hook, priority: filter.priority, flags: filter.flags)
    case 11, 13: (link.interfaceIndex, link.attachType) = (first.device.ifindex, first.device.attach_type)
    case 12: try fillUprobes(&link, fd, count: first.uprobe_multi.count)
    case 14: (link.mapID, link.attachType) = (first.map.map_id, first.map.attach_type)
    case 15: try fillTracing(&link, fd, count: first.tracing_multi.count)
    default: break
    }
  }

  private static func fillTracing(_ link: inout LinkInformation, _ fd: CInt, count: UInt32) throws(Errno) {
    var memory = CallMemory()
    defer { memory.free() }
    let ids = memory.room(Int(count) * 4)
    let addresses = memory.room(Int(count) * 8)
    let cookies = memory.room(Int(count) * 8)
    var info = cbpf_link_info()
    info.tracing_multi.ids = ids.address
    info.tracing_multi.addrs = addresses.address
    info.tracing_multi.cookies = cookies.address
    info.tracing_multi.count = count
    try objectInfo(fd: fd, &info)
    link.attachType = info.tracing_multi.attach_type
    link.objectID = info.tracing_multi.btf_obj_id
    link.typeIDs = ids.integers(as: UInt32.self)
    link.addresses = addresses.integers(as: UInt64.self)
    link.cookies = cookies.integers(as: UInt64.self)
  }

  /// Before 6.6 the kernel says nothing, which reads as no functions.
  private static func fillKprobes(_ link: inout LinkInformation, _ fd: CInt, count: UInt32) throws(Errno) {
    guard count > 0 else { return }
    var memory = CallMemory()
    defer { memory.free() }
    let addresses = memory.room(Int(count) * 8)
    let cookies = memory.room(Int(count) * 8)
    var info = cbpf_link_info()
    info.kprobe_multi.addrs = addresses.address
    info.kprobe_multi.cookies = cookies.address
    info.kprobe_multi.count = count
    try objectInfo(fd: fd, &info)
    link.addresses = addresses.integers(as: UInt64.self)
    link.cookies = cookies.integers(as: UInt64.self)
    link.isReturn = info.kprobe_multi.flags & 1 != 0
    link.missed = info.kprobe_multi.missed
  }

  /// Before 6.8 the kernel says nothing, and refuses to be asked.
  private static func fillUprobes(_ link: inout LinkInformation, _ fd: CInt, count: UInt32) throws(Errno) {
    guard count > 0 else { return }
    var memory = CallMemory()
    defer { memory.free() }
    let offsets = memory.room(Int(count) * 8)
    let semaphores = memory.room(Int(count) * 8)
    let cookies = memory.room(Int(count) * 8)
    let path = memory.room(4096)
    var info = cbpf_link_info()
    info.uprobe_multi.path = path.address
    info.uprobe_multi.path_size = UInt32(path.count)
    info.uprobe_multi.offsets = offsets.address
    info.uprobe_multi.ref_ctr_offsets = semaphores.address
    info.uprobe_multi.cookies = cookies.address
    info.uprobe_multi.count = count
    try objectInfo(fd: fd, &info)
    link.path = text(path)
    link.offsets = offsets.integers(as: UInt64.self)
    link.semaphores = semaphores.integers(as: UInt64.self)
    link.cookies = cookies.integers(as: UInt64.self)
    link.isReturn = info.uprobe_multi.flags & 1 != 0
    link.processID = info.uprobe_multi.pid == 0 ? nil : info.uprobe_multi.pid
  }

  /// enum bpf_perf_event_type; kernels before 6.6 say nothing, which reads as zero.
  private static func fillPerf(_ link: inout LinkInformation, _ fd: CInt, _ kind: UInt32) throws(Errno) {
    guard (1...6).contains(kind) else { return }
    link.perfEventKind = kind
    var memory = CallMemory()
    defer { memory.free() }
    // A file has a path, the others have a symbol (KSYM_NAME_LEN).
    let name = memory.room(kind <= 2 ? 4096 : 512)
    var info = cbpf_link_info()
    if kind != 6 {
      info.perf_event.any.name = name.address
      info.perf_event.any.name_len = UInt32(name.count)
    }
    try objectInfo(fd: fd, &info)
    switch kind {
    case 1, 2:
      let probe = info.perf_event.uprobe
      (link.path, link.offsets, link.cookies) = (text(name), [UInt64(probe.offset)], [probe.cookie])
      link.isReturn = kind == 2
    case 3, 4:
      let probe = info.perf_event.kprobe
      (link.name, link.offsets, link.cookies) = (text(name), [UInt64(probe.offset)], [probe.cookie])
      (link.addresses, link.missed, link.isReturn) = ([probe.addr], probe.missed, kind == 4)
    case 5: (link.name, link.cookies) = (text(name), [info.perf_event.tracepoint.cookie])
    default:
      let event = info.perf_event.event
      link.perfEvent = LinkInformation.PerfEvent(type: event.type, config: event.config)
      link.cookies = [event.cookie]
    }
  }
}
