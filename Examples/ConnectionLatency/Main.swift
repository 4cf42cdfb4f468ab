// SPDX-License-Identifier: Apache-2.0
// connection-latency: shows each TCP connection with the time that its handshake took, until Ctrl-C. Needs root, or
// CAP_BPF and CAP_PERFMON.

import BPF
import BPFKernel
import Foundation

@main
struct Tool {
  static func main() {
    do {
      try watch()
    } catch {
      FileHandle.standardError.write(Data("connection-latency: \(error)\n".utf8))
      exit(1)
    }
  }

  static func watch() throws {
    let latency = try ConnectionLatency.load()
    let connections = latency.connections
    let places = try latency.attachAll().attached.map(\.place)
    print("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    while true {
      try connections.poll(timeout: .seconds(1)) { connection in
        let source = connection.address(connection.source)
        let destination = connection.address(connection.destination)
        let command = "\(connection.command)".debugDescription
        print(
          "\(connection.nanoseconds / 1000) us  \(connection.pid) \(command)  "
            + "\(source):\(connection.sourcePort) -> \(destination):\(connection.destinationPort)")
      }
      fflush(nil)
    }
  }
}

extension Connection {
  /// An address as people write it.
  func address(_ bytes: InlineArray<16, UInt8>) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    return withUnsafeBytes(of: bytes) { bytes in
      guard inet_ntop(CInt(family), bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return "?" }
      return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
