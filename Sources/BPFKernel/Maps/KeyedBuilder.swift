// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// A ``ByteBuilder`` for each key, such as a thread: the bytes stay for the programs that come after, until the next ones of
/// the same key.
///
///     var empty = ByteBuilder<1024>()
///     var paths = KeyedBuilder<UInt32, 1024>(maxEntries: 2048)
///
///     paths.build(for: CurrentThread.threadID, from: &empty) { $0.appendPath(of: call.file) }
///     next.tailCall(0, call)          // which reads it
///
/// What belongs to a thread is its own where a program may be interrupted, too: between two programs that call each other,
/// what belongs to a CPU may have become another thread's. The key that was used least recently makes room for a new one.
///
/// A value is what user space and other programs read it as: the number of bytes (8 bytes), and the bytes.
///
/// - Requires: Linux 4.10.
@frozen public struct KeyedBuilder<Key: BitwiseCopyable, let capacity: Int>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 9 }
  public var definition: MapDefinition

  /// - Parameters:
  ///   - maxEntries: a literal. Each takes more than twice `capacity` bytes, from the start.
  ///   - pinning: whether the loader pins the map by its name.
  @inline(__always)
  public init(maxEntries: UInt32, pinning: MapPinning = .none) {
    // As in a ByteBuilder, without the mark.
    definition = MapDefinition(
      type: Self.mapType, maxEntries: maxEntries, pinning: pinning,
      valueSize: UInt32(truncatingIfNeeded: (8 &+ 2 &* capacity &+ 256 &+ 7) & ~7))
  }

  /// Empties the builder of a key and lends it.
  ///
  /// - Parameters:
  ///   - key: whose builder it is. Two programs that run at once have different keys.
  ///   - empty: what a key that is new starts with; a builder that serves nothing else.
  /// - Returns: what `body` returns; nil, without a call, if the kernel has no room for the key.
  /// Source: `bpf_map_lookup_elem`, `bpf_map_update_elem`.
  @inline(__always) @discardableResult
  public mutating func build<Result>(
    for key: Key, from empty: inout ByteBuilder<capacity>, _ body: (ByteBuilder<capacity>.Bytes) -> Result
  ) -> Result? {
    let map = address
    let template = empty.address
    return withBytes(of: key) { key in
      var place = bpf_map_lookup_elem(map, key)
      if place == nil {
        guard let first = withBytes(of: UInt32(0), { bpf_map_lookup_elem(template, $0) }) else { return nil }
        _ = bpf_map_update_elem(map, key, first, 0)
        place = bpf_map_lookup_elem(map, key)
      }
      guard let place else { return nil }
      bpf_set_position(place, 0)
      return body(ByteBuilder<capacity>.Bytes(place: place))
    }
  }
}
