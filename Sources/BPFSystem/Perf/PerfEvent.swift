// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// What perf_event_open(2) is to open.
package struct PerfEvent: Sendable {
  /// PERF_TYPE_*, or a dynamic one of ``PerformanceUnit``.
  package var type: UInt32
  package var config: UInt64
  package var config1: UInt64 = 0
  package var config2: UInt64 = 0
  /// What `config1` points to instead, for probes: a kernel function's or file's name.
  package var name: String?
  /// Events between two samples, or samples a second with `usesFrequency`.
  package var samplePeriod: UInt64 = 0
  package var usesFrequency = false
  /// PERF_SAMPLE_*.
  package var sampleType: UInt64 = 0
  package var wakeup: Wakeup = .events(0)
  /// The clock of PERF_SAMPLE_TIME; nil for perf's own.
  package var clock: Clock?

  package enum Clock: CInt, Sendable {
    case monotonic = 1
    case boottime = 7
  }

  /// When a reader that waits on the ring is woken.
  package enum Wakeup: Sendable, Hashable {
    case events(UInt32)
    case bytes(UInt32)
  }

  package init(type: UInt32, config: UInt64) {
    self.type = type
    self.config = config
  }

  /// A tracepoint, by its id in tracefs.
  package static func tracepoint(id: UInt64) -> PerfEvent {
    var event = PerfEvent(type: 2, config: id)
    event.samplePeriod = 1
    event.wakeup = .events(1)
    return event
  }

  /// What `bpf_perf_event_output` writes to, one for each processor.
  package static func bpfOutput(wakeup: Wakeup) -> PerfEvent {
    var event = PerfEvent(type: 1, config: 10)  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT
    event.samplePeriod = 1
    event.sampleType = 1 << 10  // PERF_SAMPLE_RAW
    event.wakeup = wakeup
    return event
  }

  /// A kernel function, at its start or return. `type` and `returnBit` are the `kprobe` unit's.
  ///
  /// - Requires: Linux 4.17
  package static func kprobe(unit: PerformanceUnit, function: String, offset: UInt64, isReturn: Bool) -> PerfEvent {
    var event = PerfEvent(type: unit.type, config: isReturn ? 1 << unit.returnBit : 0)
    event.name = function
    event.config2 = offset
    return event
  }

  /// A place in a file. The semaphore is the file offset of a counter to raise while the probe is there; zero for none.
  ///
  /// - Requires: Linux 4.17; semaphores 4.20
  package static func uprobe(
    unit: PerformanceUnit, path: String, offset: UInt64, isReturn: Bool, semaphore: UInt64 = 0
  ) -> PerfEvent {
    var event = PerfEvent(type: unit.type, config: (isReturn ? 1 << unit.returnBit : 0) | semaphore << 32)
    event.name = path
    event.config2 = offset
    return event
  }
}

/// Perf events.
package enum Perf {
  /// perf_event_open(2), closed on exec.
  ///
  /// - Parameters:
  ///   - processID: -1 for every process, zero for the caller.
  ///   - cpu: -1 for every processor (with one process only).
  /// - Throws: `EACCES` or `EPERM` without CAP_PERFMON, `ENODEV` for a processor that is offline.
  package static func open(
    _ event: PerfEvent, processID: CInt = -1, cpu: CInt = -1, group: CInt = -1
  ) throws(Errno) -> Descriptor {
    var memory = CallMemory()
    defer { memory.free() }
    var attributes = cbpf_perf_event_attr()
    // The first published layout that has a clock; later fields are not used.
    attributes.size = 96
    attributes.type = event.type
    attributes.config = event.config
    attributes.config1 = event.name.map { memory.place($0) } ?? event.config1
    attributes.config2 = event.config2
    attributes.sample_period = event.samplePeriod
    attributes.sample_type = event.sampleType
    if event.usesFrequency { attributes.flags |= 1 << 10 }
    if let clock = event.clock {
      attributes.clockid = clock.rawValue
      attributes.flags |= 1 << 25
    }
    switch event.wakeup {
    case .events(let count): attributes.wakeup = count
    case .bytes(let count):
      attributes.wakeup = count
      attributes.flags |= 1 << 14
    }
    return Descriptor(
      owning: try retrying { cbpf_perf_event_open(&attributes, processID, cpu, group, 8 /* PERF_FLAG_FD_CLOEXEC */) })
  }

  package static func enable(_ fd: CInt) throws(Errno) {
    try checked(cbpf_ioctl(fd, UInt(CBPF_PERF_IOC_ENABLE), 0))
  }

  package static func disable(_ fd: CInt) throws(Errno) {
    try checked(cbpf_ioctl(fd, UInt(CBPF_PERF_IOC_DISABLE), 0))
  }

  /// Attaches a program for as long as the event is open: the way before links (5.15).
  package static func setProgram(_ program: CInt, on fd: CInt) throws(Errno) {
    try checked(cbpf_ioctl(fd, UInt(CBPF_PERF_IOC_SET_BPF), UInt(UInt32(bitPattern: program))))
  }

  /// The ids of the programs on the tracepoint that an event watches.
  package static func programIDs(of fd: CInt) throws(Errno) -> [UInt32] {
    let capacity = 64
    // A length and a count, then the ids.
    var words = [UInt32](repeating: 0, count: 2 + capacity)
    words[0] = UInt32(capacity)
    let result = words.withUnsafeMutableBytes { bytes in
      cbpf_ioctl(fd, UInt(CBPF_PERF_IOC_QUERY_BPF), UInt(bitPattern: bytes.baseAddress))
    }
    try checked(result)
    return Array(words.dropFirst(2).prefix(Int(words[1])))
  }
}

/// A source of perf events that the kernel numbers at boot.
package struct PerformanceUnit: Sendable, Hashable {
  package var type: UInt32
  /// The bit of `config` that asks for the return.
  package var returnBit: Int

  /// Reads `kprobe` or `uprobe` from /sys/bus/event_source.
  ///
  /// - Throws: `ENOENT` where the kernel has none.
  package init(_ name: String) throws(Errno) {
    let directory = "/sys/bus/event_source/devices/\(name)"
    guard let type = UInt32(try SystemFile.text("\(directory)/type")) else { throw Errno.invalidArgument }
    self.type = type
    // "config:0"
    let format = (try? SystemFile.text("\(directory)/format/retprobe")) ?? "config:0"
    guard let bit = Int(format.drop { $0 != ":" }.dropFirst()), (0..<32).contains(bit) else {
      throw Errno.invalidArgument
    }
    returnBit = bit
  }
}
