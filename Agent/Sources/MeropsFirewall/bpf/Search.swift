// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// From an address to its word, in the image.
import BPFKernel

/// A page of the image.
struct Bytes {
  let start: UnsafeRawPointer

  @inline(__always)
  init?(_ page: UnsafeMutablePointer<Page>?) {
    guard let page else { return nil }
    start = UnsafeRawPointer(page)
  }

  /// The value at an offset that the verifier can bound.
  @inline(__always)
  func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
    start.load(fromByteOffset: offset, as: type)
  }
}

typealias Image = ArrayMap<Page>

/// Offsets of the two searches in the header.
let search4Offset = 16
let search6Offset = 56

@inline(__always)
func search4(_ image: inout Image, _ page: Bytes, _ heading: Heading) -> UInt32 {
  let direct = page.load(UInt32.self, at: 96)
  if direct == 0 {
    return search(&image, page, heading, search4Offset, nodes: ImageHeader.nodes4, isIPv6: false)
  }
  let address = UInt32(truncatingIfNeeded: heading.upper >> 32)
  guard let cells = Bytes(image.pointer(to: direct &+ address >> 16)) else { return Slot.unreadable | Word.drop }
  let cell = cells.load(UInt32.self, at: Int(address >> 8 & 0xff) &* 4)
  if cell & Word.block == 0 { return cell }
  let number = cell & Word.blockMask
  if cell & Word.wide != 0 {
    guard let block = Bytes(image.pointer(to: page.load(UInt32.self, at: 104) &+ number)) else {
      return Slot.unreadable | Word.drop
    }
    return block.load(UInt32.self, at: Int(address & 0xff) &* 4)
  }
  guard let blocks = Bytes(image.pointer(to: page.load(UInt32.self, at: 100) &+ number >> 4)) else {
    return Slot.unreadable | Word.drop
  }
  let start = Int(number & 15) &* NarrowBlock.bytes
  let bits = blocks.load(UInt32.self, at: start &+ Int(address >> 5 & 7) &* 4)
  let isSet = bits &>> (address & 31) & 1
  return isSet != 0
    ? blocks.load(UInt32.self, at: start &+ NarrowBlock.set) : blocks.load(UInt32.self, at: start &+ NarrowBlock.clear)
}

@inline(__always)
func search6(_ image: inout Image, _ page: Bytes, _ heading: Heading) -> UInt32 {
  search(&image, page, heading, search6Offset, nodes: ImageHeader.nodes6, isIPv6: true)
}

@inline(__always)
func search(
  _ image: inout Image, _ page: Bytes, _ heading: Heading, _ header: Int, nodes: Int, isIPv6: Bool
) -> UInt32 {
  var best = page.load(UInt32.self, at: header &+ 24)
  let buckets = page.load(UInt32.self, at: header &+ 28)
  let count = UInt64(page.load(UInt32.self, at: header &+ 32))
  let factor0 = page.load(UInt64.self, at: header)
  let factor1 = page.load(UInt64.self, at: header &+ 8)
  let factor2 = page.load(UInt64.self, at: header &+ 16)
  var number: UInt32 = 0
  // 128 lengths are a tree of 8 floors, 32 one of 6.
  for _ in 0..<8 {
    let node = page.load(UInt32.self, at: nodes &+ Int(number & (isIPv6 ? 127 : 63)) &* 4)
    let length = UInt64(node & 0xff)
    if length == 0 { break }
    var upper = heading.upper
    var lower = heading.lower
    if !isIPv6 {
      upper &= UInt64.max &<< ((64 &- length) & 63)
    } else if length <= 64 {
      upper &= UInt64.max &<< ((64 &- length) & 63)
      lower = 0
    } else {
      lower &= UInt64.max &<< ((128 &- length) & 63)
    }
    var hash = upper &* factor0 &+ length &* factor2
    if isIPv6 { hash = hash &+ lower &* factor1 }
    let found = entry(
      &image, buckets, ((hash &>> 32) &* count) &>> 32, upper, lower, UInt8(truncatingIfNeeded: length))
    if found != absent {
      best = found
      number = node >> 8 & 0xff
    } else {
      number = node >> 16 & 0xff
    }
    if number == 0 { break }
  }
  return best
}

let absent = UInt32.max

/// The word of an entry, or ``absent``.
@inline(__always)
func entry(
  _ image: inout Image, _ buckets: UInt32, _ first: UInt64, _ upper: UInt64, _ lower: UInt64, _ length: UInt8
) -> UInt32 {
  var number = first
  for _ in 0..<4 {
    guard let page = Bytes(image.pointer(to: buckets &+ UInt32(truncatingIfNeeded: number >> 3))) else { return absent }
    let start = Int(number & 7) &* Bucket.bytes
    for index in 0..<5 {
      if page.load(UInt64.self, at: start &+ Bucket.upper &+ index &* 8) == upper
        && page.load(UInt64.self, at: start &+ Bucket.lower &+ index &* 8) == lower
        && page.load(UInt8.self, at: start &+ Bucket.lengths &+ index) == length
      {
        return page.load(UInt32.self, at: start &+ Bucket.words &+ index &* 4)
      }
    }
    if page.load(UInt8.self, at: start &+ Bucket.overflow) == 0 { return absent }
    number = number &+ 1
  }
  return absent
}
