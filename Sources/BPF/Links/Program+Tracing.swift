// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import SystemPackage

extension Program {
  /// raw_tp and raw_tp.w: BPF_RAW_TRACEPOINT_OPEN, which is a link since 5.8.
  func attachRawTracepoint(_ tracepoint: String, cookie: UInt64) throws(BPFError) -> Link {
    let place = "raw tracepoint \(tracepoint)"
    try requireType(.rawTracepoint, .rawTracepointWritable, for: place)
    do {
      let link = try BPFCall.openRawTracepoint(tracepoint, program: fd, cookie: cookie)
      return Link(KernelLink(link, place), place: place)
    } catch {
      throw attachError(
        place, error, requires: cookie == 0 ? "4.17" : "6.10",
        hint: error == .noSuchFileOrDirectory
          ? "there is no tracepoint of this name; see /sys/kernel/tracing/available_events" : nil)
    }
  }

  /// tp_btf, fentry, fexit, fmod_ret, lsm, freplace: the program was loaded for one place, so nothing is left to say.
  func attachTyped(cookie: UInt64) throws(BPFError) -> Link {
    let place = spec.map { "\($0.sectionName)" } ?? "its kernel function"
    try requireType(.tracing, .lsm, .ext, for: place)
    do {
      // The older call does the same, and is the only one before 5.19; it takes no cookie (before 6.10).
      let link: Descriptor
      if cookie == 0 {
        link = try BPFCall.openRawTracepoint(nil, program: fd)
      } else {
        link = try BPFCall.createLink(
          LinkCreate(
            program: fd, attachType: (attachType ?? .traceFentry).rawValue, detail: .tracing(cookie: cookie)))
      }
      return Link(KernelLink(link, place), place: place)
    } catch {
      throw attachError(
        place, error, requires: cookie == 0 ? "5.5" : attachType == .traceRawTP ? "6.10" : "5.19",
        hint: error == .notPermitted || error == .notSupported
          ? "this kernel may lack CONFIG_FUNCTION_TRACER or dynamic trampolines" : nil)
    }
  }

  /// fentry.multi and its like: functions by their ids in the kernel's BTF.
  func attachTypedMulti(_ functions: [String], cookies: [UInt64]) throws(BPFError) -> Link {
    let place = "\(spec?.sectionName ?? "tracing.multi") \(functions.joined(separator: ","))"
    try requireType(.tracing, for: place)
    let types = try KernelTypes.current().vmlinux
    var ids: [UInt32] = []
    for function in functions {
      if Glob.isPattern(function) {
        for id in types.ids where types.kind(id) == .function && Glob.matches(function, types.name(id)) {
          ids.append(id.rawValue)
        }
      } else if let id = types.id(named: function, kind: .function) {
        ids.append(id.rawValue)
      } else {
        throw BPFError(.notFound, "attaching \(name) to \(place)", detail: "the kernel has no function \(function)")
      }
    }
    return try createLink(
      at: place, attachType: attachType ?? .traceFentryMulti, detail: .tracingMulti(typeIDs: ids, cookies: cookies),
      requires: "7.2")
  }
}
