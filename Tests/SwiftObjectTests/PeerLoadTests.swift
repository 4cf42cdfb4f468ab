// SPDX-License-Identifier: Apache-2.0
import BPFObject
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// The objects as they are in the hands of others: bpftool and libbpf's C API load them on this kernel.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.peers)) struct PeerLoadTests {
  private func withFile(_ name: String, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/merops-\(UUID().uuidString).bpf.o"
    try Data(try #require(SwiftCorpus[name])).write(to: URL(filePath: path))
    defer { unlink(path) }
    try body(path)
  }

  /// bpftool loads whole objects, so it is refused those with a program that this kernel cannot run.
  @Test(arguments: SwiftCorpus.names) func bpftool(_ name: String) throws {
    try withFile(name) { path in
      let programs = try SwiftCorpus.spec(name).programs
      // "loadall" pins every program, and fails if one is loaded only on demand; "load" loads as many, and pins the first.
      let pinsAll = programs.allSatisfy(\.autoload)
      // Pins lie in a bpffs that ends with the command.
      let command = """
        mount -t bpf bpf /sys/fs/bpf && \
        \(Peers.folder)/bpftool prog \(pinsAll ? "loadall" : "load") \(path) /sys/fs/bpf/swift && ls /sys/fs/bpf/swift
        """
      let result = try Shell.run(["unshare", "--mount", "sh", "-c", command])
      guard try SwiftCorpus.programs(name).cannot.isEmpty else {
        #expect(result.status != 0)
        return
      }
      #expect(result.status == 0, "\(result.output.suffix(2000))")
      let pins = result.output.split(separator: "\n")
      for program in programs where pinsAll { #expect(pins.contains(Substring(program.name))) }
    }
  }

  /// libbpf loads and attaches them, and what fires on every machine that starts a program fires.
  @Test(.congestionControls, arguments: SwiftCorpus.names) func libbpf(_ name: String) throws {
    let programs = try SwiftCorpus.programs(name).can
    guard !programs.isEmpty else { return }
    try withFile(name) { path in
      var runs: [Substring: Int] = [:]
      for line in try Shell.check(["\(Peers.folder)/libbpf-load", path] + programs).split(separator: "\n") {
        let fields = line.split(separator: "\t")
        runs[try #require(fields.dropFirst().first)] = fields.last.flatMap { Int($0) }
      }
      for program in try SwiftCorpus.spec(name).programs where programs.contains(program.name) {
        guard Self.attachesItself(program.sectionName) else { continue }
        #expect(try #require(runs[Substring(program.name)], "\(program.name) is not attached") > 0, "\(program.name)")
      }
      for map in try SwiftCorpus.spec(name).maps where map.type == .structOps {
        #expect(runs[Substring(map.name)] != nil, "\(map.name) is not registered")
      }
    }
  }

  /// Whether the section says where its program belongs.
  private static func attachesItself(_ section: String) -> Bool {
    ["tp_btf/", "raw_tp/", "tracepoint/", "fentry/", "fexit/", "kprobe/", "lsm/", "iter/"].contains {
      section.hasPrefix($0)
    }
  }
}
