// SPDX-License-Identifier: Apache-2.0

/// Numbers keys of one size: a hash table from bytes to slots 0, 1, 2 ... that takes slots of removed keys again.
///
/// Looking a key up allocates nothing. Keys have at least one byte.
struct HashIndex {
  let keySize: Int
  private(set) var count = 0
  private var keys: [UInt8] = []
  private var isUsed: [Bool] = []
  private var freeSlots: [Int32] = []
  /// Slots by hash with linear probing; -1 is empty, -2 was removed.
  private var buckets: [Int32]
  private var filled = 0

  init(keySize: Int) {
    self.keySize = keySize
    buckets = [Int32](repeating: -1, count: 16)
  }

  /// How many slots were ever in use: all are below.
  var slotCount: Int { isUsed.count }
  func isUsed(_ slot: Int) -> Bool { slot < isUsed.count && isUsed[slot] }

  func key(of slot: Int) -> [UInt8] { Array(keys[slot * keySize..<(slot + 1) * keySize]) }

  /// FNV-1a over words, then mixed.
  private func hash(_ key: UnsafeRawPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var offset = 0
    while offset + 8 <= keySize {
      hash = (hash ^ key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x0000_0100_0000_01b3
      hash ^= hash >> 29
      offset += 8
    }
    while offset < keySize {
      hash = (hash ^ UInt64(key.load(fromByteOffset: offset, as: UInt8.self))) &* 0x0000_0100_0000_01b3
      offset += 1
    }
    return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15 >> 20)
  }

  private func isKey(_ slot: Int, _ key: UnsafeRawPointer) -> Bool {
    keys.withUnsafeBytes { bytes in
      let own = bytes[slot * keySize..<(slot + 1) * keySize]
      return own.elementsEqual(UnsafeRawBufferPointer(start: key, count: keySize))
    }
  }

  private func bucket(of key: UnsafeRawPointer) -> Int? {
    let mask = buckets.count - 1
    var place = hash(key) & mask
    while buckets[place] != -1 {
      if buckets[place] >= 0, isKey(Int(buckets[place]), key) { return place }
      place = (place + 1) & mask
    }
    return nil
  }

  /// The key's slot, or nil.
  func find(_ key: UnsafeRawPointer) -> Int? { bucket(of: key).map { Int(buckets[$0]) } }

  /// Adds a key that is not there and returns its slot.
  mutating func insert(_ key: UnsafeRawPointer) -> Int {
    if (filled + 1) * 4 > buckets.count * 3 { rehash() }
    let bytes = UnsafeRawBufferPointer(start: key, count: keySize)
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = Int(free)
      keys.replaceSubrange(slot * keySize..<(slot + 1) * keySize, with: bytes)
      isUsed[slot] = true
    } else {
      slot = isUsed.count
      keys.append(contentsOf: bytes)
      isUsed.append(true)
    }
    place(slot, key)
    count += 1
    return slot
  }

  private mutating func place(_ slot: Int, _ key: UnsafeRawPointer) {
    let mask = buckets.count - 1
    var place = hash(key) & mask
    while buckets[place] >= 0 { place = (place + 1) & mask }
    if buckets[place] == -1 { filled += 1 }
    buckets[place] = Int32(truncatingIfNeeded: slot)
  }

  private mutating func rehash() {
    buckets = [Int32](repeating: -1, count: max(16, count >= buckets.count / 2 ? buckets.count * 2 : buckets.count))
    filled = 0
    for slot in isUsed.indices where isUsed[slot] {
      key(of: slot).withUnsafeBytes { bytes in
        if let start = bytes.baseAddress { place(slot, start) }
      }
    }
  }

  /// Removes a key and returns the slot that it had, or nil.
  mutating func remove(_ key: UnsafeRawPointer) -> Int? {
    guard let place = bucket(of: key) else { return nil }
    let slot = Int(buckets[place])
    buckets[place] = -2
    isUsed[slot] = false
    freeSlots.append(Int32(truncatingIfNeeded: slot))
    count -= 1
    return slot
  }
}

/// Slots from the least to the most recently used: a list in two arrays.
struct UseOrder {
  private var previous: [Int32] = []
  private var next: [Int32] = []
  private var first: Int32 = -1
  private var last: Int32 = -1

  var leastRecent: Int? { first < 0 ? nil : Int(first) }

  /// Puts a slot at the end, whether or not it is in the list.
  mutating func touch(_ slot: Int) {
    while previous.count <= slot {
      previous.append(-2)
      next.append(-2)
    }
    if Int(last) == slot { return }
    remove(slot)
    let number = Int32(truncatingIfNeeded: slot)
    previous[slot] = last
    next[slot] = -1
    if last >= 0 { next[Int(last)] = number } else { first = number }
    last = number
  }

  mutating func remove(_ slot: Int) {
    guard slot < previous.count, previous[slot] != -2 else { return }
    if previous[slot] >= 0 { next[Int(previous[slot])] = next[slot] } else { first = next[slot] }
    if next[slot] >= 0 { previous[Int(next[slot])] = previous[slot] } else { last = previous[slot] }
    previous[slot] = -2
    next[slot] = -2
  }
}
