// SPDX-License-Identifier: Apache-2.0

import BTF

/// Reads one value. Every access is checked against the bytes at hand: the type may lie about offsets.
struct ValueDecoder {
  private let bytes: UnsafeRawBufferPointer
  private let types: BTFTypes
  private let root: ValueNode
  private let text: BTFCodec.TextPolicy
  private let isBigEndian: Bool
  /// Values still allowed: unions of unions could make more of few bytes than memory holds.
  private var budget: Int

  init(_ bytes: UnsafeRawBufferPointer, types: BTFTypes, root: ValueNode, text: BTFCodec.TextPolicy) {
    self.bytes = bytes
    self.types = types
    self.root = root
    self.text = text
    isBigEndian = types.isBigEndian
    budget = 1 << 12 + 64 * bytes.count
  }

  mutating func decode() throws(BTFValueError) -> BTFValue {
    guard bytes.count >= root.size else { throw BTFValueError(.tooShort(needed: root.size, given: bytes.count)) }
    return try decode(root, at: 0, width: 0)
  }

  /// - Parameters:
  ///   - offset: bits from the start.
  ///   - width: bits of a bit field, 0 for a whole value.
  private mutating func decode(_ node: ValueNode, at offset: Int, width: Int) throws(BTFValueError) -> BTFValue {
    budget -= 1
    guard budget > 0 else { throw BTFValueError(.tooManyValues) }
    switch node.shape {
    case .integer(let isSigned, let isBool):
      return integer(try bits(offset, width, node), width == 0 ? node.size * 8 : width, isSigned, isBool)
    case .enumeration(let enumeration):
      let width = width == 0 ? node.size * 8 : width
      return Self.enumerator(try bits(offset, width, node), width, enumeration, size: node.size)
    case .networkInteger:
      let bits = try bits(offset, width, node)
      return integer(
        width == 0 && !isBigEndian ? bits.byteSwapped >> UInt128(128 - node.size * 8) : bits, 0, false, false)
    case .pointer: return .pointer(UInt64(truncatingIfNeeded: try bits(offset, width, node)))
    case .float: return try float(node, at: offset)
    case .array(let element, let count, let content):
      return try array(element, try self.count(element, count, at: offset), content, isFlexible: count == 0, at: offset)
    case .composite(let composite):
      if composite.isAddress, let text = NetworkText.text(try slice(offset / 8, node.size)) { return .string(text) }
      var fields: [BTFValue.Field] = []
      fields.reserveCapacity(composite.members.count)
      for member in composite.members {
        do {
          try append(member, to: &fields, at: offset + member.bitOffset)
        } catch { throw error.inside(member.name) }
      }
      return .structure(fields)
    }
  }

  /// What follows the zero byte of a text stands beside it: `"name":"sh","name.rest":"-c\u0000ls"`, or `[1,2]`.
  private mutating func append(
    _ member: ValueNode.Member, to fields: inout [BTFValue.Field], at offset: Int
  ) throws(BTFValueError) {
    guard text == .exact, case .array(let element, let count, .text) = member.node.shape, offset % 8 == 0 else {
      fields.append(BTFValue.Field(member.name, try decode(member.node, at: offset, width: member.bitSize)))
      return
    }
    let bytes = try slice(offset / 8, try self.count(element, count, at: offset))
    let parts = TextParts(bytes, isFlexible: count == 0)
    switch parts {
    case .text(let head):
      fields.append(BTFValue.Field(member.name, .string(String(decoding: head, as: UTF8.self))))
    case .textAndRest(let head, let rest, let isText):
      fields.append(BTFValue.Field(member.name, .string(String(decoding: head, as: UTF8.self))))
      let value = isText ? BTFValue.string(String(decoding: rest, as: UTF8.self)) : .bytes(Array(rest))
      fields.append(BTFValue.Field(member.name + TextParts.suffix, value))
    case .bytes: fields.append(BTFValue.Field(member.name, .bytes(Array(bytes))))
    }
  }

  // MARK: Arrays

  /// The elements that an array has: for a flexible one at the end, as many as there are bytes for.
  private func count(_ element: ValueNode, _ count: Int, at offset: Int) throws(BTFValueError) -> Int {
    guard count == 0, element.size > 0, bytes.count > root.size, offset / 8 >= root.contentEnd,
      offset / 8 <= bytes.count
    else { return count }
    return (bytes.count - offset / 8) / element.size
  }

  private mutating func array(
    _ element: ValueNode, _ count: Int, _ content: ValueNode.Content, isFlexible: Bool, at offset: Int
  ) throws(BTFValueError) -> BTFValue {
    if content != .elements, offset % 8 == 0 {
      let slice = try self.slice(offset / 8, count)
      return content == .bytes ? .bytes(Array(slice)) : string(slice, isFlexible: isFlexible)
    }
    var elements: [BTFValue] = []
    elements.reserveCapacity(min(count, bytes.count))
    for index in 0..<count {
      do {
        elements.append(try decode(element, at: offset + index * element.size * 8, width: 0))
      } catch { throw error.inside("[\(index)]") }
    }
    return .array(elements)
  }

  private func string(_ bytes: UnsafeRawBufferPointer, isFlexible: Bool) -> BTFValue {
    if text == .untilZero, let head = TextParts.text(of: bytes) {
      return .string(String(decoding: head, as: UTF8.self))
    }
    guard case .text(let head) = TextParts(bytes, isFlexible: isFlexible) else { return .bytes(Array(bytes)) }
    return .string(String(decoding: head, as: UTF8.self))
  }

  private func slice(_ offset: Int, _ count: Int) throws(BTFValueError) -> UnsafeRawBufferPointer {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw BTFValueError(.tooShort(needed: offset + count, given: bytes.count))
    }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  // MARK: Numbers

  private func bits(_ offset: Int, _ width: Int, _ node: ValueNode) throws(BTFValueError) -> UInt128 {
    let width = width == 0 ? node.size * 8 : width
    let end = (offset + width + 7) / 8
    guard offset >= 0, end <= bytes.count else { throw BTFValueError(.tooShort(needed: end, given: bytes.count)) }
    if offset % 8 == 0, !isBigEndian {
      switch width {
      case 8: return UInt128(bytes[offset / 8])
      case 16: return UInt128(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset / 8, as: UInt16.self)))
      case 32: return UInt128(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset / 8, as: UInt32.self)))
      case 64: return UInt128(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset / 8, as: UInt64.self)))
      default: break
      }
    }
    return BitField(offset: offset, width: width, isBigEndian: isBigEndian).read(bytes)
  }

  private func integer(_ bits: UInt128, _ width: Int, _ isSigned: Bool, _ isBool: Bool) -> BTFValue {
    if isBool, bits <= 1 { return .bool(bits == 1) }
    if isSigned {
      let value = Int128(truncatingIfNeeded: bits << (128 - width)) >> (128 - width)
      return Int64(exactly: value).map { .signed($0) } ?? .signed128(value)
    }
    return UInt64(exactly: bits).map { .unsigned($0) } ?? .unsigned128(bits)
  }

  private static func enumerator(
    _ bits: UInt128, _ width: Int, _ enumeration: ValueNode.Enumeration, size: Int
  ) -> BTFValue {
    let value =
      enumeration.isSigned
      ? Int128(truncatingIfNeeded: bits << (128 - width)) >> (128 - width) : Int128(truncatingIfNeeded: bits)
    let key = UInt64(truncatingIfNeeded: value) & UInt64.max >> (64 - 8 * UInt64(size))
    return .enumeration(name: enumeration.names[key], value: value)
  }

  /// Not-a-number keeps its bits as bytes: it equals nothing, and JSON has no word for it.
  private func float(_ node: ValueNode, at offset: Int) throws(BTFValueError) -> BTFValue {
    let raw = try slice(offset / 8, node.size)
    switch node.size {
    case 4:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: try bits(offset, 32, node)))
      return value.isNaN ? .bytes(Array(raw)) : .float(Double(value))
    case 8:
      let value = Double(bitPattern: UInt64(truncatingIfNeeded: try bits(offset, 64, node)))
      return value.isNaN ? .bytes(Array(raw)) : .float(value)
    default: return .bytes(Array(raw))
    }
  }
}

/// A run of up to 128 bits anywhere in bytes. Bits count from the least significant one of the first byte, or, in
/// big-endian layouts, from the most significant.
struct BitField {
  var offset: Int
  var width: Int
  var isBigEndian: Bool

  /// - Precondition: the bytes hold the field.
  func read(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
    var value: UInt128 = 0
    forEachPart { index, shift, count, place in
      let part = UInt128(bytes[index] >> UInt8(shift)) & ((1 << UInt128(count)) - 1)
      value |= part << UInt128(place)
    }
    return value
  }

  /// Calls `body` for the part of the field in each byte: the byte's index, the part's lowest bit in it, how many bits,
  /// and where they stand in the value.
  func forEachPart(_ body: (_ index: Int, _ shift: Int, _ count: Int, _ place: Int) -> Void) {
    var done = 0
    while done < width {
      let (index, bit) = (offset + done).quotientAndRemainder(dividingBy: 8)
      let count = min(8 - bit, width - done)
      if isBigEndian {
        body(index, 8 - bit - count, count, width - done - count)
      } else {
        body(index, bit, count, done)
      }
      done += count
    }
  }
}
