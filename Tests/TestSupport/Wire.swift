// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Datagrams from the far end of a cable to the near one, whose address resolution is settled.
public final class Wire: Sendable {
  public let pair: NetworkPair
  public let receiver: TestSocket
  private let sender: TestSocket
  private static let port: UInt16 = 7000

  public init() throws {
    let pair = try NetworkPair()
    // Packets count here: none for address resolution among them.
    try pair.far.check("ip neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev veth1")
    try pair.near.check("ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev veth0")
    receiver = try pair.near.run { try TestSocket(address: NetworkPair.nearAddress, port: Self.port) }
    sender = try pair.far.run { try TestSocket(address: NetworkPair.farAddress) }
    self.pair = pair
  }

  public func send(_ text: String = "x") throws {
    try sender.send(Array(text.utf8), to: NetworkPair.nearAddress, port: Self.port)
  }

  /// Whether a datagram that is sent now comes out.
  public func delivers() throws -> Bool {
    let text = UUID().uuidString
    try send(text)
    while let datagram = receiver.receive() {
      if datagram == Array(text.utf8) { return true }
    }
    return false
  }

  /// Sends until a counter moves; whether it did.
  public func sends(until counter: () throws -> UInt64) throws -> Bool {
    let before = try counter()
    for _ in 0..<200 {
      try send()
      for _ in 0..<20 {
        if try counter() != before { return true }
        usleep(1000)
      }
    }
    return false
  }
}
