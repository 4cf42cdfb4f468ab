// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Large, endless and foreign input, and large output.
@Suite struct FormatTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Refused at the first bytes: a reader of the whole would not end.
  @Test(arguments: ["object inspect", "prog load", "skeleton", "btf dump"])
  func endlessFiles(verb: String) throws {
    let sparse = "\(scratch.path)/sparse.bpf.o"
    try Shell.check("truncate -s 64G \(sparse)")
    for file in ["/dev/zero", sparse] {
      let result = try Shell.run([Command.path("merops")] + verb.split(separator: " ").map(String.init) + [file])
      #expect(result.status == 1)
      let reason = verb == "btf dump" ? "it is neither BTF nor an ELF file" : "this is not an ELF file"
      #expect(result.output.contains(reason), "\(result.output)")
    }
    // A writer that never stops.
    let piped = try Shell.run(["sh", "-c", "yes | \(Command.path("merops")) \(verb) /dev/stdin"])
    #expect(piped.output.contains("ELF file"), "\(piped.output)")
  }

  @Test(.requires(.command("bpftool")), .requires(.kernelBTF)) func splitTypesNameTheirBase() throws {
    // Split BTF as any linker of modules writes it: 24 bytes of header, one type, and strings that continue the base's.
    let base = try #require(FileManager.default.contents(atPath: "/sys/kernel/btf/vmlinux"))
    let strings = base.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 20, as: UInt32.self) }
    var split: [UInt8] = [0x9f, 0xeb, 1, 0]
    func append(_ words: [UInt32]) { for word in words { withUnsafeBytes(of: word.littleEndian) { split += $0 } } }
    let names = Array("module_state".utf8) + [0]
    append([24, 0, 12, 12, UInt32(names.count)])
    append([strings, 4 << 24, 16])
    let file = try scratch.file("module.btf", split + names)

    let refused = try Command.merops("btf", "dump", file)
    #expect(refused.status == 1)
    #expect(refused.output.contains("split BTF") && refused.output.contains("--base kernel"), "\(refused.output)")
    #expect(try Command.text("btf", "dump", file, "--base", "kernel").contains("struct module_state"))
    let named = try Command.text("btf", "dump", file, "module_state", "--base", "/sys/kernel/btf/vmlinux")
    #expect(named.contains("struct module_state"))
    #expect(try Command.text("btf", "diff", file, file, "--base", "kernel") == "no difference\n")
    let peer = try Shell.check("bpftool -B /sys/kernel/btf/vmlinux btf dump file \(file)")
    #expect(peer.contains("STRUCT 'module_state' size=16"))
  }
}

/// Maps as the command line shows them.
@Suite(.requires(.root), .requires(.command("bpftool"))) struct MapFormatTests {
  let pins: TestBPFFS

  init() throws { pins = try TestBPFFS() }

  private func map(_ name: String, _ type: String, key: Int, value: Int, entries: Int) throws -> String {
    let path = "\(pins.path)/\(name)"
    try Shell.check("bpftool map create \(path) type \(type) key \(key) value \(value) entries \(entries) name \(name)")
    return path
  }

  @Test(.requires(.command("python3"))) func dumpKeepsNoEntries() throws {
    // The elements of an array are there from the start.
    let large = try map("large", "array", key: 4, value: 8, entries: 400_000)
    let small = try map("small", "array", key: 4, value: 8, entries: 4)
    for option in [[], ["--json"]] {
      func peak(_ map: String) throws -> Int {
        let script = """
          import resource, subprocess, sys
          subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
          print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
          """
        let output = try Shell.check(["python3", "-c", script, Command.path("merops"), "map", "dump", map] + option)
        return try #require(Int(output.trimmingCharacters(in: .whitespacesAndNewlines)))
      }
      let (few, many) = (try peak(small), try peak(large))
      #expect(many - few < 8 << 10, "\(few) KB for 4 entries, \(many) KB for 400,000")
    }
    let first = try Shell.check(["sh", "-c", "\(Command.path("merops")) map dump \(large) --json | head -c 21"])
    #expect(first == #"[{"key":0,"value":0},"#)
    let last = try Shell.check(["sh", "-c", "\(Command.path("merops")) map dump \(large) | tail -n 2"])
    #expect(last == "399999: 0\n400000 entries\n")
    let all = try #require(try Command.json("map", "dump", small) as? [[String: Int]])
    #expect(all == (0..<4).map { ["key": $0, "value": 0] })
  }

  @Test func whatHasNoEntriesIsNamed() throws {
    let ring = "\(pins.path)/ring"
    try Shell.check("bpftool map create \(ring) type ringbuf entries 4096 name ring")
    let perf = try map("perf", "perf_event_array", key: 4, value: 4, entries: 4)
    for verb in [["dump"], ["get", "1"], ["set", "1", "2"], ["delete", "1"]] {
      for (path, name) in [(ring, "ring"), (perf, "perf")] {
        let result = try Shell.run([Command.path("merops"), "map", verb[0], path] + verb.dropFirst())
        #expect(result.status == 1)
        #expect(result.output.contains("map \(name) has no entries to read or set: "), "\(result.output)")
      }
    }
    // A program array has entries: those that were set.
    let programs = try map("programs", "prog_array", key: 4, value: 4, entries: 4)
    #expect(try Command.text("map", "dump", programs) == "0 entries\n")
    let wrong = try Command.merops("map", "set", programs, "1", "nothing")
    #expect(wrong.status == 1 && wrong.output.contains("'nothing' is not an id"), "\(wrong.output)")
  }
}
