// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_TASK_STORAGE`: a value for each task, freed with it.
///
/// - Requires: Linux 5.11
@frozen public struct TaskStorage<Value: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 29 }
  public var definition: MapDefinition

  @inline(__always)
  public init(pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: 0, flags: .noPreallocation, pinning: pinning)
  }

  /// The value of a task, made as zeroes if it has none.
  ///
  /// - Parameter task: a trusted `task_struct`.
  @inline(__always)
  public mutating func value(of task: OpaquePointer) -> UnsafeMutablePointer<Value>? {
    bpf_task_storage_get(address, UnsafeMutableRawPointer(task), nil, 1)?
      .assumingMemoryBound(to: Value.self)
  }

  @inline(__always) @discardableResult
  public mutating func delete(_ task: OpaquePointer) -> Bool {
    bpf_task_storage_delete(address, UnsafeMutableRawPointer(task)) == 0
  }
}

/// `BPF_MAP_TYPE_SK_STORAGE`: a value for each socket, freed with it.
@frozen public struct SocketStorage<Value: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 24 }
  public var definition: MapDefinition

  @inline(__always)
  public init(pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: 0, flags: .noPreallocation, pinning: pinning)
  }

  /// The value of a socket, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of socket: OpaquePointer) -> UnsafeMutablePointer<Value>? {
    bpf_sk_storage_get(address, UnsafeMutableRawPointer(socket), nil, 1)?.assumingMemoryBound(to: Value.self)
  }

  @inline(__always) @discardableResult
  public mutating func delete(_ socket: OpaquePointer) -> Bool {
    bpf_sk_storage_delete(address, UnsafeMutableRawPointer(socket)) == 0
  }
}

/// `BPF_MAP_TYPE_CGRP_STORAGE`: a value for each control group, freed with it.
///
/// - Requires: Linux 6.2
@frozen public struct CgroupStorage<Value: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 32 }
  public var definition: MapDefinition

  @inline(__always)
  public init(pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: 0, flags: .noPreallocation, pinning: pinning)
  }

  /// The value of a control group, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of cgroup: OpaquePointer) -> UnsafeMutablePointer<Value>? {
    bpf_cgrp_storage_get(address, UnsafeMutableRawPointer(cgroup), nil, 1)?
      .assumingMemoryBound(to: Value.self)
  }
}

/// `BPF_MAP_TYPE_INODE_STORAGE`: a value for each inode, freed with it; for LSM programs.
///
/// - Requires: Linux 5.10
@frozen public struct InodeStorage<Value: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 28 }
  public var definition: MapDefinition

  @inline(__always)
  public init(pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: 0, flags: .noPreallocation, pinning: pinning)
  }

  /// The value of an inode, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of inode: OpaquePointer) -> UnsafeMutablePointer<Value>? {
    bpf_inode_storage_get(address, UnsafeMutableRawPointer(inode), nil, 1)?
      .assumingMemoryBound(to: Value.self)
  }
}

extension TaskStorage {
  /// The value of a task, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of task: some KernelObject) -> UnsafeMutablePointer<Value>? { value(of: task.raw) }
}

extension SocketStorage {
  /// The value of a socket, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of socket: BPFSocket) -> UnsafeMutablePointer<Value>? { value(of: socket.raw) }

  /// The value of a socket, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of socket: some KernelObject) -> UnsafeMutablePointer<Value>? { value(of: socket.raw) }
}

extension CgroupStorage {
  /// The value of a control group, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of cgroup: some KernelObject) -> UnsafeMutablePointer<Value>? { value(of: cgroup.raw) }
}

extension InodeStorage {
  /// The value of an inode, made as zeroes if it has none.
  @inline(__always)
  public mutating func value(of inode: some KernelObject) -> UnsafeMutablePointer<Value>? { value(of: inode.raw) }
}
