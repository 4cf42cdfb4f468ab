// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// A map with a value for each CPU: programs count without locks, user space adds up.
///
/// Values are ordered by the number of the CPU, for all *possible* CPUs, whether they run or not: that is how the kernel
/// reads and writes them, each padded to 8 bytes.
///
/// - Requires: Linux 4.6
public struct PerCPUMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  /// How many values a key has.
  public let cpuCount: Int
  private let keyLayout: MapLayout
  private let valueLayout: MapLayout
  private let stride: Int

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where a type's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type.isPerCPU else {
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map has one value for all CPUs",
        hint: "use Map")
    }
    self.map = map
    stride = map.info.valueStride
    cpuCount = map.lookupSize / max(stride, 1)
    keyLayout = try map.keyLayout(of: Key.self)
    valueLayout = try map.valueLayout(of: Value.self, size: map.info.valueSize)
  }

  /// Creates a map of the types' sizes.
  public init(
    creating type: MapType, name: String = "", maxEntries: Int, flags: MapFlags = []
  ) throws(BPFError) {
    try self.init(
      AnyMap(
        creating: MapParameters(
          type, name: name, keySize: MemoryLayout<Key>.stride, valueSize: MemoryLayout<Value>.stride,
          maxEntries: maxEntries, flags: flags)))
  }

  /// The values of a key by CPU, or nil.
  public func get(_ key: Key) throws(BPFError) -> [Value]? {
    try reading(key) { (key, room) throws(BPFError) in try map.rawGet(key, into: room) }
  }

  /// Sets the values of a key.
  ///
  /// - Parameters:
  ///   - values: one for each possible CPU.
  ///   - key: whose values are set.
  ///   - mode: whether the key may, must or must not be in the map.
  public func set(_ values: [Value], for key: Key, if mode: UpdateMode = .any) throws(BPFError) {
    guard values.count == cpuCount else {
      throw BPFError(
        .sizeMismatch, "updating map \(map.label)",
        detail: "there are \(values.count) values and \(cpuCount) possible CPUs")
    }
    try withRoom(byteCount: map.lookupSize) { (room) throws(BPFError) in
      room.initializeMemory(as: UInt8.self, repeating: 0)
      for (cpu, value) in values.enumerated() { room.storeBytes(of: value, toByteOffset: cpu * stride, as: Value.self) }
      guard let start = room.baseAddress else { return }
      try keyLayout.withBytes(of: key) { (key) throws(BPFError) in try map.rawSet(start, for: key, if: mode) }
    }
  }

  /// Sets the value of a key for every CPU to the same: to reset a counter.
  public func set(all value: Value, for key: Key, if mode: UpdateMode = .any) throws(BPFError) {
    try set(Array(repeating: value, count: cpuCount), for: key, if: mode)
  }

  /// Removes a key; false when it was not there.
  @discardableResult
  public func delete(_ key: Key) throws(BPFError) -> Bool {
    try keyLayout.withBytes(of: key) { (key) throws(BPFError) in try map.rawDelete(key) }
  }

  /// Takes the values of a key out of the map, or nil.
  ///
  /// - Requires: Linux 5.14
  public func take(_ key: Key) throws(BPFError) -> [Value]? {
    try reading(key) { (key, room) throws(BPFError) in try map.rawTake(key, into: room) }
  }

  /// All entries, as they were met one after the other. See ``Map/entries()``.
  public func entries() throws(BPFError) -> [(key: Key, values: [Value])] {
    var result: [(key: Key, values: [Value])] = []
    var reader = try MapReader(map)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        let key = (chunk.keys + index * keyLayout.size).loadUnaligned(as: Key.self)
        result.append((key, values(chunk.values + index * map.lookupSize)))
      }
    }
    return result
  }

  private func values(_ start: UnsafeRawPointer) -> [Value] {
    (0..<cpuCount).map { (start + $0 * stride).loadUnaligned(as: Value.self) }
  }

  private func reading(
    _ key: Key, _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) throws(BPFError) -> Bool
  ) throws(BPFError) -> [Value]? {
    try withRoom(byteCount: map.lookupSize) { (room) throws(BPFError) -> [Value]? in
      guard let start = room.baseAddress,
        try keyLayout.withBytes(of: key, { (key) throws(BPFError) in try body(key, start) })
      else { return nil }
      return values(start)
    }
  }
}

extension PerCPUMap where Value: FixedWidthInteger {
  /// The values of a key added up, wrapping as the counters do; nil for an absent key.
  public func sum(_ key: Key) throws(BPFError) -> Value? {
    try get(key)?.reduce(0, &+)
  }

  /// The values of all keys, added up by key.
  public func sums() throws(BPFError) -> [(key: Key, value: Value)] {
    try entries().map { ($0.key, $0.values.reduce(0, &+)) }
  }
}
