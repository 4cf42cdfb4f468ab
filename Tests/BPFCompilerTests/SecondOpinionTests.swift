// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFELF
import BPFObject
import Foundation
import TestSupport
import Testing

/// The objects in the hands of others: bpftool, libbpf, llvm-objdump, readelf.
@Suite struct SecondOpinionTests {
  @Test(.requires(.command("bpftool"))) func bpftoolReadsTheTypes() throws {
    try Built.withFile(ObjectTests.source) { path in
      let text = try Shell.check(["bpftool", "btf", "dump", "file", path, "format", "c"])
      for expected in ["struct Event {", "unsigned short length;", "typedef struct Event events__record;"] {
        #expect(text.contains(expected), "\(text)")
      }
      let raw = try Shell.check(["bpftool", "btf", "dump", "file", path])
      #expect(raw.contains("DATASEC '.maps'") && raw.contains("FUNC 'filter'"))
      #expect(!raw.contains("$s") && !raw.contains("$e"))
    }
  }

  @Test(.requires(.command("bpftool"))) func bpftoolMakesASkeleton() throws {
    try Built.withFile(ObjectTests.source) { path in
      let text = try Shell.check(["bpftool", "gen", "skeleton", path])
      for expected in [
        "struct bpf_map *counts;", "struct bpf_map *events;", "struct bpf_program *filter;",
        "struct bpf_program *classify;", "unsigned int limit;", "_Bool isQuiet;", "unsigned long long packets;",
        "unsigned short table[3];",
      ] { #expect(text.contains(expected), "no \(expected)") }
    }
  }

  @Test(.requires(.root), .requires(.command("bpftool")), arguments: ["v1", "v2", "v3"])
  func bpftoolLoadsIt(cpu: String) throws {
    let bpffs = try TestBPFFS()
    // Debian's libbpf does not know tcx.
    let source = ObjectTests.source.replacingOccurrences(of: "tcx/ingress", with: "tc")
    try Built.withFile(source, cpu: cpu) { path in
      let pins = "\(bpffs.path)/swift"
      try Shell.check(["bpftool", "prog", "loadall", path, pins])
      #expect(try FileManager.default.contentsOfDirectory(atPath: pins).sorted() == ["classify", "filter"])
    }
  }

  @Test(.requires(.root), .requires(.command("bpftool"))) func bpftoolLoadsEveryMap() throws {
    let bpffs = try TestBPFFS()
    try Built.withFile(MapTests.source.replacingOccurrences(of: ", pinning: .byName", with: "")) { path in
      let result = try Shell.run(["bpftool", "prog", "load", path, "\(bpffs.path)/maps"])
      #expect(result.status == 0, "\(result.output)")
    }
  }

  @Test(.requires(.command("readelf"))) func readelfFindsNothingOdd() throws {
    try Built.withFile(ObjectTests.source) { path in
      let result = try Shell.run(["readelf", "-a", "-W", path])
      #expect(result.status == 0 && !result.output.contains("Warning") && !result.output.contains("Error"))
      #expect(result.output.contains("Linux BPF") && result.output.contains("REL (Relocatable file)"))
    }
  }

  @Test(.enabled(if: toolchainPath("llvm-objdump") != nil), arguments: ["v1", "v2", "v3", "v4"])
  func objdumpKnowsEveryInstruction(cpu: String) throws {
    try Built.withFile(ObjectTests.source, cpu: cpu) { path in
      let objdump = try #require(toolchainPath("llvm-objdump"))
      let text = try Shell.check([objdump, "-d", "--mcpu=\(cpu)", "--no-show-raw-insn", path])
      #expect(!text.contains("<unknown>"))
      let count = text.split(separator: "\n").filter { $0.first == " " && $0.contains(":\t") }.count
      let file = try ELFFile(bytes: try Built.object(ObjectTests.source, cpu: cpu))
      let slots = try file.sections.filter { $0.flags.contains(.executable) }
        .flatMap { try Instruction.decode(Array(file.bytes(of: $0))) }
      // A 64-bit immediate is one instruction of two slots, one line there.
      #expect(count > 0 && count == slots.count - slots.count { $0.isWide })
      for name in ["<filter>:", "<classify>:", "<mix>:"] { #expect(text.contains(name)) }
    }
  }

  @Test(.requires(.root), .requires(.peers))
  func libbpfReadsTheSame() throws {
    for source in [ObjectTests.source, MapTests.source] {
      try Built.withFile(source) { path in
        let spec = try ObjectSpec(bytes: try Built.object(source), name: "probe")
        let lines = try Shell.check(["\(Peers.folder)/libbpf-dump", path]).split(separator: "\n")
        for line in lines {
          let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
          #expect(fields[0] != "refused", "\(line)")
          guard fields[0] == "map", let map = spec[map: fields[1]] else { continue }
          #expect(fields[2..<5].map { UInt32($0) } == [map.type.rawValue, map.keySize, map.valueSize])
          #expect(UInt64(fields[7]) == map.extra)
        }
        #expect(lines.contains { $0.hasPrefix("program\tfilter\txdp\t") })
      }
    }
  }
}
