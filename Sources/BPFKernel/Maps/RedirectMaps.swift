// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_DEVMAP`: network devices to redirect to, by index. User space fills it with `DeviceTarget`.
///
/// - Requires: Linux 5.8.
@frozen public struct DevMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 14 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning, valueSize: 8)
  }
}

/// `BPF_MAP_TYPE_DEVMAP_HASH`: network devices to redirect to, by any number. User space fills it with `DeviceTarget`.
///
/// - Requires: Linux 5.8.
@frozen public struct DevMapHash: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 25 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning, valueSize: 8)
  }
}

/// `BPF_MAP_TYPE_CPUMAP`: CPUs to go on with a packet. User space fills it with `CPUTarget`.
///
/// - Requires: Linux 5.9.
@frozen public struct CPUMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 16 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning, valueSize: 8)
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

/// A map by which XDP programs redirect.
public protocol XDPRedirectMap: KernelMap, ~Copyable {}

extension DevMap: XDPRedirectMap {}
extension DevMapHash: XDPRedirectMap {}
extension CPUMap: XDPRedirectMap {}
extension XSKMap: XDPRedirectMap {}

extension XDPRedirectMap where Self: ~Copyable {
  /// Sends the packet to the target in an entry: `return ports.redirect(to: 3)`.
  ///
  /// - Parameters:
  ///   - index: the entry.
  ///   - missing: what becomes of the packet if there is no such entry.
  /// - Requires: Linux 4.14; 5.3 for a `missing` of its own.
  @inline(__always)
  public mutating func redirect(to index: UInt32, otherwise missing: XDPAction = .aborted) -> XDPAction {
    XDPAction(
      rawValue: UInt32(truncatingIfNeeded: bpf_redirect_map(address, UInt64(index), UInt64(missing.rawValue))))
  }
}
