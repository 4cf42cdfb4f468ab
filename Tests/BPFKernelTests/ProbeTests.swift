// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import TestSupport
import Testing

/// Probes written in Swift: the verifier takes every program, and those that can run here do what they say.
@Suite(.requires(.root), .requires(.command("swiftc"))) struct ProbeTests {
  /// Programs of one probe, and the first kernel that has what they use.
  struct Programs: Sendable, CustomTestStringConvertible {
    var probe: String
    var names: [String]
    var since: TestSupport.KernelVersion = "5.10"
    var testDescription: String { "\(probe): \(names.joined(separator: ", "))" }
  }

  static let programs = [
    Programs(
      probe: "sockets",
      names: [
        "connecting4", "connecting6", "reading", "control", "device", "created", "bound", "follow", "sending",
        "received", "lookup", "select",
      ]),
    Programs(
      probe: "tracing",
      names: ["called", "returned", "sampled", "opening", "opened", "switched", "entered", "executed", "list"]),
    Programs(probe: "tracing", names: ["hooked"], since: "6.4"),
    Programs(probe: "tracing", names: ["run"], since: "5.14"),
    Programs(probe: "control", names: ["account", "bounded", "follow"]),
    Programs(probe: "control", names: ["record"], since: "5.19"),
    Programs(probe: "control", names: ["iterate"], since: "6.4"),
    Programs(probe: "control", names: ["kernelFunctions"], since: "6.2"),
    Programs(probe: "callbacks", names: ["rounds"], since: "5.17"),
    Programs(probe: "callbacks", names: ["alarm"], since: "5.15"),
    Programs(probe: "usdt", names: ["onProbe"], since: "5.15"),
    Programs(probe: "packets", names: ["parse", "reflect", "classify", "leaving", "keep", "wanted"]),
    Programs(
      probe: "maps",
      names: ["redirected", "sent", "received", "established", "chosen", "sampled", "counted", "logarithm"]),
    Programs(probe: "maps", names: ["steered"], since: "5.9"),
    Programs(probe: "storage", names: ["executed"], since: "5.11"),
    Programs(probe: "packets", names: ["byHelpers"], since: "5.18"),
    Programs(probe: "packets", names: ["byDynamicPointer"], since: "6.4"),
  ]

  @Test(arguments: programs.filter { TestSupport.KernelVersion.running >= $0.since })
  func verifies(_ programs: Programs) throws {
    let probe = try Probe.load(programs.probe, programs.names)
    for name in programs.names { #expect(try probe.program(name).info().translatedSize > 0) }
  }

  @Test(.requires(kernel: "5.12")) func atomicsThatFetch() throws {
    let probe = try Probe.load("atomics", cpu: "v3")
    let result = try probe.program("fetch").testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(result.returnValue == 2)
    #expect(try probe.global("large") as UInt64 == 3)
    #expect(try probe.global("small") as UInt32 == 10)
  }

  @Test func registersOfAUserFunction() throws {
    let probe = try Probe.load("tracing", ["called", "returned"])
    let place = { (isReturn: Bool) in
      Hook.uprobe(
        Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.name, isReturn: isReturn, processID: getpid()))
    }
    let entry = try probe.program("called").attach(to: place(false))
    let exit = try probe.program("returned").attach(to: place(true))
    #expect(ProbedFunction.call(8, 1) == 0x801)
    #expect(try (probe.global("first") as UInt64) & 0xffff_ffff == 8)
    #expect(try (probe.global("second") as UInt64) & 0xffff_ffff == 1)
    #expect(try probe.global("result") as UInt64 == 0x801)
    try entry.detach()
    try exit.detach()
  }

  /// A path of 15 characters fits 16 bytes, one of 16 is cut.
  @Test(arguments: [("/tmp/123456789a", UInt64(0)), ("/tmp/123456789ab", 1), ("/", 0)])
  func textSaysWhetherItWasCut(path: String, cut: UInt64) throws {
    // Other threads of this process open files meanwhile. The link is PROCESS/task/THREAD.
    let place = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self").split(separator: "/")
    let thread = try #require(place.last.flatMap { UInt32($0) })
    let probe = try Probe.load("tracing", ["opening", "opened"]) { try $0.setGlobal("thread", to: thread) }
    let entry = try probe.program("opening").attach()
    let exit = try probe.program("opened").attach()
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file >= 0 { close(file) }
    try entry.detach()
    try exit.detach()
    let paths = try #require(try probe.map("paths").lookup([0, 0, 0, 0]))
    let whole = Array(path.utf8)
    #expect(Array(paths[16..<(16 + whole.count)]) == whole)
    #expect(Array(paths[..<min(16, whole.count)]) == Array(whole.prefix(16)))
    #expect(try probe.global("second") as UInt64 == cut)
    #expect(try Int64(bitPattern: probe.global("result") as UInt64) == (file < 0 ? -Int64(ENOENT) : Int64(file)))
  }

  @Test func iteratorsPrint() throws {
    let probe = try Probe.load("tracing", ["list"])
    let link = try probe.program("list").attach()
    let lines = String(decoding: try link.output(), as: UTF8.self).split(separator: "\n")
    #expect(lines.first == "first")
    #expect(lines.dropFirst().first == "0 -1 3")
    try link.detach()
  }

  @Test(.requires(kernel: "5.14")) func syscallProgramsTakeMemory() throws {
    let probe = try Probe.load("tracing", ["run"])
    var number: UInt64 = 41
    #expect(try probe.program("run").testRun(context: &number).returnValue == 3)
    #expect(number == 42)
  }

  @Test func locksGuardAccounts() throws {
    let probe = try Probe.load("control", ["account"])
    let accounts = try probe.map("accounts")
    try accounts.update([1, 0, 0, 0], [UInt8](repeating: 0, count: 16))
    for _ in 0..<3 { _ = try probe.program("account").testRun(data: [UInt8](repeating: 0, count: 64)) }
    let account = try #require(try accounts.lookup([1, 0, 0, 0]))
    #expect(account == [0, 0, 0, 0, 3, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test(.requires(kernel: "6.4")) func iteratorsCount() throws {
    let probe = try Probe.load("control", ["iterate"])
    _ = try probe.program("iterate").testRun(data: [UInt8](repeating: 0, count: 100))
    #expect(try probe.global("sum") as UInt64 == 4950)
  }

  @Test(.requires(kernel: "5.19")) func recordsOfAnySize() throws {
    let probe = try Probe.load("control", ["record"])
    #expect(try probe.program("record").testRun(data: [UInt8](repeating: 0, count: 100)).returnValue == 2)
  }

  @Test func emptySlotsLetTailCallsFail() throws {
    let probe = try Probe.load("control", ["follow", "bounded"])
    let run = { try probe.program("follow").testRun(data: [UInt8](repeating: 0, count: 64)).returnValue }
    #expect(try run() == 1)
    var descriptor = try probe.program("bounded").fd
    let value = withUnsafeBytes(of: &descriptor) { Array($0) }
    try probe.map("programs").update([1, 0, 0, 0], value)
    #expect(try run() == 2)
  }

  @Test(.requires(kernel: "5.17")) func loopsCallBack() throws {
    let probe = try Probe.load("callbacks", ["rounds"])
    _ = try probe.program("rounds").testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(try probe.global("sum") as UInt64 == 499_500)
  }

  @Test(.requires(kernel: "5.15")) func timersCallBack() throws {
    let probe = try Probe.load("callbacks", ["alarm"])
    _ = try probe.program("alarm").testRun(data: [UInt8](repeating: 0, count: 64))
    for _ in 0..<100 where try (probe.global("fired") as UInt64) == 0 { usleep(20_000) }
    #expect(try probe.global("fired") as UInt64 == 7)
  }
}

/// Programs on the kernel's own functions.
@Suite(.requires(.root), .requires(.ownKernel), .requires(.command("swiftc"))) struct FunctionProbeTests {
  @Test func functionsAreSeen() throws {
    let probe = try Probe.load("functions", ["enter", "leave", "probed"])
    let entry = try probe.program("enter").attach()
    let exit = try probe.program("leave").attach()
    let call = try probe.program("probed").attach()
    _ = unlink("/tmp/merops-no-such-file")
    #expect(try probe.global("entries") as UInt64 > 0)
    #expect(try probe.global("answers") as Int64 == -Int64(ENOENT))
    #expect(try probe.global("calls") as UInt64 > 0)
    try entry.detach()
    try exit.detach()
    try call.detach()
  }

  @Test func securityHooksVerify() throws { _ = try Probe.load("functions", ["opening"]) }
}
