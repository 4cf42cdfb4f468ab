// SPDX-License-Identifier: Apache-2.0

// Rings, from the maps that they are.

extension RingBuffer {
  /// Maps a ring buffer for reading.
  ///
  /// - Requires: Linux 5.8
  /// - Throws: ``BPFError`` when the map is of another type.
  public init(_ map: AnyMap) throws(BPFError) {
    try self.init(map: map.fd, size: map.info.maxEntries)
  }
}

extension UserRingBuffer {
  /// Maps a user ring buffer for writing.
  ///
  /// - Requires: Linux 6.1
  /// - Throws: ``BPFError`` when the map is of another type.
  public init(_ map: AnyMap) throws(BPFError) {
    try self.init(map: map.fd, size: map.info.maxEntries)
  }
}

extension PerfBuffer {
  /// Opens a perf event array for reading, with a ring for each processor.
  ///
  /// - Parameters:
  ///   - map: of type `perf_event_array`.
  ///   - pages: data pages of each ring, a power of two.
  ///   - order: `.byTime` merges the processors' records.
  /// - Throws: ``BPFError`` when the map is of another type.
  public init(_ map: AnyMap, pages: Int = 16, order: Order = .byProcessor) throws(BPFError) {
    try self.init(map: map.fd, maxEntries: map.info.maxEntries, pages: pages, order: order)
  }
}
