// SPDX-License-Identifier: Apache-2.0
// packet-filter INTERFACE: drops packets from addresses that are blocked and allowed while it runs. It reads commands from
// standard input, one a line: `block ADDRESS`, `allow ADDRESS`, `list`. Needs root, or CAP_BPF and CAP_NET_ADMIN.

import BPF
import Foundation

@main
struct Tool {
  static func main() {
    guard CommandLine.arguments.count == 2 else { fail("usage: packet-filter INTERFACE") }
    do {
      try filter(CommandLine.arguments[1])
    } catch {
      fail("packet-filter: \(error)")
    }
  }

  static func filter(_ interface: String) throws {
    let filter = try PacketFilter.load()
    let link = try filter.packetFilter.attach(to: .interface(.name(interface)))
    print("filtering \(interface)")
    fflush(nil)
    while let line = readLine() {
      let words = line.split(separator: " ")
      switch (words.first, words.dropFirst().first.flatMap { IPv4Address("\($0)") }) {
      case ("block", let address?):
        try filter.blockedAddresses.set(1, for: address)
        print("blocked \(address)")
      case ("allow", let address?):
        _ = try filter.blockedAddresses.delete(address)
        print("allowed \(address)")
      case ("list", _):
        for (address, count) in try filter.dropCounts.entries() {
          print("\(address)  dropped \(count.packets) packets, \(count.bytes) bytes")
        }
        print("passed \(filter.globals.passed)  dropped \(filter.globals.dropped)")
      default: print("block ADDRESS, allow ADDRESS or list; not: \(line.debugDescription)")
      }
      fflush(nil)
    }
    try link.detach()
  }

  static func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
  }
}
