// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport

/// Reads an address of the command line.
private func address(_ text: String) throws -> IPv4Address {
  guard let address = IPv4Address(text) else { throw ValidationError("'\(text)' is no IPv4 address") }
  return address
}

/// Adds addresses to the running program's table.
struct Block: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Drop packets from these addresses, from now on.")

  @Argument(help: "IPv4 addresses, such as 192.0.2.7.", transform: address) var addresses: [IPv4Address]
  @OptionGroup var options: PinOptions

  func run() throws {
    let firewall = try Firewall(pins: options.pins)
    for address in addresses { try firewall.blocked.set(address, true) }
  }
}

/// Removes addresses from the table.
struct Allow: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Let packets from these addresses pass again.")

  @Argument(help: "IPv4 addresses, such as 192.0.2.7.", transform: address) var addresses: [IPv4Address]
  @OptionGroup var options: PinOptions

  func run() throws {
    let firewall = try Firewall(pins: options.pins)
    for address in addresses where try !firewall.blocked.delete(address) {
      Output.note("\(address) was not blocked")
    }
  }
}

/// Shows the table.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show the blocked addresses and what each has lost.")

  @OptionGroup var options: PinOptions

  func run() throws {
    var table = Table("ADDRESS", "STATE", "DROPPED PACKETS", "BYTES")
    for (address, isBlocked, drops) in try Firewall(pins: options.pins).addresses() {
      table.row("\(address)", isBlocked ? "blocked" : "allowed", "\(drops.packets)", "\(drops.bytes)")
    }
    Output.line(table.text)
  }
}
