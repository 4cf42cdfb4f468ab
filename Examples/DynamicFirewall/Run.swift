// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport
import Foundation

/// Loads and attaches the program, and keeps it there.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Attach to an interface and filter until Ctrl-C, printing what passes and what is dropped.")

  @Argument(help: "The network interface.") var interface: String
  @Option(help: "The interface's network namespace, by name (ip netns) or path.") var netns: String?
  @Flag(help: "Run the program in the stack, which every driver can, and not in the driver.") var generic = false
  @Option(help: "Stop after this many seconds.") var seconds: Int?
  @OptionGroup var options: PinOptions

  func run() throws {
    Interrupt.catchSignals()
    let firewall = try DynamicFirewall.load()
    let pins = try firewall.collection.pinAll(in: options.pins)
    defer { for path in [pins.maps.values, pins.programs.values].joined() { unlink(path) } }

    let link = try attach(firewall)
    Output.note("filtering \(link.place); maps are pinned in \(options.pins); Ctrl-C ends it")
    let start = ContinuousClock.now
    while !Interrupt.isRequested {
      Thread.sleep(forTimeInterval: 1)
      Output.line("passed \(firewall.globals.passed)  dropped \(firewall.globals.dropped)")
      if let seconds, ContinuousClock.now - start >= .seconds(seconds) { break }
    }
    try link.detach()
    Output.note("detached from \(interface)")
  }

  private func attach(_ firewall: DynamicFirewall) throws -> Link {
    let place = XDPPlace.interface(.name(interface), mode: generic ? .generic : .automatic)
    guard let netns else { return try firewall.dynamicFirewall.attach(to: place) }
    let path = netns.contains("/") ? netns : "/run/netns/\(netns)"
    var link: Link?
    try NetNamespace(path: path).run { () throws(BPFError) in link = try firewall.dynamicFirewall.attach(to: place) }
    guard let link else { throw ExitCode.failure }
    return link
  }
}
