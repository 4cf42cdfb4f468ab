// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

// A command line with verbs, for which it uses swift-argument-parser: add that to your package, too.

@main
struct FirewallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dynamic-firewall",
    abstract: "Block and allow IPv4 addresses on a running XDP program.",
    discussion: """
      Needs root, or CAP_BPF and CAP_NET_ADMIN. `run` pins its maps; the other verbs open them there.

      EXAMPLES
        dynamic-firewall run veth0               in one terminal, until Ctrl-C
        dynamic-firewall block 192.0.2.7         in another
        dynamic-firewall list
        dynamic-firewall allow 192.0.2.7
      """,
    subcommands: [Run.self, Block.self, Allow.self, List.self])
}

/// Where the maps of the running firewall are.
struct PinOptions: ParsableArguments {
  @Option(help: "The bpffs directory that `run` pins its maps in.")
  var pins = "/sys/fs/bpf/merops/dynamic_firewall"
}
