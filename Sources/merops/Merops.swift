// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Merops: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merops",
    abstract: "Build, load, inspect and talk to eBPF programs.",
    usage: "merops <noun> <verb> [options]",
    discussion: """
      Maps, programs and links are named by id, by name, or by the path they are pinned at. Every verb that prints
      facts takes --json.

      EXAMPLES
        merops object inspect probe.bpf.o          what the file holds; needs no privilege
        merops prog load probe.bpf.o               verify, report, unload
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe --attach
        merops build probe.bpf.swift               compile a probe that is written in Swift
        merops trace probe.bpf.o --watch counts    load, attach, print events and map changes
        merops map dump counts --json
        merops btf dump kernel task_struct --format swift
        merops skeleton probe.bpf.o -o Probe.swift a Swift type for the object
      """,
    version: "0.1.0",
    subcommands: [
      ObjectCommand.self, ProgramCommand.self, MapCommand.self, LinkCommand.self, BTFCommand.self, FeaturesCommand.self,
      NetworkCommand.self, CgroupCommand.self, TraceCommand.self, BuildCommand.self, SkeletonCommand.self,
    ])
}
