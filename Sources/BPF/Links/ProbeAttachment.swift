// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

extension Program {
  /// A kprobe or uprobe: by perf's unit for it (4.17), or by an event made in tracefs.
  func probeAttachment(
    _ probe: LegacyProbe.Place, isReturn: Bool, processID: Int32? = nil, cookie: UInt64, _ place: String
  ) throws -> any Attachment {
    let isFunction = if case .function = probe { true } else { false }
    let unit: PerformanceUnit
    do {
      unit = try PerformanceUnit(isFunction ? "kprobe" : "uprobe")
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return try LegacyProbeAttachment(self, probe, isReturn: isReturn, processID: processID, place)
    }
    let event =
      switch probe {
      case .function(let function, let offset):
        PerfEvent.kprobe(unit: unit, function: function, offset: offset, isReturn: isReturn)
      case .file(let path, let offset, let semaphore):
        PerfEvent.uprobe(unit: unit, path: path, offset: offset, isReturn: isReturn, semaphore: semaphore)
      }
    return try perfAttachment(try open(event, processID), cookie: cookie, place)
  }

  /// Probes fire on every processor, whichever one their event is opened for.
  fileprivate func open(_ event: PerfEvent, _ processID: Int32?) throws(Errno) -> Descriptor {
    if let processID { return try Perf.open(event, processID: processID, cpu: -1) }
    return try Perf.open(event, cpu: 0)
  }
}

/// A probe made in tracefs, which has to be removed after its event is closed.
final class LegacyProbeAttachment: Attachment {
  private static let count = Atomic<Int>(0)

  private let event: Mutex<(any Attachment)?>
  private let probe: LegacyProbe
  private let tracefs: TraceFS
  private let place: String

  init(
    _ program: Program, _ place: LegacyProbe.Place, isReturn: Bool, processID: Int32?, _ text: String
  ) throws {
    let number = Self.count.add(1, ordering: .relaxed).newValue
    tracefs = try TraceFS()
    probe = LegacyProbe(name: "probe_\(CurrentProcess.id)_\(number)", place: place, isReturn: isReturn)
    self.place = text
    let id = try probe.create(in: tracefs)
    do {
      let opened = try program.open(.tracepoint(id: id), processID)
      event = Mutex(try program.perfAttachment(opened, cookie: 0, text))
    } catch {
      try? probe.remove(from: tracefs)
      throw error
    }
  }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    let wasAttached = event.withLock { event in
      defer { event = nil }
      return event != nil
    }
    guard wasAttached else { return }
    do { try probe.remove(from: tracefs) } catch { throw BPFError("detaching from \(place)", errno: error) }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place, requires: "6.6")
  }
}
