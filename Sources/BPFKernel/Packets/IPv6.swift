// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The header of an IPv6 packet: 40 bytes (RFC 8200).
@frozen public struct IPv6Header: BitwiseCopyable {
  /// Version, traffic class and flow label.
  public var versionClassAndLabel: BigEndian<UInt32>
  /// Bytes behind this header.
  public var payloadLength: BigEndian<UInt16>
  /// The kind of the header behind this one.
  public var next: IPProtocol
  public var hopLimit: UInt8
  public var source: IPv6Address
  public var destination: IPv6Address

  /// 6, if it is IPv6.
  public var version: UInt8 { @inline(__always) get { UInt8(truncatingIfNeeded: versionClassAndLabel.value >> 28) } }
  /// DSCP and ECN.
  public var trafficClass: UInt8 {
    @inline(__always) get { UInt8(truncatingIfNeeded: versionClassAndLabel.value >> 20) }
  }
  /// 20 bits that name a flow.
  public var flowLabel: UInt32 { @inline(__always) get { versionClassAndLabel.value & 0xf_ffff } }
}

/// What stands behind the extension headers of an IPv6 packet.
@frozen public struct IPv6Payload: BitwiseCopyable {
  /// The kind of the first header that is not an extension that can be passed over.
  public var `protocol`: IPProtocol
  /// Whether the packet is a fragment without the transport header.
  public var isLaterFragment: Bool
}

extension Packet {
  /// Reads an IPv6 header and moves behind it; nil if the packet ends before or is not IPv6.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func ipv6() -> IPv6Header? {
    guard let header = read(IPv6Header.self), header.version == 6 else { return nil }
    return header
  }

  /// Passes over up to six extension headers: hop-by-hop, routing, fragment, authentication, destination options,
  /// mobility, HIP, shim6. nil if the packet ends before, or has more.
  ///
  /// - Parameter next: the field `next` of the IPv6 header.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func skipExtensions(_ next: IPProtocol) -> IPv6Payload? {
    var payload = IPv6Payload(protocol: next, isLaterFragment: false)
    for _ in 0..<6 {
      switch payload.protocol.rawValue {
      case 0, 43, 60, 135, 139, 140:
        guard let header = peek(ExtensionHeader.self) else { return nil }
        payload.protocol = header.next
        skip((Int(header.length) &+ 1) &* 8)
      case 44:
        guard let header = read(FragmentHeader.self) else { return nil }
        payload.protocol = header.next
        payload.isLaterFragment = header.offsetAndFlags.raw & UInt16(0xfff8).bigEndian != 0
        if payload.isLaterFragment { return payload }
      case 51:
        guard let header = peek(ExtensionHeader.self) else { return nil }
        payload.protocol = header.next
        skip((Int(header.length) &+ 2) &* 4)
      default: return payload
      }
    }
    return nil
  }

  /// The start of an extension header. The length does not count the first 8 bytes (authentication: 4-byte units).
  @usableFromInline @frozen struct ExtensionHeader: BitwiseCopyable {
    @usableFromInline var next: IPProtocol
    @usableFromInline var length: UInt8
  }

  @usableFromInline @frozen struct FragmentHeader: BitwiseCopyable {
    @usableFromInline var next: IPProtocol
    @usableFromInline var reserved: UInt8
    @usableFromInline var offsetAndFlags: BigEndian<UInt16>
    @usableFromInline var identification: BigEndian<UInt32>
  }
}
