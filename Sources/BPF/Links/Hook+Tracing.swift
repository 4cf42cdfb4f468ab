// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BPFValues
import BTF
import SystemPackage

extension Hook {
  /// A static tracepoint by category and name, as in `/sys/kernel/tracing/events`: `("sched", "sched_process_exec")`.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func tracepoint(category: String, name: String, cookie: UInt64 = 0) -> Hook {
    Hook("tracepoint \(category)/\(name)", .tracepoint) { (program, place) throws(BPFError) in
      let tracepoint = Tracepoint(category: category, name: name)
      let event = try tracepoint.open(program, place)
      return Link(
        try program.perfAttachment(event, cookie: cookie, place) { error in tracepoint.cause(error) }, place: place)
    }
  }

  /// A raw tracepoint by name: `sched_switch`, without its category.
  ///
  /// - Requires: a cookie Linux 6.10
  public static func rawTracepoint(_ name: String, cookie: UInt64 = 0) -> Hook {
    Hook("raw tracepoint \(name)", .rawTracepoint, .rawTracepointWritable) { (program, place) throws(BPFError) in
      do throws(Errno) {
        let link = try BPFCall.openRawTracepoint(name, program: program.fd, cookie: cookie)
        return Link(KernelLink(link, place), place: place)
      } catch {
        let hint: String? =
          switch error {
          case .noSuchFileOrDirectory where name.contains("/"):
            "leave the category out: raw tracepoints have a name only"
          case .noSuchFileOrDirectory:
            "the kernel has no tracepoint of this name; see /sys/kernel/tracing/available_events. System calls have "
              + "sys_enter and sys_exit only"
          case .invalidArgument:
            "the program reads more arguments than the tracepoint has, or writes more bytes than it may"
          default: nil
          }
        throw program.attachError(place, error, requires: cookie == 0 ? nil : "6.10", hint: hint)
      }
    }
  }

  /// What the program was loaded for by its BTF: `tp_btf`, `fentry`, `fexit`, `fmod_ret`, `fsession`, `lsm`, `freplace`.
  ///
  /// - Requires: a cookie Linux 5.19 (tp_btf 6.10)
  public static func typed(cookie: UInt64 = 0) -> Hook {
    Hook("what it was loaded for", .tracing, .lsm, .ext) { (program, words) throws(BPFError) in
      let place = program.spec?.sectionName ?? words
      do throws(Errno) {
        // The older call does the same, and is the only one before 5.19; its cookie came with 6.10.
        let link: Descriptor
        if cookie == 0 {
          link = try BPFCall.openRawTracepoint(nil, program: program.fd)
        } else {
          link = try BPFCall.createLink(
            LinkCreate(
              program: program.fd, attachType: (program.attachType ?? .traceFentry).rawValue,
              detail: .tracing(cookie: cookie)))
        }
        return Link(KernelLink(link, place), place: place)
      } catch {
        throw program.attachError(
          place, error, requires: cookie == 0 ? nil : program.attachType == .traceRawTP ? "6.10" : "5.19",
          hint: error == .notSupported || error == BPFError.Code.kernelNotSupported
            ? "this kernel is built without CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, which attaches to functions" : nil)
      }
    }
  }

  /// Many kernel functions, by name or pattern of `*` and `?`, for `fentry.multi`, `fexit.multi` and `fsession.multi`.
  ///
  /// - Requires: Linux 7.2
  public static func typedMulti(functions: [String], cookies: [UInt64] = []) -> Hook {
    Hook("functions \(functions.joined(separator: ","))", .tracing) { (program, words) throws(BPFError) in
      let place = "\(program.spec?.sectionName ?? "tracing.multi") \(functions.joined(separator: ","))"
      let types = try KernelTypes.current().vmlinux
      var ids: [UInt32] = []
      for function in functions {
        let found: [UInt32] =
          Glob.isPattern(function)
          ? types.ids.filter { types.kind($0) == .function && Glob.matches(function, types.name($0)) }.map(\.rawValue)
          : types.id(named: function, kind: .function).map { [$0.rawValue] } ?? []
        guard !found.isEmpty else {
          throw BPFError(
            .notFound, "attaching \(program.name) to \(place)", detail: "the kernel's BTF has no function \(function)")
        }
        ids += found
      }
      return try program.createLink(
        at: place, attachType: program.attachType ?? .traceFentryMulti,
        detail: .tracingMulti(typeIDs: ids, cookies: cookies), requires: "7.2")
    }
  }

  /// An open perf event; the link keeps a reference of its own.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func perfEvent(descriptor: CInt, cookie: UInt64 = 0) -> Hook {
    Hook("perf event \(descriptor)", .perfEvent, .tracepoint, .kprobe) { (program, place) throws(BPFError) in
      let event: Descriptor
      do throws(Errno) { event = try Descriptor.duplicating(descriptor) } catch {
        throw BPFError("attaching \(program.name) to \(place)", errno: error)
      }
      return Link(try program.perfAttachment(event, cookie: cookie, place), place: place)
    }
  }
}

/// An event of tracefs.
private struct Tracepoint {
  var category: String
  var name: String

  /// Opens it for all processors.
  func open(_ program: Program, _ place: String) throws(BPFError) -> Descriptor {
    let id: UInt64
    do throws(Errno) {
      id = try TraceFS().eventID(category: category, name: name)
    } catch {
      guard error == .noSuchFileOrDirectory else {
        throw program.attachError(
          place, error, detail: "tracefs, which numbers the kernel's events, cannot be read")
      }
      throw program.attachError(
        place, error,
        hint: category == "syscalls" && !SystemFile.exists("/sys/kernel/tracing/events/syscalls")
          ? "this kernel is built without CONFIG_FTRACE_SYSCALLS; use SEC(\"raw_tp/sys_enter\")"
          : "this kernel has no such tracepoint; see /sys/kernel/tracing/available_events")
    }
    do throws(Errno) { return try Perf.open(.tracepoint(id: id), cpu: 0) } catch {
      throw program.attachError(place, error)
    }
  }

  /// Why the kernel does not put a program on it.
  func cause(_ errno: Errno) -> (detail: String, hint: String)? {
    guard let tracefs = try? TraceFS() else { return nil }
    switch errno {
    case .permissionDenied:
      guard let size = recordSize(tracefs) else { return nil }
      return (
        "the program reads beyond the event's record, which has \(size) bytes",
        "see its fields in /sys/kernel/tracing/events/\(category)/\(name)/format"
      )
    case .invalidArgument:
      guard let definition = definition(tracefs) else { return nil }
      let kind = definition.isUser ? "uprobe" : "kprobe"
      return (
        "\(category)/\(name) is a probe that was made in tracefs (\(definition.text)), which takes \(kind) programs",
        "put the program into SEC(\"\(kind)/...\") and attach it to what the probe probes"
      )
    default: return nil
    }
  }

  /// Where the last field ends, which is as far as the kernel lets programs read: "field:long ret; offset:16; size:8;".
  private func recordSize(_ tracefs: TraceFS) -> Int? {
    guard let format = try? tracefs.eventFormat(category: category, name: name) else { return nil }
    func number(_ line: Substring, _ key: String) -> Int? {
      line.split(separator: ";").lazy.map { $0.drop(while: \.isWhitespace) }.first { $0.hasPrefix("\(key):") }
        .flatMap { Int($0.dropFirst(key.utf8.count + 1)) }
    }
    return format.split(separator: "\n").compactMap { line in
      number(line, "offset").flatMap { offset in number(line, "size").map { offset + $0 } }
    }.max()
  }

  /// The line that made it, if it was made: "p:rbgrp/rbev /bin/sleep:0x0000000000003000".
  private func definition(_ tracefs: TraceFS) -> (text: String, isUser: Bool)? {
    for file in ["uprobe_events", "kprobe_events"] {
      let lines = (try? tracefs.text(file))?.split(separator: "\n") ?? []
      if let line = lines.first(where: {
        $0.split(separator: " ").first?.drop(while: { $0 != ":" }).dropFirst() == "\(category)/\(name)"
      }) {
        return (String(line), file == "uprobe_events")
      }
    }
    return nil
  }
}

// Perf events, which tracepoints and probes are attached by.
extension Program {
  /// Attaches to a perf event: by a link (5.15), which can have a cookie, or by PERF_EVENT_IOC_SET_BPF.
  ///
  /// - Parameters:
  ///   - cause: what the caller did wrong, and what to do, by the kernel's answer.
  func perfAttachment(
    _ event: consuming Descriptor, cookie: UInt64, _ place: String,
    cause: (Errno) -> (detail: String, hint: String)? = { _ in nil }
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
        let found = cause(error)
        throw attachError(
          place, error, found.map { _ in .invalid }, requires: cookie == 0 ? nil : "5.15", detail: found?.detail,
          hint: found?.hint)
      }
    }
    guard cookie == 0 else { throw BPFError(.unsupported, "attaching \(name) to \(place)", requires: "5.15") }
    do {
      return try PerfAttachment(self, event: event, place)
    } catch {
      let found = cause(error)
      throw attachError(place, error, found.map { _ in .invalid }, detail: found?.detail, hint: found?.hint)
    }
  }
}

/// A program on a perf event, which the event's descriptor holds: for kernels that do not have a link for it.
private final class PerfAttachment: Attachment {
  private let event: Descriptor
  private let place: String

  init(_ program: Program, event: consuming Descriptor, _ place: String) throws(Errno) {
    self.place = place
    try Perf.setProgram(program.fd, on: event.rawValue)
    try Perf.enable(event.rawValue)
    self.event = event
  }

  var linkFD: CInt? { nil }
  var linkKernel: String? { "5.15" }

  func detach() throws(BPFError) {
    do { try Perf.disable(event.rawValue) } catch { throw BPFError("detaching from \(place)", errno: error) }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place)
  }
}
