// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// A set that answers "certainly not" or "probably": values go in and never out.
///
/// - Requires: Linux 5.16
public struct BloomFilterMap<Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let layout: MapLayout

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where the type's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type == .bloomFilter else {
      throw BPFError(.invalid, "opening map \(map.label)", detail: "a \(map.info.type) map is not a bloom filter")
    }
    self.map = map
    layout = try map.valueLayout(of: Value.self, size: map.info.valueSize)
  }

  /// Creates a filter.
  ///
  /// - Parameters:
  ///   - name: at most 15 bytes are kept by the kernel.
  ///   - maxEntries: values that are expected; with more, false positives become frequent.
  ///   - hashes: hash functions, 1 to 15; more cost time and lower the rate of false positives.
  public init(name: String = "", maxEntries: Int, hashes: Int = 5) throws(BPFError) {
    var parameters = MapParameters(
      .bloomFilter, name: name, keySize: 0, valueSize: MemoryLayout<Value>.stride, maxEntries: maxEntries)
    parameters.extra = UInt64(clamping: hashes)
    try self.init(AnyMap(creating: parameters))
  }

  /// Adds a value.
  public func add(_ value: Value) throws(BPFError) {
    try layout.withBytes(of: value) { (value) throws(BPFError) in try map.rawSet(value, for: nil) }
  }

  /// False when the value was never added; true when it was added, or is mistaken for one that was.
  public func mayContain(_ value: Value) throws(BPFError) -> Bool {
    // The value is read from where lookups in other maps write theirs.
    try withRoom(byteCount: layout.size) { (room) throws(BPFError) in
      try layout.withBytes(of: value) { (value) throws(BPFError) in
        room.copyMemory(from: UnsafeRawBufferPointer(start: value, count: layout.size))
      }
      guard let start = room.baseAddress else { return false }
      return try map.rawGet(nil, into: start)
    }
  }
}
