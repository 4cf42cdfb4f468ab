// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestObjects
import TestSupport
import Testing

/// What needs no privilege.
@Suite struct InspectionTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func objectInNumbersAndWords() throws {
    let file = try scratch.object("execsnoop")
    let report = try #require(try Command.json("object", "inspect", file) as? [String: Any])
    let programs = try #require(report["programs"] as? [[String: Any]])
    #expect(!programs.isEmpty)
    let text = try Command.text("object", "inspect", file)
    for program in programs {
      let section = try #require(program["section"] as? String)
      #expect(text.contains(section))
    }
  }

  @Test func everyObjectOfTheCorpus() throws {
    for (name, _) in Objects.all {
      let report = try #require(try Command.json("object", "inspect", try scratch.object(name)) as? [String: Any])
      #expect(report["license"] != nil, "\(name)")
    }
  }

  @Test(arguments: ["object inspect", "prog load", "btf dump", "skeleton"])
  func cutAndForeignFiles(verb: String) throws {
    let whole = Objects.all[0].bytes()
    let files = [
      try scratch.file("empty.o", []), try scratch.file("cut.o", Array(whole.prefix(whole.count / 2))),
      try scratch.file("text.o", Array("not an object".utf8)), "\(scratch.path)/absent.o",
    ]
    for file in files {
      let result = try Shell.run([Command.path("merops")] + verb.split(separator: " ").map(String.init) + [file])
      #expect(result.status == 1, "\(verb) \(file): \(result.output)")
      #expect(result.output.hasPrefix("Error: "), "\(result.output)")
      #expect(result.output.split(separator: "\n").count <= 3, "\(result.output)")
    }
  }

  @Test(.requires(.kernelBTF)) func typesAsCAndSwift() throws {
    #expect(try Command.text("btf", "dump", "kernel", "list_head").contains("struct list_head *next"))
    #expect(try Command.text("btf", "dump", "kernel", "list_head", "--format", "swift").contains("struct list_head"))
    let missing = try Command.merops("btf", "dump", "kernel", "no_such_type_here")
    #expect(missing.status != 0 && missing.output.contains("no_such_type_here"))
  }

  @Test func differencesBetweenObjects() throws {
    let (a, b) = (try scratch.object("globals"), try scratch.object("maps"))
    #expect(try !Command.text("btf", "diff", a, b).isEmpty)
    #expect(try Command.json("btf", "diff", a, a) is [String: Any])
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completion(shell: String) throws {
    #expect(try Command.text("--generate-completion-script", shell).contains("inspect"))
  }

  /// As bash itself asks: the words so far, and what may follow.
  @Test(
    .requires(.command("bash")),
    arguments: [
      ("", ["prog", "map", "trace"]), ("map d", ["dump", "delete"]), ("prog load probe.bpf.o --p", ["--pin"]),
      ("btf dump --format ", ["c", "swift", "json"]),
    ])
  func bashCompletes(line: String, expected: [String]) throws {
    let script = try scratch.file(
      "complete.sh",
      Array(
        """
        PATH=$1:$PATH
        source <(merops --generate-completion-script bash)
        COMP_LINE="merops $2" COMP_POINT=${#COMP_LINE}
        COMP_WORDS=($COMP_LINE)
        [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        function=$(complete -p merops)
        function=${function#*-F }
        ${function%% *} merops "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
        """.utf8))
    let answer = try Shell.check(["bash", script, "\(Command.folder)", line]).split(separator: "\n").map(String.init)
    #expect(Set(answer).isSuperset(of: expected), "\(answer)")
  }

  /// What is not there is one sentence and status 1; the usage is for command lines that are wrong by themselves.
  @Test(
    .requires(.root),
    arguments: [
      "prog show no_such_program", "prog dump 4294967295", "prog profile no_such_program", "map show no_such_map",
      "map get /sys/fs/bpf/no/such/map 1", "link show no_such_program", "link detach 4294967295",
      "btf dump kernel no_such_type", "btf dump module:no_such_module", "net --netns no_such_namespace",
      "cgroup /no/such/cgroup", "cgroup /tmp", "features --helpers no_such_type", "trace /no/such/file.o",
    ])
  func whatIsNotThere(line: String) throws {
    let result = try Shell.run([Command.path("merops")] + line.split(separator: " ").map(String.init))
    #expect(result.status == 1, "\(result.output)")
    #expect(result.output.hasPrefix("Error: ") && result.output.split(separator: "\n").count == 1, "\(result.output)")
    // It names what was looked for.
    let wanted = line.split(separator: " ").first { $0.contains("such") || $0.contains("429") || $0 == "/tmp" }
    #expect(result.output.contains(wanted?.split(separator: ":").last ?? "?"), "\(result.output)")
  }

  /// An empty list would be a wrong answer to one who may not ask, and CAP_BPF does not help with ids.
  @Test(
    .requires(.root),
    arguments: [
      ("prog list", "CAP_SYS_ADMIN"), ("prog show 1", "CAP_SYS_ADMIN"), ("prog profile", "CAP_SYS_ADMIN"),
      ("map list", "CAP_SYS_ADMIN"), ("map show 1", "CAP_SYS_ADMIN"), ("link list", "CAP_SYS_ADMIN"),
      ("link show 1", "CAP_SYS_ADMIN"), ("features", "CAP_BPF"), ("net", "CAP_NET_ADMIN"), ("cgroup", "CAP_NET_ADMIN"),
    ])
  func missingPrivilegeIsSaid(verb: String, capability: String) throws {
    // The build folder may be closed to others.
    let copy = "\(scratch.path)/merops"
    // By a child: this process must not have it open for writing when another test starts one (ETXTBSY).
    try Shell.check(["cp", Command.path("merops"), copy])
    try Shell.check(["chmod", "755", scratch.path, copy])
    let result = try Shell.run(
      ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", copy]
        + verb.split(separator: " ").map(String.init))
    #expect(result.status == 1 && result.output.contains(capability), "\(result.output)")
  }

  /// What another object defines: the error says so, and how to make one object of the two.
  @Test(arguments: [
    ("extern int shared; SEC(\"xdp\") int p(void *c) { return shared; }", "shared", "if another object defines it"),
    ("extern int shared SEC(\".data\"); SEC(\"xdp\") int p(void *c) { return shared; }", "shared", "of section .data"),
    (
      "extern int other(int); SEC(\"xdp\") int p(void *c) { return other(1); }", "other", "if another object defines it"
    ),
    (
      "extern struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 1); } "
        + "shared SEC(\".maps\"); SEC(\"xdp\") int p(void *c) { return !bpf_map_lookup_elem(&shared, &(int){0}); }",
      "shared", "another object defines this map"
    ),
  ]) func partsOfPrograms(source: String, name: String, answer: String) throws {
    let scratch = try Scratch()
    let headers = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n"
    let object = try scratch.compiled(scratch.file("part.bpf.c", Array((headers + source + "\n").utf8)))
    let result = try Command.merops("object", "inspect", object)
    #expect(result.status == 1, "\(result.output)")
    for text in ["extern \(name): ", answer, "bpftool gen object"] {
      #expect(result.output.contains(text), "\(result.output)")
    }
  }
}
