// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// How programs, maps and links are named on the command line, and what is shown of names.
@Suite(.serialized, .requires(.root), .requires(kernel: "5.15")) struct NameTests {
  let scratch: Scratch
  let pins: TestBPFFS

  init() throws {
    scratch = try Scratch()
    pins = try TestBPFFS()
  }

  private static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    char LICENSE[] SEC("license") = "GPL";
    struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, signed char); __type(value, short); __uint(max_entries, 4); }
      numbers SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 4); }
      connections_by_address SEC(".maps"), connections_by_process SEC(".maps"), packets_by_interface SEC(".maps");
    SEC("xdp") int handle_connection_open(struct xdp_md *c) {
      return bpf_map_lookup_elem(&connections_by_address, &(int){1}) != 0 ? 1 : 2;
    }
    SEC("xdp") int handle_connection_close(struct xdp_md *c) {
      return bpf_map_lookup_elem(&packets_by_interface, &(int){1}) != 0 ? 1 : 2;
    }
    """

  private func load() throws -> String {
    let object = try scratch.compiled(scratch.file("names.bpf.c", Array(Self.source.utf8)))
    let folder = "\(pins.path)/names"
    _ = try Command.text("prog", "load", object, "--pin", folder)
    return folder
  }

  /// The kernel keeps 15 bytes of a name, which these two have in common.
  @Test func programsByTheirFullNames() throws {
    let folder = try load()
    let pinned = try #require(
      try Command.json("prog", "show", "\(folder)/handle_connection_close") as? [String: Any])
    let id = try #require(pinned["id"] as? Int)
    #expect(pinned["name"] as? String == "handle_connection_close")
    let peer = try Shell.check("bpftool -j prog show id \(id)")
    #expect(peer.contains("\"name\":\"handle_connection_close\""), "\(peer)")
    let listed = try #require(try Command.json("prog", "list") as? [[String: Any]])
    #expect(listed.contains { $0["id"] as? Int == id && $0["name"] as? String == "handle_connection_close" })
    #expect(try Command.text("prog", "list").contains(" handle_connection_close "))
    // Tests that run at the same time may load the same object; its other program is never meant.
    let shown = try Command.merops("prog", "show", "handle_connection_close")
    #expect(shown.output.contains("\(id)") && !shown.output.contains("handle_connection_open"), "\(shown.output)")
    let short = try Command.merops("prog", "show", "handle_connecti")
    #expect(short.status == 1 && short.output.contains("programs are named"), "\(short.output)")
    let other = try Command.merops("prog", "show", "handle_connection_reset")
    #expect(other.status == 1 && other.output.contains("there is no program named"), "\(other.output)")
  }

  @Test func mapsByTheirFullNames() throws {
    let folder = try load()
    let shown = try #require(try Command.json("map", "show", "\(folder)/packets_by_interface") as? [String: Any])
    #expect(shown["name"] as? String == "packets_by_interface")
    let id = try #require(shown["id"] as? Int)
    let listed = try #require(try Command.json("map", "list") as? [[String: Any]])
    #expect(listed.contains { $0["id"] as? Int == id && $0["name"] as? String == "packets_by_interface" })
    #expect(try Command.merops("map", "show", "packets_by_interface").output.contains("\(id)"))
    #expect(try Command.merops("map", "show", "packets_by_protocol").status == 1)
    // Those two begin with the same 15 bytes, and the kernel does not tell which map is which.
    let alike = try #require(try Command.json("map", "show", "\(folder)/connections_by_address") as? [String: Any])
    #expect(alike["name"] as? String == "connections_by_")
  }

  /// -7 is a key or a value, wherever the flags stand; what looks like an option is one.
  @Test func negativeNumbers() throws {
    let map = "\(try load())/numbers"
    _ = try Command.text("map", "set", map, "5", "-7")
    #expect(try Command.text("map", "get", map, "5") == "-7\n")
    _ = try Command.text("map", "set", "--only-new", map, "-7", "-300")
    _ = try Command.text("map", "set", map, "-7", "-301", "--only-existing")
    #expect(try Command.text("map", "get", map, "-7", "--json") == "-301\n")
    #expect(try Command.merops("map", "set", map, "-7", "1", "--only-new").status == 1)
    _ = try Command.text("map", "delete", map, "-7")
    #expect(try Command.merops("map", "get", map, "-7").status == 1)
    #expect(try Command.text("map", "set", map, "--", "-8", "-9").isEmpty)
    #expect(try Command.text("map", "get", map, "-8") == "-9\n")
    let unknown = try Command.merops("map", "set", map, "5", "-7", "--only-nwe")
    #expect(unknown.status == 64 && unknown.output.contains("--only-new"), "\(unknown.output)")
  }

  /// A process is called as its file, which may be called anything. What reaches the terminal is one line without control
  /// characters; JSON has the name as it is.
  @Test func namesOfProcesses() throws {
    let map = "\(try load())/numbers"
    let name = "a\n\u{1b}[31mb,\"c"
    try Shell.check(["cp", Command.path("merops"), "\(scratch.path)/\(name)"])
    let holder = Process()
    holder.executableURL = URL(filePath: "\(scratch.path)/\(name)")
    holder.arguments = ["map", "watch", map, "--seconds", "600"]
    holder.standardOutput = FileHandle.nullDevice
    try holder.run()
    defer {
      holder.terminate()
      holder.waitUntilExit()
    }
    let expected = "a\\n\\u001b[31mb,\"c(\(holder.processIdentifier))"
    #expect(try eventually { try Command.text("map", "show", map).contains("held by    \(expected)\n") })
    let list = try Command.text("map", "list", "--processes")
    #expect(list.contains(expected), "\(list)")
    #expect(!list.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    let shown = try #require(try Command.json("map", "show", map) as? [String: Any])
    let holders = try #require(shown["pids"] as? [[String: Any]])
    #expect(holders.contains { $0["comm"] as? String == name }, "\(holders)")
  }

  /// Names in files and on the command line, too: a section, a cgroup, a path that is not there.
  @Test func namesOfSectionsAndPaths() throws {
    let source = """
      __attribute__((section("raw_tp/a\u{1b}[31mb"), used)) int f(void *c) { return 0; }
      char LICENSE[] __attribute__((section("license"), used)) = "GPL";
      """
    let object = try scratch.compiled(scratch.file("sections.bpf.c", Array(source.utf8)))
    let text = try Command.text("object", "inspect", object)
    #expect(text.contains("raw_tp/a\\u001b[31mb") && !text.contains("\u{1b}"), "\(text)")
    let report = try #require(try Command.json("object", "inspect", object) as? [String: Any])
    let programs = try #require(report["programs"] as? [[String: Any]])
    #expect(programs.first?["section"] as? String == "raw_tp/a\u{1b}[31mb")
    for verb in [["map", "show"], ["prog", "load"], ["trace"], ["cgroup"]] {
      let result = try Shell.run([Command.path("merops")] + verb + ["/tmp/absent\u{1b}[31m"])
      #expect(result.status == 1 && result.output.contains("absent\\u001b[31m"), "\(result.output)")
    }
  }
}
