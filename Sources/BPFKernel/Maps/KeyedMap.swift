// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// A map of values by key.
///
/// Another CPU may change an entry while a program reads it: use ``add(_:to:)`` for counters, a
/// spin lock in the value for more, or a per-CPU map.
public protocol KeyedMap: KernelMap, ~Copyable {
  /// Compared byte by byte, padding included; padding is kept zero.
  associatedtype Key: BitwiseCopyable
  associatedtype Value: BitwiseCopyable
}

extension KeyedMap where Self: ~Copyable {
  /// The address of a value in the map; nil if the key is not there.
  ///
  /// It stays readable until the program ends, even if the entry is deleted.
  /// Source: `bpf_map_lookup_elem`.
  @inline(__always)
  public mutating func pointer(to key: Key) -> UnsafeMutablePointer<Value>? {
    let map = address
    return withBytes(of: key) { bpf_map_lookup_elem(map, $0) }?.assumingMemoryBound(to: Value.self)
  }

  /// A copy of the value, or nil. Setting it sets the value of the key, or deletes the key with nil; only
  /// ``set(_:for:if:)`` and ``delete(_:)`` report whether that worked.
  public subscript(key: Key) -> Value? {
    @inline(__always) mutating get { pointer(to: key)?.pointee }
    @inline(__always) set {
      if let newValue { set(newValue, for: key) } else { delete(key) }
    }
  }

  /// Calls `body` with the value in place.
  ///
  /// - Returns: whether the key was there.
  @inline(__always) @discardableResult
  public mutating func withValue(_ key: Key, _ body: (inout Value) -> Void) -> Bool {
    guard let value = pointer(to: key) else { return false }
    body(&value.pointee)
    return true
  }

  /// Calls `body` with the value in place, which starts as `initial` if the key was not there.
  ///
  ///     loads.withValue(source, default: Load()) { $0.packets += 1 }
  ///
  /// - Returns: false, without a call, if the key was not there and the map is full.
  @inline(__always) @discardableResult
  public mutating func withValue(
    _ key: Key, default initial: @autoclosure () -> Value, _ body: (inout Value) -> Void
  ) -> Bool {
    let map = address
    return withBytes(of: key) { key in
      var value = bpf_map_lookup_elem(map, key)
      if value == nil {
        // Another CPU may be first: then its value is the one to go on with.
        _ = withBytes(of: initial()) { bpf_map_update_elem(map, key, $0, UpdateMode.absent.rawValue) }
        value = bpf_map_lookup_elem(map, key)
      }
      guard let value else { return false }
      body(&value.assumingMemoryBound(to: Value.self).pointee)
      return true
    }
  }

  /// Sets the value of a key.
  ///
  /// - Returns: false if the map is full, or if `mode` forbids it.
  /// Source: `bpf_map_update_elem`.
  @inline(__always) @discardableResult
  public mutating func set(_ value: Value, for key: Key, if mode: UpdateMode = .any) -> Bool {
    let map = address
    return withBytes(of: key) { key in
      withBytes(of: value) { value in bpf_map_update_elem(map, key, value, mode.rawValue) }
    } == 0
  }

  /// Deletes a key.
  ///
  /// - Returns: whether it was there.
  /// Source: `bpf_map_delete_elem`.
  @inline(__always) @discardableResult
  public mutating func delete(_ key: Key) -> Bool {
    let map = address
    return withBytes(of: key) { bpf_map_delete_elem(map, $0) } == 0
  }
}

extension KeyedMap where Self: ~Copyable, Value: FixedWidthInteger {
  /// Adds to a counter, atomically; a key that is not there starts with `amount`.
  ///
  /// - Returns: false if the map is full.
  @inline(__always) @discardableResult
  public mutating func add(_ amount: Value, to key: Key) -> Bool {
    let map = address
    return withBytes(of: key) { key in
      var value = bpf_map_lookup_elem(map, key)
      if value == nil {
        if withBytes(of: amount, { bpf_map_update_elem(map, key, $0, UpdateMode.absent.rawValue) }) == 0 { return true }
        // Another CPU was first, or the map is full.
        value = bpf_map_lookup_elem(map, key)
      }
      guard let value else { return false }
      atomicAdd(amount, to: value.assumingMemoryBound(to: Value.self))
      return true
    }
  }
}
