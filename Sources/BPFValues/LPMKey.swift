// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The key of a longest-prefix-match map: how many leading bits count, then the address (`struct bpf_lpm_trie_key`).
///
/// A lookup asks with all bits of an address and finds the value of the longest stored prefix that covers the address.
/// `Address` must lie most significant byte first, and must not need more than 4-byte alignment.
@frozen public struct LPMKey<Address: BitwiseCopyable>: BitwiseCopyable {
  /// How many leading bits of ``address`` count.
  public var prefixLength: UInt32
  /// The address, most significant byte first.
  public var address: Address

  /// The network of `address` with a prefix of `prefixLength` bits.
  @inlinable public init(_ address: Address, prefixLength: Int) {
    self.prefixLength = UInt32(clamping: prefixLength)
    self.address = address
  }

  /// All bits of `address`: what a lookup asks with.
  @inlinable public init(_ address: Address) { self.init(address, prefixLength: MemoryLayout<Address>.size &* 8) }
}

extension LPMKey: Sendable where Address: Sendable {}
extension LPMKey: Equatable where Address: Equatable {}
extension LPMKey: Hashable where Address: Hashable {}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension LPMKey: CustomStringConvertible {
    public var description: String { "\(address)/\(prefixLength)" }
  }

  extension LPMKey where Address: LosslessStringConvertible {
    /// Reads `10.0.0.0/8`, or an address alone for all of its bits.
    public init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      let bits = MemoryLayout<Address>.size * 8
      guard parts.count <= 2, let address = Address(String(parts[0])) else { return nil }
      guard parts.count == 2 else {
        self.init(address)
        return
      }
      guard let length = Int(parts[1]), (0...bits).contains(length) else { return nil }
      self.init(address, prefixLength: length)
    }
  }
#endif
