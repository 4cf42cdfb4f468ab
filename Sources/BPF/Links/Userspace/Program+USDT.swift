// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

extension Program {
  /// A uprobe for each place that the probe has in the file. Which arguments it has where goes to the maps that
  /// `usdt.bpf.h` declares; the uprobe's cookie (Linux 5.15) tells the kernel side which entry is its own.
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
    guard KernelRelease.current >= KernelRelease(5, 15) else {
      throw BPFError(.unsupported, "attaching \(name) to \(place)", requires: "5.15")
    }
    let specs = try USDTSpecs(of: self, place)
    var places: [(offset: UInt64, semaphore: UInt64, cookie: UInt64)] = []
    for note in notes {
      guard let offset = file.fileOffset(address: note.address) else {
        throw BPFError(.object, "attaching \(name) to \(place)", detail: "a probe's address lies in no section")
      }
      let index = try specs.insert(note.arguments, cookie: probe.cookie)
      places.append((offset, semaphoreOffset(note, file), UInt64(index)))
    }
    if attachType == .traceUprobeMulti {
      var detail = LinkCreate.UprobeMulti(path: file.path, offsets: places.map(\.offset))
      detail.semaphores = places.contains { $0.semaphore != 0 } ? places.map(\.semaphore) : []
      detail.cookies = places.map(\.cookie)
      detail.processID = UInt32(bitPattern: probe.processID ?? 0)
      let link = try kernelLink(
        at: place, attachType: .traceUprobeMulti, detail: .uprobeMulti(detail), requires: "6.6")
      return Link(AttachmentGroup([link, specs]), place: place)
    }
    var members: [any Attachment] = []
    for (offset, semaphore, cookie) in places {
      members.append(
        try uprobeAttachment(
          Uprobe(
            path: file.path, offset: offset, processID: probe.processID, semaphoreOffset: semaphore, cookie: cookie),
          place))
    }
    return Link(AttachmentGroup(members + [specs]), place: place)
  }

  private func semaphoreOffset(_ note: USDTNote, _ file: ExecutableFile) -> UInt64 {
    note.semaphore == 0 ? 0 : file.fileOffset(address: note.semaphore) ?? 0
  }
}

/// The entries that one link has in its object's `__bpf_usdt_specs`. They are free again when the link goes.
private final class USDTSpecs: Attachment {
  /// Which entries of which map (by id) are in use by this process, the only one that fills it.
  private static let used = Mutex<[UInt32: Set<UInt32>]>([:])

  private let map: AnyMap
  private let place: String
  private let entries = Mutex<[USDTSpec: UInt32]>([:])

  init(of program: Program, _ place: String) throws(BPFError) {
    self.place = place
    for id in try program.info().mapIDs {
      let map = try AnyMap(id: id)
      // The kernel keeps 15 bytes of a name.
      guard map.name.hasPrefix("__bpf_usdt_spec") else { continue }
      self.map = map
      return
    }
    throw BPFError(
      .invalid, "attaching \(program.name) to \(place)", detail: "the program has no map __bpf_usdt_specs",
      hint: "include <bpf/usdt.bpf.h> and read the arguments with bpf_usdt_arg()")
  }

  /// The entry for these arguments, shared by the places that have the same.
  func insert(_ text: String, cookie: UInt64) throws(BPFError) -> UInt32 {
    let value: [UInt8]
    let spec: USDTSpec
    do {
      spec = try USDTSpec(text, cookie: cookie)
      value = try spec.bytes(valueSize: Int(map.info.valueSize))
    } catch {
      throw BPFError(.invalid, "attaching to \(place)", detail: error.description)
    }
    if let index = entries.withLock({ $0[spec] }) { return index }
    let capacity = UInt32(clamping: map.info.maxEntries)
    let id = map.info.id
    let index = Self.used.withLock { used -> UInt32? in
      var taken = used[id, default: []]
      guard let free = (0..<capacity).first(where: { !taken.contains($0) }) else { return nil }
      taken.insert(free)
      used[id] = taken
      return free
    }
    guard let index else {
      throw BPFError(
        .full, "attaching to \(place)", detail: "all \(capacity) entries of __bpf_usdt_specs are taken",
        hint: "compile with a larger BPF_USDT_MAX_SPEC_CNT")
    }
    entries.withLock { $0[spec] = index }
    try map.update([index].withUnsafeBytes { Array($0) }, value)
    return index
  }

  var linkFD: CInt? { nil }

  deinit { release() }

  func detach() throws(BPFError) { release() }

  private func release() {
    let mine = entries.withLock { entries in
      defer { entries = [:] }
      return Set(entries.values)
    }
    let id = map.info.id
    Self.used.withLock { $0[id]?.subtract(mine) }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place, requires: "6.6")
  }
}
