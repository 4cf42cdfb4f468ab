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
        to: .usdt(USDT(path: program.path, provider: "merops", name: name, cookie: 0xabcd)))
      try program.run()
      #expect(try collection.counter("hits") == 2)
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
        to: .usdt(USDT(path: program.path, provider: "merops", name: "plain", cookie: 1)))
      let guarded = try collection.program("on_probe").attach(
        to: .usdt(USDT(path: program.path, provider: "merops", name: "guarded", cookie: 2)))
      #expect(try collection.rise(of: "hits") { try program.run() } == 4)
      try plain.detach()
      #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 2 })
      #expect(try collection.counter("cookie") == 2)
      try guarded.detach()
    }
  }

  /// A process that runs already, which has the program at addresses of its own.
  @Test func ofOneProcess() throws {
    let program = try ProbedProgram(isMovable: true)
    let collection = try load("usdt")
    let signal = "\(program.folder)/go"
    let process = try program.start(waitingFor: signal)
    defer { kill(process, SIGKILL) }
    let link = try collection.program("on_probe").attach(
      to: .usdt(USDT(path: program.path, provider: "merops", name: "plain", processID: process, cookie: 9)))
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
      to: .usdt(USDT(path: program.path, provider: "merops", name: "plain")))
    #expect(eventually { (try? collection.rise(of: "hits") { try program.run() }) == 2 })
    try link.detach()
  }

  @Test func noSuchProbe() throws {
    let collection = try load("usdt")
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("on_probe").attach(
        to: .usdt(USDT(path: "/proc/self/exe", provider: "merops", name: "nothing")))
    }
    #expect(error?.code == .notFound)
    #expect(error?.hint?.contains("readelf -n") == true)
  }
}

extension Collection {
  fileprivate var arguments: [Int64] {
    get throws {
      struct Three: BitwiseCopyable { var first, second, third: Int64 }
      let three: Three = try global("arguments")
      return [three.first, three.second, three.third]
    }
  }
}

/// A program with the probes `merops:plain` and, behind a semaphore, `merops:guarded`; each is passed twice.
private final class ProbedProgram {
  let folder: String
  var path: String { "\(folder)/probed" }

  /// - Parameter isMovable: whether it is loaded at other addresses each time.
  init(isMovable: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory.path + "/merops-usdt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let source = "\(folder)/probed.c"
    try Data(Self.source.utf8).write(to: URL(fileURLWithPath: source))
    try Shell.check([
      "clang", "-O1", isMovable ? "-pie" : "-no-pie", isMovable ? "-fpie" : "-fno-pie", "-o", path, source,
    ])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Runs it: its status says how the semaphore stood.
  func run() throws { try Shell.check([path]) }

  /// Starts it; it passes the probes when there is a file of that name.
  func start(waitingFor file: String) throws -> pid_t {
    let text = try Shell.check(["sh", "-c", "\(path) \(file) >/dev/null 2>&1 & echo $!"])
    return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  /// `-4@%…` and its like come from the operands; the place of a note is what <sys/sdt.h> would write.
  static let source = """
    #include <unistd.h>
    #define NOTE(name, semaphore)                                         \\
      ".pushsection .note.stapsdt,\\"\\",\\"note\\"\\n"                         \\
      ".balign 4\\n.4byte 992f-991f, 994f-993f, 3\\n"                      \\
      "991: .asciz \\"stapsdt\\"\\n992: .balign 4\\n"                         \\
      "993: .8byte 990b\\n.8byte _.stapsdt.base\\n.8byte " semaphore "\\n"  \\
      ".asciz \\"merops\\"\\n.asciz \\"" name "\\"\\n"                          \\
      ".asciz \\"4@%[first] -4@%[second] 8@$42\\"\\n"                       \\
      "994: .balign 4\\n.popsection\\n"
    #define BASE                                                          \\
      ".ifndef _.stapsdt.base\\n"                                          \\
      ".pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n" \\
      ".weak _.stapsdt.base\\n.hidden _.stapsdt.base\\n"                    \\
      "_.stapsdt.base: .space 1\\n.size _.stapsdt.base,1\\n.popsection\\n.endif\\n"

    __attribute__((used, section(".probes"))) volatile unsigned short guarded_semaphore;

    __attribute__((noinline)) void probe(unsigned first, int second) {
      __asm__ volatile("990: nop\\n" NOTE("plain", "0") BASE : : [first] "r"(first), [second] "m"(second));
      if (guarded_semaphore)
        __asm__ volatile("990: nop\\n" NOTE("guarded", "guarded_semaphore") BASE
                         : : [first] "r"(first), [second] "m"(second));
    }

    int main(int count, char **words) {
      for (int left = 3000; count > 1 && left && access(words[1], 0); left--) usleep(10000);
      probe(7, 8);
      probe(-7, -8);
      return 0;
    }
    """
}
