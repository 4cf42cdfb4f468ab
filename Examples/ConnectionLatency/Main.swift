// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFKernel
import CommandSupport
import Foundation

/// Shows each TCP connection with the time that its handshake took.
@main
struct ConnectionLatencyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connection-latency",
    abstract: "Show how long TCP connections take to be established.",
    discussion: """
      Needs root, or CAP_BPF and CAP_PERFMON.

      EXAMPLES
        connection-latency                     until Ctrl-C
        connection-latency --seconds 2 --demo  with connections of its own, over loopback
      """)

  @Option(help: "Stop after this many seconds.") var seconds: Int?
  @Flag(help: "Connect to this process now and then, over loopback.") var demo = false

  func run() throws {
    Interrupt.catchSignals()
    let latency = try ConnectionLatency.load()
    var connections = try latency.connections.reader()
    let places = try latency.attachAll().attached.map(\.place)
    Output.note("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    let example = demo ? try Listener() : nil
    let start = ContinuousClock.now
    while !Interrupt.isRequested, seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? true {
      example?.connect()
      try connections.poll(timeout: .milliseconds(200)) { connection in
        Output.line(
          "\(connection.nanoseconds / 1000) us  \(connection.pid) \(connection.command)  "
            + "\(connection.address(connection.source)):\(connection.sourcePort) -> "
            + "\(connection.address(connection.destination)):\(connection.destinationPort)")
      }
    }
    Output.line("lost: \(latency.globals.lost)")
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

/// A listening socket on loopback.
private final class Listener {
  private let socket: CInt
  private var address = sockaddr_in()

  init() throws {
    socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isReady = withAddress {
      bind(socket, $0, size) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &size) == 0
    }
    guard isReady else { throw ValidationError("no listening socket on loopback") }
  }

  deinit { close(socket) }

  /// One connection, closed at once on both ends.
  func connect() {
    let client = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    guard withAddress({ Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }) == 0 else { return }
    let accepted = accept(socket, nil, nil)
    if accepted >= 0 { close(accepted) }
  }

  private func withAddress<Result>(_ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }
}
