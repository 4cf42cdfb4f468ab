// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// `BPF_MAP_TYPE_ARRAY`: values by index, all there from the start, as zeroes.
@frozen public struct ArrayMap<Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  public typealias Key = UInt32
  @inline(__always) public static var mapType: UInt32 { 2 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

extension ArrayMap where Value: FixedWidthInteger {
  /// Adds to a counter, atomically.
  ///
  /// - Returns: false if there is no such index.
  @inline(__always) @discardableResult
  public mutating func add(_ amount: Value, to index: UInt32) -> Bool {
    guard let value = pointer(to: index) else { return false }
    atomicAdd(amount, to: value)
    return true
  }
}

/// `BPF_MAP_TYPE_PERCPU_ARRAY`: an array for each CPU; also the place for values that are too large for the stack.
@frozen public struct PerCPUArray<Value: BitwiseCopyable>: KeyedMap, ~Copyable {
  public typealias Key = UInt32
  @inline(__always) public static var mapType: UInt32 { 6 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, flags: MapFlags = [], pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, flags: flags, pinning: pinning)
  }
}

extension PerCPUArray where Value: FixedWidthInteger {
  /// Adds to this CPU's counter.
  ///
  /// - Returns: false if there is no such index.
  @inline(__always) @discardableResult
  public mutating func add(_ amount: Value, to index: UInt32) -> Bool {
    guard let value = pointer(to: index) else { return false }
    value.pointee = value.pointee &+ amount
    return true
  }
}

/// `BPF_MAP_TYPE_PROG_ARRAY`: programs to go on with; user space fills it.
@frozen public struct ProgramArray: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 3 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_CGROUP_ARRAY`: control groups by index.
@frozen public struct CgroupArray: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 8 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_ARRAY_OF_MAPS`: maps of one shape by index; user space fills it.
///
///     var generations = ArrayOfMaps<HashMap<IPv4Address, UInt8>>(maxEntries: 2, innerMaxEntries: 1024)
///
///     generations.withMap(generation & 1) { $0[address] }
@frozen public struct ArrayOfMaps<Inner: KernelMap & ~Copyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 12 }
  public var definition: MapDefinition
  @usableFromInline var inner: MapDefinition

  /// - Parameters:
  ///   - maxEntries: how many entries the map has room for.
  ///   - innerMaxEntries: `maxEntries` of the maps inside, or the bytes of the rings inside.
  ///   - innerFlags: their flags.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(
    maxEntries: UInt32, innerMaxEntries: UInt32, innerFlags: MapFlags = [], pinning: MapPinning = .none
  ) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
    inner = MapDefinition(type: Inner.mapType, maxEntries: innerMaxEntries, flags: innerFlags)
  }
}

extension ArrayOfMaps where Inner: ~Copyable {
  /// Calls `body` with the map at an index.
  ///
  /// - Returns: what `body` returns; nil if there is no map at the index.
  @inline(__always) @discardableResult
  public mutating func withMap<Result>(_ index: UInt32, _ body: (inout Inner) -> Result) -> Result? {
    let map = address
    return withBytes(of: index) { bpf_map_lookup_elem(map, $0) }.map {
      body(&$0.assumingMemoryBound(to: Inner.self).pointee)
    }
  }
}

extension HashOfMaps where Inner: ~Copyable {
  /// Calls `body` with the map of a key.
  ///
  /// - Returns: what `body` returns; nil if there is no map under the key.
  @inline(__always) @discardableResult
  public mutating func withMap<Result>(_ key: Key, _ body: (inout Inner) -> Result) -> Result? {
    let map = address
    return withBytes(of: key) { bpf_map_lookup_elem(map, $0) }.map {
      body(&$0.assumingMemoryBound(to: Inner.self).pointee)
    }
  }
}

/// `BPF_MAP_TYPE_HASH_OF_MAPS`: maps of one shape by key; user space fills it.
@frozen public struct HashOfMaps<Key: BitwiseCopyable, Inner: KernelMap & ~Copyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 13 }
  public var definition: MapDefinition
  @usableFromInline var inner: MapDefinition

  /// - Parameters:
  ///   - maxEntries: how many entries the map has room for.
  ///   - innerMaxEntries: `maxEntries` of the maps inside, or the bytes of the rings inside.
  ///   - innerFlags: their flags.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(
    maxEntries: UInt32, innerMaxEntries: UInt32, innerFlags: MapFlags = [], pinning: MapPinning = .none
  ) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
    inner = MapDefinition(type: Inner.mapType, maxEntries: innerMaxEntries, flags: innerFlags)
  }
}
