// SPDX-License-Identifier: Apache-2.0

/// Writes JSON into memory that has room for it, without allocating.
struct JSONOutput {
  /// Where the next byte goes.
  private(set) var end: UnsafeMutablePointer<UInt8>

  /// The bytes that a number of 128 bits takes at most.
  static let longestNumber = 40
  /// The bytes that a byte of text takes at most: `\u001f`.
  static let longestEscape = 6

  init(_ start: UnsafeMutablePointer<UInt8>) { end = start }

  @inline(__always)
  mutating func byte(_ byte: UInt8) {
    end.pointee = byte
    end += 1
  }

  @inline(__always)
  mutating func byte(_ character: Unicode.Scalar) { byte(UInt8(ascii: character)) }

  @inline(__always)
  mutating func literal(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    end.update(from: bytes, count: count)
    end += count
  }

  mutating func literal(_ text: StaticString) { literal(text.utf8Start, text.utf8CodeUnitCount) }

  // MARK: Numbers

  private static let pairs: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960\
    61626364656667686970717273747576777879808182838485868788899091929394959697989999
    """

  mutating func unsigned(_ value: UInt64) {
    if value < 10 { return byte(UInt8(truncatingIfNeeded: value) + 0x30) }
    let count = Self.digits(value)
    var place = end + count
    var rest = value
    let pairs = Self.pairs.utf8Start
    while rest >= 100 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      place -= 2
      place.update(from: pairs + 2 * Int(truncatingIfNeeded: pair), count: 2)
      rest = quotient
    }
    if rest >= 10 {
      end.update(from: pairs + 2 * Int(truncatingIfNeeded: rest), count: 2)
    } else {
      end.pointee = UInt8(truncatingIfNeeded: rest) + 0x30
    }
    end += count
  }

  private static func digits(_ value: UInt64) -> Int {
    var (count, rest) = (1, value)
    while rest >= 10_000 {
      rest /= 10_000
      count += 4
    }
    return count + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }

  mutating func signed(_ value: Int64) {
    if value < 0 { byte("-") }
    unsigned(value.magnitude)
  }

  mutating func unsigned(_ value: UInt128) {
    let (high, low) = value.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
    guard high > 0 else { return unsigned(UInt64(truncatingIfNeeded: low)) }
    // At most 39 digits: the upper part has two parts itself.
    unsigned(high)
    let tail = UInt64(truncatingIfNeeded: low)
    for _ in Self.digits(tail)..<19 { byte("0") }
    unsigned(tail)
  }

  mutating func signed(_ value: Int128) {
    if value < 0 { byte("-") }
    unsigned(value.magnitude)
  }

  mutating func hexadecimal(_ value: UInt64) {
    for shift in stride(from: (63 - (value | 1).leadingZeroBitCount) / 4 * 4, through: 0, by: -4) {
      digit(UInt8(truncatingIfNeeded: value >> UInt64(shift) & 15))
    }
  }

  private mutating func digit(_ value: UInt8) { byte(value < 10 ? value + 0x30 : value + 0x57) }

  // MARK: Text

  /// A string of UTF-8.
  mutating func string(_ utf8: UnsafeRawBufferPointer) {
    byte("\"")
    for one in utf8 {
      if one >= 0x20, one != 0x7f, one != UInt8(ascii: "\""), one != UInt8(ascii: "\\") {
        byte(one)
      } else {
        escape(one)
      }
    }
    byte("\"")
  }

  private mutating func escape(_ one: UInt8) {
    byte("\\")
    switch one {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte(one)
    case 0x0a: byte("n")
    case 0x0d: byte("r")
    case 0x09: byte("t")
    default:
      literal("u00")
      digit(one >> 4)
      digit(one & 15)
    }
  }

  /// An array of numbers.
  mutating func array(_ bytes: UnsafeRawBufferPointer) {
    byte("[")
    for (index, one) in bytes.enumerated() {
      if index > 0 { byte(",") }
      unsigned(UInt64(one))
    }
    byte("]")
  }

  // MARK: Addresses

  /// An address of 4, 6 or 16 bytes: IPv4, MAC, or IPv6 as RFC 5952 has it. Nothing for other sizes.
  mutating func address(_ bytes: UnsafeRawBufferPointer) {
    switch bytes.count {
    case 4: dotted(bytes, from: 0)
    case 6:
      for (index, one) in bytes.enumerated() {
        if index > 0 { byte(":") }
        digit(one >> 4)
        digit(one & 15)
      }
    case 16: groups(bytes)
    default: break
    }
  }

  private mutating func dotted(_ bytes: UnsafeRawBufferPointer, from start: Int) {
    for index in start..<start + 4 {
      if index > start { byte(".") }
      unsigned(UInt64(bytes[index]))
    }
  }

  private mutating func groups(_ bytes: UnsafeRawBufferPointer) {
    func group(_ index: Int) -> UInt64 { UInt64(bytes[2 * index]) << 8 | UInt64(bytes[2 * index + 1]) }
    if (0..<5).allSatisfy({ group($0) == 0 }), group(5) == 0xffff {
      literal("::ffff:")
      return dotted(bytes, from: 12)
    }
    // The first of the longest runs of at least two zero groups.
    var best = 0..<0
    var start = 0
    for index in 0..<8 {
      if group(index) != 0 { start = index + 1 }
      if index + 1 - start > max(1, best.count) { best = start..<index + 1 }
    }
    for index in 0..<8 where !best.contains(index) || index == best.lowerBound {
      if index == best.lowerBound, !best.isEmpty {
        literal("::")
        continue
      }
      if index > 0, index != best.upperBound || best.isEmpty { byte(":") }
      hexadecimal(group(index))
    }
  }
}
