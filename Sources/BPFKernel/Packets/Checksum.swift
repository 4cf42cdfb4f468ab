// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// An Internet checksum (RFC 1071). It is kept as it lies in the packet: the order of bytes does not matter to
/// one's complement sums.
@frozen public struct Checksum: Equatable, BitwiseCopyable {
  /// The bytes as they lie in memory.
  public var raw: UInt16
  @inline(__always) public init(raw: UInt16) { self.raw = raw }

  /// The checksum of a sum of 16-bit words: its carries folded in, and its complement taken.
  @inline(__always)
  public init(sum: UInt64) {
    var sum = sum
    sum = (sum & 0xffff_ffff) &+ (sum >> 32)
    sum = (sum & 0xffff) &+ (sum >> 16)
    sum = (sum & 0xffff) &+ (sum >> 16)
    sum = (sum & 0xffff) &+ (sum >> 16)
    raw = ~UInt16(truncatingIfNeeded: sum)
  }

  /// Corrects the checksum for a 16-bit word that changed (RFC 1624, equation 3).
  @inline(__always)
  public mutating func update(from old: BigEndian<UInt16>, to new: BigEndian<UInt16>) {
    self = Checksum(sum: UInt64(~raw) &+ UInt64(~old.raw) &+ UInt64(new.raw))
  }

  /// Corrects the checksum for a 32-bit word that changed.
  @inline(__always)
  public mutating func update(from old: BigEndian<UInt32>, to new: BigEndian<UInt32>) {
    self = Checksum(sum: UInt64(~raw) &+ UInt64(~old.raw) &+ UInt64(new.raw))
  }

  /// Corrects the checksum for an address that changed.
  @inline(__always)
  public mutating func update(from old: IPv4Address, to new: IPv4Address) {
    update(from: BigEndian(raw: old.networkOrder), to: BigEndian(raw: new.networkOrder))
  }

  /// Corrects the checksum for an address that changed.
  @inline(__always)
  public mutating func update(from old: IPv6Address, to new: IPv6Address) {
    var sum = UInt64(~raw)
    sum = sum &+ UInt64(~old.words.0) &+ UInt64(new.words.0)
    sum = sum &+ UInt64(~old.words.1) &+ UInt64(new.words.1)
    sum = sum &+ UInt64(~old.words.2) &+ UInt64(new.words.2)
    sum = sum &+ UInt64(~old.words.3) &+ UInt64(new.words.3)
    self = Checksum(sum: sum)
  }

  /// Corrects the checksum by a difference of ``checksumDifference(from:to:)``.
  @inline(__always)
  public mutating func update(by difference: UInt32) { self = Checksum(sum: UInt64(~raw) &+ UInt64(difference)) }
}

/// The number to correct a checksum by when one value replaces another; the size of both is a multiple of 4 bytes.
///
/// - Requires: Linux 4.6.
@inline(__always)
public func checksumDifference<Old: BitwiseCopyable, New: BitwiseCopyable>(from old: Old, to new: New) -> UInt32 {
  withUnsafeBytesOf(old) { old in
    withUnsafeBytesOf(new) { new in
      UInt32(
        truncatingIfNeeded: bpf_csum_diff(
          old, UInt32(MemoryLayout<Old>.size), new, UInt32(MemoryLayout<New>.size), 0))
    }
  }
}

extension IPv4Header {
  /// The checksum that this header should have, if it has no options.
  public var computedChecksum: Checksum {
    @inline(__always) get {
      var sum = UInt64(UInt16(littleEndian: UInt16(versionAndLength) | UInt16(typeOfService) << 8))
      sum = sum &+ UInt64(totalLength.raw) &+ UInt64(identification.raw) &+ UInt64(flagsAndOffset.raw)
      sum = sum &+ UInt64(UInt16(littleEndian: UInt16(timeToLive) | UInt16(`protocol`.rawValue) << 8))
      return Checksum(sum: sum &+ UInt64(source.networkOrder) &+ UInt64(destination.networkOrder))
    }
  }
}
