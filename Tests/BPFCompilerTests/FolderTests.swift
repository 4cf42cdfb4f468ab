// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import Foundation
import TestSupport
import Testing

/// A build does not depend on what its folder and its file are called, in Swift and in C.
@Suite struct FolderTests {
  private static let swift = probe("var counts = HashMap<UInt32, UInt64>(maxEntries: 16)", body: "counts.add(1, to: 7)")
  private static let c = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    #include "limit.h"
    __u64 packets;
    SEC("xdp") int count(struct xdp_md *context) { return ++packets > LIMIT ? XDP_DROP : XDP_PASS; }
    char LICENSE[] SEC("license") = "GPL";
    """

  /// The object of a program in a folder.
  private func build(_ folder: String, _ name: String, inC: Bool) throws -> [UInt8] {
    let path = "\(folder)/\(name).bpf.\(inC ? "c" : "swift")"
    if inC {
      try "#define LIMIT 7\n".write(toFile: "\(folder)/limit.h", atomically: false, encoding: .utf8)
      try Self.c.write(toFile: path, atomically: false, encoding: .utf8)
      return try CCompiler(clang: Toolchain.findClang()).compile(path, root: folder)
    }
    try Self.swift.write(toFile: path, atomically: false, encoding: .utf8)
    return try Checkout.compiler().compile(path, root: folder)
  }

  static let names = [
    "数据", "with space", "it's", "two \"quotes\"", "back\\slash", "a=b", "a:b", "-dash", "@at", "e\u{301}", "\u{301}x",
    "line\nbreak", "%20", "$HOME", "a,b", "semi;colon",
  ]

  @Test(arguments: names, [false, true]) func folder(_ name: String, inC: Bool) throws {
    try #require(!inC || FileManager.default.fileExists(atPath: "/usr/include/bpf/bpf_helpers.h"))
    let expected = try withTemporaryFolder { try build($0, "count", inC: inC) }
    try withTemporaryFolder(name) { folder in
      let object = try build(folder, "count", inC: inC)
      #expect(object == expected)
    }
  }

  @Test(arguments: ["-dash", "@at", "数", "with space", "it's \"x\""], [false, true])
  func file(_ name: String, inC: Bool) throws {
    let object = try withTemporaryFolder { try build($0, name, inC: inC) }
    // The lines that the verifier quotes are of the file by its own name.
    let bytes = Array("\(name).bpf.".utf8)
    #expect(object.indices.dropLast(bytes.count).contains { object[$0...].starts(with: bytes) })
  }

  @Test(arguments: [false, true]) func longPath(inC: Bool) throws {
    let name = Array(repeating: String(repeating: "long", count: 50), count: 15).joined(separator: "/")
    let expected = try withTemporaryFolder { try build($0, "count", inC: inC) }
    try withTemporaryFolder(name) { folder in
      let object = try build(folder, "count", inC: inC)
      #expect(object == expected)
    }
  }

  @Test(arguments: [false, true]) func symbolicLinks(inC: Bool) throws {
    try withTemporaryFolder { folder in
      let real = "\(folder)/real"
      try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: true)
      let expected = try build(real, "count", inC: inC)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: real)
      let object = try build("\(folder)/link", "count", inC: inC)
      #expect(object == expected)
    }
  }

  /// What a build needs to write lies in the folder for temporary files.
  @Test(.requires(.root), arguments: [false, true]) func readOnlyFolder(inC: Bool) throws {
    try withTemporaryFolder { folder in
      let expected = try build(folder, "count", inC: inC)
      try Shell.check(["mount", "--bind", "-o", "ro", folder, folder])
      defer { _ = try? Shell.run(["umount", folder]) }
      let path = "\(folder)/count.bpf.\(inC ? "c" : "swift")"
      let object =
        inC
        ? try CCompiler(clang: Toolchain.findClang()).compile(path, root: folder)
        : try Checkout.compiler().compile(path, root: folder)
      #expect(object == expected)
    }
  }
}
