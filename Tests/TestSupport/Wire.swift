// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Datagrams from the far end of a cable to the near one.
public final class Wire: Sendable {
  public let pair: NetworkPair
  public let receiver: TestSocket
  private let sender: TestSocket
  private static let port: UInt16 = 7000

  public init() throws {
    let pair = try NetworkPair()
    receiver = try pair.near.run { try TestSocket(address: NetworkPair.nearAddress, port: Self.port) }
    sender = try pair.far.run { try TestSocket(address: NetworkPair.farAddress) }
    self.pair = pair
  }

  public func send(_ text: String = "x") throws {
    try sender.send(Array(text.utf8), to: NetworkPair.nearAddress, port: Self.port)
  }

  /// Whether a datagram that is sent now comes out.
  public func delivers(milliseconds: Int32 = 60_000) throws -> Bool {
    let text = UUID().uuidString
    try send(text)
    while let datagram = receiver.receive(milliseconds: milliseconds) {
      if datagram == Array(text.utf8) { return true }
    }
    return false
  }

  /// Whether datagrams come out again after a link was let go of: it is detached when nobody else, who lists links, has
  /// it open.
  public func deliversAgain() throws -> Bool { try eventually { try delivers(milliseconds: 500) } }

  /// Sends until a counter moves; whether it did.
  public func sends(until counter: () throws -> UInt64) throws -> Bool {
    let before = try counter()
    return try eventually {
      try send()
      return try counter() != before
    }
  }
}
