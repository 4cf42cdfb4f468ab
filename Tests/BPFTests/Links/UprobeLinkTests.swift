// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import Foundation
import TestSupport
import Testing

@testable import BPF

/// Probes on functions of the C library that only these tests call.
@Suite(.requires(.root)) struct UprobeLinkTests {
  @Test func entryAndReturn() throws {
    let collection = try loadForThisThread("uprobe", only: ["on_entry", "on_return"])
    let entry = try collection.program("on_entry").attach(
      to: .uprobe(Hook.Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.makedev, processID: getpid())))
    let exit = try collection.program("on_return").attach(
      to: .uprobe(
        Hook.Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.makedev, isReturn: true, processID: getpid())))
    var device: UInt64 = 0
    for counter in ["entries", "returns"] {
      #expect(try collection.rises(counter, by: 1) { device = ProbedFunction.callMakedev(8, 1) })
    }
    #expect(device == 0x801)
    #expect(try collection.counter("first_argument") & 0xffff_ffff == 8)
    #expect(try collection.counter("second_argument") & 0xffff_ffff == 1)
    #expect(try collection.counter("result") == device)
    try entry.detach()
    try exit.detach()
    #expect(eventually { (try? collection.rise(of: "entries") { ProbedFunction.callMakedev(8, 1) }) == 0 })
  }

  /// A file offset instead of a name, and every process instead of one.
  @Test func byOffset() throws {
    let offset = try ExecutableFile(ProbedFunction.library).offset(of: ProbedFunction.makedev)
    let collection = try loadForThisThread("uprobe", only: ["on_entry"])
    let link = try collection.program("on_entry").attach(
      to: .uprobe(Hook.Uprobe(path: ProbedFunction.library, offset: offset)))
    #expect(try collection.rises("entries", by: 1) { ProbedFunction.callMakedev(1, 1) })
    try link.detach()
  }

  @Test func lettingGoDetaches() throws {
    let collection = try loadForThisThread("uprobe", only: ["on_entry"])
    _ = try collection.program("on_entry").attach(
      to: .uprobe(Hook.Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.makedev)))
    #expect(eventually { (try? collection.rise(of: "entries") { ProbedFunction.callMakedev(1, 1) }) == 0 })
  }

  @Test(.works(from: "5.15")) func cookie() throws {
    let collection = try loadForThisThread("uprobe", only: ["on_entry_with_cookie"])
    let link = try collection.program("on_entry_with_cookie").attach(
      to: .uprobe(
        Hook.Uprobe(
          path: ProbedFunction.library, symbol: ProbedFunction.makedev, processID: getpid(), cookie: 0xfeed)))
    ProbedFunction.callMakedev(1, 1)
    #expect(try collection.counter("cookie") == 0xfeed)
    try link.detach()
  }

  @Test(.works(from: "6.6")) func manyFunctions() throws {
    let collection = try loadForThisThread("probes_multi", only: ["on_entry", "on_return"])
    let entries = try collection.program("on_entry").attach(
      to: .uprobeMulti(Hook.UprobeMulti(path: ProbedFunction.library, symbols: [ProbedFunction.all])))
    let returns = try collection.program("on_return").attach(
      to: .uprobeMulti(Hook.UprobeMulti(path: ProbedFunction.library, symbols: [ProbedFunction.all], isReturn: true)))
    _ = ProbedFunction.callMajor(ProbedFunction.callMakedev(3, 4))
    #expect(try collection.counter("hits") == 2)
    #expect(try collection.counter("returns") == 2)
    try entries.detach()
    try returns.detach()
    var named = Hook.UprobeMulti(path: ProbedFunction.library, symbols: [ProbedFunction.makedev, "gnu_dev_major"])
    named.cookies = [100, 23]
    let cookies = try collection.program("on_entry").attach(to: .uprobeMulti(named))
    _ = ProbedFunction.callMajor(ProbedFunction.callMakedev(3, 4))
    #expect(try collection.counter("cookies") == 123)
    try cookies.detach()
    #expect(eventually { (try? collection.rise(of: "hits") { ProbedFunction.callMakedev(1, 1) }) == 0 })
  }

  @Test(.works(from: "6.13")) func session() throws {
    let collection = try loadForThisThread("probes_multi", only: ["on_both"])
    let link = try collection.program("on_both").attach(
      to: .uprobeMulti(Hook.UprobeMulti(path: ProbedFunction.library, symbols: [ProbedFunction.makedev])))
    #expect(try collection.rise(of: "session") { ProbedFunction.callMakedev(1, 1) } == 2)
    try link.detach()
  }

  @Test func whatIsNotThere() throws {
    let collection = try loadForThisThread("uprobe", only: ["on_entry"])
    for (probe, text) in [
      (Hook.Uprobe(path: "libc.so.6", symbol: "no_such_function"), "no such function symbol"),
      (Hook.Uprobe(path: "/no/such/file", symbol: "main"), "/no/such/file"),
      (Hook.Uprobe(path: "no-such-command", symbol: "main"), "searched"),
    ] {
      let error = #expect(throws: BPFError.self) { _ = try collection.program("on_entry").attach(to: .uprobe(probe)) }
      #expect(error?.code == .notFound)
      #expect(error?.description.contains(text) == true, "\(String(describing: error))")
    }
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_entry").attach(to: .uprobe(Hook.Uprobe(path: "/etc/passwd", symbol: "main")))
    }
    #expect(error?.code == .object)
  }
}
