// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import Glibc

/// Loads and attaches the program, and keeps it attached.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Filter an interface until Ctrl-C, and print what passes and what is dropped.")

  @Argument(help: "The network interface.") var interface: String
  @Option(help: "The interface's network namespace, by name (ip netns) or path.") var netns: String?
  @Flag(help: "Run the program in the network stack (any driver can) instead of the driver.") var generic = false
  @OptionGroup var options: PinOptions

  func run() throws {
    // Pins outlive the process. So Ctrl-C and SIGTERM must not end it before they are removed: the loop waits for them.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    let firewall = try DynamicFirewall.load()
    let pins = try firewall.collection.pinAll(in: options.pins)
    defer { for path in [pins.maps.values, pins.programs.values].joined() { unlink(path) } }
    let link = try attach(firewall)
    print("filtering \(link.place); maps are pinned in \(options.pins); Ctrl-C ends it")
    fflush(nil)
    var second = timespec(tv_sec: 1, tv_nsec: 0)
    while sigtimedwait(&signals, nil, &second) < 0 {
      print("passed \(firewall.globals.passed)  dropped \(firewall.globals.dropped)")
      fflush(nil)
    }
    try link.detach()
    print("detached from \(interface)")
  }

  private func attach(_ firewall: DynamicFirewall) throws -> Link {
    let namespace = try netns.map { try $0.contains("/") ? NetworkNamespace(path: $0) : NetworkNamespace(name: $0) }
    return try firewall.dynamicFirewall.attach(
      to: .interface(Interface(interface, in: namespace), mode: generic ? .generic : .automatic))
  }
}
