// SPDX-License-Identifier: Apache-2.0
// source-counter INTERFACE: counts packets and bytes by IPv4 source address, before the network stack sees them, until
// Ctrl-C. Needs root, or CAP_BPF and CAP_NET_ADMIN.

import BPF
import Foundation

@main
struct Tool {
  static func main() {
    guard CommandLine.arguments.count == 2 else { fail("usage: source-counter INTERFACE") }
    do {
      try count(on: CommandLine.arguments[1])
    } catch {
      fail("source-counter: \(error)")
    }
  }

  static func count(on interface: String) throws {
    let counter = try SourceCounter.load()
    // The program stays attached for as long as the link lives: here, until the process ends.
    let link = try counter.countSource.attach(to: .interface(.name(interface)))
    print("attached to \(link.place); Ctrl-C ends it")
    while true {
      fflush(nil)
      Thread.sleep(forTimeInterval: 1)
      for (address, loads) in try counter.loads.entries() {
        // A value for each CPU: the total is their sum.
        let packets = loads.reduce(0) { $0 + $1.packets }
        let bytes = loads.reduce(0) { $0 + $1.bytes }
        print("\(address)  \(packets) packets  \(bytes) bytes")
      }
    }
  }

  static func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
  }
}
