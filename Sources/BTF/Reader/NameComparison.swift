// SPDX-License-Identifier: Apache-2.0

/// A name to find among zero-terminated strings: its first eight bytes decide almost every comparison.
struct NamePattern {
  let name: UnsafeRawBufferPointer
  private let prefix: UInt64
  private let mask: UInt64

  init(_ name: UnsafeRawBufferPointer) {
    self.name = name
    var (prefix, mask): (UInt64, UInt64) = (0, 0)
    for index in 0..<min(8, name.count + 1) {
      prefix |= UInt64(index < name.count ? name[index] : 0) << (8 * index)
      mask |= 0xff << (8 * index)
    }
    self.prefix = prefix
    self.mask = mask
  }

  /// Whether the string at `offset` is the name.
  ///
  /// - Precondition: `offset` lies below `end`, and the byte before `end` is zero.
  @inline(__always)
  func matches(_ source: ByteSource, at offset: Int, end: Int) -> Bool {
    guard end - offset >= 8 else { return matchesSlowly(source, at: offset, end: end) }
    let word = UInt64(littleEndian: source.start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    guard word & mask == prefix else { return false }
    return name.count < 8 || matchesSlowly(source, at: offset, end: end)
  }

  @inline(never)
  private func matchesSlowly(_ source: ByteSource, at offset: Int, end: Int) -> Bool {
    guard end - offset > name.count, source.byte(at: offset + name.count) == 0 else { return false }
    for index in 0..<name.count where name[index] != source.byte(at: offset + index) { return false }
    return true
  }
}

/// A hash of strings that reads eight bytes at a time.
enum NameHash {
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }

  /// The hash of `count` bytes.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 1
    var index = 0
    while bytes.count - index >= 8 {
      hash = mix(hash, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      index += 8
    }
    var last: UInt64 = 0
    for position in index..<bytes.count { last |= UInt64(bytes[position]) << (8 * (position - index)) }
    return mix(hash, last)
  }

  /// The hash of the bytes from `offset` to the next zero; equal to that of the same bytes counted.
  ///
  /// - Precondition: `offset` lies below `end`, and the byte before `end` is zero.
  static func hash(_ source: ByteSource, at offset: Int, end: Int) -> UInt64 {
    var hash: UInt64 = 1
    var offset = offset
    while end - offset >= 8 {
      let word = UInt64(littleEndian: source.start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      // The highest bit of each byte that is zero, exact up to the first of them.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return mix(hash, word & ((1 << (zeros.trailingZeroBitCount & ~7)) - 1)) }
      hash = mix(hash, word)
      offset += 8
    }
    return Self.continued(hash, source.string(at: offset))
  }

  private static func continued(_ hash: UInt64, _ rest: UnsafeRawBufferPointer) -> UInt64 {
    var last: UInt64 = 0
    for (index, byte) in rest.enumerated() { last |= UInt64(byte) << (8 * index) }
    return mix(hash, last)
  }
}

/// The order of zero-terminated strings, byte by byte, which is that of names in sorted BTF.
enum NameOrder {
  /// Negative, zero or positive as the string at the start of `a` comes before, is, or comes after that of `b`.
  ///
  /// A buffer that ends before a zero byte is read as if one followed.
  static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    var index = 0
    let words = min(a.count, b.count) - 8
    while index <= words {
      let x = UInt64(littleEndian: a.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let y = UInt64(littleEndian: b.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let zeros = (x &- 0x0101_0101_0101_0101) & ~x & 0x8080_8080_8080_8080
      // The byte that decides: the first that differs, or that ends both.
      let decisive = min((x ^ y).trailingZeroBitCount, zeros.trailingZeroBitCount) & ~7
      if decisive < 64 { return Int(x >> decisive & 0xff) - Int(y >> decisive & 0xff) }
      index += 8
    }
    while true {
      let (x, y) = (index < a.count ? a[index] : 0, index < b.count ? b[index] : 0)
      if x != y || x == 0 { return Int(x) - Int(y) }
      index += 1
    }
  }
}
