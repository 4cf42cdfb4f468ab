// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  func attachUprobe(_ probe: Uprobe) throws(BPFError) -> Link {
    let symbol = probe.symbol ?? "0x\(String(probe.offset, radix: 16))"
    let place = "\(probe.isReturn ? "uretprobe" : "uprobe") \(probe.path):\(symbol)"
    try requireType(.kprobe, for: place)
    let file = try ExecutableFile(probe.path)
    var resolved = probe
    resolved.path = file.path
    if let symbol = probe.symbol { resolved.offset = try file.offset(of: symbol) &+ probe.offset }
    return Link(try uprobeAttachment(resolved, place), place: place)
  }

  /// A uprobe at a file offset: by perf's uprobe device, or by tracefs where the kernel lacks it.
  func uprobeAttachment(_ probe: Uprobe, _ place: String) throws(BPFError) -> any Attachment {
    do {
      return try probeAttachment(
        .file(probe.path, offset: probe.offset, semaphore: probe.semaphoreOffset), isReturn: probe.isReturn,
        processID: probe.processID, cookie: probe.cookie, place)
    } catch let error as Errno {
      throw attachError(place, error, requires: "4.17")
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.system, "attaching \(name) to \(place)", underlying: error)
    }
  }

  func attachUprobeMulti(_ probe: UprobeMulti) throws(BPFError) -> Link {
    let place = "uprobe.multi \(probe.path):\(probe.symbols.joined(separator: ","))"
    try requireType(.kprobe, for: place)
    let file = try ExecutableFile(probe.path)
    var offsets: [UInt64] = []
    for symbol in probe.symbols {
      if Glob.isPattern(symbol) {
        offsets += try file.offsets(matching: symbol).map(\.offset)
      } else {
        offsets.append(try file.offset(of: symbol))
      }
    }
    guard !offsets.isEmpty else {
      throw BPFError(.notFound, "attaching \(name) to \(place)", detail: "no function of \(file.path) matches")
    }
    var detail = LinkCreate.UprobeMulti(path: file.path, offsets: offsets)
    detail.flags = probe.isReturn ? 1 : 0
    detail.cookies = probe.cookies
    detail.processID = UInt32(bitPattern: probe.processID ?? 0)
    return try createLink(
      at: place, attachType: attachType ?? .traceUprobeMulti, detail: .uprobeMulti(detail), requires: "6.6")
  }
}
