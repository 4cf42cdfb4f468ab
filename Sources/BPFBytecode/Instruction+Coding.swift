// SPDX-License-Identifier: Apache-2.0

extension Instruction {
  /// The size of a slot in bytes.
  public static let byteCount = 8

  /// Reads slots from the bytes of a program.
  ///
  /// In a big-endian program the 16 and 32-bit fields are big-endian and the two registers are swapped within their
  /// byte (RFC 9669 §3.1); the result is always the little-endian layout.
  /// - Throws: `BytecodeError` if the length is not a multiple of eight.
  public static func decode(_ bytes: RawSpan, bigEndian: Bool = false) throws(BytecodeError) -> [Instruction] {
    guard bytes.byteCount % byteCount == 0 else { throw BytecodeError(.truncated(byteCount: bytes.byteCount)) }
    let count = bytes.byteCount / byteCount
    return [Instruction](unsafeUninitializedCapacity: count) { slots, initialized in
      for index in 0..<count {
        let raw = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index * byteCount, as: UInt64.self))
        var slot = Instruction(rawValue: raw)
        if bigEndian {
          slot.registers = slot.registers << 4 | slot.registers >> 4
          slot.offset = slot.offset.byteSwapped
          slot.immediate = slot.immediate.byteSwapped
        }
        slots.initializeElement(at: index, to: slot)
      }
      initialized = count
    }
  }

  /// Reads slots from the bytes of a program. See ``decode(_:bigEndian:)-(RawSpan,_)``.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, bigEndian: Bool = false
  ) throws(BytecodeError) -> [Instruction] {
    try decode(bytes.bytes, bigEndian: bigEndian)
  }

  /// Reads slots from the bytes of a program. See ``decode(_:bigEndian:)-(RawSpan,_)``.
  public static func decode(_ bytes: [UInt8], bigEndian: Bool = false) throws(BytecodeError) -> [Instruction] {
    try decode(bytes.span.bytes, bigEndian: bigEndian)
  }

  /// The slots as the bytes of a little-endian program, eight each.
  public static func encode(_ instructions: [Instruction]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: instructions.count * byteCount) { bytes, initialized in
      let raw = UnsafeMutableRawBufferPointer(bytes)
      for (index, slot) in instructions.enumerated() {
        raw.storeBytes(of: slot.rawValue.littleEndian, toByteOffset: index * byteCount, as: UInt64.self)
      }
      initialized = instructions.count * byteCount
    }
  }
}
