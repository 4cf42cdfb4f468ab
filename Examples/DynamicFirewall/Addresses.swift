// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

/// Reads an address of the command line.
private func address(_ text: String) throws -> IPv4Address {
  guard let address = IPv4Address(text) else { throw ValidationError("'\(text)' is not an IPv4 address") }
  return address
}

/// Adds addresses to the running program's table.
struct Block: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Drop packets from addresses.")

  @Argument(help: "IPv4 addresses, such as 192.0.2.7.", transform: address) var addresses: [IPv4Address]
  @OptionGroup var options: PinOptions

  func run() throws {
    let firewall = try Firewall(pins: options.pins)
    for address in addresses { try firewall.blocked.set(true, for: address) }
  }
}

/// Removes addresses from the table.
struct Allow: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Let packets from addresses pass again.")

  @Argument(help: "IPv4 addresses, such as 192.0.2.7.", transform: address) var addresses: [IPv4Address]
  @OptionGroup var options: PinOptions

  func run() throws {
    let firewall = try Firewall(pins: options.pins)
    for address in addresses where try !firewall.blocked.delete(address) {
      print("\(address) was not blocked")
    }
  }
}

/// Shows the table.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the blocked addresses and the packets that each has lost.")

  @OptionGroup var options: PinOptions

  func run() throws {
    for (address, isBlocked, drops) in try Firewall(pins: options.pins).addresses() {
      print("\(address)  \(isBlocked ? "blocked" : "allowed")  dropped \(drops.packets) packets, \(drops.bytes) bytes")
    }
  }
}
