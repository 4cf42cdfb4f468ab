// SPDX-License-Identifier: Apache-2.0

/// Protocols that IP carries, by the names that people write.
public enum IPTransport {
  public static let known: [(name: String, number: UInt8)] = [
    ("icmp", 1), ("igmp", 2), ("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50), ("ah", 51), ("icmpv6", 58),
    ("sctp", 132),
  ]

  /// The name of a protocol, or else its number.
  public static func name(_ number: UInt8) -> String { known.first { $0.number == number }?.name ?? "\(number)" }

  /// - Parameter text: a name or a number.
  public static func number(_ text: String) -> UInt8? { known.first { $0.name == text }?.number ?? UInt8(text) }

  /// `icmp, igmp, tcp ... or a number to 255`
  public static let choices = known.map(\.name).joined(separator: ", ") + " or a number to 255"
}
