// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import Foundation
import TestSupport
import Testing

@testable import BPF

/// Tracepoints and perf events: the program runs when the thing happens, and only while it is attached.
@Suite(.requires(.root)) struct TracingLinkTests {
  @Test(arguments: [("on_classic", "classic"), ("on_raw", "raw"), ("on_typed", "typed")])
  func runsWhileAttached(program: String, counter: String) throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: [program])
    do {
      let link = try collection.program(program).attach()
      #expect(try collection.rises(counter, by: 3) { for _ in 0..<3 { _ = getpgid(0) } })
      try link.detach()
    }
    #expect(eventually { (try? collection.rise(of: counter) { _ = getpgid(0) }) == 0 })
  }

  @Test func readsTheArgument() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic"])
    let link = try collection.program("on_classic").attach(
      to: .tracepoint(category: "syscalls", name: "sys_enter_getpgid"))
    #expect(try collection.rises("classic", by: 1) { _ = getpgid(4242) })
    #expect(try collection.global("classic_argument") as Int64 == 4242)
    try link.detach()
  }

  /// A link that nobody keeps detaches at once.
  @Test(arguments: [("on_classic", "classic"), ("on_raw", "raw"), ("on_typed", "typed")])
  func lettingGoDetaches(program: String, counter: String) throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: [program])
    _ = try collection.program(program).attach()
    #expect(eventually { (try? collection.rise(of: counter) { _ = getpgid(0) }) == 0 })
  }

  @Test(.works(from: "5.15")) func tracepointCookie() throws {
    let collection = try loadForThisThread("attach_cookie", only: ["on_classic"])
    let hook = Hook.tracepoint(category: "syscalls", name: "sys_enter_getpgid", cookie: 0x1234_5678_9abc)
    let link = try collection.program("on_classic").attach(to: hook)
    #expect(try collection.rises("hits", by: 1) { _ = getpgid(0) })
    #expect(try collection.counter("cookie") == 0x1234_5678_9abc)
    try link.detach()
  }

  @Test(.works(from: "6.10")) func typedCookie() throws {
    let collection = try loadForThisThread("attach_cookie", only: ["on_typed"])
    let link = try collection.program("on_typed").attach(to: .typed(cookie: 77))
    #expect(try collection.rises("hits", by: 1) { _ = getpgid(0) })
    #expect(try collection.counter("cookie") == 77)
    try link.detach()
  }

  @Test(.works(from: "6.10")) func rawTracepointCookie() throws {
    let collection = try loadForThisThread("attach_cookie", only: ["on_raw"])
    let link = try collection.program("on_raw").attach(to: .rawTracepoint("sys_enter", cookie: 99))
    #expect(try collection.rises("hits", by: 1) { _ = getpgid(0) })
    #expect(try collection.counter("cookie") == 99)
    try link.detach()
  }

  /// A software clock on this thread: it ticks while the thread computes.
  @Test func perfEvent() throws {
    let collection = try load("perf_event", only: ["on_sample"])
    var clock = PerfEvent(type: 1, config: 1)  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK
    clock.samplePeriod = 1_000_000
    let event = try Perf.open(clock, processID: 0)
    let link = try collection.program("on_sample").attach(to: .perfEvent(descriptor: event.rawValue))
    func compute() -> Int { (0..<200_000).reduce(0, &+) }
    for _ in 0..<500 where try collection.counter("samples") == 0 { _ = compute() }
    #expect(try collection.counter("samples") > 0)
    #expect(try collection.counter("period") == 1_000_000)
    try link.detach()
    // A sample may be under way on the processor that this thread came from.
    _ = compute()
    #expect(eventually { (try? collection.rise(of: "samples") { for _ in 0..<5 { _ = compute() } }) == 0 })
  }

  @Test func unknownTracepoints() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic", "on_raw"])
    let classic = #expect(throws: BPFError.self) {
      _ = try collection.program("on_classic").attach(to: .tracepoint(category: "syscalls", name: "sys_enter_nothing"))
    }
    #expect(classic?.code == .notFound)
    #expect(classic?.description.contains("syscalls/sys_enter_nothing") == true)
    let raw = #expect(throws: BPFError.self) {
      _ = try collection.program("on_raw").attach(to: .rawTracepoint("no_such_tracepoint"))
    }
    #expect(raw?.code == .notFound)
    #expect(raw?.hint?.contains("available_events") == true)
  }

  /// The kernel refuses with EACCES, which is no matter of privilege.
  @Test func readingBeyondTheRecord() throws {
    let collection = try load("tracepoint_arguments", only: ["beyond_record"])
    let error = #expect(throws: BPFError.self) { _ = try collection.program("beyond_record").attach() }
    #expect(error?.code == .invalid)
    #expect(error?.errno == .permissionDenied)
    #expect(error?.detail?.contains("beyond the event's record, which has 24 bytes") == true, "\(error as Any)")
    #expect(error?.hint?.contains("events/syscalls/sys_exit_munmap/format") == true)
  }

  /// A probe that somebody made in tracefs looks like a tracepoint.
  @Test func anEventThatWasMade() throws {
    let tracefs = try TraceFS()
    let name = "made_\(getpid())"
    try tracefs.append("p:merops/\(name) /bin/true:0x1000\n", to: "uprobe_events")
    defer { try? tracefs.append("-:merops/\(name)\n", to: "uprobe_events") }
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic"])
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_classic").attach(to: .tracepoint(category: "merops", name: name))
    }
    #expect(error?.code == .invalid)
    #expect(error?.detail?.contains("merops/\(name) is a probe that was made in tracefs") == true, "\(error as Any)")
    #expect(error?.detail?.contains("takes uprobe programs") == true)
    #expect(error?.hint?.contains("SEC(\"uprobe/...\")") == true)
  }

  /// Where the kernel has no kprobes, that is the reason; elsewhere the function is.
  @Test func kprobesThatCannotBe() throws {
    let collection = try load("uprobe", only: ["on_entry"])
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_entry").attach(to: .kprobe(function: "no_such_function_of_merops"))
    }
    if FileManager.default.fileExists(atPath: "/sys/bus/event_source/devices/kprobe") {
      #expect(error?.code == .notFound && error?.hint?.contains("no such function") == true, "\(error as Any)")
    } else {
      #expect(error?.code == .unsupported && error?.detail?.contains("CONFIG_KPROBE_EVENTS") == true, "\(error as Any)")
    }
  }

  @Test func wrongTypes() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic"])
    for hook in [
      Hook.rawTracepoint("sys_enter"), .kprobe(function: "vfs_getattr"), .xdp(interface: "lo"), .typed(),
      .trafficControl(interface: "lo", direction: .ingress), .networkNamespace(path: "/proc/self/ns/net"),
      .uprobe(Hook.Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.makedev)), .iterator(),
      .socket(descriptor: 0),
    ] {
      let error = #expect(throws: BPFError.self) { _ = try collection.program("on_classic").attach(to: hook) }
      #expect(error?.code == .invalid)
      #expect(error?.description.contains("tracepoint") == true)
    }
  }

  @Test func sectionsThatNameNoPlace() throws {
    let collection = try load("perf_event", only: ["on_sample"])
    let error = #expect(throws: BPFError.self) { _ = try collection.program("on_sample").attach() }
    #expect(error?.code == .invalid)
    #expect(error?.hint?.contains("attach(to:)") == true)
  }
}
