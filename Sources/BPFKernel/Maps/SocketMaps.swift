// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_SOCKMAP`: sockets by index.
@frozen public struct SockMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 15 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_SOCKHASH`: sockets by key.
@frozen public struct SockHash<Key: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 18 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

extension SockMap {
  /// Lends the socket at an index; nil if there is none.
  ///
  ///     sockets.withSocket(at: 0) { context.choose($0) }
  ///
  /// - Requires: Linux 5.8.
  @inline(__always) @discardableResult
  public mutating func withSocket<Result>(at index: UInt32, _ body: (BPFSocket) -> Result) -> Result? {
    let map = address
    return lend(withBytes(of: index) { bpf_map_lookup_elem(map, $0) }, body)
  }

  /// Sends a message out of a socket of the map, or into its receive queue: a program of the map returns this.
  ///
  /// - Requires: Linux 4.17.
  @inline(__always)
  public mutating func redirect(_ message: SocketMessage, to index: UInt32, ingress: Bool = false) -> SocketVerdict {
    verdict(bpf_msg_redirect_map(message.raw, address, index, ingress ? 1 : 0))
  }

  /// The same for what a socket of the map has received.
  ///
  /// - Requires: Linux 4.14.
  @inline(__always)
  public mutating func redirect(_ packet: SocketBuffer, to index: UInt32, ingress: Bool = false) -> SocketVerdict {
    verdict(bpf_sk_redirect_map(packet.raw, address, index, ingress ? 1 : 0))
  }

  /// Chooses a socket of the group; the program then returns ``SocketVerdict/pass``.
  ///
  /// - Requires: Linux 5.7.
  @inline(__always) @discardableResult
  public mutating func select(_ index: UInt32, for selection: ReusePortSelection) -> Status {
    let map = address
    return withBytes(of: index) { Status(rawValue: bpf_sk_select_reuseport(selection.raw, map, $0, 0)) }
  }

  /// Puts the socket of a `sockops` program into the map.
  ///
  /// - Requires: Linux 4.14.
  @inline(__always) @discardableResult
  public mutating func add(_ operations: SocketOperations, at index: UInt32, if mode: UpdateMode = .any) -> Status {
    let map = address
    return withBytes(of: index) {
      Status(rawValue: bpf_sock_map_update(operations.raw, map, UnsafeMutableRawPointer(mutating: $0), mode.rawValue))
    }
  }
}

extension SockHash {
  /// Lends the socket of a key; nil if there is none.
  ///
  /// - Requires: Linux 5.8.
  @inline(__always) @discardableResult
  public mutating func withSocket<Result>(_ key: Key, _ body: (BPFSocket) -> Result) -> Result? {
    let map = address
    return lend(withBytes(of: key) { bpf_map_lookup_elem(map, $0) }, body)
  }

  /// Sends a message out of a socket of the map, or into its receive queue: a program of the map returns this.
  ///
  /// - Requires: Linux 4.18.
  @inline(__always)
  public mutating func redirect(_ message: SocketMessage, to key: Key, ingress: Bool = false) -> SocketVerdict {
    let map = address
    return withBytes(of: key) {
      verdict(bpf_msg_redirect_hash(message.raw, map, UnsafeMutableRawPointer(mutating: $0), ingress ? 1 : 0))
    }
  }

  /// The same for what a socket of the map has received.
  ///
  /// - Requires: Linux 4.18.
  @inline(__always)
  public mutating func redirect(_ packet: SocketBuffer, to key: Key, ingress: Bool = false) -> SocketVerdict {
    let map = address
    return withBytes(of: key) {
      verdict(bpf_sk_redirect_hash(packet.raw, map, UnsafeMutableRawPointer(mutating: $0), ingress ? 1 : 0))
    }
  }

  /// Puts the socket of a `sockops` program into the map.
  ///
  /// - Requires: Linux 4.18.
  @inline(__always) @discardableResult
  public mutating func add(_ operations: SocketOperations, at key: Key, if mode: UpdateMode = .any) -> Status {
    let map = address
    return withBytes(of: key) {
      Status(rawValue: bpf_sock_hash_update(operations.raw, map, UnsafeMutableRawPointer(mutating: $0), mode.rawValue))
    }
  }
}

@inline(__always)
private func verdict(_ answer: Int) -> SocketVerdict { SocketVerdict(rawValue: Int32(truncatingIfNeeded: answer)) }

/// Lends a socket that a lookup has counted a reference for.
@inline(__always)
private func lend<Result>(_ found: UnsafeMutableRawPointer?, _ body: (BPFSocket) -> Result) -> Result? {
  guard let socket = BPFSocket(found) else { return nil }
  let result = body(socket)
  socket.release()
  return result
}
