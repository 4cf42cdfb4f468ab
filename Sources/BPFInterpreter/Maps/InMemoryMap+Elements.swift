// SPDX-License-Identifier: Apache-2.0

// Elements by key, with the kernel's answers. A key points to `keySize` bytes, a value to `valueSize`.
extension InMemoryMap {
  /// Flags of an update.
  /// `BPF_F_LOCK`: a run has the map for itself anyway.
  static let lock: UInt64 = 4

  /// The slot of a key, or nil.
  func slot(of key: UnsafeRawPointer, touching: Bool = true) -> Int? {
    switch kind {
    case .array:
      let number = Int(key.loadUnaligned(as: UInt32.self))
      return number < maxEntries ? number : nil
    case .hash, .storage: return index.find(key)
    case .lru:
      guard let slot = index.find(key) else { return nil }
      if touching { order.touch(slot) }
      return slot
    case .trie: return longestMatch(key)
    default: return nil
    }
  }

  func update(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64, cpu: Int = 0) throws(MapErrno) {
    let flags = flags & ~Self.lock
    guard flags <= UpdateMode.present.rawValue else { throw .invalid }
    switch kind {
    case .array:
      let number = Int(key.loadUnaligned(as: UInt32.self))
      guard number < maxEntries else { throw .tooBig }
      guard flags != UpdateMode.absent.rawValue else { throw .exists }
      place(number, cpu: cpu).copyMemory(from: value, byteCount: valueSize)
    case .hash, .lru, .storage, .trie:
      let slot = try settle(key, flags)
      place(slot, cpu: cpu).copyMemory(from: value, byteCount: valueSize)
    default: throw .invalid
    }
  }

  /// The slot of a key that is to be written: its own, or a new one with zeroes.
  func settle(_ key: UnsafeRawPointer, _ flags: UInt64) throws(MapErrno) -> Int {
    if kind == .trie { try checkPrefix(key) }
    let own = kind == .trie ? exactMatch(key) : index.find(key)
    if let own {
      guard flags != UpdateMode.absent.rawValue else { throw .exists }
      if kind == .lru { order.touch(own) }
      return own
    }
    guard flags != UpdateMode.present.rawValue else { throw .noEntry }
    if index.count >= maxEntries {
      guard kind == .lru, let oldest = order.leastRecent else { throw kind == .trie ? .noSpace : .tooBig }
      evict(oldest)
    }
    return try add(key)
  }

  private func evict(_ slot: Int) {
    order.remove(slot)
    index.key(of: slot).withUnsafeBytes { if let start = $0.baseAddress { _ = index.remove(start) } }
  }

  private func add(_ key: UnsafeRawPointer) throws(MapErrno) -> Int {
    let slot: Int
    if kind == .trie {
      slot = withMasked(key, prefix(key)) { index.insert($0) }
      countPrefix(prefix(key), 1)
    } else {
      slot = index.insert(key)
    }
    if slot >= capacity {
      let wanted = min(max(16, capacity * 2), max(maxEntries, slot + 1))
      guard makeRoom(max(wanted, slot + 1)) else {
        _ = index.remove(key)
        throw .noMemory
      }
    }
    for cpu in 0..<cpuCount { place(slot, cpu: cpu).initializeMemory(as: UInt8.self, repeating: 0, count: stride) }
    if kind == .lru { order.touch(slot) }
    return slot
  }

  func delete(_ key: UnsafeRawPointer) throws(MapErrno) {
    switch kind {
    case .hash, .lru, .storage:
      guard let slot = index.remove(key) else { throw .noEntry }
      order.remove(slot)
      innerMaps[slot] = nil
    case .trie:
      try checkPrefix(key)
      guard withMasked(key, prefix(key), { index.remove($0) }) != nil else { throw .noEntry }
      countPrefix(prefix(key), -1)
    case .array:
      guard type.isMapOfMaps else { throw .invalid }
      let number = Int(key.loadUnaligned(as: UInt32.self))
      guard number < maxEntries else { throw .tooBig }
      guard innerMaps.removeValue(forKey: number) != nil else { throw .noEntry }
    case .programs:
      let number = Int(key.loadUnaligned(as: UInt32.self))
      guard number < maxEntries else { throw .tooBig }
      guard programs.removeValue(forKey: number) != nil else { throw .noEntry }
    default: throw .invalid
    }
  }
}

// Longest prefix match: a key is a length in bits and the bits, highest first.
extension InMemoryMap {
  private func prefix(_ key: UnsafeRawPointer) -> UInt32 { key.loadUnaligned(as: UInt32.self) }

  private func checkPrefix(_ key: UnsafeRawPointer) throws(MapErrno) {
    guard keySize > 4, prefix(key) <= UInt32((keySize - 4) * 8) else { throw .invalid }
  }

  /// Lends the key with another length and the bits beyond it zero.
  private func withMasked<Result>(
    _ key: UnsafeRawPointer, _ length: UInt32, _ body: (UnsafeRawPointer) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(byteCount: keySize, alignment: 4) { room in
      room.copyMemory(from: UnsafeRawBufferPointer(start: key, count: keySize))
      room.storeBytes(of: length, as: UInt32.self)
      for byte in 4..<keySize {
        let bits = max(0, min(8, Int(length) - (byte - 4) * 8))
        room[byte] &= UInt8(truncatingIfNeeded: 0xff00 >> bits)
      }
      return body(UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped))
    }
  }

  private func countPrefix(_ length: UInt32, _ change: Int) {
    let place = prefixes.firstIndex { $0.length <= length } ?? prefixes.count
    if place == prefixes.count || prefixes[place].length != length {
      prefixes.insert((length, change), at: place)
    } else if prefixes[place].count + change > 0 {
      prefixes[place].count += change
    } else {
      prefixes.remove(at: place)
    }
  }

  private func exactMatch(_ key: UnsafeRawPointer) -> Int? { withMasked(key, prefix(key)) { index.find($0) } }

  private func longestMatch(_ key: UnsafeRawPointer) -> Int? {
    let limit = prefix(key)
    guard keySize > 4, limit <= UInt32((keySize - 4) * 8) else { return nil }
    for (length, _) in prefixes where length <= limit {
      if let slot = withMasked(key, length, { index.find($0) }) { return slot }
    }
    return nil
  }
}
