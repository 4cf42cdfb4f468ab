// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Drops packets from addresses that are added and removed while traffic flows.
@main
struct FirewallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dynamic-firewall",
    abstract: "Block and allow IPv4 addresses on a running XDP program.",
    discussion: """
      Needs root, or CAP_BPF and CAP_NET_ADMIN. While `run` goes on, the other verbs reach its maps by their pins.

      EXAMPLES
        dynamic-firewall run veth0               in one terminal, until Ctrl-C
        dynamic-firewall block 192.0.2.7         in another
        dynamic-firewall list
        dynamic-firewall allow 192.0.2.7
      """,
    subcommands: [Run.self, Block.self, Allow.self, List.self])
}

/// Where the running firewall's maps are found.
struct PinOptions: ParsableArguments {
  @Option(help: "Directory in a bpffs that the running firewall's maps are pinned in.")
  var pins = "/sys/fs/bpf/merops/dynamic_firewall"
}
