// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The bytes of a ``ByteBuilder``, kept by a key from one program to another: what a hook sees where a function starts, until
/// another one knows how it ended.
///
///     var begun = KeptBytes<UInt32, 512>(maxEntries: 1024)
///
///     begun.keep(bytes, for: CurrentThread.threadID)                        // where it starts
///     begun.take(CurrentThread.threadID) { events.send($0) }                // where it ends
///
/// All of `capacity` is copied each time, whatever there is to keep: two maps, a small one for what is usual and a large one
/// with few entries, cost less than one.
///
/// - Requires: Linux 5.8 to send the bytes through a ring.
@frozen public struct KeptBytes<Key: BitwiseCopyable, let capacity: Int>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 1 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - maxEntries: a literal; the map keeps nothing for more keys than that. Each takes `capacity` bytes and some, from the
  ///     start.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    definition = MapDefinition(
      type: Self.mapType, maxEntries: maxEntries, pinning: pinning, valueSize: UInt32(truncatingIfNeeded: capacity &+ 8)
    )
  }

  /// Keeps a copy of a builder's bytes, in place of those that were kept for the key.
  ///
  /// - Parameters:
  ///   - bytes: of a builder of at least half the capacity.
  ///   - key: under which they are kept.
  ///   - mode: whether something may, must or must not be kept for the key already.
  /// - Returns: false, keeping nothing new, if there are more than `capacity` bytes, or more keys than `maxEntries`, or if
  ///   `mode` forbids it.
  /// Source: `bpf_map_update_elem`.
  @inline(__always) @discardableResult
  public mutating func keep<let room: Int>(
    _ bytes: ByteBuilder<room>.Bytes, for key: Key, if mode: UpdateMode = .any
  ) -> Bool {
    guard bytes.count <= UInt64(capacity) else { return false }
    let map = address
    // A builder's memory starts as a value of this map does: with the number of bytes, and the bytes.
    return withBytes(of: key) { bpf_map_update_elem(map, $0, bytes.place, mode.rawValue) } == 0
  }

  /// Lends what is kept for a key to `body`, and keeps it no longer.
  ///
  /// - Parameter body: may send the bytes and change values in them, and append none.
  /// - Returns: what `body` returns; nil, without a call, if nothing is kept for the key.
  @inline(__always) @discardableResult
  public mutating func take<Result>(_ key: Key, _ body: (ByteBuilder<capacity>.Bytes) -> Result) -> Result? {
    let map = address
    return withBytes(of: key) { key in
      guard let place = bpf_map_lookup_elem(map, key) else { return nil }
      let result = body(ByteBuilder<capacity>.Bytes(place: place))
      _ = bpf_map_delete_elem(map, key)
      return result
    }
  }

  /// Keeps nothing for a key any longer.
  ///
  /// - Returns: whether something was kept.
  /// Source: `bpf_map_delete_elem`.
  @inline(__always) @discardableResult
  public mutating func forget(_ key: Key) -> Bool {
    let map = address
    return withBytes(of: key) { bpf_map_delete_elem(map, $0) } == 0
  }
}
