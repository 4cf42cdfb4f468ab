// SPDX-License-Identifier: Apache-2.0

/// The numbers of texts that were used lately, so that a text that repeats is one row. A text that was forgotten gets
/// another row when it comes back: that costs bytes, nothing else.
struct TextNumbers {
  private var young = Table()
  private var old = Table()
  private let limit: Int

  /// - Parameter limit: Texts that are remembered at least; at most twice as many are.
  init(limit: Int) { self.limit = limit }

  /// Memory that the tables take, in bytes.
  var size: Int { young.size + old.size }

  /// The number of a text; if it has none, that of the closure, which makes one.
  mutating func number<Failure: Error>(
    of text: UnsafeRawBufferPointer, make: (UnsafeRawBufferPointer) throws(Failure) -> UInt64
  ) throws(Failure) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    let hash = hasher.finalize()
    if let number = young.find(text, hash) { return number }
    let number: UInt64
    if let known = old.find(text, hash) { number = known } else { number = try make(text) }
    if young.count >= limit {
      swap(&young, &old)
      young.removeAll()
    }
    young.insert(text, hash, number)
    return number
  }

  /// Open addressing over entries whose texts lie one behind the other.
  private struct Table {
    private struct Entry {
      var hash: Int
      var number: UInt64
      var start: Int
      var count: Int
    }

    private var entries: [Entry] = []
    /// An entry's index and one; 0 where there is none.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var texts: [UInt8] = []

    var count: Int { entries.count }
    var size: Int { entries.capacity * MemoryLayout<Entry>.stride + slots.count * 4 + texts.capacity }

    func find(_ text: UnsafeRawBufferPointer, _ hash: Int) -> UInt64? {
      var slot = hash & (slots.count - 1)
      while slots[slot] != 0 {
        let entry = entries[Int(slots[slot]) - 1]
        if entry.hash == hash, entry.count == text.count, isEqual(entry, text) { return entry.number }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }

    private func isEqual(_ entry: Entry, _ text: UnsafeRawBufferPointer) -> Bool {
      texts.withUnsafeBytes { $0[entry.start..<entry.start + entry.count].elementsEqual(text) }
    }

    mutating func insert(_ text: UnsafeRawBufferPointer, _ hash: Int, _ number: UInt64) {
      if entries.count * 2 >= slots.count { grow() }
      entries.append(Entry(hash: hash, number: number, start: texts.count, count: text.count))
      texts.append(contentsOf: text)
      place(entries.count)
    }

    private mutating func place(_ reference: Int) {
      var slot = entries[reference - 1].hash & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(reference)
    }

    private mutating func grow() {
      slots = [UInt32](repeating: 0, count: slots.count * 2)
      for reference in 1..<entries.count + 1 { place(reference) }
    }

    mutating func removeAll() {
      entries.removeAll(keepingCapacity: true)
      texts.removeAll(keepingCapacity: true)
      for slot in slots.indices { slots[slot] = 0 }
    }
  }
}
