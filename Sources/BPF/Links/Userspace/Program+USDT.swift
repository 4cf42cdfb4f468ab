// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// A uprobe for each place that the probe has in the file. Which arguments it has where goes to the maps that
  /// `usdt.bpf.h` declares; the uprobe's cookie (Linux 5.15) tells the kernel side which entry is its own, before that
  /// the place's address.
  func attachUSDT(_ probe: USDT) throws(BPFError) -> Link {
    let place = "usdt \(probe.path):\(probe.provider):\(probe.name)"
    try requireType(.kprobe, for: place)
    let file = try ExecutableFile(probe.path)
    let notes = USDTNote.notes(of: file.elf).filter { $0.provider == probe.provider && $0.name == probe.name }
    guard !notes.isEmpty else {
      throw BPFError(
        .notFound, "attaching \(name) to \(place)", detail: "\(file.path) has no such probe",
        hint: "list its probes with `readelf -n \(file.path)`")
    }
    let addresses = KernelSupport.hasCookies ? nil : try USDTAddresses(file, processID: probe.processID, place)
    let entries = try USDTEntries(of: self, place)
    var places: [(offset: UInt64, semaphore: UInt64, cookie: UInt64)] = []
    for note in notes {
      guard let offset = file.fileOffset(address: note.address) else {
        throw BPFError(.object, "attaching \(name) to \(place)", detail: "a probe's address lies in no section")
      }
      let index = try entries.insert(note.arguments, cookie: probe.cookie)
      if let addresses { try entries.name(index, by: try addresses.address(of: note, fileOffset: offset)) }
      places.append((offset, semaphoreOffset(note, file), addresses == nil ? UInt64(index) : 0))
    }
    if attachType == .traceUprobeMulti {
      var detail = LinkCreate.UprobeMulti(path: file.path, offsets: places.map(\.offset))
      detail.semaphores = places.contains { $0.semaphore != 0 } ? places.map(\.semaphore) : []
      detail.cookies = places.map(\.cookie)
      detail.processID = UInt32(bitPattern: probe.processID ?? 0)
      let link = try kernelLink(
        at: place, attachType: .traceUprobeMulti, detail: .uprobeMulti(detail), requires: "6.6")
      return Link(AttachmentGroup([link, entries]), place: place)
    }
    var members: [any Attachment] = []
    for (offset, semaphore, cookie) in places {
      members.append(
        try uprobeAttachment(
          Uprobe(
            path: file.path, offset: offset, processID: probe.processID, semaphoreOffset: semaphore, cookie: cookie),
          place))
    }
    return Link(AttachmentGroup(members + [entries]), place: place)
  }

  private func semaphoreOffset(_ note: USDTNote, _ file: ExecutableFile) -> UInt64 {
    note.semaphore == 0 ? 0 : file.fileOffset(address: note.semaphore) ?? 0
  }
}
