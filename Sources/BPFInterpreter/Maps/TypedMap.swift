// SPDX-License-Identifier: Apache-2.0

/// A map whose keys and values have the layouts of two Swift types, as `Map` of the library `BPF` is for the kernel's.
///
///     let blocked = try interpreter.map("blocked", UInt32.self, UInt8.self)
///     try blocked.set(1, for: address)
///     #expect(try blocked.get(other) == nil)
///
/// The types must be laid out as in the program. Padding inside a key is compared, as in the kernel: give such keys
/// explicit members for it.
public struct TypedMap<Key: BitwiseCopyable, Value: BitwiseCopyable> {
  /// The map as bytes.
  public let map: InMemoryMap

  /// Views a map.
  ///
  /// - Throws: ``InterpreterError`` of code `sizeMismatch` where a type's size is not the map's.
  public init(_ map: InMemoryMap) throws(InterpreterError) {
    self.map = map
    try map.checkSize(of: Key.self, map.keySize, "keys")
    try map.checkSize(of: Value.self, map.valueSize, "values")
  }

  /// The value of a key, or nil. Of a per-CPU map, CPU 0's.
  public func get(_ key: Key) throws(InterpreterError) -> Value? {
    try map.get(map.bytes(of: key, map.keySize)).map { InMemoryMap.value($0, as: Value.self) }
  }

  /// The values of a key in a per-CPU map, one for each CPU, or nil.
  public func values(_ key: Key) throws(InterpreterError) -> [Value]? {
    try map.getAll(map.bytes(of: key, map.keySize))?.map { InMemoryMap.value($0, as: Value.self) }
  }

  /// Writes a value under a key; in a per-CPU map, for all CPUs.
  ///
  /// - Throws: ``InterpreterError`` of code `mapRefused` if the map is full.
  public func set(_ value: Value, for key: Key, if mode: UpdateMode = .any) throws(InterpreterError) {
    try map.set(map.bytes(of: value, map.valueSize), for: map.bytes(of: key, map.keySize), if: mode)
  }

  /// Removes a key; false if it was not there.
  @discardableResult
  public func delete(_ key: Key) throws(InterpreterError) -> Bool { try map.delete(map.bytes(of: key, map.keySize)) }

  /// Whether a key is there.
  public func contains(_ key: Key) throws(InterpreterError) -> Bool { try get(key) != nil }

  /// All elements.
  public var entries: [(key: Key, value: Value)] {
    map.entries.map { (InMemoryMap.value($0.key, as: Key.self), InMemoryMap.value($0.value, as: Value.self)) }
  }

  public var keys: [Key] { entries.map(\.key) }
  public var count: Int { map.count }
}

extension TypedMap where Value: FixedWidthInteger {
  /// The sum of a key's values over all CPUs, or nil.
  public func sum(_ key: Key) throws(InterpreterError) -> Value? { try values(key)?.reduce(0, &+) }
}

extension InMemoryMap {
  /// Records that nobody took yet, as values of a type that is laid out as the program's. Longer records are cut; nil for
  /// each that is too short.
  public func records<Record: BitwiseCopyable>(as type: Record.Type) -> [Record?] {
    records.map { $0.count >= MemoryLayout<Record>.size ? InMemoryMap.value($0, as: Record.self) : nil }
  }

  func checkSize<T>(of type: T.Type, _ size: Int, _ part: String) throws(InterpreterError) {
    guard size == MemoryLayout<T>.size || size == MemoryLayout<T>.stride else {
      throw InterpreterError(
        .sizeMismatch,
        "map \(name) has \(part) of \(size) bytes, \(T.self) has \(MemoryLayout<T>.stride): use the program's type")
    }
  }

  /// A value's bytes, with zeroes for the padding at its end.
  func bytes(of value: some BitwiseCopyable, _ size: Int) -> [UInt8] {
    var bytes = withUnsafeBytes(of: value) { Array($0.prefix(size)) }
    bytes += [UInt8](repeating: 0, count: size - bytes.count)
    return bytes
  }

  /// The value that bytes stand for. The type is named where it is used: left to be inferred it may become optional.
  static func value<T: BitwiseCopyable>(_ bytes: [UInt8], as type: T.Type) -> T {
    let missing = MemoryLayout<T>.size - bytes.count
    let padded = missing > 0 ? bytes + [UInt8](repeating: 0, count: missing) : bytes
    return padded.withUnsafeBytes { $0.loadUnaligned(as: T.self) }
  }
}
