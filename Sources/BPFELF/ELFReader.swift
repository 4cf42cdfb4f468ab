// SPDX-License-Identifier: Apache-2.0

/// Bounds-checked integers and strings of a file, in the file's byte order.
struct ELFReader {
  var bytes: [UInt8]
  var isBigEndian: Bool

  func uint8(at offset: Int) throws(ELFError) -> UInt8 {
    try check(offset, 1)
    return bytes[offset]
  }

  func uint16(at offset: Int) throws(ELFError) -> UInt16 { try integer(at: offset) }
  func uint32(at offset: Int) throws(ELFError) -> UInt32 { try integer(at: offset) }
  func uint64(at offset: Int) throws(ELFError) -> UInt64 { try integer(at: offset) }

  /// A 64-bit offset or size; an error if no file can have it.
  func int(at offset: Int, _ what: String) throws(ELFError) -> Int {
    let value = try uint64(at: offset)
    guard let result = Int(exactly: value) else {
      throw ELFError(offset: offset, message: "\(what) 0x\(String(value, radix: 16)) is out of any file's range")
    }
    return result
  }

  /// The NUL-terminated string at `position` of the string table that lies in `table`.
  func string(at position: Int, in table: Range<Int>, for place: Int) throws(ELFError) -> String {
    guard position < table.count else {
      throw ELFError(
        offset: place, message: "name at \(position) lies outside its string table of \(table.count) bytes")
    }
    let start = table.lowerBound + position
    guard let end = bytes[start..<table.upperBound].firstIndex(of: 0) else {
      throw ELFError(offset: start, message: "name is not terminated before its string table ends")
    }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private func integer<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int) throws(ELFError) -> T {
    try check(offset, MemoryLayout<T>.size)
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
  }

  private func check(_ offset: Int, _ count: Int) throws(ELFError) {
    guard offset >= 0, bytes.count >= count, offset <= bytes.count - count else {
      throw ELFError(offset: max(0, min(offset, bytes.count)), message: "file ends within a structure")
    }
  }
}
