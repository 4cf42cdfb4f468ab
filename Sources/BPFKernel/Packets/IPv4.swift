// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What an IP packet carries (`IPPROTO_...`), and the kinds of IPv6 extension headers.
@frozen public struct IPProtocol: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// 1
  public static var icmp: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 1) } }
  /// 4: IPv4 in IP.
  public static var ipv4: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 4) } }
  /// 6
  public static var tcp: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 6) } }
  /// 17
  public static var udp: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 17) } }
  /// 41: IPv6 in IP.
  public static var ipv6: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 41) } }
  /// 47
  public static var gre: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 47) } }
  /// 50
  public static var esp: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 50) } }
  /// 58
  public static var icmpv6: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 58) } }
  /// 132
  public static var sctp: IPProtocol { @inline(__always) get { IPProtocol(rawValue: 132) } }
}

/// The header of an IPv4 packet: 20 bytes, and up to 40 of options behind it (RFC 791).
@frozen public struct IPv4Header: BitwiseCopyable {
  /// Version and length: 0x45 without options.
  public var versionAndLength: UInt8
  /// DSCP and ECN.
  public var typeOfService: UInt8
  /// Bytes of the packet, this header included.
  public var totalLength: BigEndian<UInt16>
  public var identification: BigEndian<UInt16>
  /// Three bits of flags and the fragment's offset in units of 8 bytes.
  public var flagsAndOffset: BigEndian<UInt16>
  public var timeToLive: UInt8
  public var `protocol`: IPProtocol
  public var checksum: Checksum
  public var source: IPv4Address
  public var destination: IPv4Address

  /// 4, if it is IPv4.
  public var version: UInt8 { @inline(__always) get { versionAndLength >> 4 } }
  /// Bytes of the header with its options: 20 to 60.
  public var length: Int { @inline(__always) get { Int(versionAndLength & 15) &* 4 } }
  /// Whether the packet is a fragment, so that only the first one has ports.
  public var isFragment: Bool { @inline(__always) get { flagsAndOffset.raw & UInt16(0x3fff).bigEndian != 0 } }
  /// Whether the packet is a fragment without the transport header.
  public var isLaterFragment: Bool { @inline(__always) get { flagsAndOffset.raw & UInt16(0x1fff).bigEndian != 0 } }

  /// Takes one from the time to live and corrects the checksum.
  ///
  /// - Returns: false, with nothing changed, if there was none left to take.
  @inline(__always) @discardableResult
  public mutating func decrementTimeToLive() -> Bool {
    guard timeToLive > 1 else { return false }
    // The time to live is the upper byte of its 16-bit word, and the word's other byte does not change.
    checksum.update(from: BigEndian(UInt16(timeToLive) << 8), to: BigEndian(UInt16(timeToLive &- 1) << 8))
    timeToLive = timeToLive &- 1
    return true
  }

  /// Changes the source and corrects this header's checksum, but not the transport's.
  @inline(__always)
  public mutating func setSource(_ address: IPv4Address) {
    checksum.update(from: source, to: address)
    source = address
  }

  /// Changes the destination and corrects this header's checksum, but not the transport's.
  @inline(__always)
  public mutating func setDestination(_ address: IPv4Address) {
    checksum.update(from: destination, to: address)
    destination = address
  }
}

extension Packet {
  /// Reads an IPv4 header and moves behind its options; nil if the packet ends before that, is not IPv4 or states for its header
  /// less than 20 bytes.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func ipv4() -> IPv4Header? {
    let start = position
    guard let header = read(IPv4Header.self), header.version == 4, header.length >= 20 else { return nil }
    position = start + header.length
    guard position <= end else { return nil }
    return header
  }
}
