// SPDX-License-Identifier: Apache-2.0

/// The search by prefix lengths of one family: a binary tree of the lengths that occur, and a hash of prefixes and of marks for
/// longer ones.
struct SearchTable {
  /// What the hash has: prefixes, and marks with the word of the longest prefix that contains them.
  private var entries: [CompiledRules.Prefix] = []
  /// As they lie in the image.
  private(set) var nodes: [UInt32] = []
  private var initial: UInt32
  /// How many buckets hashes name; behind them are some for entries of the last ones.
  private var count: Int

  /// - Parameter prefixes: ascending, each once.
  init(_ prefixes: [CompiledRules.Prefix], initial: UInt32) {
    self.initial = initial
    var occurs = [Bool](repeating: false, count: 129)
    for prefix in prefixes { occurs[Int(prefix.length)] = true }
    let lengths = (1...128).filter { occurs[$0] }
    Self.grow(lengths[...], &nodes)
    entries = lengths.count <= 1 ? prefixes : Self.withMarks(prefixes, lengths, initial: initial)
    // Of five places in a bucket two thirds stay empty, so that hardly an entry has none in its own.
    count = entries.count * 5 / 8 + 1
  }

  var pages: Int { ((count + Bucket.reach - 1) * Bucket.bytes + ImagePage.bytes - 1) / ImagePage.bytes }

  /// Makes room for entries that found no place.
  mutating func growBuckets() { count += count / 4 + 1 }

  /// A balanced tree; returns the number of its root.
  @discardableResult
  private static func grow(_ lengths: ArraySlice<Int>, _ nodes: inout [UInt32]) -> UInt32 {
    guard !lengths.isEmpty else { return 0 }
    let middle = lengths.startIndex + lengths.count / 2
    let number = nodes.count
    nodes.append(UInt32(lengths[middle]))
    let hit = grow(lengths[(middle + 1)...], &nodes)
    let miss = grow(lengths[..<middle], &nodes)
    nodes[number] |= hit << 8 | miss << 16
    return UInt32(number)
  }

  /// The shorter lengths at which a search looks on its way to each length.
  private static func ways(_ lengths: [Int]) -> [[UInt8]] {
    var ways = [[UInt8]](repeating: [], count: 129)
    func walk(_ part: ArraySlice<Int>, _ hits: [UInt8]) {
      guard !part.isEmpty else { return }
      let middle = part.startIndex + part.count / 2
      ways[part[middle]] = hits
      walk(part[(middle + 1)...], hits + [UInt8(part[middle])])
      walk(part[..<middle], hits)
    }
    walk(lengths[...], [])
    return ways
  }

  private static func withMarks(
    _ prefixes: [CompiledRules.Prefix], _ lengths: [Int], initial: UInt32
  ) -> [CompiledRules.Prefix] {
    let ways = ways(lengths)
    var result: [CompiledRules.Prefix] = []
    result.reserveCapacity(prefixes.count * 2)
    // What was added last at each length: whatever shares it comes one after the other.
    var last = [(upper: UInt64, lower: UInt64)?](repeating: nil, count: 129)
    var cover: [CompiledRules.Prefix] = []
    for prefix in prefixes {
      while let top = cover.last, !top.contains(prefix) { cover.removeLast() }
      for length in ways[Int(prefix.length)] {
        var mark = prefix.shortened(to: length)
        if let known = last[Int(length)], known == (mark.upper, mark.lower) { continue }
        last[Int(length)] = (mark.upper, mark.lower)
        mark.word = cover.last { $0.length <= length }?.word ?? initial
        result.append(mark)
      }
      last[Int(prefix.length)] = (prefix.upper, prefix.lower)
      cover.append(prefix)
      result.append(prefix)
    }
    return result
  }

  /// Writes the buckets into memory that is zero.
  ///
  /// - Parameter buckets: their first page.
  /// - Returns: the header; nil if an entry found no place: another hash or more buckets may have one.
  func write(
    to memory: UnsafeMutableRawPointer, buckets: UInt32, _ random: inout some RandomNumberGenerator
  ) -> SearchHeader? {
    let header = SearchHeader(
      factor0: random.next() | 1, factor1: random.next() | 1, factor2: random.next() | 1, initial: initial,
      buckets: buckets, count: UInt32(count), isPadding: 0)
    let start = memory + Int(buckets) * ImagePage.bytes
    let count = UInt64(count)
    for entry in entries {
      let hash =
        entry.upper &* header.factor0 &+ entry.lower &* header.factor1 &+ UInt64(entry.length) &* header.factor2
      var number = ((hash >> 32) &* count) >> 32
      var hasPlace = false
      search: for _ in 0..<Bucket.reach {
        let bucket = start + Int(number) * Bucket.bytes
        for index in 0..<Bucket.entries
        where bucket.load(fromByteOffset: Bucket.lengths + index, as: UInt8.self) == 0 {
          bucket.storeBytes(of: entry.upper, toByteOffset: Bucket.upper + index * 8, as: UInt64.self)
          bucket.storeBytes(of: entry.lower, toByteOffset: Bucket.lower + index * 8, as: UInt64.self)
          bucket.storeBytes(of: entry.word, toByteOffset: Bucket.words + index * 4, as: UInt32.self)
          bucket.storeBytes(of: entry.length, toByteOffset: Bucket.lengths + index, as: UInt8.self)
          hasPlace = true
          break search
        }
        bucket.storeBytes(of: 1, toByteOffset: Bucket.overflow, as: UInt8.self)
        number += 1
      }
      if !hasPlace { return nil }
    }
    return header
  }
}

extension CompiledRules.Prefix {
  func shortened(to length: UInt8) -> Self {
    var result = self
    result.length = length
    if length <= 64 {
      result.upper &= UInt64.max << UInt64(64 - Int(length))
      result.lower = 0
    } else {
      result.lower &= UInt64.max << UInt64(128 - Int(length))
    }
    return result
  }

  func contains(_ other: Self) -> Bool {
    let shortened = other.shortened(to: length)
    return length <= other.length && shortened.upper == upper && shortened.lower == lower
  }
}
