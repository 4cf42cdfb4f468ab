// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_HASH`: values by key.
///
///     var counts = HashMap<UInt32, UInt64>(maxEntries: 10240)
@frozen public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 1 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - maxEntries: a literal; the map refuses more.
  ///   - flags: how the kernel makes the map.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_LRU_HASH`: a hash that makes room by removing the entry that was used least recently.
@frozen public struct LRUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 9 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_PERCPU_HASH`: a hash with a value for each CPU; a program sees that of its own, and needs no atomics.
@frozen public struct PerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 5 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_LRU_PERCPU_HASH`: a per-CPU hash that removes the entry that was used least recently.
@frozen public struct LRUPerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 10 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_LPM_TRIE`: values by the longest prefix that matches.
///
///     var networks = LPMTrie<LPMKey<IPv4Address>, UInt8>(maxEntries: 1000)
@frozen public struct LPMTrie<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 11 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    // The kernel wants BPF_F_NO_PREALLOC for tries.
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: .noPreallocation, pinning: pinning)
  }
}

/// A hash with a value for each CPU: no other CPU adds this CPU's value meanwhile.
public protocol PerCPUKeyedMap: KeyedMap, ~Copyable {}

extension PerCPUHashMap: PerCPUKeyedMap {}
extension LRUPerCPUHashMap: PerCPUKeyedMap {}

extension PerCPUKeyedMap where Self: ~Copyable {
  /// Calls `body` with this CPU's value in place, which starts as `initial` if the key was not there.
  ///
  ///     loads.withValue(source, default: Load()) { $0.packets += 1 }
  ///
  /// - Returns: false if the key was not there and the map is full.
  @inline(__always) @discardableResult
  public mutating func withValue(
    _ key: Key, default initial: @autoclosure () -> Value, _ body: (inout Value) -> Void
  ) -> Bool {
    let map = address
    return withBytes(of: key) { key in
      if let value = bpf_map_lookup_elem(map, key) {
        body(&value.assumingMemoryBound(to: Value.self).pointee)
        return true
      }
      var value = initial()
      body(&value)
      return withBytes(of: value) { bpf_map_update_elem(map, key, $0, UpdateMode.any.rawValue) } == 0
    }
  }
}
