// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Paths that are not what a verb needs: one line that names the cause, at every verb that takes a pin.
@Suite(.serialized, .requires(.root), .requires(kernel: "5.8")) struct PinTests {
  let scratch: Scratch
  let pins: TestBPFFS
  let folder: String

  init() throws {
    scratch = try Scratch()
    pins = try TestBPFFS()
    folder = "\(pins.path)/pins"
    let object = try scratch.compiled(
      scratch.file(
        "pins.bpf.c",
        Array(
          """
          #include <linux/bpf.h>
          #include <bpf/bpf_helpers.h>
          char LICENSE[] SEC("license") = "GPL";
          struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4); }
            counts SEC(".maps");
          SEC("raw_tp/sys_enter") int on_enter(void *c) { return bpf_map_lookup_elem(&counts, &(int){1}) != 0; }
          """.utf8)))
    _ = try Command.text("prog", "load", object, "--pin", folder, "--attach")
  }

  /// Each verb that opens a pin, with what it wants.
  private static let verbs: [(words: [String], rest: [String], kind: String)] = [
    (["map", "show"], [], "map"), (["map", "dump"], [], "map"), (["map", "get"], ["1"], "map"),
    (["map", "set"], ["1", "1"], "map"), (["map", "delete"], ["1"], "map"), (["map", "watch"], [], "map"),
    (["map", "pin"], ["NEW"], "map"), (["prog", "show"], [], "program"),
    (["prog", "dump"], [], "program"), (["prog", "run"], [], "program"), (["prog", "profile"], [], "program"),
    (["link", "show"], [], "link"), (["link", "detach"], [], "link"),
  ]

  private func error(_ verb: [String], _ path: String, _ rest: [String]) throws -> String {
    let rest = rest.map { $0 == "NEW" ? "\(pins.path)/new" : $0 }
    let result = try Shell.run(["timeout", "60", Command.path("merops")] + verb + [path] + rest)
    let lines = result.output.split(separator: "\n")
    #expect(
      result.status == 1 && lines.count == 1 && result.output.hasPrefix("Error: "),
      "\(verb) \(path): \(result.status) \(result.output)")
    #expect(result.output.contains(path), "\(result.output)")
    #expect(!result.output.contains("run as root"), "\(result.output)")
    return result.output
  }

  /// A pin of another kind: never a crash, a hang or invented facts.
  @Test func pinsOfAnotherKind() throws {
    let objects = [
      "map": "\(folder)/counts", "program": "\(folder)/on_enter", "link": "\(folder)/links/on_enter",
    ]
    for (words, rest, kind) in Self.verbs {
      for (other, path) in objects where other != kind {
        let text = try error(words, path, rest)
        #expect(text.contains(other), "\(words) \(path): \(text)")
      }
    }
  }

  @Test func pathsOutsideABPFFS() throws {
    let file = try scratch.file("file", [1, 2, 3])
    for (words, rest, _) in Self.verbs {
      for path in [file, scratch.path, "/dev/null"] {
        let text = try error(words, path, rest)
        #expect(text.contains("not in a bpffs"), "\(words) \(path): \(text)")
      }
      #expect(try error(words, "./nosuch", rest).contains("there is no ./nosuch"))
    }
  }

  @Test func pathsWithoutAPin() throws {
    for (words, rest, _) in Self.verbs {
      #expect(try error(words, folder, rest).contains("directory"))
      #expect(try error(words, "\(folder)/absent", rest).contains("No such file"))
      #expect(try error(words, "\(scratch.path)/absent", rest).contains("No such file"))
    }
  }

  /// Where a pin cannot be made.
  @Test func pathsForNewPins() throws {
    func refused(_ path: String, _ answer: String) throws {
      let text = try error(["map", "pin", "\(folder)/counts"], path, [])
      #expect(text.contains(answer), "\(text)")
    }
    try refused("\(pins.path)/a.b", "dot")
    try refused("\(scratch.path)/map", "not in a bpffs")
    try refused("\(pins.path)/absent/map", "No such file")
    try refused("\(folder)/counts", "exists")
    try refused(folder, "exists")
    let object = "\(scratch.path)/pins.bpf.o"
    for (path, answer) in [
      ("\(pins.path)/a.b", "dot"), ("\(scratch.path)/new", "not in a bpffs"), (folder, "exists"),
      ("\(scratch.path)/pins.bpf.o", "not in a bpffs"),
    ] {
      let text = try error(["prog", "load", object, "--pin"], path, [])
      #expect(text.contains(answer), "\(text)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/new"))
  }

  /// Two names that would be one in a bpffs, and one that the directory of the links has.
  @Test func namesThatAreTaken() throws {
    let object = try scratch.compiled(
      scratch.file(
        "alike.bpf.c",
        Array(
          """
          #include <linux/bpf.h>
          #include <bpf/bpf_helpers.h>
          char LICENSE[] SEC("license") = "GPL";
          struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4); }
            links SEC(".maps"), alike_bss SEC(".maps");
          long counter;
          SEC("raw_tp/sys_enter") int on_enter(void *c) {
            counter++;
            return bpf_map_lookup_elem(&links, &(int){1}) == bpf_map_lookup_elem(&alike_bss, &(int){1});
          }
          """.utf8)))
    let folder = "\(pins.path)/alike"
    let report = try #require(try Command.json("prog", "load", object, "--pin", folder, "--attach") as? [String: Any])
    let maps = try #require(report["maps"] as? [String: String])
    #expect(
      maps == [
        "links": "\(folder)/links_", "alike_bss": "\(folder)/alike_bss", "alike.bss": "\(folder)/alike_bss_",
      ])
    #expect(report["links"] as? [String: String] == ["on_enter": "\(folder)/links/on_enter"])
    for (name, path) in maps {
      let shown = try #require(try Command.json("map", "show", path) as? [String: Any])
      #expect(shown["name"] as? String == name)
    }
    // Without links there is nothing in the way of the name.
    let other = try #require(
      try Command.json("prog", "load", object, "--pin", "\(pins.path)/other") as? [String: Any])
    #expect((other["maps"] as? [String: String])?["links"] == "\(pins.path)/other/links")
  }

  /// Where the report cannot be written, nobody learns of the pins: there are none.
  @Test(.requires(.command("bash"))) func aFailedCommandLeavesNothing() throws {
    let object = try scratch.compiled(
      scratch.file(
        "by_name.bpf.c",
        Array(
          """
          #include <linux/bpf.h>
          #include <bpf/bpf_helpers.h>
          char LICENSE[] SEC("license") = "GPL";
          struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4);
            __uint(pinning, LIBBPF_PIN_BY_NAME); } merops_test_by_name SEC(".maps");
          SEC("raw_tp/sys_enter") int on_enter(void *c) {
            return bpf_map_lookup_elem(&merops_test_by_name, &(int){1}) != 0;
          }
          """.utf8)))
    // Maps that ask for it are pinned by name, too: in a bpffs that ends with the command.
    func run(_ line: String) throws -> String {
      try Shell.check([
        "unshare", "--mount", "bash", "-c",
        "mount -t bpf bpf /sys/fs/bpf && { \(line); }; echo \"status $?\"; ls -R --ignore='*.debug' /sys/fs/bpf",
        Command.path("merops"), object,
      ])
    }
    for line in [
      "\"$0\" prog load \"$1\" --pin /sys/fs/bpf/new --attach >/dev/full",
      "\"$0\" prog load \"$1\" --pin /sys/fs/bpf/new | true; (exit ${PIPESTATUS[0]})",
      "\"$0\" prog load \"$1\" --pin /sys/fs/bpf/new >&-", "\"$0\" prog load \"$1\" --pin \(scratch.path)/new",
    ] {
      let text = try run(line)
      #expect(!text.contains("status 0") && text.hasSuffix("\n/sys/fs/bpf:\n"), "\(text)")
    }
    #expect(try run("\"$0\" prog load \"$1\" --pin /sys/fs/bpf/new").contains("merops_test_by_name"))
  }
}
