// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

@main
struct Merops: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merops",
    abstract: "Build, load, inspect and trace eBPF programs.",
    usage: "merops <command> [<verb>] [<options>]",
    discussion: """
      Name a map, program or link by its id, by its name, or by the path that it is pinned at. Every verb that shows \
      something prints JSON with --json. Completion scripts: --generate-completion-script bash, zsh or fish.

      EXAMPLES
        merops build probe.bpf.swift             compile a kernel program
        merops object inspect probe.bpf.o        show what the object holds
        merops prog load probe.bpf.o             load, verify, report, unload
        merops trace probe.bpf.o                 attach it and print its events
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe --attach
        merops map dump counts --json
        merops prog list --processes             every program and who holds it
        merops btf dump kernel task_struct --format swift
        merops skeleton probe.bpf.o -o Probe.swift

      EXIT STATUS
        0: success; 1: something failed; 64: the command line is wrong
      """,
    version: "merops 0.1.0",
    groupedSubcommands: [
      CommandGroup(
        name: "Development",
        subcommands: [BuildCommand.self, ObjectCommand.self, BTFCommand.self, SkeletonCommand.self]),
      CommandGroup(
        name: "Kernel", subcommands: [TraceCommand.self, ProgramCommand.self, MapCommand.self, LinkCommand.self]),
      CommandGroup(
        name: "System", subcommands: [NetworkCommand.self, CgroupCommand.self, FeaturesCommand.self]),
    ])

  /// For the manual pages: a line each, the verb with the words before it, and what it does.
  private static func verbs(_ commands: [any ParsableCommand.Type], _ before: String) -> String {
    var lines = ""
    for command in commands {
      let configuration = command.configuration
      guard configuration.shouldDisplay else { continue }
      let name = before + (configuration.commandName ?? "")
      lines += "\(name)\t\(configuration.abstract)\n" + verbs(configuration.subcommands, name + " ")
    }
    return lines
  }

  static func main() {
    StandardStreams.open()
    // Swift reads the command line from there, and crashes without it.
    guard access("/proc/self/cmdline", R_OK) == 0 else {
      Output.note("Error: merops needs /proc, which is not mounted here: mount -t proc proc /proc")
      Glibc.exit(1)
    }
    let words = Array(CommandLine.arguments.dropFirst())
    if words == ["--list-verbs"] { return Output.text(verbs(configuration.subcommands, "")) }
    do {
      var command = try CommandWords(CommandWords.ofProcess()).command()
      try command.run()
    } catch {
      let status = exitCode(for: error)
      var text = fullMessage(for: error)
      if status.isSuccess, [[], ["help"], ["-h"], ["--help"]].contains(words) { text += AgentVerbs.help }
      if status.isSuccess, words.count == 2, words[0] == "--generate-completion-script" {
        text = AgentCompletions(shell: words[1], own: text).merged
      }
      if status.isSuccess { Output.text(text) } else if !text.isEmpty { Output.note(text) }
      Glibc.exit(status.rawValue)
    }
  }
}
