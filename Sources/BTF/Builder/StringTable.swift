// SPDX-License-Identifier: Apache-2.0

/// A string section that grows and holds each string once.
///
/// Equal strings get equal offsets, also if the base has them already.
struct StringTable: Sendable {
  private(set) var bytes: [UInt8]
  private let base: BTFTypes?
  /// Where the own bytes start.
  let start: Int
  /// Offsets of known strings by hash, a power of two of them; 0 is a free slot.
  private var slots: [UInt32]
  private var used = 0

  /// A table with the strings of a base, and those of `bytes`, at the offsets that they have there.
  init(base: BTFTypes?, bytes: [UInt8]) {
    self.base = base
    self.bytes = bytes
    start = base.map { Int($0.endString) } ?? 0
    slots = [UInt32](repeating: 0, count: 64)
    var chain: [BTFTypes] = []
    var next = base
    while let types = next {
      chain.append(types)
      next = types.base
    }
    for types in chain.reversed() {
      let strings = types.header.strings
      let section = UnsafeRawBufferPointer(start: types.source.start + strings.lowerBound, count: strings.count)
      enter(section, at: Int(types.firstString))
    }
    let own = self.bytes
    own.withUnsafeBytes { enter($0, at: start) }
  }

  /// The offset one past the last string.
  var end: Int { start + bytes.count }

  /// The offset of a string, which is added if the table does not have it.
  mutating func offset(of string: String) throws(BTFError) -> UInt32 {
    if string.isEmpty { return 0 }
    return try offset(of: Array(string.utf8))
  }

  mutating func offset(of string: [UInt8]) throws(BTFError) -> UInt32 {
    if string.isEmpty { return 0 }
    guard !string.contains(0) else { throw BTFError(.badName, at: end, "a name with a zero byte") }
    let slot = string.withUnsafeBytes { self.slot(of: $0) }
    if slots[slot] != 0 { return slots[slot] }
    guard end + string.count < Int(Int32.max) else { throw BTFError(.tooLarge, at: end, "strings of 2 GiB") }
    let offset = UInt32(end)
    bytes += string
    bytes.append(0)
    fill(slot, offset)
    return offset
  }

  /// Calls `body` with the bytes of the string at an offset; nil if that lies outside.
  func withString<R>(at offset: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    if Int(offset) < start { return base.flatMap { $0.utf8(at: offset).map(body) } }
    guard Int(offset) < end else { return nil }
    return bytes.withUnsafeBytes { bytes in
      let rest = UnsafeRawBufferPointer(rebasing: bytes[(Int(offset) - start)...])
      return body(UnsafeRawBufferPointer(rebasing: rest.prefix { $0 != 0 }))
    }
  }

  // MARK: Slots

  /// Notes each string of a section, unless an equal one is known.
  private mutating func enter(_ section: UnsafeRawBufferPointer, at start: Int) {
    var position = 0
    while position < section.count {
      let rest = UnsafeRawBufferPointer(rebasing: section[position...])
      let string = UnsafeRawBufferPointer(rebasing: rest.prefix { $0 != 0 })
      if !string.isEmpty {
        let slot = self.slot(of: string)
        if slots[slot] == 0 { fill(slot, UInt32(start + position)) }
      }
      position += string.count + 1
    }
  }

  /// The slot that holds a string, or the free one where it belongs.
  private func slot(of string: UnsafeRawBufferPointer) -> Int {
    var slot = Int(truncatingIfNeeded: NameHash.hash(string)) & (slots.count - 1)
    while slots[slot] != 0, withString(at: slots[slot], { !$0.elementsEqual(string) }) ?? true {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func fill(_ slot: Int, _ offset: UInt32) {
    slots[slot] = offset
    used += 1
    guard used * 2 > slots.count else { return }
    let old = slots
    slots = [UInt32](repeating: 0, count: old.count * 2)
    for offset in old where offset != 0 {
      let slot = withString(at: offset) { self.slot(of: $0) }
      if let slot { slots[slot] = offset }
    }
  }
}
