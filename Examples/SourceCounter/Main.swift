// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport
import Foundation

/// Counts packets and bytes by source address, before the network stack sees them.
@main
struct SourceCounterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "source-counter",
    abstract: "Count packets and bytes by IPv4 source address.",
    discussion: """
      Needs root, or CAP_BPF and CAP_NET_ADMIN.

      EXAMPLES
        source-counter veth0                once a second, until Ctrl-C
        source-counter veth0 --seconds 5
      """)

  @Argument(help: "The network interface.") var interface: String
  @Option(help: "Stop after this many seconds.") var seconds: Int?

  func run() throws {
    Interrupt.catchSignals()
    let counter = try SourceCounter.load()
    let link = try counter.countSource.attach(to: .interface(.name(interface)))
    Output.note("counting on \(interface); Ctrl-C ends it")
    let start = ContinuousClock.now
    while !Interrupt.isRequested, seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? true {
      Thread.sleep(forTimeInterval: 1)
      for (address, loads) in try counter.loads.entries() {
        // A value for each CPU: the total is their sum.
        let packets = loads.reduce(0) { $0 + $1.packets }
        let bytes = loads.reduce(0) { $0 + $1.bytes }
        Output.line("\(address)  \(packets) packets  \(bytes) bytes")
      }
    }
    try link.detach()
  }
}
