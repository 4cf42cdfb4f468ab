// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// A link address: six bytes.
@frozen public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
  /// The address as three halves whose bytes lie in network order.
  public var halves: (UInt16, UInt16, UInt16)

  /// The address `a:b:c:d:e:f`.
  @inlinable public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
    halves = (
      (UInt16(a) << 8 | UInt16(b)).bigEndian, (UInt16(c) << 8 | UInt16(d)).bigEndian,
      (UInt16(e) << 8 | UInt16(f)).bigEndian
    )
  }

  /// `ff:ff:ff:ff:ff:ff`.
  @inlinable public static var broadcast: MACAddress { MACAddress(0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }

  /// Whether the address is a group's, broadcast included.
  @inlinable public var isMulticast: Bool { UInt16(bigEndian: halves.0) & 0x100 != 0 }

  @inlinable public static func == (a: MACAddress, b: MACAddress) -> Bool {
    (a.halves.0 ^ b.halves.0) | (a.halves.1 ^ b.halves.1) | (a.halves.2 ^ b.halves.2) == 0
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(halves.0)
    hasher.combine(halves.1)
    hasher.combine(halves.2)
  }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension MACAddress: LosslessStringConvertible {
    /// Reads six pairs of hex digits with colons between them: `02:42:ac:11:00:02`.
    public init?(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      let bytes = parts.compactMap { part in
        part.utf8.count == 2 && part.utf8.first != 0x2b ? UInt8(part, radix: 16) : nil
      }
      guard parts.count == 6, bytes.count == 6 else { return nil }
      self.init(bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5])
    }

    public var description: String {
      [halves.0, halves.1, halves.2].flatMap { half in
        let number = UInt16(bigEndian: half)
        return [number >> 8, number & 0xff].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      }.joined(separator: ":")
    }
  }
#endif
