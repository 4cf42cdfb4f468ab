// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// `BPF_MAP_TYPE_RINGBUF`: records to user space, in order, from all CPUs.
///
///     var execs = RingBuffer<ExecEvent>(bytes: 1 << 20)
///
/// - Requires: Linux 5.8
@frozen public struct RingBuffer<Record: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 27 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - bytes: a power of two and a multiple of the page size.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(bytes: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: bytes, pinning: pinning)
  }

  /// Reserves a record, lets `fill` write it, and sends it: it cannot be forgotten half-way.
  ///
  /// The record starts with whatever was in the ring before: `fill` writes every field.
  ///
  /// - Returns: whether there was room. Count it if not: the kernel does not.
  /// Source: `bpf_ringbuf_reserve`, `bpf_ringbuf_submit`.
  @inline(__always) @discardableResult
  public mutating func send(wakeup: RingWakeup = .adaptive, _ fill: (inout Record) -> Void) -> Bool {
    guard let record = bpf_ringbuf_reserve(address, UInt64(MemoryLayout<Record>.stride), 0) else { return false }
    fill(&record.assumingMemoryBound(to: Record.self).pointee)
    bpf_ringbuf_submit(record, wakeup.flags(of: address))
    return true
  }

  /// Reserves a record and sends it if `fill` returns true; else user space never sees it.
  @inline(__always) @discardableResult
  public mutating func reserve(wakeup: RingWakeup = .adaptive, _ fill: (inout Record) -> Bool) -> Bool {
    guard let record = bpf_ringbuf_reserve(address, UInt64(MemoryLayout<Record>.stride), 0) else { return false }
    guard fill(&record.assumingMemoryBound(to: Record.self).pointee) else {
      bpf_ringbuf_discard(record, wakeup.flags(of: address))
      return false
    }
    bpf_ringbuf_submit(record, wakeup.flags(of: address))
    return true
  }

  /// Copies a record into the ring.
  ///
  /// Source: `bpf_ringbuf_output`.
  @inline(__always) @discardableResult
  public mutating func output(_ record: Record, wakeup: RingWakeup = .adaptive) -> Bool {
    let map = address
    return withBytes(of: record) {
      bpf_ringbuf_output(
        map, $0, UInt64(MemoryLayout<Record>.stride),
        wakeup.flags(of: map, adding: UInt64(MemoryLayout<Record>.stride)))
    } == 0
  }

  /// Bytes that user space has not read yet.
  public var availableBytes: UInt64 {
    @inline(__always) mutating get { bpf_ringbuf_query(address, 0) }
  }
}

/// Whether a record wakes user space. Wakeups are the main cost of a ring.
@frozen public struct RingWakeup: RawRepresentable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Wakes a reader that has read everything before.
  @inline(__always) public static var adaptive: RingWakeup { RingWakeup(rawValue: 0) }
  /// `BPF_RB_NO_WAKEUP`: the reader looks by itself, or the next record wakes it.
  @inline(__always) public static var none: RingWakeup { RingWakeup(rawValue: 1) }
  /// `BPF_RB_FORCE_WAKEUP`
  @inline(__always) public static var always: RingWakeup { RingWakeup(rawValue: 2) }

  /// Wakes the reader as soon as there are `bytes` that it has not read. The reader polls with a limit, or what does not
  /// reach `bytes` stays in the ring.
  ///
  ///     events.send(wakeup: .every(bytes: 64 << 10)) { ... }
  ///
  /// - Parameter bytes: a constant well below the ring's size.
  @inline(__always) public static func every(bytes: UInt32) -> RingWakeup { RingWakeup(rawValue: UInt64(bytes) << 8) }

  /// What the helpers take.
  ///
  /// - Parameter size: bytes that are sent with the record and not reserved yet.
  @inline(__always) @usableFromInline
  func flags(of ring: UnsafeMutableRawPointer, adding size: UInt64 = 0) -> UInt64 {
    let bytes = rawValue >> 8
    guard bytes > 0 else { return rawValue }
    return bpf_ringbuf_query(ring, 0) &+ size >= bytes ? Self.always.rawValue : Self.none.rawValue
  }
}

/// `BPF_MAP_TYPE_USER_RINGBUF`: records from user space.
///
/// - Requires: Linux 6.1
@frozen public struct UserRingBuffer<Record: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 31 }
  public var definition: MapDefinition

  @inline(__always)
  public init(bytes: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: bytes, pinning: pinning)
  }
}

/// `BPF_MAP_TYPE_PERF_EVENT_ARRAY`: a ring for each CPU; what kernels before 5.8 have.
@frozen public struct PerfEventArray<Record: BitwiseCopyable>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 4 }
  public var definition: MapDefinition

  /// One ring for each CPU.
  @inline(__always)
  public init(pinning: MapPinning = .none) {
    definition = MapDefinition(type: Self.mapType, maxEntries: 0, pinning: pinning)
  }

  /// Copies a record into the ring of this CPU.
  ///
  /// - Requires: Linux 4.4; a GPL-compatible license.
  ///
  /// Source: `bpf_perf_event_output` with `BPF_F_CURRENT_CPU`.
  @inline(__always) @discardableResult
  public mutating func output(_ record: Record, context: some ProgramContext) -> Bool {
    let map = address
    return withBytes(of: record) {
      bpf_perf_event_output(
        context.pointer, map, 0xffff_ffff, $0, UInt64(MemoryLayout<Record>.stride))
    } == 0
  }
}
