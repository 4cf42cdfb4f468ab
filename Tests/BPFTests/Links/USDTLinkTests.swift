// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// Statically defined probes of a program that is compiled for the test, with notes written by hand.
@Suite(.requires(.root), .requires(.command("clang"))) struct USDTLinkTests {
  @Test(arguments: [false, true]) func fires(withSemaphore: Bool) throws {
    let program = try ProbedProgram()
    let collection = try load("usdt")
    let name = withSemaphore ? "guarded" : "plain"
    do {
      let link = try collection.program("on_probe").attach(
        to: .usdt(Hook.USDT(path: program.path, provider: "merops", name: name, cookie: 0xabcd)))
      #expect(try collection.rises("hits", by: 2) { try program.run() })
      #expect(try collection.counter("cookie") == 0xabcd)
      #expect(try collection.global("argument_count") as Int32 == 3)
      // 4@reg, -4@memory, 8@$constant: the last call's.
      #expect(try collection.arguments == [0xffff_fff9, -8, 42])
      try link.detach()
    }
    #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 0 })
  }

  /// Both probes by one program and the entries of its map given back.
  @Test func severalAndAgain() throws {
    let program = try ProbedProgram()
    let collection = try load("usdt")
    for _ in 0..<3 {
      let plain = try collection.program("on_probe").attach(
        to: .usdt(Hook.USDT(path: program.path, provider: "merops", name: "plain", cookie: 1)))
      let guarded = try collection.program("on_probe").attach(
        to: .usdt(Hook.USDT(path: program.path, provider: "merops", name: "guarded", cookie: 2)))
      #expect(try collection.rises("hits", by: 4) { try program.run() })
      try plain.detach()
      #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 2 })
      #expect(try collection.counter("cookie") == 2)
      try guarded.detach()
      #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 0 })
    }
  }

  /// A process that runs already, which has the program at addresses of its own.
  @Test func ofOneProcess() throws {
    let program = try ProbedProgram(isMovable: true)
    let collection = try load("usdt")
    let signal = "\(program.folder)/go"
    let process = try program.start(waitingFor: signal)
    let link = try collection.program("on_probe").attach(
      to: .usdt(Hook.USDT(path: program.path, provider: "merops", name: "plain", processID: process.id, cookie: 9)))
    #expect(try collection.counter("hits") == 0)
    try Data().write(to: URL(fileURLWithPath: signal))
    #expect(eventually { (try? collection.counter("hits")) == 2 })
    #expect(try collection.counter("cookie") == 9)
    #expect(try collection.arguments == [0xffff_fff9, -8, 42])
    // Other processes are not meant.
    #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 0 })
    try link.detach()
  }

  /// Without cookies the address tells a probe, and that is known for one process only.
  @Test(.works(from: "5.15")) func ofEveryProcess() throws {
    let program = try ProbedProgram(isMovable: true)
    let collection = try load("usdt")
    let link = try collection.program("on_probe").attach(
      to: .usdt(Hook.USDT(path: program.path, provider: "merops", name: "plain")))
    #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 2 })
    try link.detach()
  }

  /// What libbpf refuses is refused, and the argument is quoted; never attached with fewer.
  @Test(arguments: [
    ("%ecx $7", "'%ecx'"), ("4@%ecx $7", "'$7'"), ("8f@%xmm0 4@%ecx", "floating point"), ("16@%rax", "size"),
    ("8@%fs:0x28", "'8@%fs:0x28'"), ("1@%dh", "'1@%dh'"), ("hello world@@ 4@", "'hello'"), ("8@$gvar", "'8@$gvar'"),
    ("4@gvar(%rip)", "'4@gvar(%rip)'"), ("4@", "'4@'"), ("@%ecx", "size"),
    ((1...13).map { "8@$\($0)" }.joined(separator: " "), "more than 12"),
  ])
  func argumentsThatCannotBeRead(text: String, words: String) {
    do {
      let spec = try USDTSpec(text, cookie: 0, registers: .x86_64)
      Issue.record("'\(text)' has \(spec.arguments.count) arguments")
    } catch {
      #expect(error.description.contains(words), "\(error)")
    }
  }

  @Test(arguments: [
    ("", 0), ("  ", 0), ("4@$3", 1), ("-4@-8(%rbp)", 1), ("-4@%ecx -8@%rcx 1@%dl", 3), ("8@(%r10,%r11,8) 4@%r9d", 2),
  ])
  func argumentsThatCanBeRead(text: String, count: Int) throws {
    #expect(try USDTSpec(text, cookie: 0, registers: .x86_64).arguments.count == count)
  }

  /// A note whose arguments have no sizes.
  @Test func argumentsWithoutSizes() throws {
    let program = try CompiledFile(
      ["nosize.c": ProbedProgram.source.replacingOccurrences(of: "4@%[first] -4@%[second] 8@$42", with: "$7 $42")],
      ["-no-pie", "-fno-pie"])
    let collection = try load("usdt")
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_probe").attach(
        to: .usdt(.init(path: program.path, provider: "merops", name: "plain")))
    }
    #expect(error?.code == .invalid)
    #expect(error?.detail?.contains("'$7'") == true, "\(error as Any)")
  }

  @Test func noSuchProbe() throws {
    let collection = try load("usdt")
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_probe").attach(
        to: .usdt(Hook.USDT(path: "/proc/self/exe", provider: "merops", name: "nothing")))
    }
    #expect(error?.code == .notFound)
    #expect(error?.hint?.contains("readelf -n") == true)
  }
}

extension BPFCollection {
  fileprivate var arguments: [Int64] {
    get throws {
      struct Three: BitwiseCopyable { var first, second, third: Int64 }
      let three: Three = try global("arguments")
      return [three.first, three.second, three.third]
    }
  }
}
