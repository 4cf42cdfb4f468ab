// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// The verifier takes every program that this kernel has the means for, and they do what they say.
@Suite(.requires(.root)) struct ProbeTests {
  /// Each on its own, so that one which the kernel refuses is named.
  @Test(arguments: SwiftCorpus.names) func verifies(_ name: String) throws {
    let programs = try SwiftCorpus.programs(name)
    if !programs.can.isEmpty {
      let collection = try SwiftCorpus.load(name, programs.can)
      for program in programs.can { #expect(try collection.program(program).info().translatedSize > 0) }
    }
    for program in programs.cannot {
      #expect(throws: BPFError.self, "\(name): \(program)") { _ = try SwiftCorpus.load(name, [program]) }
    }
  }

  @Test func registersOfAUserFunction() throws {
    // Other threads call it, too.
    let probe = try SwiftCorpus.load("tracing", ["called", "returned"]) { try $0.setGlobal("thread", to: threadID()) }
    let place = { (isReturn: Bool) in
      Hook.uprobe(
        Hook.Uprobe(
          path: ProbedFunction.library, symbol: ProbedFunction.makedev, isReturn: isReturn, processID: getpid()))
    }
    let entry = try probe.program("called").attach(to: place(false))
    let exit = try probe.program("returned").attach(to: place(true))
    // See `BPFCollection.rises` of BPFTests: a program may be passed over.
    let isSeen = try eventually {
      #expect(ProbedFunction.callMakedev(8, 1) == 0x801)
      return try probe.global("first", as: UInt64.self) != 0 && probe.global("result", as: UInt64.self) != 0
    }
    #expect(isSeen)
    #expect(try (probe.global("first") as UInt64) & 0xffff_ffff == 8)
    #expect(try (probe.global("second") as UInt64) & 0xffff_ffff == 1)
    #expect(try probe.global("result") as UInt64 == 0x801)
    try entry.detach()
    try exit.detach()
  }

  /// A path of 15 characters fits 16 bytes, one of 16 is cut.
  @Test(arguments: [("/tmp/123456789a", UInt64(0)), ("/tmp/123456789ab", 1), ("/", 0)])
  func textSaysWhetherItWasCut(path: String, cut: UInt64) throws {
    // Other threads of this process open files meanwhile.
    let probe = try SwiftCorpus.load("tracing", ["opening", "opened"]) { try $0.setGlobal("thread", to: threadID()) }
    let entry = try probe.program("opening").attach()
    let exit = try probe.program("opened").attach()
    // Memory that was just written can be read by a program; what lies in a file may not be there yet.
    let name = Array(path.utf8CString)
    var (file, paths): (CInt, [UInt8]) = (-1, [])
    let isSeen = try eventually {
      file = open(name, O_RDONLY | O_CLOEXEC)
      if file >= 0 { close(file) }
      paths = try #require(try probe.map("paths").get([0, 0, 0, 0]))
      return try paths[16] != 0 && probe.global("result", as: UInt64.self) != 0
    }
    #expect(isSeen)
    try entry.detach()
    try exit.detach()
    let whole = Array(path.utf8)
    #expect(Array(paths[16..<(16 + whole.count)]) == whole)
    #expect(Array(paths[..<min(16, whole.count)]) == Array(whole.prefix(16)))
    #expect(try probe.global("second") as UInt64 == cut)
    #expect(try Int64(bitPattern: probe.global("result") as UInt64) == (file < 0 ? -Int64(ENOENT) : Int64(file)))
  }

  @Test func iteratorsPrint() throws {
    let probe = try SwiftCorpus.load("tracing", ["list"])
    let link = try probe.program("list").attach()
    let lines = String(decoding: try link.output(), as: UTF8.self).split(separator: "\n")
    #expect(lines.first == "first")
    #expect(lines.dropFirst().first == "0 -1 3")
    try link.detach()
  }

  @Test(.requires(kernel: "5.14")) func syscallProgramsTakeMemory() throws {
    let probe = try SwiftCorpus.load("tracing", ["run"])
    var number: UInt64 = 41
    #expect(try probe.program("run").testRun(context: &number).returnValue == 3)
    #expect(number == 42)
  }

  @Test func locksGuardAccounts() throws {
    let probe = try SwiftCorpus.load("control", ["account"])
    let accounts = try probe.map("accounts")
    try accounts.set([UInt8](repeating: 0, count: 16), for: [1, 0, 0, 0])
    for _ in 0..<3 { _ = try probe.program("account").testRun(data: [UInt8](repeating: 0, count: 64)) }
    let account = try #require(try accounts.get([1, 0, 0, 0]))
    #expect(account == [0, 0, 0, 0, 3, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test(.requires(kernel: "6.4")) func iteratorsCount() throws {
    let probe = try SwiftCorpus.load("control", ["iterate"])
    _ = try probe.program("iterate").testRun(data: [UInt8](repeating: 0, count: 100))
    #expect(try probe.global("sum") as UInt64 == 4950)
  }

  @Test(.requires(kernel: "5.19")) func recordsOfAnySize() throws {
    let probe = try SwiftCorpus.load("control", ["record"])
    #expect(try probe.program("record").testRun(data: [UInt8](repeating: 0, count: 100)).returnValue == 2)
  }

  @Test func emptySlotsLetTailCallsFail() throws {
    let probe = try SwiftCorpus.load("control", ["follow", "bounded"])
    let run = { try probe.program("follow").testRun(data: [UInt8](repeating: 0, count: 64)).returnValue }
    #expect(try run() == 1)
    var descriptor = try probe.program("bounded").fd
    let value = withUnsafeBytes(of: &descriptor) { Array($0) }
    try probe.map("programs").set(value, for: [1, 0, 0, 0])
    #expect(try run() == 2)
  }

  @Test(.requires(kernel: "5.17")) func loopsCallBack() throws {
    let probe = try SwiftCorpus.load("callbacks", ["rounds"])
    _ = try probe.program("rounds").testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(try probe.global("sum") as UInt64 == 499_500)
  }

  @Test(.requires(kernel: "5.15")) func timersCallBack() throws {
    let probe = try SwiftCorpus.load("callbacks", ["alarm"])
    _ = try probe.program("alarm").testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(try eventually { try probe.global("fired") as UInt64 == 7 })
  }
}

/// Programs on the kernel's own functions.
@Suite(.requires(.root), .requires(.ownKernel)) struct FunctionProbeTests {
  @Test func functionsAreSeen() throws {
    let probe = try SwiftCorpus.load("functions") { try $0.setGlobal("onlyProcess", to: UInt32(getpid())) }
    try #require(probe.attachAll().waiting.isEmpty)
    for counter in ["entries", "answers", "calls"] {
      let isSeen = try eventually {
        #expect(open("/tmp/merops-no-such-file", O_RDONLY | O_CLOEXEC) == -1)
        return try probe.global(counter, as: UInt64.self) > 0
      }
      #expect(isSeen, "\(counter)")
    }
    probe.detachAll()
  }
}
