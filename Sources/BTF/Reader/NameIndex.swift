// SPDX-License-Identifier: Apache-2.0

/// Type names by hash: the ids of one bucket lie side by side, in ascending order.
///
/// A counting sort fills it, so that neither many types of one name nor names made to collide slow it down.
/// Memory is four bytes per named type and about as much for the buckets.
final class NameIndex: Sendable {
  nonisolated(unsafe) private let starts: UnsafeMutablePointer<UInt32>
  nonisolated(unsafe) private let positions: UnsafeMutablePointer<UInt32>
  private let shift: UInt64

  init(_ types: BTFTypes) {
    let count = types.offsets.count
    var bits: UInt64 = 1
    while count >> Int(bits) > 1 { bits += 1 }
    shift = 64 - bits
    let buckets = 1 << Int(bits)
    starts = .allocate(capacity: buckets + 2)
    starts.initialize(repeating: 0, count: buckets + 2)

    // Counts go two places up; sums then turn `starts[bucket + 1]` into the place where the bucket's next id goes.
    let none = UInt32.max
    let bucketOf = UnsafeMutablePointer<UInt32>.allocate(capacity: count + 1)
    defer { bucketOf.deallocate() }
    var named = 0
    for position in 0..<count {
      let hash = types.nameHash(at: position)
      let bucket = if let hash { UInt32(hash >> shift) } else { none }
      (bucketOf + position).initialize(to: bucket)
      guard bucket != none else { continue }
      starts[Int(bucket) + 2] += 1
      named += 1
    }
    for bucket in 2..<buckets + 2 { starts[bucket] += starts[bucket - 1] }
    positions = .allocate(capacity: named + 1)
    for position in 0..<count {
      guard bucketOf[position] != none else { continue }
      let bucket = Int(bucketOf[position]) + 1
      (positions + Int(starts[bucket])).initialize(to: UInt32(position))
      starts[bucket] += 1
    }
  }

  deinit {
    starts.deallocate()
    positions.deallocate()
  }

  /// Those types, as positions in file order, among which all of that name are.
  func candidates(_ name: UnsafeRawBufferPointer) -> UnsafeBufferPointer<UInt32> {
    let bucket = Int(NameHash.hash(name) >> shift)
    let start = Int(starts[bucket])
    return UnsafeBufferPointer(start: positions + start, count: Int(starts[bucket + 1]) - start)
  }
}

extension BTFTypes {
  /// The hash of the name of the type at a position of this BTF; nil if it has none.
  @inline(__always)
  fileprivate func nameHash(at position: Int) -> UInt64? {
    let name = source.word(at: offsets[position])
    guard name != 0 else { return nil }
    guard UInt64(name) >= firstString else { return utf8(at: name).map { NameHash.hash($0) } }
    return NameHash.hash(
      source, at: header.strings.lowerBound + Int(UInt64(name) - firstString), end: header.strings.upperBound)
  }
}
