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
}
