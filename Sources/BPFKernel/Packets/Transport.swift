// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The flags of a TCP segment (RFC 9293).
@frozen public struct TCPFlags: OptionSet, BitwiseCopyable {
  public var rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static var fin: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x01) } }
  public static var syn: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x02) } }
  public static var rst: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x04) } }
  public static var psh: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x08) } }
  public static var ack: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x10) } }
  public static var urg: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x20) } }
  public static var ece: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x40) } }
  public static var cwr: TCPFlags { @inline(__always) get { TCPFlags(rawValue: 0x80) } }
}

/// The header of a TCP segment: 20 bytes, and up to 40 of options behind it (RFC 9293).
@frozen public struct TCPHeader: BitwiseCopyable {
  public var sourcePort: BigEndian<UInt16>
  public var destinationPort: BigEndian<UInt16>
  public var sequence: BigEndian<UInt32>
  public var acknowledgement: BigEndian<UInt32>
  /// The header's length in the upper four bits, in units of 4 bytes.
  public var dataOffset: UInt8
  public var flags: TCPFlags
  public var window: BigEndian<UInt16>
  public var checksum: Checksum
  public var urgentPointer: BigEndian<UInt16>

  /// Bytes of the header with its options: 20 to 60.
  public var length: Int { @inline(__always) get { Int(dataOffset >> 4) &* 4 } }
}

/// The header of a UDP datagram: 8 bytes (RFC 768).
@frozen public struct UDPHeader: BitwiseCopyable {
  public var sourcePort: BigEndian<UInt16>
  public var destinationPort: BigEndian<UInt16>
  /// Bytes of the datagram, this header included.
  public var length: BigEndian<UInt16>
  /// 0 over IPv4: there is none.
  public var checksum: Checksum
}

/// The header of an ICMP (RFC 792) or ICMPv6 (RFC 4443) message: 8 bytes.
@frozen public struct ICMPHeader: BitwiseCopyable {
  public var type: UInt8
  public var code: UInt8
  public var checksum: Checksum
  /// What it holds depends on the type; identifier and sequence of an echo.
  public var rest: BigEndian<UInt32>

  /// The identifier of an echo.
  public var identifier: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: rest.value >> 16) } }
  /// The sequence number of an echo.
  public var sequence: UInt16 { @inline(__always) get { UInt16(truncatingIfNeeded: rest.value) } }
}

extension Packet {
  /// Reads a TCP header and moves behind its options; nil if the packet ends before that, or gives its header less than 20
  /// bytes.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func tcp() -> TCPHeader? {
    let start = position
    guard let header = read(TCPHeader.self), header.length >= 20 else { return nil }
    position = start + header.length
    guard position <= end else { return nil }
    return header
  }

  /// Reads a UDP header; nil if the packet ends before.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func udp() -> UDPHeader? { read(UDPHeader.self) }

  /// Reads the header of an ICMP or ICMPv6 message; nil if the packet ends before.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func icmp() -> ICMPHeader? { read(ICMPHeader.self) }
}
