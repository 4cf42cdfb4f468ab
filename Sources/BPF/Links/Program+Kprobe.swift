// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  func attachKprobe(function: String, offset: UInt64, isReturn: Bool, cookie: UInt64) throws(BPFError) -> Link {
    let place = "\(isReturn ? "kretprobe" : "kprobe") \(function)\(offset == 0 ? "" : "+\(offset)")"
    try requireType(.kprobe, for: place)
    do {
      return Link(
        try probeAttachment(.function(function, offset: offset), isReturn: isReturn, cookie: cookie, place),
        place: place)
    } catch let error as Errno {
      throw attachError(
        place, error, requires: "4.17",
        hint: error == .noSuchFileOrDirectory || error == .invalidArgument
          ? "the function may be inlined, renamed or not traceable in this kernel; see /proc/kallsyms" : nil)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.system, "attaching \(name) to \(place)", underlying: error)
    }
  }

  func attachKprobeMulti(_ probe: KprobeMulti) throws(BPFError) -> Link {
    let place = "\(isSession ? "kprobe.session" : "kprobe.multi") \(probe.functions.joined(separator: ","))"
    try requireType(.kprobe, for: place)
    var detail = LinkCreate.KprobeMulti()
    for function in probe.functions {
      guard Glob.isPattern(function) else {
        detail.symbols.append(function)
        continue
      }
      let matches = try traceableFunctions().filter { Glob.matches(function, $0) }
      guard !matches.isEmpty else {
        throw BPFError(
          .notFound, "attaching \(name) to \(place)", detail: "no traceable function matches '\(function)'")
      }
      detail.symbols += matches
    }
    detail.cookies = probe.cookies
    detail.flags = probe.isReturn ? 1 : 0
    return try createLink(
      at: place, attachType: attachType ?? .traceKprobeMulti, detail: .kprobeMulti(detail), requires: "5.18")
  }

  private var isSession: Bool { attachType == .traceKprobeSession }

  /// What the kernel can attach to by ftrace.
  private func traceableFunctions() throws(BPFError) -> [String] {
    do {
      // "name" or "name [module]", one a line.
      return try TraceFS().text("available_filter_functions").split(separator: "\n").compactMap { line in
        line.split(separator: " ").first.map(String.init)
      }
    } catch {
      throw BPFError(
        "listing the kernel's functions", errno: error,
        hint: "mount tracefs (mount -t tracefs tracefs /sys/kernel/tracing)")
    }
  }
}
