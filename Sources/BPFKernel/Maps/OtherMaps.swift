// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_QUEUE`: first in, first out.
@frozen public struct Queue<Value: BitwiseCopyable>: PushPopMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 22 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_STACK`: last in, first out.
@frozen public struct Stack<Value: BitwiseCopyable>: PushPopMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 23 }
  public var definition: MapDefinition

  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning)
  }
}

/// Maps without keys, whose values come out in an order.
public protocol PushPopMap: KernelMap, ~Copyable {
  associatedtype Value: BitwiseCopyable
}

extension PushPopMap where Self: ~Copyable {
  /// - Returns: whether there was room.
  /// - Parameters:
  ///   - value: what is added.
  ///   - replacing: makes room by dropping the value that would come out next.
  @inline(__always) @discardableResult
  public mutating func push(_ value: Value, replacing: Bool = false) -> Bool {
    let map = address
    return withBytes(of: value) { bpf_map_push_elem(map, $0, replacing ? 2 : 0) } == 0
  }

  /// Takes the next value; nil if there is none.
  @inline(__always)
  public mutating func pop() -> Value? {
    let map = address
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      return bpf_map_pop_elem(map, start) == 0 ? start.pointee : nil
    }
  }

  /// The next value, which stays; nil if there is none.
  @inline(__always)
  public mutating func peek() -> Value? {
    let map = address
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      return bpf_map_peek_elem(map, start) == 0 ? start.pointee : nil
    }
  }
}

/// `BPF_MAP_TYPE_BLOOM_FILTER`: answers whether a value was certainly not, or was probably, added.
///
/// - Requires: Linux 5.16
@frozen public struct BloomFilter<Value: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 30 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - maxEntries: how many entries the map has room for.
  ///   - hashes: hash functions, 1 to 15.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(maxEntries: UInt32, hashes: UInt32 = 5, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning, extra: hashes)
  }

  @inline(__always) @discardableResult
  public mutating func add(_ value: Value) -> Bool {
    let map = address
    return withBytes(of: value) { bpf_map_push_elem(map, $0, 0) } == 0
  }

  /// False: the value was never added. True: it probably was.
  @inline(__always)
  public mutating func mayContain(_ value: Value) -> Bool {
    let map = address
    return withBytes(of: value) { bpf_map_peek_elem(map, UnsafeMutableRawPointer(mutating: $0)) } == 0
  }
}

/// `BPF_MAP_TYPE_STACK_TRACE`: call chains by id.
@frozen public struct StackTraceMap: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 7 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - maxEntries: how many entries the map has room for.
  ///   - maxDepth: addresses of each trace, up to 127.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(maxEntries: UInt32, maxDepth: UInt32 = 127, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: maxEntries, pinning: pinning, valueSize: 8 * maxDepth)
  }

  /// The id of the current call chain; nil if it could not be kept.
  ///
  /// - Parameters:
  ///   - context: the program's context.
  ///   - user: the chain of the running process and not the kernel's.
  ///   - skip: innermost frames to leave out.
  /// - Requires: Linux 4.6; a GPL-compatible license, except in perf event programs.
  @inline(__always)
  public mutating func id(of context: some ProgramContext, user: Bool = false, skip: UInt8 = 0) -> UInt32? {
    let id = bpf_get_stackid(context.pointer, address, UInt64(skip) | (user ? 0x100 : 0))
    return id >= 0 ? UInt32(truncatingIfNeeded: id) : nil
  }
}
