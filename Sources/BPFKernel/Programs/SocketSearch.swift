// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// Addresses and ports of both ends of a connection, by which a socket is found.
public protocol Connection: BitwiseCopyable {}

/// Both ends of a connection over IPv4: a packet's source and destination, as they lie in the packet. A handy key of maps,
/// too: 12 bytes without padding.
@frozen public struct IPv4Connection: Connection {
  public var source: IPv4Address
  public var destination: IPv4Address
  public var sourcePort: BigEndian<UInt16>
  public var destinationPort: BigEndian<UInt16>

  @inline(__always)
  public init(
    source: IPv4Address, sourcePort: BigEndian<UInt16>, destination: IPv4Address, destinationPort: BigEndian<UInt16>
  ) {
    self.source = source
    self.destination = destination
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}

/// Both ends of a connection over IPv6: 36 bytes without padding.
@frozen public struct IPv6Connection: Connection {
  public var source: IPv6Address
  public var destination: IPv6Address
  public var sourcePort: BigEndian<UInt16>
  public var destinationPort: BigEndian<UInt16>

  @inline(__always)
  public init(
    source: IPv6Address, sourcePort: BigEndian<UInt16>, destination: IPv6Address, destinationPort: BigEndian<UInt16>
  ) {
    self.source = source
    self.destination = destination
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}

extension ProgramContext {
  /// Lends the TCP socket of this machine that a packet between these ends belongs to: a connection's, or a listener's.
  ///
  /// - Returns: what `body` returns; nil if there is no such socket.
  /// - Requires: Linux 4.20 in tc, cgroup_skb and XDP programs, 4.20 to 5.3 in others.
  @inline(__always)
  public func withTCPSocket<Ends: Connection, Result>(_ ends: Ends, _ body: (BPFSocket) -> Result) -> Result? {
    let found = withUnsafeBytesOf(ends) {
      bpf_sk_lookup_tcp(
        pointer, $0.assumingMemoryBound(to: bpf_sock_tuple.self), UInt32(MemoryLayout<Ends>.size), .max, 0)
    }
    return lend(found, body)
  }

  /// Lends the UDP socket of this machine that a packet between these ends goes to.
  ///
  /// - Returns: what `body` returns; nil if there is no such socket.
  /// - Requires: Linux 4.20 in tc, cgroup_skb and XDP programs, 4.20 to 5.3 in others.
  @inline(__always)
  public func withUDPSocket<Ends: Connection, Result>(_ ends: Ends, _ body: (BPFSocket) -> Result) -> Result? {
    let found = withUnsafeBytesOf(ends) {
      bpf_sk_lookup_udp(
        pointer, $0.assumingMemoryBound(to: bpf_sock_tuple.self), UInt32(MemoryLayout<Ends>.size), .max, 0)
    }
    return lend(found, body)
  }

  @inline(__always)
  private func lend<Result>(_ found: OpaquePointer?, _ body: (BPFSocket) -> Result) -> Result? {
    guard let found else { return nil }
    let socket = BPFSocket(raw: found)
    let result = body(socket)
    socket.release()
    return result
  }
}
