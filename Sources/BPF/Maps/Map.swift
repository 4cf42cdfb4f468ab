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
/// Reading or writing one element is one system call and allocates nothing.
public struct Map<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  @usableFromInline let keyLayout: MapLayout
  @usableFromInline let valueLayout: MapLayout

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where a type's size is not the map's; `invalid` for maps that have no keys or a value for
  ///   each CPU (see ``PerCPUMap``, ``Queue``, ``BloomFilter``).
  public init(_ map: AnyMap) throws(BPFError) {
    guard !map.info.type.isPerCPU, !map.info.type.isKeyless else {
      let better = map.info.type.isPerCPU ? "PerCPUMap" : "Queue, BloomFilter, RingReader or Arena"
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map is not one value for each key",
        hint: "use \(better)")
    }
    self.map = map
    keyLayout = try map.keyLayout(of: Key.self)
    valueLayout = try map.valueLayout(of: Value.self, size: map.lookupSize)
  }

  /// Creates a map of the types' sizes.
  ///
  /// The sizes are the types' strides: what C takes for the same structures.
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

// One element at a time.
extension Map {
  /// The value of a key, or nil.
  @inlinable public func get(_ key: Key, _ flags: LookupFlags = []) throws(BPFError) -> Value? {
    try reading(key) { (key, room) throws(BPFError) in try map.rawLookup(key, into: room, flags) }
  }

  /// Writes a value under a key.
  ///
  /// - Throws: `exists` and `notFound` as the flags ask; `full`.
  @inlinable public func set(_ key: Key, _ value: Value, _ flags: UpdateFlags = .any) throws(BPFError) {
    try keyLayout.withBytes(of: key) { (key) throws(BPFError) in
      try valueLayout.withBytes(of: value) { (value) throws(BPFError) in try map.rawUpdate(key, value, flags) }
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
    try reading(key) { (key, room) throws(BPFError) in try map.rawLookupAndDelete(key, into: room) }
  }

  /// Whether a key is there.
  @inlinable public func contains(_ key: Key) throws(BPFError) -> Bool { try get(key) != nil }

  /// The value of a key, or nil. Writing is ``set(_:_:_:)-(Key,_,_)``: a Swift subscript cannot both throw and be set.
  @inlinable public subscript(key: Key) -> Value? {
    get throws(BPFError) { try get(key) }
  }

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
