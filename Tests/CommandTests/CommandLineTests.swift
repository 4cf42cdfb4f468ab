// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestObjects
import TestSupport
import Testing

/// The command line as somebody meets it who does not know it yet.
@Suite struct CommandLineTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func versionIsPrinted() throws {
    #expect(try Command.text("--version").hasPrefix("merops "))
  }

  @Test(arguments: [
    ("prgo list", "did you mean `merops prog`?"), ("program list", "did you mean `merops prog`?"),
    ("feature", "did you mean `merops features`?"), ("prog lsit", "did you mean `merops prog list`?"),
    ("map dmp counts", "did you mean `merops map dump`?"), ("frobnicate", "build, object, btf, skeleton, trace, prog"),
    ("link frobnicate", "list, show, detach"), ("prog list --jsn", "--json"),
  ])
  func unknownWords(line: String, answer: String) throws {
    let result = try Shell.run([Command.path("merops")] + line.split(separator: " ").map(String.init))
    #expect(result.status == 64 && result.output.contains(answer), "\(result.output)")
  }

  /// As with git: `merops hello` is `merops-hello`, with its arguments and its exit status.
  @Test func otherCommandsAreFoundInThePath() throws {
    try Shell.writeScript("printf '%s;' \"$@\"; exit 7", at: "\(scratch.path)/merops-hello")
    let result = try Shell.run([
      "env", "PATH=\(scratch.path):/usr/bin:/bin", Command.path("merops"), "hello", "world", "--json", "-7", "a b",
    ])
    #expect(result.status == 7 && result.output == "world;--json;-7;a b;", "\(result.output)")
  }

  @Test func otherCommandsAreFoundBesideTheProgram() throws {
    // By a child: this process must not have it open for writing when another test starts one (ETXTBSY).
    try Shell.check(["cp", Command.path("merops"), "\(scratch.path)/merops"])
    try Shell.writeScript("echo beside", at: "\(scratch.path)/merops-hello")
    #expect(try Shell.check(["\(scratch.path)/merops", "hello"]) == "beside\n")
  }

  /// The agent's verbs are words of merops; merops's own are found without asking the agent.
  @Test func theAgentsVerbsAreWords() throws {
    try Shell.check(["cp", Command.path("merops"), "\(scratch.path)/merops"])
    try Shell.writeScript(
      "echo asked >>\(scratch.path)/log; [ $1 = --list-verbs ] && printf 'watch\\tLook on.\\n' || echo agent: $*",
      at: "\(scratch.path)/merops-agent")
    let merops = "\(scratch.path)/merops"
    #expect(try Shell.check([merops, "watch", "--all", "x"]) == "agent: watch --all x\n")
    #expect(try Shell.check([merops, "help", "watch"]) == "agent: watch --help\n")
    #expect(try Shell.check([merops, "--help"]).hasSuffix("AGENT SUBCOMMANDS:\n  watch                   Look on.\n"))
    let typo = try Shell.run([merops, "wach"])
    #expect(typo.status == 64 && typo.output.contains("did you mean `merops watch`?"), "\(typo.output)")
    try Shell.check(["rm", "\(scratch.path)/log"])
    try Shell.check([merops, "object", "--help"])
    try Shell.check([merops, "features", "--help"])
    #expect(try Shell.run(["cat", "\(scratch.path)/log"]).status != 0)
  }

  /// Completion knows the verbs of both, and asks the agent about the agent's.
  @Test func theAgentsVerbsAreCompleted() throws {
    try Shell.check(["cp", Command.path("merops"), "\(scratch.path)/merops"])
    try Shell.writeScript(
      #"""
      case $1 in
        --list-verbs) printf 'watch\tLook on.\n' ;;
        --generate-completion-script) cat <<'END'
      _merops() { "_merops_${COMP_WORDS[1]}" "$@"; }
      _merops_watch() { COMPREPLY=($(compgen -W "--all $(merops ---completion watch -- --all)" -- "$2")); }
      complete -o filenames -F _merops merops
      END
        ;;
        ---completion) echo "--asked-$2" ;;
      esac
      """#, at: "\(scratch.path)/merops-agent")
    let path = "\(scratch.path):/usr/bin:/bin"
    func offered(_ words: String...) throws -> [String] {
      let line = (["merops"] + words).joined(separator: " ")
      let script = """
        eval "$(merops --generate-completion-script bash)"
        COMP_LINE='\(line)' COMP_POINT=\(line.count) COMP_CWORD=\(words.count) COMP_WORDS=(\(line)) COMP_WORDS[\(words.count)]='\(words.last ?? "")'
        $(complete -p merops | sed 's/.*-F \\([^ ]*\\).*/\\1/') merops '\(words.last ?? "")' '\((["merops"] + words).dropLast().last ?? "")'
        printf '%s\\n' "${COMPREPLY[@]}"
        """
      return try Shell.check(["env", "PATH=\(path)", "bash", "-c", script]).split(separator: "\n").map(String.init)
    }
    #expect(try offered("wat") == ["watch"] && offered("fea") == ["features"])
    #expect(try offered("watch", "--a") == ["--all", "--asked-watch"])
    #expect(try offered("map", "du") == ["dump"])
    for shell in ["zsh", "fish"] {
      let script = try Shell.check(["env", "PATH=\(path)", "merops", "--generate-completion-script", shell])
      #expect(script.contains("_merops_agent_watch") && script.contains("prog"), "\(script)")
    }
  }

  /// A command as ArgumentParser describes it.
  struct Described: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
      }
      var names: [Name]?
    }
    struct Tool: Decodable { var command: Described }
    var commandName: String
    var discussion: String?
    var arguments: [Argument]?
    var subcommands: [Described]?

    /// All verbs below it, with the words before them.
    func verbs(_ path: [String] = []) -> [(path: [String], verb: Described)] {
      let path = path + [commandName]
      let below = (subcommands ?? []).filter { $0.commandName != "help" }
      return below.isEmpty ? [(path, self)] : below.flatMap { $0.verbs(path) }
    }
  }

  /// Each verb has examples that fit a terminal, of this verb, with options that it has.
  @Test func everyVerbHasExamples() throws {
    let text = try Command.text("--experimental-dump-help")
    let root = try JSONDecoder().decode(Described.Tool.self, from: Data(text.utf8)).command
    let verbs = root.verbs()
    #expect(verbs.count >= 24)
    for (path, verb) in verbs {
      let command = path.joined(separator: " ")
      let parts = (verb.discussion ?? "").components(separatedBy: "EXAMPLES\n")
      #expect(parts.count == 2, "\(command) has no examples")
      let examples = (parts.last ?? "").split(separator: "\n")
      #expect(examples.contains { $0.hasPrefix("  \(command)") }, "\(command)")
      let known = (verb.arguments ?? []).flatMap { $0.names ?? [] }.map {
        $0.kind == "long" ? "--\($0.name)" : "-\($0.name)"
      }
      for example in examples {
        #expect(example.count <= 80, "\(example)")
        let line = example.prefix { $0 != "|" && $0 != ">" }
        for word in line.split(separator: " ") where word.hasPrefix("-") && word != "-" {
          #expect(known.contains(String(word)), "\(example): \(word)")
        }
      }
    }
    for line in (root.discussion ?? "").split(separator: "\n") where line.hasPrefix("  ") {
      #expect(line.count <= 80, "\(line)")
    }
  }

  /// Every verb that shows something can show it as JSON.
  @Test func everyVerbThatListsHasJSON() throws {
    let text = try Command.text("--experimental-dump-help")
    let root = try JSONDecoder().decode(Described.Tool.self, from: Data(text.utf8)).command
    let silent = ["map set", "map delete", "map pin", "link detach", "build", "skeleton"]
    for (path, verb) in root.verbs() where !silent.contains(path.dropFirst().joined(separator: " ")) {
      #expect((verb.arguments ?? []).flatMap { $0.names ?? [] }.contains { $0.name == "json" }, "\(path)")
    }
  }

  /// Swift reads the command line from /proc; without it there is one line, whatever the verb.
  @Test(
    .requires(.root), .requires(.command("unshare")),
    arguments: ["--version", "--help", "map list", "prog list --processes", "btf dump kernel", "trace x.o"])
  func withoutProc(line: String) throws {
    let result = try Shell.run(
      [
        "unshare", "--mount", "sh", "-c", "umount -l /proc && exec \"$@\"", "sh", Command.path("merops"),
      ] + line.split(separator: " ").map(String.init))
    #expect(result.status == 1)
    #expect(
      result.output == "Error: merops needs /proc, which is not mounted here: mount -t proc proc /proc\n",
      "\(result.output)")
  }

  private static let printers = [
    "--help", "prog list --help", "--version", "--generate-completion-script bash", "object inspect OBJECT",
    "object inspect OBJECT --json", "btf dump OBJECT", "btf dump OBJECT --json", "btf diff OBJECT OBJECT --json",
    "skeleton OBJECT",
  ]

  /// A full disk is one error.
  @Test(arguments: printers) func fullDisk(line: String) throws {
    let result = try shell("\(line) >/dev/full")
    #expect(result.status == 1)
    #expect(result.output == "Error: writing the output: No space left on device\n", "\(result.output)")
  }

  /// A reader that leaves early is not an error, whether the signal is ignored or not.
  @Test(.requires(.command("bash")), arguments: printers) func closedPipe(line: String) throws {
    for ignored in ["", "trap '' PIPE; "] {
      let result = try shell("\(line) | true; exit ${PIPESTATUS[0]}", before: ignored)
      #expect([0, 141].contains(result.status) && result.output.isEmpty, "\(result.status): \(result.output)")
    }
  }

  private func shell(_ line: String, before: String = "") throws -> Shell.Result {
    let object = try scratch.object("globals")
    let line = line.replacing("OBJECT", with: object)
    return try Shell.run(["bash", "-c", "\(before)\"$0\" \(line)", Command.path("merops")])
  }
}
