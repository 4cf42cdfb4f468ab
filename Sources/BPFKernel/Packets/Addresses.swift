// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// An IPv4 address as in a packet: four bytes, most significant first. The same bytes as `BPF`'s type of this name.
@frozen public struct IPv4Address: Equatable, BitwiseCopyable {
  /// The bytes as they lie in memory (`__be32`).
  public var networkOrder: UInt32

  /// - Parameter networkOrder: as the C type `__be32`.
  @inline(__always) public init(networkOrder: UInt32) { self.networkOrder = networkOrder }

  /// The address `a.b.c.d`.
  @inline(__always) public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(hostOrder: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// - Parameter hostOrder: 127.0.0.1 is 0x7f00_0001.
  @inline(__always) public init(hostOrder: UInt32) { networkOrder = hostOrder.bigEndian }

  /// 127.0.0.1 is 0x7f00_0001.
  public var hostOrder: UInt32 { @inline(__always) get { UInt32(bigEndian: networkOrder) } }

  /// Whether the first `prefixLength` bits, a constant, are those of `network`.
  @inline(__always)
  public func isIn(_ network: IPv4Address, prefixLength: UInt32) -> Bool {
    let mask: UInt32 = prefixLength == 0 ? 0 : UInt32.max &<< (32 &- prefixLength)
    return (networkOrder ^ network.networkOrder) & mask.bigEndian == 0
  }
}

/// An IPv6 address as in a packet: sixteen bytes, aligned to four. The same bytes as `BPF`'s type of this name.
@frozen public struct IPv6Address: Equatable, BitwiseCopyable {
  /// The address as four words whose bytes lie in network order.
  public var words: (UInt32, UInt32, UInt32, UInt32)

  /// - Parameter words: four words as they lie in memory.
  @inline(__always)
  public init(networkOrder words: (UInt32, UInt32, UInt32, UInt32)) { self.words = words }

  /// The address of these eight groups: `2001:db8::1` is `(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)`.
  @inline(__always)
  public init(
    _ a: UInt16, _ b: UInt16, _ c: UInt16, _ d: UInt16, _ e: UInt16, _ f: UInt16, _ g: UInt16, _ h: UInt16
  ) {
    words = (
      (UInt32(a) << 16 | UInt32(b)).bigEndian, (UInt32(c) << 16 | UInt32(d)).bigEndian,
      (UInt32(e) << 16 | UInt32(f)).bigEndian, (UInt32(g) << 16 | UInt32(h)).bigEndian
    )
  }

  @inline(__always)
  public static func == (left: IPv6Address, right: IPv6Address) -> Bool {
    (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
      | (left.words.3 ^ right.words.3) == 0
  }
}

/// A link address: six bytes.
@frozen public struct MACAddress: Equatable, BitwiseCopyable {
  /// The address as three halves whose bytes lie in network order.
  public var halves: (UInt16, UInt16, UInt16)

  /// The address `a:b:c:d:e:f`.
  @inline(__always)
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
    halves = (
      (UInt16(a) << 8 | UInt16(b)).bigEndian, (UInt16(c) << 8 | UInt16(d)).bigEndian,
      (UInt16(e) << 8 | UInt16(f)).bigEndian
    )
  }

  @inline(__always)
  public static func == (left: MACAddress, right: MACAddress) -> Bool {
    (left.halves.0 ^ right.halves.0) | (left.halves.1 ^ right.halves.1) | (left.halves.2 ^ right.halves.2) == 0
  }

  /// Whether the address is a group's, broadcast included.
  public var isMulticast: Bool { @inline(__always) get { UInt16(bigEndian: halves.0) & 0x100 != 0 } }
}
