// SPDX-License-Identifier: Apache-2.0

/// IPv4 as an array over the upper 24 bits, with blocks of 256 words where longer prefixes are (Gupta, Lin, McKeown: "Routing
/// Lookups in Hardware at Memory Access Speeds", 1998: DIR-24-8). Large, and two reads for any address.
struct DirectTable {
  private let prefixes: [CompiledRules.Prefix]
  private let initial: UInt32
  private var narrowCount = 0
  private var wideCount = 0

  static let cellPages = (4 << 24) / ImagePage.bytes

  init(_ prefixes: [CompiledRules.Prefix], initial: UInt32) {
    (self.prefixes, self.initial) = (prefixes, initial)
    forEachBlock { _, isWide in
      if isWide { wideCount += 1 } else { narrowCount += 1 }
    }
  }

  private var narrowPages: Int { (narrowCount * NarrowBlock.bytes + ImagePage.bytes - 1) / ImagePage.bytes }
  var pages: Int { Self.cellPages + narrowPages + wideCount }

  /// The prefixes longer than 24 bits, by the 256 addresses that they are in. A block is wide if they have several words.
  private func forEachBlock(_ body: (Range<Int>, _ isWide: Bool) -> Void) {
    var index = 0
    while index < prefixes.count {
      guard prefixes[index].length > 24 else {
        index += 1
        continue
      }
      let start = index
      let number = prefixes[start].upper >> 40
      var isWide = false
      while index < prefixes.count, prefixes[index].upper >> 40 == number {
        if prefixes[index].word != prefixes[start].word { isWide = true }
        index += 1
      }
      body(start..<index, isWide)
    }
  }

  /// Writes the arrays into memory that is zero.
  ///
  /// - Parameter first: their first page.
  func write(to memory: UnsafeMutableRawPointer, first: UInt32, _ header: inout ImageHeader) {
    header.direct = first
    header.narrowBlocks = first + UInt32(Self.cellPages)
    header.wideBlocks = header.narrowBlocks + UInt32(narrowPages)
    let cells = (memory + Int(first) * ImagePage.bytes).assumingMemoryBound(to: UInt32.self)
    if initial != 0 { cells.update(repeating: initial, count: 1 << 24) }
    // A prefix comes before those in it, which overwrite its words.
    for prefix in prefixes where prefix.length <= 24 {
      (cells + Int(prefix.upper >> 40)).update(repeating: prefix.word, count: 1 << (24 - Int(prefix.length)))
    }
    let narrow = memory + Int(header.narrowBlocks) * ImagePage.bytes
    let wide = memory + Int(header.wideBlocks) * ImagePage.bytes
    var (narrowCount, wideCount) = (0, 0)
    forEachBlock { range, isWide in
      let cell = cells + Int(prefixes[range.lowerBound].upper >> 40)
      if isWide {
        let words = (wide + wideCount * ImagePage.bytes).assumingMemoryBound(to: UInt32.self)
        words.update(repeating: cell.pointee, count: 256)
        for prefix in prefixes[range] {
          (words + Int(prefix.upper >> 32 & 0xff)).update(repeating: prefix.word, count: 1 << (32 - Int(prefix.length)))
        }
        cell.pointee = Word.block | Word.wide | UInt32(wideCount)
        wideCount += 1
      } else {
        let block = narrow + narrowCount * NarrowBlock.bytes
        let bits = block.assumingMemoryBound(to: UInt32.self)
        for prefix in prefixes[range] {
          let address = Int(prefix.upper >> 32 & 0xff)
          if prefix.length == 32 {
            bits[address >> 5] |= 1 << UInt32(address & 31)
          } else {
            for each in address..<address + 1 << (32 - Int(prefix.length)) { bits[each >> 5] |= 1 << UInt32(each & 31) }
          }
        }
        block.storeBytes(of: prefixes[range.lowerBound].word, toByteOffset: NarrowBlock.set, as: UInt32.self)
        block.storeBytes(of: cell.pointee, toByteOffset: NarrowBlock.clear, as: UInt32.self)
        cell.pointee = Word.block | UInt32(narrowCount)
        narrowCount += 1
      }
    }
  }
}
