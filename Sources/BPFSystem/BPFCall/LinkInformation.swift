// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What the kernel says of a link.
public struct LinkInformation: Sendable, Hashable {
  /// enum bpf_link_type.
  public var type: UInt32
  public var id: UInt32
  /// Zero for struct_ops.
  public var programID: UInt32
  public var detail: Detail

  /// What each kind adds. Fields that an older kernel does not fill are zero.
  public enum Detail: Sendable, Hashable {
    case rawTracepoint(name: String, cookie: UInt64)
    case tracing(attachType: UInt32, objectID: UInt32, typeID: UInt32, cookie: UInt64)
    case cgroup(id: UInt64, attachType: UInt32)
    case iterator(target: String, mapID: UInt32, cgroupID: UInt64, threadID: UInt32, processID: UInt32)
    case networkNamespace(inode: UInt32, attachType: UInt32)
    case xdp(interfaceIndex: UInt32)
    case structOps(mapID: UInt32)
    case netfilter(family: UInt32, hook: UInt32, priority: Int32, flags: UInt32)
    case kprobeMulti(addresses: [UInt64], cookies: [UInt64], flags: UInt32, missed: UInt64)
    case tcx(interfaceIndex: UInt32, attachType: UInt32)
    case uprobeMulti(
      path: String, offsets: [UInt64], semaphores: [UInt64], cookies: [UInt64], flags: UInt32, processID: UInt32)
    case netkit(interfaceIndex: UInt32, attachType: UInt32)
    /// Functions by their ids in one BTF object; addresses are zero where the reader may not see them.
    case tracingMulti(attachType: UInt32, objectID: UInt32, typeIDs: [UInt32], addresses: [UInt64], cookies: [UInt64])
    case sockmap(mapID: UInt32, attachType: UInt32)
    case uprobe(path: String, offset: UInt32, cookie: UInt64, isReturn: Bool)
    case kprobe(function: String, offset: UInt32, address: UInt64, missed: UInt64, cookie: UInt64, isReturn: Bool)
    case tracepoint(name: String, cookie: UInt64)
    case perfEvent(type: UInt32, config: UInt64, cookie: UInt64)
    case unknown
  }
}

extension BPFCall {
  /// The information of a link, names and arrays included.
  public static func linkInformation(fd: CInt) throws(Errno) -> LinkInformation {
    var info = cbpf_link_info()
    try objectInfo(fd: fd, &info)
    return LinkInformation(
      type: info.type, id: info.id, programID: info.prog_id, detail: try linkDetail(fd, info))
  }

  private static func linkDetail(_ fd: CInt, _ first: cbpf_link_info) throws(Errno) -> LinkInformation.Detail {
    var memory = CallMemory()
    defer { memory.free() }
    var info = cbpf_link_info()
    switch first.type {
    case 1:
      let name = memory.room(256)
      info.raw_tracepoint.tp_name = name.address
      info.raw_tracepoint.tp_name_len = UInt32(name.count)
      try objectInfo(fd: fd, &info)
      return .rawTracepoint(name: text(name), cookie: info.raw_tracepoint.cookie)
    case 2:
      let tracing = first.tracing
      return .tracing(
        attachType: tracing.attach_type, objectID: tracing.target_obj_id, typeID: tracing.target_btf_id,
        cookie: tracing.cookie)
    case 3: return .cgroup(id: first.cgroup.cgroup_id, attachType: first.cgroup.attach_type)
    case 4:
      let name = memory.room(256)
      info.iter.target_name = name.address
      info.iter.target_name_len = UInt32(name.count)
      try objectInfo(fd: fd, &info)
      // What follows the name is a union that the target's name tells apart.
      let target = text(name)
      let isCgroup = target == "cgroup"
      let isTask = target.hasPrefix("task")
      return .iterator(
        target: target, mapID: isCgroup || isTask ? 0 : info.iter.map_id,
        cgroupID: isCgroup ? info.iter.cgroup.cgroup_id : 0, threadID: isTask ? info.iter.task.tid : 0,
        processID: isTask ? info.iter.task.pid : 0)
    case 5: return .networkNamespace(inode: first.netns.netns_ino, attachType: first.netns.attach_type)
    case 6: return .xdp(interfaceIndex: first.device.ifindex)
    case 7: return try perfDetail(fd, first.perf_event.type)
    case 8: return try kprobeMultiDetail(fd, first)
    case 9: return .structOps(mapID: first.map.map_id)
    case 10:
      let filter = first.netfilter
      return .netfilter(family: filter.family, hook: filter.hook, priority: filter.priority, flags: filter.flags)
    case 11: return .tcx(interfaceIndex: first.device.ifindex, attachType: first.device.attach_type)
    case 12: return try uprobeMultiDetail(fd, first)
    case 13: return .netkit(interfaceIndex: first.device.ifindex, attachType: first.device.attach_type)
    case 14: return .sockmap(mapID: first.map.map_id, attachType: first.map.attach_type)
    case 15: return try tracingMultiDetail(fd, first)
    default: return .unknown
    }
  }

  private static func tracingMultiDetail(
    _ fd: CInt, _ first: cbpf_link_info
  ) throws(Errno) -> LinkInformation.Detail {
    var memory = CallMemory()
    defer { memory.free() }
    let count = first.tracing_multi.count
    let ids = memory.room(Int(count) * 4)
    let addresses = memory.room(Int(count) * 8)
    let cookies = memory.room(Int(count) * 8)
    var info = cbpf_link_info()
    info.tracing_multi.ids = ids.address
    info.tracing_multi.addrs = addresses.address
    info.tracing_multi.cookies = cookies.address
    info.tracing_multi.count = count
    try objectInfo(fd: fd, &info)
    return .tracingMulti(
      attachType: info.tracing_multi.attach_type, objectID: info.tracing_multi.btf_obj_id,
      typeIDs: ids.integers(as: UInt32.self), addresses: addresses.integers(as: UInt64.self),
      cookies: cookies.integers(as: UInt64.self))
  }

  private static func kprobeMultiDetail(
    _ fd: CInt, _ first: cbpf_link_info
  ) throws(Errno) -> LinkInformation.Detail {
    var memory = CallMemory()
    defer { memory.free() }
    let count = first.kprobe_multi.count
    // Before 6.6 the kernel says nothing.
    guard count > 0 else { return .unknown }
    let addresses = memory.room(Int(count) * 8)
    let cookies = memory.room(Int(count) * 8)
    var info = cbpf_link_info()
    info.kprobe_multi.addrs = addresses.address
    info.kprobe_multi.cookies = cookies.address
    info.kprobe_multi.count = count
    try objectInfo(fd: fd, &info)
    return .kprobeMulti(
      addresses: addresses.integers(as: UInt64.self), cookies: cookies.integers(as: UInt64.self),
      flags: info.kprobe_multi.flags, missed: info.kprobe_multi.missed)
  }

  private static func uprobeMultiDetail(
    _ fd: CInt, _ first: cbpf_link_info
  ) throws(Errno) -> LinkInformation.Detail {
    var memory = CallMemory()
    defer { memory.free() }
    let count = first.uprobe_multi.count
    // Before 6.8 the kernel says nothing, and refuses to be asked.
    guard count > 0 else { return .unknown }
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
    return .uprobeMulti(
      path: text(path), offsets: offsets.integers(as: UInt64.self),
      semaphores: semaphores.integers(as: UInt64.self), cookies: cookies.integers(as: UInt64.self),
      flags: info.uprobe_multi.flags, processID: info.uprobe_multi.pid)
  }

  /// enum bpf_perf_event_type; kernels before 6.6 say nothing, which reads as zero.
  private static func perfDetail(_ fd: CInt, _ type: UInt32) throws(Errno) -> LinkInformation.Detail {
    var info = cbpf_link_info()
    if type == 6 {
      try objectInfo(fd: fd, &info)
      let event = info.perf_event.event
      return .perfEvent(type: event.type, config: event.config, cookie: event.cookie)
    }
    guard (1...5).contains(type) else { return .unknown }
    var memory = CallMemory()
    defer { memory.free() }
    // A file has a path, the others have a symbol (KSYM_NAME_LEN).
    let name = memory.room(type <= 2 ? 4096 : 512)
    info.perf_event.any.name = name.address
    info.perf_event.any.name_len = UInt32(name.count)
    try objectInfo(fd: fd, &info)
    switch type {
    case 1, 2:
      let probe = info.perf_event.uprobe
      return .uprobe(path: text(name), offset: probe.offset, cookie: probe.cookie, isReturn: type == 2)
    case 3, 4:
      let probe = info.perf_event.kprobe
      return .kprobe(
        function: text(name), offset: probe.offset, address: probe.addr, missed: probe.missed, cookie: probe.cookie,
        isReturn: type == 4)
    default:
      return .tracepoint(name: text(name), cookie: info.perf_event.tracepoint.cookie)
    }
  }
}
