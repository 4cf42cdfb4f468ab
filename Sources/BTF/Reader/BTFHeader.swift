// SPDX-License-Identifier: Apache-2.0

/// Where the sections of a BTF blob lie: `struct btf_header`, checked.
///
/// All ranges are byte offsets from the start of the blob, and inside it.
struct BTFHeader: Sendable {
  /// `BTF_MAGIC`, as a little-endian and a big-endian file's first two bytes.
  static let magic: (UInt8, UInt8) = (0x9f, 0xeb)
  /// The header up to `str_len`; the layout section's two words came in 2026.
  static let minimumLength = 24
  static let layoutLength = 32

  let isBigEndian: Bool
  let length: Int
  let types: Range<Int>
  let strings: Range<Int>
  /// `struct btf_layout` per kind; empty in BTF without a layout section.
  let layout: Range<Int>

  init(_ bytes: UnsafeRawBufferPointer) throws(BTFError) {
    guard bytes.count >= Self.minimumLength, let start = bytes.baseAddress else {
      throw BTFError(.truncated, at: bytes.count, "there are \(bytes.count) bytes, fewer than the 24 of a header")
    }
    switch (bytes[0], bytes[1]) {
    case (Self.magic.0, Self.magic.1): isBigEndian = false
    case (Self.magic.1, Self.magic.0): isBigEndian = true
    default: throw BTFError(.badMagic, at: 0, "this is not BTF, which starts with 0xeb9f")
    }
    guard bytes[2] == 1 else { throw BTFError(.unsupportedVersion, at: 2, "version \(bytes[2]) is not 1") }
    guard bytes.count <= Int(UInt32.max) else {
      throw BTFError(.tooLarge, at: 0, "\(bytes.count) bytes: the format ends at 4 GiB")
    }
    let source = ByteSource(start: start, count: bytes.count, isSwapped: isBigEndian != Self.hostIsBigEndian)
    let length = Int(source.word(at: 4))
    guard length >= Self.minimumLength, length <= bytes.count else {
      throw BTFError(.badHeader, at: 4, "the header claims \(length) bytes of \(bytes.count)")
    }
    self.length = length
    // Offsets count from the end of the header, however long a newer kernel made it.
    func section(_ name: String, at field: Int) throws(BTFError) -> Range<Int> {
      let start = length + Int(source.word(at: field))
      let end = start + Int(source.word(at: field + 4))
      guard end <= bytes.count else {
        throw BTFError(
          .badHeader, at: field, "the \(name) section, \(start)..<\(end), extends beyond the \(bytes.count) bytes")
      }
      return start..<end
    }
    types = try section("type", at: 8)
    strings = try section("string", at: 16)
    guard types.lowerBound % 4 == length % 4 else {
      throw BTFError(.badHeader, at: 8, "the type section is not aligned to 4 bytes")
    }
    layout = length >= Self.layoutLength ? try section("layout", at: 24) : 0..<0
    guard layout.count % 4 == 0 else {
      throw BTFError(.badHeader, at: 28, "the layout section's \(layout.count) bytes are not a multiple of 4")
    }
  }

  static var hostIsBigEndian: Bool { UInt16(1).bigEndian == 1 }
}
