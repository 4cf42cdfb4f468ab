// SPDX-License-Identifier: Apache-2.0

extension Map {
  /// All elements, as they were met one after the other (the kernel takes no snapshots).
  ///
  /// An element that stays in the map meanwhile is there exactly once where the kernel reads in batches (hash maps and
  /// arrays from 5.6), at least once elsewhere.
  ///
  /// - Throws: `unsettled` when the map changes faster than it can be read.
  public func entries() throws(BPFError) -> [(key: Key, value: Value)] {
    var result: [(key: Key, value: Value)] = []
    var reader = try MapReader(map)
    while let chunk = try reader.next() {
      result.reserveCapacity(result.count + chunk.count)
      for index in 0..<chunk.count { result.append(element(chunk, index)) }
    }
    return result
  }

  /// Calls `body` with each element. `body` may change the map.
  ///
  /// - Throws: what `body` throws; ``BPFError``.
  public func forEach(_ body: (Key, Value) throws -> Void) throws {
    var reader = try MapReader(map)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        let (key, value) = element(chunk, index)
        try body(key, value)
      }
    }
  }

  /// All keys.
  public func keys() throws(BPFError) -> [Key] { try entries().map(\.key) }

  /// How many elements it holds: all are read and counted.
  public func count() throws(BPFError) -> Int { try map.count() }

  /// Takes all elements out, and gives them.
  ///
  /// Where the kernel takes elements in batches (hash maps from 5.6), none is lost that a program writes meanwhile.
  public func takeAll() throws(BPFError) -> [(key: Key, value: Value)] {
    var result: [(key: Key, value: Value)] = []
    var reader = try MapReader(map, mode: .take)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count { result.append(element(chunk, index)) }
    }
    return result
  }

  private func element(_ chunk: MapReader.Chunk, _ index: Int) -> (key: Key, value: Value) {
    (
      (chunk.keys + index * keyLayout.size).loadUnaligned(as: Key.self),
      (chunk.values + index * valueLayout.size).loadUnaligned(as: Value.self)
    )
  }
}
