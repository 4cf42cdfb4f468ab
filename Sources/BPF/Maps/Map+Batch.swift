// SPDX-License-Identifier: Apache-2.0

// Many elements at a time, in contiguous memory: nothing is allocated for an element.
extension Map {
  /// Reads the whole map in chunks of contiguous keys and values.
  ///
  /// - Parameters:
  ///   - chunk: elements read at a time; nil for a size that keeps them in the processor's cache.
  ///   - body: is lent a chunk: as many keys as values, valid only during the call.
  /// - Requires: Linux 5.6 to be one system call for each chunk; before, the same is put together key by key
  /// - Throws: what `body` throws; ``BPFError``.
  public func forEachChunk(
    of chunk: Int? = nil, _ body: (UnsafeBufferPointer<Key>, UnsafeBufferPointer<Value>) throws -> Void
  ) throws {
    var reader = try MapReader(map, chunk: chunk)
    // Types with trailing padding that the map does not have are spread to their stride.
    let keyRoom = Spread<Key>(from: keyLayout.size)
    let valueRoom = Spread<Value>(from: valueLayout.size)
    while let chunk = try reader.next() {
      try body(keyRoom.elements(chunk.keys, chunk.count), valueRoom.elements(chunk.values, chunk.count))
    }
  }

  /// Writes many elements.
  ///
  /// - Parameters:
  ///   - keys: as many as values.
  ///   - values: the value of each key, in the same order.
  ///   - flags: whether elements may, must or must not be there already.
  /// - Requires: Linux 5.6 to be one system call
  /// - Throws: the first refusal; the message says how many elements had been written by then.
  public func set(_ keys: [Key], _ values: [Value], _ flags: UpdateFlags = .any) throws(BPFError) {
    guard keys.count == values.count else {
      throw BPFError(
        .invalid, "updating map \(map.label)", detail: "there are \(keys.count) keys and \(values.count) values")
    }
    guard !keys.isEmpty else { return }
    try keyLayout.withPacked(keys) { (packedKeys) throws(BPFError) in
      try valueLayout.withPacked(values) { (packedValues) throws(BPFError) in
        try map.rawUpdate(keys: packedKeys, values: packedValues, count: keys.count, flags)
      }
    }
  }

  /// Removes many keys; those that are absent are passed over.
  ///
  /// - Returns: how many were there.
  @discardableResult
  public func delete(_ keys: [Key]) throws(BPFError) -> Int {
    guard !keys.isEmpty else { return 0 }
    return try keyLayout.withPacked(keys) { (packed) throws(BPFError) in
      try map.rawDelete(keys: packed, count: keys.count)
    }
  }
}

extension MapLayout {
  /// Lends elements as the kernel wants them: one after the other at the map's size, padding cleared.
  fileprivate func withPacked<Element: BitwiseCopyable, Result>(
    _ elements: [Element], _ body: (UnsafeRawPointer) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    if isDirect, size == MemoryLayout<Element>.stride {
      return try elements.withUnsafeBufferPointer { (buffer) throws(BPFError) -> Result in
        guard let start = buffer.baseAddress else { throw BPFError(.invalid, "lending no elements") }
        return try body(start)
      }
    }
    let packed = UnsafeMutableRawPointer.allocate(byteCount: elements.count * size, alignment: 16)
    defer { packed.deallocate() }
    for (index, element) in elements.enumerated() {
      let bytes = UnsafeMutableRawBufferPointer(start: packed + index * size, count: size)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      withUnsafeBytes(of: element) { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(size))) }
      clear(bytes)
    }
    return try body(packed)
  }
}

/// Room to set elements apart that the kernel gave without their trailing padding.
private final class Spread<Element: BitwiseCopyable> {
  private let size: Int
  private var room: UnsafeMutableBufferPointer<Element>

  init(from size: Int) {
    self.size = size
    room = .allocate(capacity: 0)
  }

  func elements(_ packed: UnsafeMutableRawPointer, _ count: Int) -> UnsafeBufferPointer<Element> {
    guard size != MemoryLayout<Element>.stride else {
      return UnsafeBufferPointer(start: packed.assumingMemoryBound(to: Element.self), count: count)
    }
    if room.count < count {
      room.deallocate()
      room = .allocate(capacity: count)
    }
    for index in 0..<count {
      room.initializeElement(at: index, to: (packed + index * size).loadUnaligned(as: Element.self))
    }
    return UnsafeBufferPointer(rebasing: room[..<count])
  }

  deinit { room.deallocate() }
}
