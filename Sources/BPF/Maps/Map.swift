// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// A map whose keys and values have the layouts of two Swift types.
///
/// ```swift
/// let counts = try Map<UInt32, UInt64>(collection.maps["counts"])
/// for (pid, count) in try counts.entries() { ... }
/// ```
///
/// The types must be laid out as in the kernel program: fixed-width integers, ``IPv4Address`` and its like, structures
/// of them imported from C, or Swift structures of them (which place members as C does, except that a *nested*
/// structure does not keep its trailing padding). Every bit pattern that the program stores must be a value of the type:
/// a `Bool` byte other than 0 and 1 is undefined behaviour, so read such values as `UInt8` where the program is not
/// yours. Sizes are checked when the map is opened.
///
/// Reading or writing one entry is one system call and allocates nothing.
public struct Map<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  @usableFromInline let keyLayout: MapLayout
  @usableFromInline let valueLayout: MapLayout

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where a type's size is not the map's; `invalid` for maps that have no keys or a value for
  ///   each CPU (see ``PerCPUMap``, ``QueueMap``, ``BloomFilterMap``).
  public init(_ map: AnyMap) throws(BPFError) {
    guard !map.info.type.isPerCPU, !map.info.type.isKeyless else {
      let better = map.info.type.isPerCPU ? "PerCPUMap" : "QueueMap, BloomFilterMap, RingReader or Arena"
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map does not have one value for each key",
        hint: "use \(better)")
    }
    self.map = map
    keyLayout = try map.keyLayout(of: Key.self)
    valueLayout = try map.valueLayout(of: Value.self, size: map.lookupSize)
  }

  /// Creates a map of the types' sizes.
  ///
  /// The sizes are the types' strides, as in C.
  public init(
    creating type: MapType, name: String = "", maxEntries: Int, flags: MapFlags = []
  ) throws(BPFError) {
    try self.init(
      AnyMap(
        creating: MapParameters(
          type, name: name, keySize: MemoryLayout<Key>.stride, valueSize: MemoryLayout<Value>.stride,
          maxEntries: maxEntries, flags: type == .lpmTrie ? flags.union(.noPreallocation) : flags)))
  }
}

// One entry at a time.
extension Map {
  /// The value of a key, or nil.
  ///
  /// - Parameters:
  ///   - key: whose value is read.
  ///   - locked: whether the kernel holds the value's `bpf_spin_lock` meanwhile.
  @inlinable public func get(_ key: Key, locked: Bool = false) throws(BPFError) -> Value? {
    try reading(key) { (key, room) throws(BPFError) in try map.rawGet(key, into: room, locked: locked) }
  }

  /// Sets the value of a key.
  ///
  ///     try limits.set(100, for: address, if: .absent)
  ///
  /// - Parameters:
  ///   - value: what is written.
  ///   - key: whose value is set.
  ///   - mode: whether the key may, must or must not be in the map.
  ///   - locked: whether the kernel holds the value's `bpf_spin_lock` meanwhile.
  /// - Throws: `exists` and `notFound` as the mode asks; `full`.
  @inlinable public func set(
    _ value: Value, for key: Key, if mode: UpdateMode = .any, locked: Bool = false
  ) throws(BPFError) {
    try keyLayout.withBytes(of: key) { (key) throws(BPFError) in
      try valueLayout.withBytes(of: value) { (value) throws(BPFError) in
        try map.rawSet(value, for: key, if: mode, locked: locked)
      }
    }
  }

  /// Removes a key; false when it was not there.
  @discardableResult
  @inlinable public func delete(_ key: Key) throws(BPFError) -> Bool {
    try keyLayout.withBytes(of: key) { (key) throws(BPFError) in try map.rawDelete(key) }
  }

  /// Takes a value out of the map, or nil.
  ///
  /// - Requires: Linux 5.14
  @inlinable public func take(_ key: Key) throws(BPFError) -> Value? {
    try reading(key) { (key, room) throws(BPFError) in try map.rawTake(key, into: room) }
  }

  /// Whether a key is there.
  @inlinable public func contains(_ key: Key) throws(BPFError) -> Bool { try get(key) != nil }

  @inlinable func reading(
    _ key: Key, _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) throws(BPFError) -> Bool
  ) throws(BPFError) -> Value? {
    try withRoom(for: Value.self) { (room) throws(BPFError) -> Value? in
      let room = room.baseAddress.unsafelyUnwrapped
      guard try keyLayout.withBytes(of: key, { (key) throws(BPFError) in try body(key, room) }) else { return nil }
      return room.load(as: Value.self)
    }
  }
}

extension AnyMap {
  func keyLayout<Key>(of type: Key.Type) throws(BPFError) -> MapLayout {
    let members = MapLayout.mayHavePadding(Key.self) ? try? types().flatMap { $0.members(of: $0.key) } : nil
    guard let layout = MapLayout(Key.self, size: info.keySize, members: members) else {
      throw mismatch("key", Key.self, info.keySize)
    }
    return layout
  }

  func valueLayout<Value>(of type: Value.Type, size: Int) throws(BPFError) -> MapLayout {
    guard let layout = MapLayout(Value.self, size: size) else { throw mismatch("value", Value.self, size) }
    return layout
  }

  private func mismatch<T>(_ part: String, _ type: T.Type, _ size: Int) -> BPFError {
    BPFError(
      .sizeMismatch, "opening map \(label)",
      detail: "its \(part)s have \(size) bytes, \(type) has \(MemoryLayout<T>.stride)",
      hint: "use the type that the kernel program uses; `merops map show \(name)` prints it")
  }
}

// Many entries at a time, in contiguous memory: nothing is allocated for an entry.
extension Map {
  /// Reads the whole map in chunks of contiguous keys and values.
  ///
  /// - Parameters:
  ///   - chunk: entries read at a time; nil for a size that keeps them in the processor's cache.
  ///   - body: is lent a chunk: as many keys as values, valid only during the call.
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

  /// Sets the values of many keys, in one system call for hash maps and arrays.
  ///
  /// - Parameters:
  ///   - values: as many as keys.
  ///   - keys: whose values are set, in the same order.
  ///   - mode: whether the keys may, must or must not be in the map.
  /// - Throws: the kernel's first error, with the number of entries that were written before it.
  public func set(_ values: [Value], for keys: [Key], if mode: UpdateMode = .any) throws(BPFError) {
    guard keys.count == values.count else {
      throw BPFError(
        .invalid, "updating map \(map.label)", detail: "there are \(keys.count) keys and \(values.count) values")
    }
    guard !keys.isEmpty else { return }
    try keyLayout.withPacked(keys) { (packedKeys) throws(BPFError) in
      try valueLayout.withPacked(values) { (packedValues) throws(BPFError) in
        try map.rawSet(values: packedValues, forKeys: packedKeys, count: keys.count, if: mode)
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

extension Map {
  /// All entries, as they were met one after the other (the kernel takes no snapshots).
  ///
  /// An entry that stays in the map meanwhile is there exactly once where the kernel reads in batches (hash maps and
  /// arrays), at least once elsewhere.
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

  /// Calls `body` with each entry. `body` may change the map.
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

  /// How many entries it holds: all are read and counted.
  public func count() throws(BPFError) -> Int { try map.count() }

  /// Takes all entries out and returns them.
  ///
  /// From a hash map, the kernel takes entries in batches: an entry that a program writes meanwhile is not lost.
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
