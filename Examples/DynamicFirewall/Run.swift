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
    let collection = try Collection(bytes: Objects.dynamicFirewall, name: "dynamic_firewall")
    try collection.load()
    let pins = try collection.pinAll(in: options.pins)
    defer { for path in [pins.maps.values, pins.programs.values].joined() { unlink(path) } }

    let program = try collection.program("dynamic_firewall")
    let link = try attach(program)
    Output.note("filtering \(link.place); maps are pinned in \(options.pins); Ctrl-C ends it")
    let start = ContinuousClock.now
    while !Interrupt.isRequested {
      Thread.sleep(forTimeInterval: 1)
      let passed = try collection.global("passed", as: UInt64.self)
      let dropped = try collection.global("dropped", as: UInt64.self)
      Output.line("passed \(passed)  dropped \(dropped)")
      if let seconds, ContinuousClock.now - start >= .seconds(seconds) { break }
    }
    try link.detach()
    Output.note("detached from \(interface)")
  }

  private func attach(_ program: Program) throws -> Link {
    let hook = Hook.xdp(interface: .name(interface), mode: generic ? .generic : .automatic)
    guard let netns else { return try program.attach(to: hook) }
    let path = netns.contains("/") ? netns : "/run/netns/\(netns)"
    var link: Link?
    try NetNamespace(path: path).run { () throws(BPFError) in link = try program.attach(to: hook) }
    guard let link else { throw ExitCode.failure }
    return link
  }
}
