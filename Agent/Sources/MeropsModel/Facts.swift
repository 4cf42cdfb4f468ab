// SPDX-License-Identifier: Apache-2.0

/// Fields and their values, packed: what events, processes and stored rows consist of.
///
/// One entry: the field (1 byte), flags (1), the number of bytes (2, little-endian), the bytes. Numbers are little-endian
/// without their leading zeros, truth values take one byte, addresses sixteen, texts what they have; a list of texts has a
/// zero byte behind each.
public struct Facts: Sendable, Hashable {
  public internal(set) var bytes: [UInt8]

  public init() { bytes = [] }

  /// Takes packed bytes from a file. Entries that make no sense end the list.
  public init(packed bytes: [UInt8]) {
    // Room that was once needed for more would be kept as long as these are.
    let isTight = bytes.capacity - bytes.count <= 64 + bytes.count / 4
    self.bytes = isTight ? bytes : bytes.withUnsafeBufferPointer { Array($0) }
  }

  static let cut: UInt8 = 1

  public var isEmpty: Bool { bytes.isEmpty }
}

// Writing.
extension Facts {
  public mutating func append(_ field: Field, _ value: UInt64) { bytes.append(field, number: value) }
  public mutating func append(_ field: Field, _ value: Int64) { bytes.append(field, number: UInt64(bitPattern: value)) }
  public mutating func append(_ field: Field, _ value: Bool) { bytes.append(field, truth: value) }
  public mutating func append(_ field: Field, _ value: RawSpan, isCut: Bool = false) {
    bytes.append(field, text: value, isCut: isCut)
  }

  /// Appends a value of any type; one that is not of the field's type is left out.
  public mutating func append(_ field: Field, _ value: Value) {
    guard value.type == field.type else { return }
    switch value {
    case .bool(let value): append(field, value)
    case .int(let value): append(field, value)
    case .uint(let value): append(field, value)
    case .text(let text): append(field, text.bytes.span.bytes, isCut: text.isCut)
    case .texts(let texts):
      let joined = texts.reduce(into: [UInt8]()) { joined, text in joined += text.bytes + [0] }
      append(field, joined.span.bytes, isCut: texts.contains(where: \.isCut))
    case .address(let address): bytes.append(field, address: address)
    }
  }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}

extension [UInt8] {
  mutating func append(_ field: Field, flags: UInt8 = 0, count: Int) {
    append(field.rawValue)
    append(flags)
    append(UInt8(truncatingIfNeeded: count))
    append(UInt8(truncatingIfNeeded: count >> 8))
  }

  mutating func append(_ field: Field, number: UInt64) {
    let count = (64 - number.leadingZeroBitCount + 7) / 8
    append(field, count: count)
    for byte in 0..<count { append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(byte)))) }
  }

  mutating func append(_ field: Field, truth: Bool) {
    append(field, count: 1)
    append(truth ? 1 : 0)
  }

  mutating func append(_ field: Field, address: Address) {
    append(field, count: 16)
    for byte in 0..<16 { append(UInt8(truncatingIfNeeded: address.bits >> (8 * UInt128(byte)))) }
  }

  /// At most 65,535 bytes; longer text is cut, and says so.
  mutating func append(_ field: Field, text: RawSpan, isCut: Bool) {
    let count = Swift.min(text.byteCount, Int(UInt16.max))
    append(field, flags: isCut || count < text.byteCount ? Facts.cut : 0, count: count)
    text.withUnsafeBytes { append(contentsOf: $0.prefix(count)) }
  }
}

// Reading.
extension Facts {
  /// Calls a closure with each field, its bytes, and whether the value was cut.
  @inlinable
  public func forEach<Failure: Error>(
    _ body: (Field, RawSpan, Bool) throws(Failure) -> Void
  ) throws(Failure) {
    try Packed.forEach(bytes.span.bytes, body)
  }

  /// A field's value, copied; nil if there is none.
  public subscript(field: Field) -> Value? { Packed.value(of: field, in: bytes.span.bytes) }
}

/// How packed values are read where they lie.
public enum Packed {
  /// Calls a closure with each field, its bytes, and whether the value was cut. An entry that makes no sense ends the list.
  @inlinable
  public static func forEach<Failure: Error>(
    _ bytes: RawSpan, _ body: (Field, RawSpan, Bool) throws(Failure) -> Void
  ) throws(Failure) {
    var offset = 0
    while offset + 4 <= bytes.byteCount {
      let flags = bytes.unsafeLoad(fromByteOffset: offset + 1, as: UInt8.self)
      let count = Int(UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)))
      guard let field = Field(rawValue: bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)),
        offset + 4 + count <= bytes.byteCount
      else { return }
      try body(field, bytes.extracting(offset + 4..<offset + 4 + count), flags & 1 != 0)
      offset += 4 + count
    }
  }

  /// Calls a closure with one field's bytes, and whether the value was cut.
  ///
  /// - Returns: nil if the field is not there.
  @inlinable
  public static func withField<Result>(
    _ wanted: Field, in bytes: RawSpan, _ body: (RawSpan, Bool) -> Result
  ) -> Result? {
    var offset = 0
    while offset + 4 <= bytes.byteCount {
      let count = Int(UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)))
      guard offset + 4 + count <= bytes.byteCount else { return nil }
      if bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) == wanted.rawValue {
        let flags = bytes.unsafeLoad(fromByteOffset: offset + 1, as: UInt8.self)
        return body(bytes.extracting(offset + 4..<offset + 4 + count), flags & 1 != 0)
      }
      offset += 4 + count
    }
    return nil
  }

  /// A number; 0 where the bytes are not one.
  @inlinable
  public static func number(_ bytes: RawSpan) -> UInt64 {
    let count = bytes.byteCount
    guard count <= 8 else { return 0 }
    var number: UInt64 = 0
    for index in 0..<count {
      number |= UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) << (8 * UInt64(index))
    }
    return number
  }

  @inlinable
  public static func truth(_ bytes: RawSpan) -> Bool {
    bytes.byteCount == 1 && bytes.unsafeLoad(as: UInt8.self) != 0
  }

  public static func address(_ bytes: RawSpan) -> Address {
    Address(bits: bytes.byteCount == 16 ? UInt128(littleEndian: bytes.unsafeLoadUnaligned(as: UInt128.self)) : 0)
  }

  /// Calls a closure with each text of a list. The last one is not whole where the list was cut.
  @inlinable
  public static func forEachText(_ bytes: RawSpan, isCut: Bool, _ body: (RawSpan, Bool) -> Void) {
    var start = 0
    for index in 0..<bytes.byteCount where bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) == 0 {
      body(bytes.extracting(start..<index), false)
      start = index + 1
    }
    if start < bytes.byteCount { body(bytes.extracting(start..<bytes.byteCount), isCut) }
  }

  /// A field's value, copied; nil if there is none.
  public static func value(of field: Field, in bytes: RawSpan) -> Value? {
    withField(field, in: bytes) { bytes, isCut in value(bytes, field.type, isCut: isCut) }
  }

  public static func value(_ bytes: RawSpan, _ type: ValueType, isCut: Bool) -> Value {
    switch type {
    case .bool: return .bool(truth(bytes))
    case .int: return .int(Int64(bitPattern: number(bytes)))
    case .uint: return .uint(number(bytes))
    case .text: return .text(Text(copied(bytes), isCut: isCut))
    case .address: return .address(address(bytes))
    case .texts:
      var texts: [Text] = []
      forEachText(bytes, isCut: isCut) { texts.append(Text(copied($0), isCut: $1)) }
      return .texts(texts)
    }
  }

  public static func copied(_ bytes: RawSpan) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}
