// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  func attachTracepoint(category: String, name tracepoint: String, cookie: UInt64) throws(BPFError) -> Link {
    let place = "tracepoint \(category)/\(tracepoint)"
    try requireType(.tracepoint, for: place)
    do {
      let id = try TraceFS().eventID(category: category, name: tracepoint)
      let event = try Perf.open(.tracepoint(id: id), cpu: 0)
      return Link(try perfAttachment(event, cookie: cookie, place), place: place)
    } catch let error as Errno {
      throw attachError(
        place, error, requires: "4.7",
        hint: error == .noSuchFileOrDirectory
          ? "this kernel has no such tracepoint; see /sys/kernel/tracing/available_events" : nil)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.system, "attaching \(name) to \(place)", underlying: error)
    }
  }

  func attachPerfEvent(borrowing descriptor: CInt, cookie: UInt64) throws(BPFError) -> Link {
    let place = "perf event \(descriptor)"
    let event: Descriptor
    do { event = try Descriptor.duplicating(descriptor) } catch {
      throw BPFError("attaching \(name) to \(place)", errno: error)
    }
    return Link(try perfAttachment(event, cookie: cookie, place), place: place)
  }

  /// By a link (5.15), which takes a cookie, or by PERF_EVENT_IOC_SET_BPF.
  func perfAttachment(
    _ event: consuming Descriptor, cookie: UInt64, _ place: String
  ) throws(BPFError) -> any Attachment {
    do {
      let link = try BPFCall.createLink(
        LinkCreate(
          program: fd, target: UInt32(bitPattern: event.rawValue), attachType: AttachType.perfEvent.rawValue,
          detail: .perfEvent(cookie: cookie)))
      try Perf.enable(event.rawValue)
      return KernelLink(link, place)
    } catch {
      guard error == .invalidArgument, KernelVersion.current < KernelVersion(5, 15) else {
        throw attachError(place, error, requires: cookie == 0 ? "4.9" : "5.15")
      }
    }
    guard cookie == 0 else { throw BPFError(.unsupported, "attaching \(name) to \(place)", requires: "5.15") }
    return try PerfAttachment(self, event: event, place)
  }
}

/// A program on a perf event, which its descriptor holds: for kernels that have no link for it.
private final class PerfAttachment: Attachment {
  private let event: Descriptor
  private let place: String

  init(_ program: Program, event: consuming Descriptor, _ place: String) throws(BPFError) {
    self.place = place
    do {
      try Perf.setProgram(program.fd, on: event.rawValue)
      try Perf.enable(event.rawValue)
    } catch {
      throw program.attachError(place, error, requires: "4.9")
    }
    self.event = event
  }

  var linkFD: CInt? { nil }

  func detach() throws(BPFError) {
    do { try Perf.disable(event.rawValue) } catch { throw BPFError("detaching from \(place)", errno: error) }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place, requires: "6.6")
  }
}
