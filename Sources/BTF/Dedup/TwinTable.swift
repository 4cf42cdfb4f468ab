// SPDX-License-Identifier: Apache-2.0

/// Types by a hash of their records: those of one hash form a list, in the order in which they came.
struct TwinTable {
  private var first: [UInt64: UInt32] = [:]
  private var next: [UInt32]

  /// - Parameter count: one more than the largest position.
  init(count: Int) { next = [UInt32](repeating: 0, count: count) }

  /// The first type of the hash that `isTwin` accepts; if it accepts none, `id` is added.
  mutating func twin(of id: UInt32, hash: UInt64, _ isTwin: (UInt32) -> Bool) -> UInt32? {
    guard var candidate = first[hash] else {
      first[hash] = id
      return nil
    }
    while true {
      if isTwin(candidate) { return candidate }
      if next[Int(candidate)] == 0 { break }
      candidate = next[Int(candidate)]
    }
    next[Int(candidate)] = id
    return nil
  }
}
