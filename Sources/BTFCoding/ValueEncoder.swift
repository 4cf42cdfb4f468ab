// SPDX-License-Identifier: Apache-2.0

import BTF

/// Writes one value, and keeps count of the bits written: two views of a union, or a member given twice, must agree.
struct ValueEncoder {
  private(set) var bytes: [UInt8]
  /// One bit for each that has been given.
  private var given: [UInt8]
  let types: BTFTypes
  let root: ValueNode
  private let isBigEndian: Bool

  init(types: BTFTypes, root: ValueNode) {
    self.types = types
    self.root = root
    isBigEndian = types.isBigEndian
    bytes = [UInt8](repeating: 0, count: root.size)
    given = bytes
  }

  // MARK: Values

  /// Writes the value as a whole, with what ``Padding`` showed of it.
  mutating func encode(_ value: BTFValue) throws(BTFValueError) {
    guard case .structure(let fields) = value, let place = fields.firstIndex(where: { $0.name == Padding.name }),
      case .composite(let composite) = root.shape, composite.index[Padding.name] == nil
    else { return try encode(value, root, at: 0, width: 0) }
    var members = fields
    members.remove(at: place)
    try encode(.structure(members), root, at: 0, width: 0)
    try write(try Self.bytes(fields[place]), into: try Padding(types: types, root: root))
  }

  private mutating func write(_ bytes: [UInt8], into padding: Padding) throws(BTFValueError) {
    guard bytes.count == padding.gaps.count else {
      throw BTFValueError(.tooLong(given: bytes.count, limit: padding.gaps.count), path: Padding.name)
    }
    for (gap, byte) in zip(padding.gaps, bytes) { self.bytes[gap.index] |= byte & gap.mask }
  }

  /// - Parameters:
  ///   - offset: bits from the start.
  ///   - width: bits of a bit field, 0 for a whole value.
  mutating func encode(_ value: BTFValue, _ node: ValueNode, at offset: Int, width: Int) throws(BTFValueError) {
    if case .array(let element, let count, let content) = node.shape {
      return try array(value, node, element, count, content, at: offset)
    }
    if case .bytes(let raw) = value, width == 0 {
      guard raw.count == node.size else { throw mismatch(node, "\(raw.count) bytes") }
      return try write(raw, at: offset / 8)
    }
    switch node.shape {
    case .composite(let composite): try structure(value, node, composite, at: offset)
    case .float: try float(value, node, at: offset)
    case .integer, .networkInteger, .pointer, .enumeration:
      let number = try self.number(value, node)
      let isTurned = if case .networkInteger = node.shape { width == 0 && !isBigEndian } else { false }
      let width = width == 0 ? node.size * 8 : width
      guard let bits = Self.bits(number, width, node) else {
        throw BTFValueError(.outOfRange(number.description, type: describe(node, width)))
      }
      try write(isTurned ? bits.byteSwapped >> UInt128(128 - width) : bits, at: offset, width: width)
    case .array: break
    }
  }

  private mutating func structure(
    _ value: BTFValue, _ node: ValueNode, _ composite: ValueNode.Composite, at offset: Int
  ) throws(BTFValueError) {
    if case .string(let text) = value, let address = NetworkText.address(text, size: node.size) {
      return try write(address, at: offset / 8)
    }
    guard case .structure(let fields) = value else { throw mismatch(node, Self.kind(value)) }
    for field in fields {
      if try rest(field, of: fields, composite, at: offset) { continue }
      guard let index = composite.index[field.name] else {
        throw BTFValueError(.unknownName(field.name, known: composite.members.map(\.name)))
      }
      let member = composite.members[index]
      do {
        try encode(field.value, member.node, at: offset + member.bitOffset, width: member.bitSize)
      } catch { throw error.inside(field.name) }
    }
  }

  /// Writes what stood behind the zero byte of a text; see ``TextParts``. False if the field is none such.
  private mutating func rest(
    _ field: BTFValue.Field, of fields: [BTFValue.Field], _ composite: ValueNode.Composite, at offset: Int
  ) throws(BTFValueError) -> Bool {
    guard field.name.hasSuffix(TextParts.suffix), composite.index[field.name] == nil,
      let index = composite.index[String(field.name.dropLast(TextParts.suffix.count))],
      case let member = composite.members[index], case .array(_, let count, .text) = member.node.shape,
      case .string(let text)? = fields.first(where: { $0.name == member.name })?.value
    else { return false }
    let bytes = if case .string(let rest) = field.value { Array(rest.utf8) } else { try Self.bytes(field) }
    let start = text.utf8.count + 1
    guard start + bytes.count <= count else {
      throw BTFValueError(.tooLong(given: bytes.count, limit: max(0, count - start)), path: field.name)
    }
    try write(bytes, at: (offset + member.bitOffset) / 8 + start)
    return true
  }

  /// A field that is bytes, as JSON has them.
  static func bytes(_ field: BTFValue.Field) throws(BTFValueError) -> [UInt8] {
    switch field.value {
    case .bytes(let raw): return raw
    case .array(let elements):
      let bytes = elements.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
      if bytes.count == elements.count { return bytes }
    default: break
    }
    throw BTFValueError(.mismatch(expected: "bytes", given: kind(field.value)), path: field.name)
  }

  private mutating func array(
    _ value: BTFValue, _ node: ValueNode, _ element: ValueNode, _ count: Int, _ content: ValueNode.Content,
    at offset: Int
  ) throws(BTFValueError) {
    let isFlexible = count == 0
    switch value {
    case .array(let elements) where content != .elements:
      // Bytes as JSON has them, also where `char` has a sign.
      var raw: [UInt8] = []
      for (index, value) in elements.enumerated() {
        guard let number = value.integer, -128...255 ~= number else {
          throw BTFValueError(.mismatch(expected: "a byte", given: Self.kind(value)), path: "[\(index)]")
        }
        raw.append(UInt8(truncatingIfNeeded: number))
      }
      try array(.bytes(raw), node, element, count, content, at: offset)
    case .array(let elements):
      guard isFlexible || elements.count <= count else {
        throw BTFValueError(.tooLong(given: elements.count, limit: count))
      }
      if isFlexible { try growFlexible(offset / 8, elements.count * element.size, node) }
      for (index, value) in elements.enumerated() {
        do {
          try encode(value, element, at: offset + index * element.size * 8, width: 0)
        } catch { throw error.inside("[\(index)]") }
      }
    case .bytes(let raw):
      guard element.size > 0, raw.count % element.size == 0, isFlexible || raw.count <= node.size else {
        throw BTFValueError(.tooLong(given: raw.count, limit: node.size))
      }
      if isFlexible { try growFlexible(offset / 8, raw.count, node) }
      try write(raw, at: offset / 8)
    case .string(let text) where content != .elements:
      // An address for bytes; text for text. Text that fills its array has no zero at its end, as with strncpy.
      let address = content == .bytes ? NetworkText.address(text, size: isFlexible ? nil : count) : nil
      var raw = address ?? Array(text.utf8)
      guard isFlexible || raw.count <= count else { throw BTFValueError(.tooLong(given: raw.count, limit: count)) }
      if isFlexible { try growFlexible(offset / 8, raw.count, node) } else if raw.count < count { raw.append(0) }
      try write(raw, at: offset / 8)
    default: throw mismatch(node, Self.kind(value))
    }
  }

  /// Makes room for the elements of a flexible array; only at the end of the value there is any.
  mutating func growFlexible(_ offset: Int, _ count: Int, _ node: ValueNode) throws(BTFValueError) {
    guard count > 0 else { return }
    guard offset >= root.contentEnd else { throw BTFValueError(.tooLong(given: count, limit: 0)) }
    grow(offset + count)
  }

  /// Makes room.
  private mutating func grow(_ end: Int) {
    guard end > bytes.count else { return }
    bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
    given.append(contentsOf: repeatElement(0, count: end - given.count))
  }

  /// Takes bytes as the whole value.
  mutating func replace(_ raw: [UInt8]) {
    bytes = raw
    given = [UInt8](repeating: 0xff, count: raw.count)
  }

  // MARK: Numbers

  /// A whole number of up to 128 bits, signed or not.
  private struct Number: CustomStringConvertible {
    var isNegative = false
    /// Two's complement.
    var bits: UInt128
    var description: String { isNegative ? Int128(truncatingIfNeeded: bits).description : bits.description }
  }

  private func number(_ value: BTFValue, _ node: ValueNode) throws(BTFValueError) -> Number {
    if case .unsigned128(let value) = value { return Number(bits: value) }
    if let integer = value.integer {
      return Number(isNegative: integer < 0, bits: UInt128(truncatingIfNeeded: integer))
    }
    guard case .string(let text) = value else { throw mismatch(node, Self.kind(value)) }
    if let number = Self.number(text) { return number }
    switch node.shape {
    case .enumeration(let enumeration): return try enumerators(text, enumeration, node)
    case .pointer where text == "null" || text == "NULL": return Number(bits: 0)
    default: break
    }
    if text == "true" || text == "false" { return Number(bits: text == "true" ? 1 : 0) }
    if let address = NetworkText.address(text, size: node.size) {
      let isTurned = if case .networkInteger = node.shape { true } else { isBigEndian }
      let field = BitField(offset: 0, width: node.size * 8, isBigEndian: isTurned)
      return Number(bits: address.withUnsafeBytes { field.read($0) })
    }
    throw mismatch(node, "'\(text)'")
  }

  /// `A`, or `A|B` for flags.
  private func enumerators(
    _ text: String, _ enumeration: ValueNode.Enumeration, _ node: ValueNode
  ) throws(BTFValueError) -> Number {
    var bits: UInt64 = 0
    for name in text.split(separator: "|", omittingEmptySubsequences: false) {
      let name = String(name).trimmed
      if let value = enumeration.values[name] {
        bits |= value
      } else if let number = Self.number(name) {
        bits |= UInt64(truncatingIfNeeded: number.bits)
      } else {
        throw BTFValueError(.unknownName(name, known: enumeration.known))
      }
    }
    guard enumeration.isSigned else { return Number(bits: UInt128(bits)) }
    let value = Int64(truncatingIfNeeded: bits << (64 - 8 * UInt64(node.size))) >> (64 - 8 * Int64(node.size))
    return Number(isNegative: value < 0, bits: UInt128(truncatingIfNeeded: value))
  }

  /// A number as C writes it: decimal, `0x`, `0b`.
  private static func number(_ text: String) -> Number? {
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2)] where text.hasPrefix(prefix) {
      return UInt128(text.dropFirst(2), radix: radix).map { Number(bits: $0) }
    }
    if let value = UInt128(text) { return Number(bits: value) }
    return Int128(text).map { Number(isNegative: $0 < 0, bits: UInt128(truncatingIfNeeded: $0)) }
  }

  /// The low bits of a number, if the type holds it. Enumerations take either sign: compilers differ on theirs.
  private static func bits(_ number: Number, _ width: Int, _ node: ValueNode) -> UInt128? {
    let mask = UInt128.max >> UInt128(128 - width)
    let fitsUnsigned = !number.isNegative && number.bits <= mask
    let signed = Int128(truncatingIfNeeded: number.bits)
    let fitsSigned = number.isNegative == (signed < 0) && signed >> Int128(width - 1) == (number.isNegative ? -1 : 0)
    let fits =
      switch node.shape {
      case .integer(isSigned: true, _): fitsSigned
      case .enumeration: fitsSigned || fitsUnsigned
      default: fitsUnsigned
      }
    return fits ? number.bits & mask : nil
  }

  private mutating func float(_ value: BTFValue, _ node: ValueNode, at offset: Int) throws(BTFValueError) {
    let number: Double
    switch value {
    case .float(let value): number = value
    case .signed(let value): number = Double(value)
    case .unsigned(let value): number = Double(value)
    case .string(let text):
      guard let value = Double(text) else { throw mismatch(node, "'\(text)'") }
      // 1e400 is a number, and not infinity.
      guard value.isFinite || !text.contains(where: \.isNumber) else {
        throw BTFValueError(.outOfRange(text, type: describe(node, node.size * 8)))
      }
      number = value
    case .array(let elements) where elements.count == node.size:
      // Not-a-number, as the bytes that it was read as.
      let raw = elements.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
      guard raw.count == node.size else { throw mismatch(node, Self.kind(value)) }
      return try write(raw, at: offset / 8)
    default: throw mismatch(node, Self.kind(value))
    }
    switch node.size {
    case 4:
      guard Float(number).isFinite || !number.isFinite else {
        throw BTFValueError(.outOfRange("\(number)", type: describe(node, 32)))
      }
      try write(UInt128(Float(number).bitPattern), at: offset, width: 32)
    case 8: try write(UInt128(number.bitPattern), at: offset, width: 64)
    default: throw mismatch(node, Self.kind(value))
    }
  }

  // MARK: Bits

  private mutating func write(_ raw: [UInt8], at offset: Int) throws(BTFValueError) {
    guard offset + raw.count <= bytes.count else {
      throw BTFValueError(.tooShort(needed: offset + raw.count, given: bytes.count))
    }
    for (index, byte) in raw.enumerated() {
      guard (bytes[offset + index] ^ byte) & given[offset + index] == 0 else { throw BTFValueError(.conflict) }
      bytes[offset + index] = byte
      given[offset + index] = 0xff
    }
  }

  private mutating func write(_ value: UInt128, at offset: Int, width: Int) throws(BTFValueError) {
    guard (offset + width + 7) / 8 <= bytes.count else {
      throw BTFValueError(.tooShort(needed: (offset + width + 7) / 8, given: bytes.count))
    }
    var agrees = true
    BitField(offset: offset, width: width, isBigEndian: isBigEndian).forEachPart { index, shift, count, place in
      let mask = UInt8(truncatingIfNeeded: (1 << count) - 1) << UInt8(shift)
      let part = UInt8(truncatingIfNeeded: value >> UInt128(place)) << UInt8(shift) & mask
      if (bytes[index] ^ part) & given[index] & mask != 0 { agrees = false }
      bytes[index] = bytes[index] & ~mask | part
      given[index] |= mask
    }
    guard agrees else { throw BTFValueError(.conflict) }
  }

  // MARK: Messages

  func mismatch(_ node: ValueNode, _ given: String) -> BTFValueError {
    BTFValueError(.mismatch(expected: types.description(of: node.type), given: given))
  }

  private func describe(_ node: ValueNode, _ width: Int) -> String {
    let name = types.description(of: node.type)
    return width == node.size * 8 ? name : "\(width) bits of \(name)"
  }

  private static func kind(_ value: BTFValue) -> String {
    switch value {
    case .bool(let value): "\(value)"
    case .signed, .unsigned, .signed128, .unsigned128, .enumeration, .pointer: "a number"
    case .float(let value): "\(value)"
    case .string(let text): "the text \"\(text)\""
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .array(let elements): "an array of \(elements.count)"
    case .structure: "an object"
    }
  }
}
