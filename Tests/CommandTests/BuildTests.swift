// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `merops build`, as it is typed.
@Suite(.requires(.command("swiftc"))) struct BuildTests {
  /// Also by way of a link, and for skeletons.
  @Test(arguments: ["bpf.swift", "bpf.c"]) func inputIsNotReplaced(_ suffix: String) throws {
    let scratch = try Scratch()
    let text = suffix.hasSuffix("c") ? "int x;\n" : "import BPFKernel\n"
    let source = try scratch.file("self.\(suffix)", Array(text.utf8))
    let link = "\(scratch.path)/link.bpf.o"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: source)
    for output in [source, link] {
      for verb in [["build", source], ["build", source, "--emit", "asm"]] {
        let result = try Shell.run([Command.path("merops")] + verb + ["-o", output])
        #expect(result.status == 1 && result.output.contains("is the input itself"), "\(result.output)")
      }
    }
    let object = try scratch.object("globals")
    let result = try Command.merops("skeleton", object, "-o", object)
    #expect(result.status == 1 && result.output.contains("is the input itself"), "\(result.output)")
    #expect(try String(contentsOfFile: source, encoding: .utf8) == text)
  }

  @Test func typesThatNeverEnd() throws {
    let scratch = try Scratch()
    let source = try scratch.file(
      "task.bpf.swift",
      Array(
        """
        import BPFKernel

        let license = License.gpl
        @section("raw_tp/sys_enter")
        func entered(_ context: RawTracepoint) -> Int32 { task_struct.Probed.current.tgid }
        """.utf8))
    let result = try Command.merops("build", source, "--btf", "/dev/zero", "-o", "\(scratch.path)/task.bpf.o")
    #expect(result.status == 1 && !result.output.isEmpty, "\(result.output)")
  }

  /// The compilers that a build starts leave things behind; thousands of builds must not fill a disk.
  @Test func buildsLeaveNothing() throws {
    let scratch = try Scratch()
    let source = try scratch.file(
      "opened.bpf.swift",
      Array(
        """
        import BPFKernel

        let license = License.gpl
        var opened: UInt64 = 0
        @section("iter/task_file")
        func file(_ context: Iterator.task_file) -> Int32 {
          if !context.file.isNull { opened &+= context.file.f_inode.i_ino }
          return 0
        }
        """.utf8))
    let folders = ["cache", "temporary"].map { "\(scratch.path)/\($0)" }
    for folder in folders {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    var kept: [[String]] = []
    for _ in 0..<2 {
      try Shell.check([
        "env", "XDG_CACHE_HOME=\(folders[0])", "TMPDIR=\(folders[1])", Command.path("merops"), "build", source, "-o",
        "\(scratch.path)/opened.bpf.o",
      ])
      kept.append(try FileManager.default.subpathsOfDirectory(atPath: folders[0]).sorted())
      #expect(try FileManager.default.contentsOfDirectory(atPath: folders[1]).isEmpty)
    }
    #expect(!kept[0].isEmpty)
    #expect(kept[1] == kept[0])
  }
}
