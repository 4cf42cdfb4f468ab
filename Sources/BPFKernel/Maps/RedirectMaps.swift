// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// `BPF_MAP_TYPE_DEVMAP`: network devices to redirect to, by index.
@frozen public struct DevMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 14 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_DEVMAP_HASH`: network devices to redirect to, by any number.
@frozen public struct DevMapHash: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 25 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_CPUMAP`: CPUs to go on with a packet.
@frozen public struct CPUMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 16 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_XSKMAP`: AF_XDP sockets by receive queue.
@frozen public struct XSKMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 17 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

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
