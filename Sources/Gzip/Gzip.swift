// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a whole gzip file.
package enum GzipError: Error, Hashable, Sendable {
  /// The file does not start as gzip files do.
  case notGzip
  /// The file ends too early.
  case truncated
  /// The compressed data breaks RFC 1951.
  case malformed
  /// The contents do not have the checksum or length that the file states.
  case checksum
  /// The contents are longer than the caller allows.
  case tooLarge
}

/// A gzip file (RFC 1952) of one member, such as the kernel's /proc/config.gz.
package enum Gzip {
  /// Unpacks a file.
  ///
  /// - Parameter limit: bytes of contents after which `tooLarge` is thrown.
  package static func unpack(_ file: [UInt8], limit: Int = 1 << 26) throws(GzipError) -> [UInt8] {
    let (output, trailer) = try inflate(file, from: try headerLength(file), limit: limit)
    guard file.count - trailer >= 8 else { throw .truncated }
    guard word(file, trailer) == checksum(output), word(file, trailer + 4) == UInt32(truncatingIfNeeded: output.count)
    else { throw .checksum }
    return output
  }

  /// Decompresses what has no header and no checksum.
  ///
  /// - Returns: the contents, and where the compressed data ends.
  package static func inflate(
    _ bytes: [UInt8], from start: Int = 0, limit: Int
  ) throws(GzipError) -> (contents: [UInt8], end: Int) {
    var input = BitReader(bytes, at: start)
    var output: [UInt8] = []
    try Inflate.run(&input, into: &output, limit: limit)
    return (output, input.nextByte)
  }

  /// Ten bytes, then what the flags announce: extra field, name, comment, checksum of the header.
  private static func headerLength(_ file: [UInt8]) throws(GzipError) -> Int {
    guard file.count >= 2, file[0] == 0x1f, file[1] == 0x8b else { throw .notGzip }
    guard file.count >= 10 else { throw .truncated }
    guard file[2] == 8 else { throw .notGzip }
    let flags = file[3]
    var position = 10
    if flags & 4 != 0 {
      guard file.count >= position + 2 else { throw .truncated }
      position += 2 + Int(file[position]) + Int(file[position + 1]) << 8
    }
    for text: UInt8 in [8, 16] where flags & text != 0 {
      guard position < file.count, let end = file[position...].firstIndex(of: 0) else { throw .truncated }
      position = end + 1
    }
    if flags & 2 != 0 { position += 2 }
    guard position <= file.count else { throw .truncated }
    return position
  }

  private static func word(_ file: [UInt8], _ position: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(file[position + $1]) << UInt32(8 * $1) }
  }

  /// CRC-32 of IEEE 802.3.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xedb8_8320 ^ crc >> 1 : crc >> 1 }
  }
}

/// Bits of a byte stream, the lowest of each byte first.
struct BitReader {
  private let bytes: [UInt8]
  private var position: Int
  private var bits: UInt32 = 0
  private var count = 0

  init(_ bytes: [UInt8], at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// The next byte that no bit was taken of.
  var nextByte: Int { position - count / 8 }

  mutating func bit() throws(GzipError) -> Int { try self.bits(1) }

  /// Up to 16 bits as a number.
  mutating func bits(_ wanted: Int) throws(GzipError) -> Int {
    while count < wanted {
      guard position < bytes.count else { throw .truncated }
      bits |= UInt32(bytes[position]) << UInt32(count)
      position += 1
      count += 8
    }
    defer {
      bits >>= UInt32(wanted)
      count -= wanted
    }
    return Int(bits & (1 << UInt32(wanted) - 1))
  }

  /// Whole bytes, from the next byte's start on.
  mutating func wholeBytes(_ wanted: Int) throws(GzipError) -> ArraySlice<UInt8> {
    let start = nextByte
    guard bytes.count - start >= wanted else { throw .truncated }
    position = start + wanted
    bits = 0
    count = 0
    return bytes[start..<start + wanted]
  }
}
