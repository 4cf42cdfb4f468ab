// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What BPF_LINK_CREATE takes.
package struct LinkCreate: Sendable {
  /// The program; for struct_ops the map.
  package var program: CInt
  /// A cgroup's, namespace's, perf event's or program's descriptor; an interface index for xdp, tcx and netkit.
  package var target: UInt32
  package var attachType: UInt32
  package var flags: UInt32
  package var detail: Detail

  /// What only some kinds of link take.
  package enum Detail: Sendable {
    case none
    /// freplace and tracing: the type to attach to, and `bpf_get_attach_cookie`'s value (Linux 5.15).
    case tracing(typeID: UInt32 = 0, cookie: UInt64 = 0)
    /// `union bpf_iter_link_info`, 4 to 16 bytes.
    case iterator([UInt8])
    case perfEvent(cookie: UInt64)
    case kprobeMulti(KprobeMulti)
    case uprobeMulti(UprobeMulti)
    case tracingMulti(typeIDs: [UInt32], cookies: [UInt64])
    case netfilter(family: UInt32, hook: UInt32, priority: Int32, flags: UInt32)
    /// tcx, netkit (Linux 6.6), cgroup (6.17): the neighbour by descriptor or id, and the revision to expect.
    case ordered(relative: UInt32, expectedRevision: UInt64)
  }

  /// Functions by name or by address, never both.
  package struct KprobeMulti: Sendable {
    package var symbols: [String] = []
    package var addresses: [UInt64] = []
    /// Empty, or one for each function.
    package var cookies: [UInt64] = []
    /// 1: on return.
    package var flags: UInt32 = 0
    package init() {}
  }

  /// Places in one file.
  package struct UprobeMulti: Sendable {
    package var path: String
    package var offsets: [UInt64]
    /// Empty, or the file offset of each place's USDT semaphore.
    package var semaphores: [UInt64] = []
    package var cookies: [UInt64] = []
    /// 1: on return.
    package var flags: UInt32 = 0
    /// Zero: every process.
    package var processID: UInt32 = 0
    package init(path: String, offsets: [UInt64]) {
      self.path = path
      self.offsets = offsets
    }
  }

  package init(
    program: CInt, target: UInt32 = 0, attachType: UInt32, flags: UInt32 = 0, detail: Detail = .none
  ) {
    self.program = program
    self.target = target
    self.attachType = attachType
    self.flags = flags
    self.detail = detail
  }
}

extension BPFCall {
  /// BPF_LINK_CREATE.
  ///
  /// - Requires: Linux 5.7; each kind of link has its own first kernel
  package static func createLink(_ link: LinkCreate) throws(Errno) -> Descriptor {
    var memory = CallMemory()
    defer { memory.free() }
    var attributes = cbpf_link_create()
    attributes.prog_fd = UInt32(bitPattern: link.program)
    attributes.target = link.target
    attributes.attach_type = link.attachType
    attributes.flags = link.flags
    switch link.detail {
    case .none: break
    case .tracing(let typeID, let cookie):
      attributes.tracing.target_btf_id = typeID
      attributes.tracing.cookie = cookie
    case .iterator(let info):
      attributes.iterator.info = memory.place(info)
      attributes.iterator.info_len = UInt32(info.count)
    case .perfEvent(let cookie):
      attributes.perf_event.cookie = cookie
    case .kprobeMulti(let probe):
      attributes.kprobe_multi.flags = probe.flags
      attributes.kprobe_multi.cnt = UInt32(max(probe.symbols.count, probe.addresses.count))
      attributes.kprobe_multi.syms = memory.place(texts: probe.symbols)
      attributes.kprobe_multi.addrs = memory.place(probe.addresses)
      attributes.kprobe_multi.cookies = memory.place(probe.cookies)
    case .uprobeMulti(let probe):
      attributes.uprobe_multi.path = memory.place(probe.path)
      attributes.uprobe_multi.offsets = memory.place(probe.offsets)
      attributes.uprobe_multi.ref_ctr_offsets = memory.place(probe.semaphores)
      attributes.uprobe_multi.cookies = memory.place(probe.cookies)
      attributes.uprobe_multi.cnt = UInt32(probe.offsets.count)
      attributes.uprobe_multi.flags = probe.flags
      attributes.uprobe_multi.pid = probe.processID
    case .tracingMulti(let typeIDs, let cookies):
      attributes.tracing_multi.ids = memory.place(typeIDs)
      attributes.tracing_multi.cookies = memory.place(cookies)
      attributes.tracing_multi.cnt = UInt32(typeIDs.count)
    case .netfilter(let family, let hook, let priority, let flags):
      attributes.netfilter.family = family
      attributes.netfilter.hook = hook
      attributes.netfilter.priority = priority
      attributes.netfilter.flags = flags
    case .ordered(let relative, let revision):
      attributes.ordered.relative = relative
      attributes.ordered.expected_revision = revision
    }
    return try open(CBPF_LINK_CREATE, &attributes)
  }

  /// BPF_LINK_UPDATE: another program, or struct_ops map, in place.
  ///
  /// - Parameters:
  ///   - old: what must be there now (`EPERM` if it is not); sets BPF_F_REPLACE.
  package static func updateLink(_ link: CInt, to new: CInt, expecting old: CInt? = nil) throws(Errno) {
    var attributes = cbpf_link_update(
      link_fd: UInt32(bitPattern: link), new_fd: UInt32(bitPattern: new), flags: old == nil ? 0 : 4,
      old_fd: old.descriptorField)
    try call(CBPF_LINK_UPDATE, &attributes)
  }

  /// BPF_LINK_DETACH: detaches now, whoever else holds or has pinned the link.
  ///
  /// - Requires: Linux 5.9; not for tracing links (`EOPNOTSUPP`)
  package static func detachLink(_ link: CInt) throws(Errno) {
    var attributes = cbpf_words(word: (UInt32(bitPattern: link), 0, 0, 0))
    try call(CBPF_LINK_DETACH, &attributes)
  }

  /// BPF_ITER_CREATE: a file that runs an iterator program when it is read.
  ///
  /// - Requires: Linux 5.8
  package static func createIterator(link: CInt) throws(Errno) -> Descriptor {
    var attributes = cbpf_words(word: (UInt32(bitPattern: link), 0, 0, 0))
    return try open(CBPF_ITER_CREATE, &attributes)
  }
}
