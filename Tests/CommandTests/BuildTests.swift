// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `merops build`, as it is typed.
@Suite(.requires(.command("swiftc"))) struct BuildTests {
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
