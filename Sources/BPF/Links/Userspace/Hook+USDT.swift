// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import BPFSystem
import SystemPackage

extension Hook {
  /// A statically defined probe: `libc.so.6`, `libc`, `setjmp`.
  public struct USDT: Sendable {
    /// As ``Uprobe/path``.
    public var path: String
    public var provider: String
    public var name: String
    /// Only this process; nil for every one.
    public var processID: Int32?
    /// `bpf_usdt_cookie`'s value.
    public var cookie: UInt64

    public init(path: String, provider: String, name: String, processID: Int32? = nil, cookie: UInt64 = 0) {
      self.path = path
      self.provider = provider
      self.name = name
      self.processID = processID
      self.cookie = cookie
    }
  }

  /// A statically defined probe (`DTRACE_PROBE`, `USDT`) of an executable or shared library.
  ///
  /// A uprobe at each place that the probe has in the file. Where its arguments are goes to the maps that `usdt.bpf.h`
  /// declares; the uprobe's cookie (Linux 5.15) names the entry, before that the place's address.
  ///
  /// - Requires: before Linux 5.15, ``USDT/processID`` of a running process where the file is a shared library or a
  ///   position-independent program
  public static func usdt(_ probe: USDT) -> Hook {
    Hook("usdt \(probe.path):\(probe.provider):\(probe.name)", .kprobe) { (program, place) throws(BPFError) in
      let file = try ExecutableFile(probe.path)
      let notes = USDTNote.notes(of: file.elf).filter { $0.provider == probe.provider && $0.name == probe.name }
      guard !notes.isEmpty else {
        throw BPFError(
          .notFound, "attaching \(program.name) to \(place)", detail: "\(file.path) does not have this probe",
          hint: "list its probes with `readelf -n \(file.path)`")
      }
      let addresses = KernelSupport.hasCookies ? nil : try USDTAddresses(file, processID: probe.processID, place)
      let entries = try USDTEntries(of: program, place)
      var places: [(offset: UInt64, semaphore: UInt64, cookie: UInt64)] = []
      for note in notes {
        guard let offset = file.fileOffset(address: note.address) else {
          throw BPFError(
            .object, "attaching \(program.name) to \(place)", detail: "the probe's address is not in a section")
        }
        let index = try entries.insert(note.arguments, cookie: probe.cookie)
        if let addresses { try entries.name(index, by: try addresses.address(of: note, fileOffset: offset)) }
        let semaphore = note.semaphore == 0 ? 0 : file.fileOffset(address: note.semaphore) ?? 0
        places.append((offset, semaphore, addresses == nil ? UInt64(index) : 0))
      }
      if program.attachType == .traceUprobeMulti {
        var detail = LinkCreate.UprobeMulti(path: file.path, offsets: places.map(\.offset))
        detail.semaphores = places.contains { $0.semaphore != 0 } ? places.map(\.semaphore) : []
        detail.cookies = places.map(\.cookie)
        detail.processID = UInt32(bitPattern: probe.processID ?? 0)
        let link = try program.kernelLink(
          at: place, attachType: .traceUprobeMulti, detail: .uprobeMulti(detail), requires: "6.6")
        return Link(AttachmentGroup([link, entries]), place: place)
      }
      var members: [any Attachment] = []
      for (offset, semaphore, cookie) in places {
        members.append(
          try program.uprobeAttachment(
            Uprobe(
              path: file.path, offset: offset, processID: probe.processID, semaphoreOffset: semaphore, cookie: cookie),
            place))
      }
      return Link(AttachmentGroup(members + [entries]), place: place)
    }
  }
}
