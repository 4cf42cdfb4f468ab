// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// An IPv4 address as in a packet: four bytes, most significant first (`__be32`, `struct in_addr`).
@frozen public struct IPv4Address: Hashable, Sendable, BitwiseCopyable {
  /// The bytes as they lie in memory, seen as an integer of this machine's order (`__be32`).
  public var networkOrder: UInt32

  /// - Parameter networkOrder: as the C type `__be32`.
  @inlinable public init(networkOrder: UInt32) { self.networkOrder = networkOrder }

  /// The address `a.b.c.d`.
  @inlinable public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(hostOrder: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// - Parameter hostOrder: 127.0.0.1 is 0x7f00_0001.
  @inlinable public init(hostOrder: UInt32) { networkOrder = hostOrder.bigEndian }

  /// 127.0.0.1 is 0x7f00_0001.
  @inlinable public var hostOrder: UInt32 { UInt32(bigEndian: networkOrder) }

  /// 127.0.0.1.
  @inlinable public static var loopback: IPv4Address { IPv4Address(127, 0, 0, 1) }

  /// 0.0.0.0.
  @inlinable public static var any: IPv4Address { IPv4Address(networkOrder: 0) }

  /// Whether the first `prefixLength` bits are those of `network`.
  ///
  /// - Parameter prefixLength: 0 to 32; in a probe a constant, so that the mask is one too.
  @inlinable public func isIn(_ network: IPv4Address, prefixLength: UInt32) -> Bool {
    let mask: UInt32 = prefixLength == 0 ? 0 : UInt32.max &<< (32 &- prefixLength)
    return (networkOrder ^ network.networkOrder) & mask.bigEndian == 0
  }
}

extension IPv4Address: Comparable {
  @inlinable public static func < (a: IPv4Address, b: IPv4Address) -> Bool { a.hostOrder < b.hostOrder }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension IPv4Address: LosslessStringConvertible {
    /// Reads strict dotted decimal: four numbers of 0 to 255, no leading zeros, nothing around them.
    public init?(_ text: some StringProtocol) {
      var value: UInt32 = 0
      var parts = 0
      for part in text.split(separator: ".", omittingEmptySubsequences: false) {
        guard parts < 4, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let byte = UInt8(part),
          part.utf8.count == 1 || part.utf8.first != 0x30
        else { return nil }
        value = value << 8 | UInt32(byte)
        parts += 1
      }
      guard parts == 4 else { return nil }
      self.init(hostOrder: value)
    }

    /// Reads strict dotted decimal.
    public init?(_ description: String) { self.init(description[...]) }

    public var description: String {
      let host = hostOrder
      return "\(host >> 24).\(host >> 16 & 0xff).\(host >> 8 & 0xff).\(host & 0xff)"
    }
  }
#endif
