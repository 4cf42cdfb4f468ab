// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A full disk is one clear error, and what is left on it is never taken for something whole.
@Suite(.requires(.root), .requires(.command("swiftc"))) struct FullDiskTests {
  /// A disk of 64 KiB.
  final class Disk {
    let path: String

    init(_ scratch: Scratch) throws {
      path = "\(scratch.path)/disk"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Shell.check(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path])
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    func grow() throws { try Shell.check(["mount", "-o", "remount,size=256m", path]) }

    func fill() throws {
      try? Data(count: 60 << 10).write(to: URL(filePath: "\(path)/fill"))
      while (try? Data(count: 512).write(to: URL(filePath: "\(path)/fill\(UUID().uuidString)"))) != nil {}
    }
  }

  private static func probe(_ scratch: Scratch) throws -> String {
    try scratch.file(
      "count.bpf.swift",
      Array(
        """
        import BPFKernel

        let license = License.gpl
        var counts = HashMap<UInt32, UInt64>(maxEntries: 16)
        @section("xdp")
        func count(_ context: XDPContext) -> XDPAction { .pass }
        """.utf8))
  }

  /// What the compiler keeps, and what it needs meanwhile: once there is room, all is well.
  @Test(arguments: ["XDG_CACHE_HOME", "TMPDIR"]) func foldersOfTheCompiler(variable: String) throws {
    let scratch = try Scratch()
    let disk = try Disk(scratch)
    let build = [
      "env", "\(variable)=\(disk.path)", Command.path("merops"), "build", try Self.probe(scratch), "-o",
      "\(scratch.path)/count.bpf.o",
    ]
    let result = try Shell.run(build)
    #expect(result.status == 1)
    #expect(
      result.output.hasSuffix(
        "error: the disk is full: make room, or name folders elsewhere in TMPDIR and XDG_CACHE_HOME\n"),
      "\(result.output)")
    #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/count.bpf.o"))
    let kept = (try? FileManager.default.contentsOfDirectory(atPath: "\(disk.path)/merops")) ?? []
    #expect(kept.isEmpty)
    try disk.grow()
    #expect(try Shell.run(build).output.hasSuffix("count.bpf.o: \(try size(scratch)) bytes\n"))
  }

  private func size(_ scratch: Scratch) throws -> Int {
    try Data(contentsOf: URL(filePath: "\(scratch.path)/count.bpf.o")).count
  }

  /// What was there before stays.
  @Test(arguments: ["build", "skeleton"]) func outputs(command: String) throws {
    let scratch = try Scratch()
    let source = try command == "build" ? Self.probe(scratch) : scratch.object("xdp")
    let disk = try Disk(scratch)
    try Data("old".utf8).write(to: URL(filePath: "\(disk.path)/old"))
    try disk.fill()
    let before = try FileManager.default.contentsOfDirectory(atPath: disk.path).sorted()
    let result = try Shell.run([Command.path("merops"), command, source, "-o", "\(disk.path)/old"])
    #expect(result.status == 1)
    #expect(result.output.contains("\(disk.path)/old: No space left on device\n"), "\(result.output)")
    #expect(try String(contentsOfFile: "\(disk.path)/old", encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).sorted() == before)
  }
}
