// SPDX-License-Identifier: Apache-2.0

extension AnyMap {
  /// Calls `body` with each element's bytes; they are valid only during the call.
  ///
  /// Other users may change the map meanwhile, and so may `body`: an element that stays is given exactly once where the
  /// kernel reads in batches (hash maps and arrays from 5.6), at least once elsewhere.
  ///
  /// - Throws: what `body` throws; ``BPFError``, with `unsettled` when the map changes faster than it can be read.
  public func forEach(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var reader = try MapReader(self)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        try body(
          UnsafeRawBufferPointer(start: chunk.keys + index * info.keySize, count: info.keySize),
          UnsafeRawBufferPointer(start: chunk.values + index * lookupSize, count: lookupSize))
      }
    }
  }

  /// All elements, as they were met one after the other (the kernel takes no snapshots).
  public func entries() throws(BPFError) -> [(key: [UInt8], value: [UInt8])] {
    var result: [(key: [UInt8], value: [UInt8])] = []
    var reader = try MapReader(self)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        result.append(
          (
            Array(UnsafeRawBufferPointer(start: chunk.keys + index * info.keySize, count: info.keySize)),
            Array(UnsafeRawBufferPointer(start: chunk.values + index * lookupSize, count: lookupSize))
          ))
      }
    }
    return result
  }

  /// All keys. Works for maps whose values user space cannot read, too.
  ///
  /// - Throws: `unsettled` when more keys are met than a settled map could have.
  public func keys() throws(BPFError) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var key = [UInt8](repeating: 0, count: info.keySize)
    guard try stepKey(after: nil, &key) else { return [] }
    repeat {
      result.append(key)
      guard result.count <= 2 * info.maxEntries + 1024 else {
        throw BPFError(.unsettled, "reading the keys of map \(label)", hint: "try again")
      }
    } while try stepKey(after: result.last, &key)
    return result
  }

  private func stepKey(after previous: [UInt8]?, _ key: inout [UInt8]) throws(BPFError) -> Bool {
    guard !info.type.isKeyless else {
      throw BPFError(.invalid, "reading map \(label)", detail: "a \(info.type) map has no keys to go through")
    }
    return try key.withUnsafeMutableBufferPointer { (next) throws(BPFError) in
      guard let next = next.baseAddress else { return false }
      guard let previous else { return try rawNextKey(after: nil, into: next) }
      return try rawNextKey(after: previous, into: next)
    }
  }

  /// How many elements it holds: all are read and counted.
  public func count() throws(BPFError) -> Int {
    var total = 0
    var reader = try MapReader(self)
    while let chunk = try reader.next() { total += chunk.count }
    return total
  }

  /// Takes all elements out.
  ///
  /// - Returns: how many were removed.
  /// - Throws: `invalid` for arrays, whose elements cannot be removed.
  @discardableResult
  public func removeAll() throws(BPFError) -> Int {
    guard !info.type.isArray else {
      throw BPFError(.invalid, "emptying map \(label)", detail: "the elements of an array cannot be removed")
    }
    var total = 0
    var reader = try MapReader(self, mode: .take)
    while let chunk = try reader.next() { total += chunk.count }
    return total
  }
}
