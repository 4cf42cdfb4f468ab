// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport
import Foundation

/// The firewall with its kernel side in Swift: addresses are blocked and allowed while traffic flows.
@main
struct PacketFilterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "packet-filter",
    abstract: "Drop packets from addresses that are blocked and allowed while it runs; Swift on both sides.",
    discussion: """
      Reads commands from standard input, one a line: `block ADDRESS`, `allow ADDRESS`, `list`. Ends with its input.
      Needs root, or CAP_BPF and CAP_NET_ADMIN.

      EXAMPLES
        packet-filter veth0
        echo 'block 10.0.0.2' | packet-filter veth0
      """)

  @Argument(help: "The network interface.") var interface: String

  func run() throws {
    let filter = try PacketFilter.load()
    let link = try filter.packetFilter.attach(to: .interface(.name(interface)))
    Output.note("filtering \(interface)")
    while let line = readLine() {
      let words = line.split(separator: " ")
      switch (words.first, words.dropFirst().first.flatMap { IPv4Address("\($0)") }) {
      case ("block", let address?):
        try filter.blockedAddresses.set(address, 1)
        Output.line("blocked \(address)")
      case ("allow", let address?):
        _ = try filter.blockedAddresses.delete(address)
        Output.line("allowed \(address)")
      case ("list", _):
        for (address, count) in try filter.dropCounts.entries() {
          Output.line("\(address)  dropped \(count.packets) packets, \(count.bytes) bytes")
        }
        Output.line("passed \(filter.globals.passed)  dropped \(filter.globals.dropped)")
      default: Output.note("block ADDRESS, allow ADDRESS or list; not: \(line)")
      }
    }
    try link.detach()
  }
}
