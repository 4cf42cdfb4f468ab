// SPDX-License-Identifier: Apache-2.0

// What a test does with a map, in bytes.
extension InMemoryMap {
  /// The value of a key, or nil. Of a per-CPU map, CPU 0's.
  ///
  /// - Throws: ``InterpreterError`` of code `sizeMismatch` for a key of the wrong size.
  public func get(_ key: [UInt8]) throws(InterpreterError) -> [UInt8]? { try getAll(key)?.first }

  /// The values of a key, one for each CPU (one in all for other maps), or nil.
  public func getAll(_ key: [UInt8]) throws(InterpreterError) -> [[UInt8]]? {
    try check(key, keySize, "key")
    guard let slot = withPointer(key, { self.slot(of: $0, touching: false) }) else { return nil }
    return (0..<cpuCount).map { Array(UnsafeRawBufferPointer(start: place(slot, cpu: $0), count: valueSize)) }
  }

  /// Writes a value under a key; in a per-CPU map, for all CPUs.
  ///
  /// - Parameters:
  ///   - value: bytes, as many as the map's values have.
  ///   - key: bytes, as many as the map's keys have.
  ///   - mode: whether the key may, must or must not be in the map.
  /// - Throws: ``InterpreterError`` of code `mapRefused` where the kernel would reject it.
  public func set(_ value: [UInt8], for key: [UInt8], if mode: UpdateMode = .any) throws(InterpreterError) {
    try setAll([[UInt8]](repeating: value, count: cpuCount), for: key, if: mode)
  }

  /// Writes a key's values, one for each CPU.
  public func setAll(_ values: [[UInt8]], for key: [UInt8], if mode: UpdateMode = .any) throws(InterpreterError) {
    try check(key, keySize, "key")
    guard values.count == cpuCount else {
      throw InterpreterError(.sizeMismatch, "map \(name) has \(cpuCount) values for each key, not \(values.count)")
    }
    for value in values { try check(value, valueSize, "value") }
    try refusing("update") { () throws(MapErrno) in
      for (cpu, value) in values.enumerated() {
        // Only the first may find the key there or not.
        let flags = cpu == 0 ? mode.rawValue : 0
        let result = withPointer(key) { key in
          withPointer(value) { value in
            Result { () throws(MapErrno) in try update(key, value, flags, cpu: cpu) }
          }
        }
        try result.get()
      }
    }
  }

  /// Removes a key; false if it was not there.
  @discardableResult
  public func delete(_ key: [UInt8]) throws(InterpreterError) -> Bool {
    try check(key, keySize, "key")
    switch withPointer(key, { key in Result { () throws(MapErrno) in try delete(key) } }) {
    case .success: return true
    case .failure(.noEntry): return false
    case .failure(let error): throw refusal("delete", error)
    }
  }

  /// All elements, in no particular order; of an array, all in theirs.
  public var entries: [(key: [UInt8], value: [UInt8])] {
    slots.map { slot in
      (key(of: slot), Array(UnsafeRawBufferPointer(start: place(slot), count: valueSize)))
    }
  }

  /// How many elements there are: of an array, all; of a ring, records that were not taken.
  public var count: Int {
    switch kind {
    case .array: maxEntries
    case .queue, .stack: sequence.count
    case .ring, .perf: sent.count
    case .programs: programs.count
    case .userRing: pending.count
    default: index.count
    }
  }

  /// Removes all elements; sets those of an array to zero.
  public func removeAll() {
    switch kind {
    case .array:
      for slot in 0..<maxEntries {
        for cpu in 0..<cpuCount {
          place(slot, cpu: cpu).initializeMemory(as: UInt8.self, repeating: 0, count: stride)
        }
      }
    default:
      index = HashIndex(keySize: index.keySize)
      order = UseOrder()
      prefixes = []
      sequence = []
      freeSlots = []
      sent = []
      usedBytes = 0
      programs = [:]
      innerMaps = [:]
      pending = []
    }
  }

  var slots: [Int] {
    switch kind {
    case .array: Array(0..<maxEntries)
    case .hash, .lru, .trie, .storage: (0..<index.slotCount).filter { index.isUsed($0) }
    case .queue: sequence
    case .stack: sequence.reversed()
    default: []
    }
  }

  func key(of slot: Int) -> [UInt8] {
    switch kind {
    case .array: Input.bytes(UInt32(truncatingIfNeeded: slot))
    case .hash, .lru, .trie, .storage: index.key(of: slot)
    default: []
    }
  }
}

// Queues, stacks, bloom filters.
extension InMemoryMap {
  /// Adds a value to a queue, stack or bloom filter.
  ///
  /// - Parameters:
  ///   - value: bytes, as many as the map's values have.
  ///   - replacesOldest: whether a full queue or stack lets its oldest value go.
  public func push(_ value: [UInt8], replacesOldest: Bool = false) throws(InterpreterError) {
    try check(value, valueSize, "value")
    try refusing("push") { () throws(MapErrno) in
      try withPointer(value) { value in
        Result { () throws(MapErrno) in try push(value, (replacesOldest ? UpdateMode.present : .any).rawValue) }
      }.get()
    }
  }

  /// Takes the next value of a queue or stack, or nil.
  public func pop() throws(InterpreterError) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: max(1, valueSize))
    switch value.withUnsafeMutableBytes({ room in
      Result { () throws(MapErrno) in try peek(room.baseAddress.unsafelyUnwrapped, removing: true) }
    }) {
    case .success: return Array(value.prefix(valueSize))
    case .failure(.noEntry): return nil
    case .failure(let error): throw refusal("pop", error)
    }
  }

  /// Whether a bloom filter holds a value. Unlike the kernel's, this one has no false positives.
  public func contains(_ value: [UInt8]) throws(InterpreterError) -> Bool {
    try check(value, valueSize, "value")
    guard kind == .bloom else { throw refusal("contains", .invalid) }
    return withPointer(value) { index.find($0) != nil }
  }
}

// Rings and perf buffers.
extension InMemoryMap {
  /// What programs sent through a ring or perf buffer and nobody took yet, oldest first. A ring's records take room in
  /// it until they are taken.
  public var records: [[UInt8]] { sent.map(\.bytes) }

  /// Takes the records, which makes room in the ring.
  public func takeRecords() -> [[UInt8]] {
    defer {
      sent = []
      usedBytes = 0
    }
    return records
  }

  /// How often a program found no room in the ring or perf buffer.
  public var lostRecords: Int { lostCount }

  /// Sends a record to programs, through a user ring buffer.
  public func send(_ record: [UInt8]) throws(InterpreterError) {
    guard kind == .userRing else { throw refusal("send", .invalid) }
    pending.append(record)
  }
}

extension InMemoryMap {
  func check(_ bytes: [UInt8], _ size: Int, _ part: String) throws(InterpreterError) {
    guard bytes.count == size else {
      throw InterpreterError(.sizeMismatch, "map \(name) has \(part)s of \(size) bytes, not \(bytes.count)")
    }
  }

  func refusing(_ verb: String, _ body: () throws(MapErrno) -> Void) throws(InterpreterError) {
    do throws(MapErrno) { try body() } catch { throw refusal(verb, error) }
  }

  func refusal(_ verb: String, _ error: MapErrno) -> InterpreterError {
    InterpreterError(.mapRefused, "map \(name) (\(type)) refuses \(verb) with \(error.name): \(error.advice)")
  }

  /// Lends the bytes; never a null pointer.
  func withPointer<Result>(_ bytes: [UInt8], _ body: (UnsafeRawPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { buffer in
      if let start = buffer.baseAddress { return body(start) }
      return withUnsafeBytes(of: 0 as UInt64) { body($0.baseAddress.unsafelyUnwrapped) }
    }
  }
}
