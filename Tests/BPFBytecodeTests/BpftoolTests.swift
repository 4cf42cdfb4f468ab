// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import Foundation
import Glibc
import TestObjects
import TestSupport
import Testing

/// Our text against bpftool's, line by line, for programs that the running kernel has loaded and rewritten.
@Suite(.requires(.root), .requires(.command("bpftool")), .requires(.bpfFileSystem))
struct BpftoolTests {
  /// Objects whose programs neither enforce nor trace anything when they are only loaded.
  static let objects = Corpus.all.filter { entry in
    ["core_", "globals", "loops", "maps", "ring_buffer", "strings", "subprograms", "tail_calls", "tc", "xdp"]
      .contains { entry.name.hasPrefix($0) }
  }

  @Test func agreesWithBpftool() throws {
    var (programs, lines) = (0, 0)
    try withTemporaryDirectory { directory in
      for object in Self.objects {
        let file = directory + "/\(object.name).bpf.o"
        try Data(object.bytes).write(to: URL(fileURLWithPath: file))
        let pins = "/sys/fs/bpf/merops-\(UUID().uuidString)"
        defer { removePins(pins) }
        // Some of the corpus is there to be refused, or is newer than this bpftool.
        guard try Shell.run(["bpftool", "prog", "loadall", file, pins]).status == 0 else { continue }
        for name in try FileManager.default.contentsOfDirectory(atPath: pins) {
          let text = try Shell.check(["bpftool", "prog", "dump", "xlated", "pinned", pins + "/" + name])
          let raw = directory + "/raw"
          try Shell.check(["bpftool", "prog", "dump", "xlated", "pinned", pins + "/" + name, "file", raw])
          let program = try Instruction.decode([UInt8](Data(contentsOf: URL(fileURLWithPath: raw))))
          let ours = program.disassembled().map { Self.withoutSymbol($0.description) }
          let theirs = text.split(separator: "\n").map(String.init).filter { $0.contains(/^ *\d+: (\(|BUG)/) }
          #expect(ours.count == theirs.count, "\(object) \(name)")
          for (our, their) in zip(ours, theirs) {
            let their = Self.withoutSymbol(their)
            #expect(our == their || Self.asOldBpftool(our) == their, "\(object) \(name)")
          }
          programs += 1
          lines += ours.count
        }
      }
    }
    #expect(programs >= 10 && lines >= 500, "\(programs) programs, \(lines) lines")
  }

  /// What only newer releases than 7.1 of bpftool tell from a plain move.
  private static func asOldBpftool(_ line: String) -> String {
    line.replacing(/&\(void __percpu \*\)\((r\d+)\)/) { $0.1 }
  }

  /// In a loaded program, calls are addresses, which bpftool names by the kernel's symbols.
  private static func withoutSymbol(_ line: String) -> String {
    line.replacing(/call (pc[+-]\d+(#\S+)?|\S+#)/) { $0.1.hasPrefix("pc") ? "call subprogram" : "call #" }
  }

  private func removePins(_ directory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names { unlink(directory + "/" + name) }
    rmdir(directory)
  }
}
