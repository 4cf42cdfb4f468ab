// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What BPF_PROG_ATTACH and BPF_PROG_DETACH take.
package struct ProgramAttach: Sendable {
  /// A cgroup's, map's or namespace's descriptor; an interface index for tcx and netkit.
  package var target: UInt32
  package var program: CInt?
  package var attachType: UInt32
  /// BPF_F_ALLOW_OVERRIDE 1, ALLOW_MULTI 2, REPLACE 4, BEFORE 8, AFTER 16, ID 32, LINK 1 << 13.
  package var flags: UInt32 = 0
  package var replacing: CInt?
  /// The neighbour, by descriptor or (with the ID flag) by id.
  package var relative: UInt32 = 0
  package var expectedRevision: UInt64 = 0

  package init(target: UInt32, program: CInt?, attachType: UInt32, flags: UInt32 = 0) {
    self.target = target
    self.program = program
    self.attachType = attachType
    self.flags = flags
  }
}

/// What BPF_PROG_QUERY found at a place to attach to.
package struct ProgramQuery: Sendable, Hashable {
  package var flags: UInt32
  /// Counts the changes of that place (Linux 6.6), for `expectedRevision`.
  package var revision: UInt64
  package var programIDs: [UInt32]
  /// Parallel to `programIDs` where the kernel fills it in.
  package var programFlags: [UInt32]
  /// Parallel to `programIDs`: the link that holds each, zero for none (tcx, netkit).
  package var linkIDs: [UInt32]
}

extension BPFCall {
  private static func attributes(_ attach: ProgramAttach) -> cbpf_prog_attach {
    cbpf_prog_attach(
      target: attach.target, attach_bpf_fd: attach.program.descriptorField, attach_type: attach.attachType,
      attach_flags: attach.flags, replace_bpf_fd: attach.replacing.descriptorField, relative: attach.relative,
      expected_revision: attach.expectedRevision)
  }

  /// BPF_PROG_ATTACH.
  package static func attachProgram(_ attach: ProgramAttach) throws(Errno) {
    var attributes = attributes(attach)
    try call(CBPF_PROG_ATTACH, &attributes)
  }

  /// BPF_PROG_DETACH.
  package static func detachProgram(_ attach: ProgramAttach) throws(Errno) {
    var attributes = attributes(attach)
    try call(CBPF_PROG_DETACH, &attributes)
  }

  /// BPF_PROG_QUERY: what is attached to a cgroup, interface, namespace or map.
  ///
  /// - Parameters:
  ///   - flags: BPF_F_QUERY_EFFECTIVE 1.
  ///   - isMultiple: the place is one of tcx or netkit, where links are told apart from programs.
  package static func queryPrograms(
    target: UInt32, attachType: UInt32, flags: UInt32 = 0, isMultiple: Bool = false
  ) throws(Errno) -> ProgramQuery {
    var sizes = cbpf_prog_query()
    sizes.target = target
    sizes.attach_type = attachType
    sizes.query_flags = flags
    try call(CBPF_PROG_QUERY, &sizes)

    // Programs may come between the calls: ask for some more, and again when that was not enough.
    var room = Int(sizes.count) + 8
    while true {
      var memory = CallMemory()
      defer { memory.free() }
      let programs = memory.room(room * 4)
      let programFlags = memory.room(room * 4)
      let links = memory.room(isMultiple ? room * 4 : 0)
      var attributes = cbpf_prog_query()
      attributes.target = target
      attributes.attach_type = attachType
      attributes.query_flags = flags
      attributes.count = UInt32(room)
      attributes.prog_ids = programs.address
      attributes.link_ids = links.address
      if isMultiple { attributes.prog_attach_flags = programFlags.address }
      do {
        try call(CBPF_PROG_QUERY, &attributes)
      } catch {
        guard error == .noSpace, room < 1 << 16 else { throw error }
        room *= 2
        continue
      }
      let count = min(Int(attributes.count), room)
      return ProgramQuery(
        flags: attributes.attach_flags, revision: attributes.revision,
        programIDs: Array(programs.integers(as: UInt32.self).prefix(count)),
        programFlags: isMultiple ? Array(programFlags.integers(as: UInt32.self).prefix(count)) : [],
        linkIDs: Array(links.integers(as: UInt32.self).prefix(count)))
    }
  }

  /// BPF_RAW_TRACEPOINT_OPEN: attaches to a raw tracepoint, or (no name) to what the program names by BTF.
  ///
  /// - Parameters:
  ///   - cookie: `bpf_get_attach_cookie`'s (Linux 6.10); must be zero before.
  package static func openRawTracepoint(
    _ name: String?, program: CInt, cookie: UInt64 = 0
  ) throws(Errno) -> Descriptor {
    var memory = CallMemory()
    defer { memory.free() }
    var attributes = cbpf_raw_tracepoint_open(
      name: name.map { memory.place($0) } ?? 0, prog_fd: UInt32(bitPattern: program), reserved: 0, cookie: cookie)
    return try open(CBPF_RAW_TRACEPOINT_OPEN, &attributes)
  }
}
