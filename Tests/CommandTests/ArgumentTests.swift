// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Arguments that mean nothing, or two things: an error with the cause, never a silent choice.
@Suite struct ArgumentTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func refused(_ words: [String], _ answer: String, status: Int32 = 64) throws {
    let result = try Shell.run([Command.path("merops")] + words)
    #expect(result.status == status && result.output.contains(answer), "\(words): \(result.status) \(result.output)")
  }

  @Test(arguments: [
    (["prog", "load", "OBJECT", "--pin", ""], "--pin is empty"),
    (["prog", "load", "OBJECT", "--pin="], "--pin is empty"),
    (["prog", "load", ""], "an argument of `merops prog load` is empty"),
    (["build", "-o", "", "x.bpf.c"], "-o is empty"),
    (["map", "watch", ""], "empty"), (["map", "get", "", "1"], "''"), (["net", "--netns", ""], "--netns is empty"),
    (["skeleton", "OBJECT", "--name", ""], "--name is empty"),
  ]) func empty(words: [String], answer: String) throws {
    let object = try scratch.object("globals")
    try refused(words.map { $0 == "OBJECT" ? object : $0 }, answer)
  }

  @Test(arguments: [
    (["trace", "OBJECT", "--count", "-1"], "--count must be 1 or more"),
    (["trace", "OBJECT", "--seconds", "-1"], "'-1' is invalid for '--seconds"),
    (["prog", "run", "x", "--repeat", "-1"], "--repeat must be 1 or more"),
    (["prog", "load", "OBJECT", "--log-level", "-1"], "--log-level must be 1"),
    (["prog", "load", "OBJECT", "--log-level", "99"], "--log-level must be 1"),
    (["map", "watch", "x", "--every", "-.5"], "'-.5' is invalid for '--every"),
  ]) func outOfRange(words: [String], answer: String) throws {
    let object = try scratch.object("globals")
    try refused(words.map { $0 == "OBJECT" ? object : $0 }, answer)
  }

  @Test func givenTwice() throws {
    let object = try scratch.object("globals")
    try refused(["prog", "load", object, "--global", "a=1", "--global", "a=2"], "--global is given twice for a")
    try refused(["trace", object, "--watch", "m", "--watch", "m"], "--watch is given twice for m")
    try refused(["trace", object, "--type", "m=a", "--type", "m=b"], "--type is given twice for m")
    try refused(["trace", object, "--type", "a", "--type", "b"], "--type is given twice")
    try refused(["skeleton", object, "--event", "m=a", "--event", "m=b"], "--event is given twice for m")
  }

  @Test func contradictions() throws {
    try refused(["btf", "dump", "--format", "c", "--json"], "--json and --format c contradict each other")
    try refused(["btf", "dump", "--base", "kernel"], "--base is for a file of split BTF")
    try refused(["btf", "dump", "module:x", "--base", "kernel"], "--base is for a file of split BTF")
    try refused(["btf", "diff", "kernel", "kernel", "--base", "kernel"], "--base is for a file of split BTF")
    let object = try scratch.object("globals")
    #expect(try Command.text("btf", "dump", object, "--format", "json", "--json").hasPrefix("{"))
  }

  @Test(arguments: [
    (["nosuch"], "'nosuch' is not a command of merops"), (["map", "nosuch"], "'nosuch' is not a verb of merops map"),
    (["map", "get", "nosuch"], "`merops map get` has no verbs"), (["mpa"], "did you mean `merops map`?"),
  ]) func helpForWhatIsNotThere(words: [String], answer: String) throws {
    try refused(["help"] + words, answer)
    #expect(try Command.text("help", "map", "get").contains("USAGE: merops map get"))
  }

  /// As `String` such a name would be that of something else. The shell makes it: Swift cannot pass it on.
  @Test(arguments: [
    "map show '/sys/fs/bpf/caf\\351'", "map set x y '\\377'", "prog load caf\\351.o --pin /sys/fs/bpf/x",
    "build caf\\351.bpf.c", "hello caf\\351",
  ]) func bytesThatAreNotText(line: String) throws {
    let result = try Shell.run([
      "sh", "-c", "eval \"\\\"\\$0\\\" $(printf '\(line.replacing("'", with: "\"'\""))')\"", Command.path("merops"),
    ])
    #expect(result.status == 64, "\(result.output)")
    #expect(result.output.contains("is not UTF-8") && result.output.contains("\\x"), "\(result.output)")
    #expect(!result.output.contains("\u{fffd}"), "\(result.output)")
  }

  @Test func foldersThatAreNotText() throws {
    for variable in ["TMPDIR", "XDG_CACHE_HOME", "MEROPS_SWIFTC", "MEROPS_KERNEL_SIDE"] {
      let source = try scratch.file("x.bpf.swift", Array("import BPFKernel\n".utf8))
      let result = try Shell.run([
        "sh", "-c", "\(variable)=$(printf '/tmp/\\377') \"$0\" build \(source)", Command.path("merops"),
      ])
      #expect(
        result.status == 1 && result.output.contains(variable) && result.output.contains("UTF-8"), "\(result.output)")
    }
  }

  /// Where standard output is closed, no file that merops opens becomes it.
  @Test func closedStreams() throws {
    let object = try scratch.object("globals")
    let closed = try Shell.run(["sh", "-c", "\"$0\" object inspect \(object) >&-", Command.path("merops")])
    #expect(closed.status == 1)
    #expect(closed.output == "Error: writing the output: Bad file descriptor\n", "\(closed.output)")
    // What it opens has other numbers: the object is not read, or written, as a standard stream.
    let result = try Shell.run(
      ["sh", "-c", "\"$0\" skeleton \(object) -o \(scratch.path)/x.swift <&- >&- 2>&-", Command.path("merops")])
    #expect(result.status == 0)
    let text = try String(contentsOfFile: "\(scratch.path)/x.swift", encoding: .utf8)
    #expect(try text == Command.text("skeleton", object))
  }
}
