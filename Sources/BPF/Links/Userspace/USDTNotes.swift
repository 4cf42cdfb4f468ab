// SPDX-License-Identifier: Apache-2.0

import BPFELF

/// One place of a statically defined probe, as a file's `.note.stapsdt` section describes it.
///
/// Source: SystemTap's "User Space Probe Implementation"; `sys/sdt.h`.
struct USDTNote: Equatable {
  var provider: String
  var name: String
  /// Address of the probe's nop instruction, in the image.
  var address: UInt64
  /// Address of the counter that says that somebody listens; zero for none.
  var semaphore: UInt64
  /// `-4@%edi 8@-16(%rbp)`: sizes and places.
  var arguments: String

  /// Reads all notes of a file. Addresses are corrected for prelinking by the `.stapsdt.base` section.
  static func notes(of elf: ELFFile) -> [USDTNote] {
    guard let section = elf.section(named: ".note.stapsdt") else { return [] }
    let base = elf.section(named: ".stapsdt.base")?.address
    var notes: [USDTNote] = []
    var rest = elf.bytes(of: section)[...]
    while let (type, owner, description) = next(&rest) {
      guard type == 3, owner == "stapsdt", description.count >= 24 else { continue }
      let words = (0..<3).map { index in word(description.dropFirst(index * 8)) }
      let texts = description.dropFirst(24).split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
      guard texts.count >= 3 else { continue }
      let moved = base.map { $0 &- words[1] } ?? 0
      notes.append(
        USDTNote(
          provider: text(texts[0]), name: text(texts[1]), address: words[0] &+ moved,
          semaphore: words[2] == 0 ? 0 : words[2] &+ moved, arguments: text(texts[2])))
    }
    return notes
  }

  /// An ELF note: sizes of name and description, type, both padded to 4 bytes.
  private static func next(_ rest: inout ArraySlice<UInt8>) -> (UInt32, String, ArraySlice<UInt8>)? {
    guard rest.count >= 12 else { return nil }
    let nameSize = Int(word32(rest))
    let size = Int(word32(rest.dropFirst(4)))
    let type = word32(rest.dropFirst(8))
    let body = rest.dropFirst(12)
    let paddedName = (nameSize + 3) & ~3
    guard paddedName <= body.count, size <= body.count - paddedName else { return nil }
    let description = body.dropFirst(paddedName).prefix(size)
    rest = body.dropFirst(min(paddedName + ((size + 3) & ~3), body.count))
    return (type, text(body.prefix(nameSize).prefix { $0 != 0 }), description)
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
  }

  private static func word32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    UInt32(truncatingIfNeeded: word(bytes.prefix(4)))
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
