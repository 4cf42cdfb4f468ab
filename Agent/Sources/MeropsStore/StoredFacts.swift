// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// Facts as a row has them: packed ones with a shorter head, and with numbers of a table for texts that repeat.
///
/// One entry: the field (1 byte); a head (1 byte: the form in bits 0 and 1, "cut" in bit 2, the number of bytes in bits 3 to
/// 7); the bytes. 31 says that the number of bytes follows, in two, little-endian.
enum StoredFacts {
  private enum Form: UInt8 {
    /// The packed value.
    case value = 0
    /// The number of a text in the segment's table, little-endian without its leading zeros.
    case reference = 1
    /// An IPv4 address, in four bytes.
    case ipv4 = 2
  }

  private static let cut: UInt8 = 4
  private static let longCount = 31

  /// Texts of these lengths are kept once and named by number: shorter ones are no longer than a number and its row, longer
  /// ones seldom repeat.
  static let sharedLengths = 6...1024

  /// Appends packed facts in the stored form. The closure gives the number of a text.
  static func encode<Failure: Error>(
    _ packed: RawSpan, into output: inout [UInt8], number: (RawSpan) throws(Failure) -> UInt64
  ) throws(Failure) {
    try Packed.forEach(packed) { (field, bytes, isCut) throws(Failure) in
      output.append(field.rawValue)
      let flags = isCut ? cut : 0
      switch (field.type, bytes.byteCount) {
      case (.text, sharedLengths), (.texts, sharedLengths):
        append(try number(bytes), .reference, flags, &output)
      case (.address, 16) where Packed.address(bytes).isIPv4:
        output.append(Form.ipv4.rawValue | flags | 4 << 3)
        let bits = UInt32(truncatingIfNeeded: Packed.address(bytes).bits)
        for byte in 0..<4 { output.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt32(byte)))) }
      default:
        let count = bytes.byteCount
        output.append(Form.value.rawValue | flags | UInt8(min(count, longCount)) << 3)
        if count >= longCount {
          output.append(UInt8(truncatingIfNeeded: count))
          output.append(UInt8(truncatingIfNeeded: count >> 8))
        }
        bytes.withUnsafeBytes { output.append(contentsOf: $0) }
      }
    }
  }

  private static func append(_ value: UInt64, _ form: Form, _ flags: UInt8, _ output: inout [UInt8]) {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    output.append(form.rawValue | flags | UInt8(count) << 3)
    for byte in 0..<count { output.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))) }
  }

  /// Appends stored facts in the packed form. The closure gives the text of a number. Entries that make no sense end the
  /// list; fields of a newer Merops are passed over.
  static func decode<Failure: Error>(
    _ stored: RawSpan, into output: inout [UInt8], text: (UInt64) throws(Failure) -> [UInt8]?
  ) throws(Failure) {
    func byte(_ index: Int) -> UInt8 { stored.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
    var offset = 0
    while offset + 2 <= stored.byteCount {
      let name = byte(offset)
      let head = byte(offset + 1)
      offset += 2
      var count = Int(head >> 3)
      if count == longCount {
        guard offset + 2 <= stored.byteCount else { return }
        count = Int(byte(offset)) | Int(byte(offset + 1)) << 8
        offset += 2
      }
      guard let form = Form(rawValue: head & 3), offset + count <= stored.byteCount else { return }
      let value = stored.extracting(offset..<offset + count)
      offset += count
      guard Field(rawValue: name) != nil else { continue }
      let flags: UInt8 = head & cut == 0 ? 0 : 1
      switch form {
      case .value: value.withUnsafeBytes { append(name, flags, $0, &output) }
      case .reference:
        guard let text = try text(Packed.number(value)) else { return }
        text.withUnsafeBytes { append(name, flags, $0, &output) }
      case .ipv4:
        let bits = Address(ipv4: UInt32(truncatingIfNeeded: Packed.number(value))).bits.littleEndian
        withUnsafeBytes(of: bits) { append(name, flags, $0, &output) }
      }
    }
  }

  private static func append(_ name: UInt8, _ flags: UInt8, _ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
    let count = min(bytes.count, Int(UInt16.max))
    output.append(name)
    output.append(flags)
    output.append(UInt8(truncatingIfNeeded: count))
    output.append(UInt8(truncatingIfNeeded: count >> 8))
    output.append(contentsOf: bytes.prefix(count))
  }
}
