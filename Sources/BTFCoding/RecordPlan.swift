// SPDX-License-Identifier: Apache-2.0

import BTF

/// A type as a list of steps, each of which writes a part of a record.
struct RecordPlan: Sendable {
  /// What a step writes. Sizes are in bytes; offsets count from the record's start, or from an element's in a loop.
  enum Action: UInt8 {
    /// `first` is where in the literals the text starts, `second` its length.
    case literal
    /// `first` is the size.
    case unsigned, signed, bool, network
    case pointer
    /// `first` is an index in the bit fields.
    case bits
    /// `first` is an index in the enumerations.
    case enumeration
    /// `first` is the size.
    case float
    /// Text of `first` bytes, 0 for a flexible array; `second` and `third` are the literal before what follows its zero.
    case text
    /// `first` bytes, 0 for a flexible array.
    case bytes
    case address
    /// `first` elements, 0 for a flexible array, of `second` bytes; the next `third` steps write one.
    case loop
    /// `first` is 1 if members stand before.
    case padding
  }

  struct Step {
    var action: Action
    var offset = 0
    var first = 0
    var second = 0
    var third = 0
  }

  struct Bits {
    /// From the step's offset, in bits.
    var offset: Int
    var width: Int
    var isSigned = false
    var isBool = false
    var enumeration: Int?
  }

  struct Enumeration {
    var isSigned: Bool
    var size: Int
    /// By value; `start` and `count` are in the literals.
    var names: [(value: UInt64, start: Int, count: Int)]
  }

  private(set) var steps: [Step] = []
  private(set) var literals: [UInt8] = []
  private(set) var bitFields: [Bits] = []
  private(set) var enumerations: [Enumeration] = []
  private let padding: Padding?
  private let size: Int
  private let contentEnd: Int
  /// Bytes that the JSON of a record without flexible elements takes at most, and what each byte of such elements adds.
  private var room = 0
  private var roomPerFlexibleByte = 0
  /// Where the literal that is being made starts.
  private var literalStart = 0

  /// Bytes that the JSON of a record of `count` bytes takes at most; nil for more than any real record needs.
  func room(for count: Int) -> Int? {
    let (flexible, overflow) = roomPerFlexibleByte.multipliedReportingOverflow(by: max(0, count - contentEnd))
    guard !overflow, flexible < 1 << 30 else { return nil }
    return room + flexible
  }

  private static let stepLimit = 1 << 16
  private static let roomLimit = 1 << 26

  /// - Returns: nil for types that are left to the codec.
  init?(_ codec: BTFCodec) {
    guard !codec.types.isBigEndian else { return nil }
    padding = codec.padding
    size = codec.root.size
    contentEnd = codec.root.contentEnd
    guard let room = value(codec.root, at: 0, isRoot: true) else { return nil }
    flushLiteral()
    self.room = room + literals.count
  }

  // MARK: Making

  private mutating func add(_ step: Step) {
    flushLiteral()
    steps.append(step)
  }

  private mutating func literal(_ text: String) { literals += text.utf8 }

  private mutating func flushLiteral() {
    guard literalStart < literals.count else { return }
    steps.append(Step(action: .literal, first: literalStart, second: literals.count - literalStart))
    literalStart = literals.count
  }

  /// A literal that no step of its own writes.
  private mutating func kept(_ text: String) -> (start: Int, count: Int) {
    flushLiteral()
    let start = literals.count
    literal(text)
    literalStart = literals.count
    return (start, literals.count - start)
  }

  private static func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    return json.text
  }

  /// Adds the steps for a value.
  ///
  /// - Returns: the bytes that it takes at most, its literals aside; nil for what is left to the codec.
  private mutating func value(_ node: ValueNode, at offset: Int, isRoot: Bool = false) -> Int? {
    guard steps.count < Self.stepLimit, literals.count < Self.roomLimit else { return nil }
    switch node.shape {
    case .integer(let isSigned, let isBool):
      guard [1, 2, 4, 8].contains(node.size) else {
        return bits(Bits(offset: 0, width: node.size * 8, isSigned: isSigned, isBool: isBool), at: offset)
      }
      add(Step(action: isBool ? .bool : isSigned ? .signed : .unsigned, offset: offset, first: node.size))
    case .networkInteger: add(Step(action: .network, offset: offset, first: node.size))
    case .pointer: add(Step(action: .pointer, offset: offset))
    case .enumeration(let enumeration):
      let index = self.enumeration(enumeration, node.size)
      guard [1, 2, 4, 8].contains(node.size) else {
        return bits(
          Bits(offset: 0, width: node.size * 8, isSigned: enumeration.isSigned, enumeration: index), at: offset)
      }
      add(Step(action: .enumeration, offset: offset, first: index))
      return JSONOutput.longestNumber + longestName(index)
    case .float:
      add(Step(action: .float, offset: offset, first: node.size))
      return max(JSONOutput.longestNumber, 4 * node.size + 2)
    case .array(let element, let count, let content): return array(element, count, content, at: offset)
    case .composite(let composite): return self.composite(composite, node, at: offset, isRoot: isRoot)
    }
    return JSONOutput.longestNumber
  }

  private mutating func bits(_ field: Bits, at offset: Int) -> Int? {
    add(Step(action: .bits, offset: offset, first: bitFields.count))
    bitFields.append(field)
    return JSONOutput.longestNumber + (field.enumeration.map { longestName($0) } ?? 0)
  }

  private mutating func enumeration(_ enumeration: ValueNode.Enumeration, _ size: Int) -> Int {
    var names: [(value: UInt64, start: Int, count: Int)] = []
    for (value, name) in enumeration.names.sorted(by: { $0.key < $1.key }) {
      let place = kept(Self.quoted(name))
      names.append((value, place.start, place.count))
    }
    enumerations.append(Enumeration(isSigned: enumeration.isSigned, size: size, names: names))
    return enumerations.count - 1
  }

  private func longestName(_ enumeration: Int) -> Int {
    enumerations[enumeration].names.reduce(0) { max($0, $1.count) }
  }

  private mutating func array(
    _ element: ValueNode, _ count: Int, _ content: ValueNode.Content, at offset: Int
  ) -> Int? {
    if content != .elements {
      add(Step(action: content == .text ? .text : .bytes, offset: offset, first: count))
      let each = content == .text ? JSONOutput.longestEscape : 4
      if count == 0 { roomPerFlexibleByte += each }
      return each * count + 4
    }
    guard element.size > 0 || count == 0 else { return nil }
    literal("[")
    flushLiteral()
    let place = steps.count
    let literalsBefore = literals.count
    steps.append(Step(action: .loop, offset: offset, first: count, second: element.size))
    guard let room = value(element, at: 0) else { return nil }
    flushLiteral()
    steps[place].third = steps.count - place - 1
    let each = room + literals.count - literalsBefore + 1
    let (total, overflow) = each.multipliedReportingOverflow(by: count)
    guard !overflow, total < Self.roomLimit else { return nil }
    if count == 0, element.size > 0 { roomPerFlexibleByte += (each + element.size - 1) / element.size }
    literal("]")
    return total
  }

  private mutating func composite(
    _ composite: ValueNode.Composite, _ node: ValueNode, at offset: Int, isRoot: Bool
  ) -> Int? {
    if composite.isAddress {
      literal("\"")
      add(Step(action: .address, offset: offset, first: node.size))
      literal("\"")
      return 48
    }
    literal("{")
    var total = 0
    for (index, member) in composite.members.enumerated() {
      literal((index == 0 ? "" : ",") + Self.quoted(member.name) + ":")
      let place = offset + member.bitOffset / 8
      let added: Int?
      if member.bitSize > 0 {
        added = bitField(member, at: place)
      } else {
        guard member.bitOffset % 8 == 0 else { return nil }
        added = value(member.node, at: place)
        if case .array(_, _, .text) = member.node.shape {
          let (start, count) = kept("," + Self.quoted(member.name + TextParts.suffix) + ":")
          steps[steps.count - 1].second = start
          steps[steps.count - 1].third = count
        }
      }
      guard let added else { return nil }
      total += added
      guard total < Self.roomLimit else { return nil }
    }
    if isRoot, let padding, !padding.gaps.isEmpty {
      add(Step(action: .padding, first: composite.members.isEmpty ? 0 : 1))
      total += 4 * padding.gaps.count + 16
    }
    literal("}")
    return total
  }

  private mutating func bitField(_ member: ValueNode.Member, at place: Int) -> Int? {
    var field = Bits(offset: member.bitOffset % 8, width: member.bitSize)
    switch member.node.shape {
    case .integer(let isSigned, let isBool): (field.isSigned, field.isBool) = (isSigned, isBool)
    case .networkInteger: break
    case .enumeration(let enumeration):
      field.isSigned = enumeration.isSigned
      field.enumeration = self.enumeration(enumeration, member.node.size)
    default: return nil
    }
    return bits(field, at: place)
  }

  // MARK: Running

  /// - Precondition: the record has the type's size at least, and the output the room that was computed.
  func run(_ record: UnsafeRawBufferPointer, into output: inout JSONOutput) {
    steps.withUnsafeBufferPointer { steps in
      literals.withUnsafeBufferPointer { literals in
        guard let texts = literals.baseAddress else { return }
        run(steps, 0..<steps.count, record, at: 0, texts, &output)
      }
    }
  }

  private func run(
    _ steps: UnsafeBufferPointer<Step>, _ range: Range<Int>, _ record: UnsafeRawBufferPointer, at base: Int,
    _ texts: UnsafePointer<UInt8>, _ output: inout JSONOutput
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      let step = steps[index]
      index += 1
      let offset = base + step.offset
      switch step.action {
      case .literal: output.literal(texts + step.first, step.second)
      case .unsigned: output.unsigned(load(record, offset, step.first))
      case .signed:
        let shift = UInt64(64 - 8 * step.first)
        output.signed(Int64(bitPattern: load(record, offset, step.first) << shift) >> Int64(shift))
      case .bool: bool(UInt128(load(record, offset, step.first)), &output)
      case .network: output.unsigned(load(record, offset, step.first).byteSwapped >> UInt64(64 - 8 * step.first))
      case .pointer:
        output.literal("\"0x")
        output.hexadecimal(load(record, offset, 8))
        output.byte("\"")
      case .bits: bits(bitFields[step.first], record, offset, texts, &output)
      case .enumeration:
        let enumeration = enumerations[step.first]
        let value = load(record, offset, enumeration.size)
        enumerator(UInt128(value), enumeration.size * 8, enumeration, texts, &output)
      case .float: float(record, offset, step.first, &output)
      case .text:
        let count = step.first == 0 ? flexibleCount(record, offset, 1) : step.first
        let slice = slice(record, offset, count)
        text(slice, step, texts, &output)
      case .bytes:
        output.array(slice(record, offset, step.first == 0 ? flexibleCount(record, offset, 1) : step.first))
      case .address: output.address(slice(record, offset, step.first))
      case .loop:
        let count = step.first == 0 ? flexibleCount(record, offset, step.second) : step.first
        for element in 0..<count {
          if element > 0 { output.byte(",") }
          run(steps, index..<index + step.third, record, at: offset + element * step.second, texts, &output)
        }
        index += step.third
      case .padding:
        guard let padding, padding.isSet(in: record) else { continue }
        output.literal(step.first == 0 ? "\".padding\":[" : ",\".padding\":[")
        for (number, gap) in padding.gaps.enumerated() {
          if number > 0 { output.byte(",") }
          output.unsigned(UInt64(record[gap.index] & gap.mask))
        }
        output.byte("]")
      }
    }
  }

  /// An integer of 1, 2, 4 or 8 bytes; zero where a type's offsets leave the record.
  @inline(__always)
  private func load(_ record: UnsafeRawBufferPointer, _ offset: Int, _ size: Int) -> UInt64 {
    guard offset >= 0, offset <= record.count - size else { return 0 }
    switch size {
    case 1: return UInt64(record[offset])
    case 2: return UInt64(record.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    case 4: return UInt64(record.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    default: return record.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
  }

  private func slice(_ record: UnsafeRawBufferPointer, _ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
    guard offset >= 0, offset <= record.count, count <= record.count - offset else {
      return UnsafeRawBufferPointer(rebasing: record[0..<0])
    }
    return UnsafeRawBufferPointer(rebasing: record[offset..<offset + count])
  }

  /// The elements of a flexible array: as many as there are bytes for, at the record's end.
  private func flexibleCount(_ record: UnsafeRawBufferPointer, _ offset: Int, _ size: Int) -> Int {
    guard size > 0, record.count > self.size, offset >= contentEnd, offset <= record.count else { return 0 }
    return (record.count - offset) / size
  }

  private func bool(_ value: UInt128, _ output: inout JSONOutput) {
    switch value {
    case 0: output.literal("false")
    case 1: output.literal("true")
    default: output.unsigned(value)
    }
  }

  private func bits(
    _ field: Bits, _ record: UnsafeRawBufferPointer, _ offset: Int, _ texts: UnsafePointer<UInt8>,
    _ output: inout JSONOutput
  ) {
    let start = offset * 8 + field.offset
    guard start >= 0, (start + field.width + 7) / 8 <= record.count else { return output.byte("0") }
    let value = BitField(offset: start, width: field.width, isBigEndian: false).read(record)
    if let index = field.enumeration { return enumerator(value, field.width, enumerations[index], texts, &output) }
    if field.isBool, value <= 1 { return bool(value, &output) }
    guard field.isSigned else { return output.unsigned(value) }
    let shift = UInt128(128 - field.width)
    output.signed(Int128(truncatingIfNeeded: value << shift) >> Int128(shift))
  }

  private func enumerator(
    _ bits: UInt128, _ width: Int, _ enumeration: Enumeration, _ texts: UnsafePointer<UInt8>,
    _ output: inout JSONOutput
  ) {
    let shift = UInt128(128 - width)
    let value =
      enumeration.isSigned
      ? Int128(truncatingIfNeeded: bits << shift) >> Int128(shift) : Int128(truncatingIfNeeded: bits)
    let key = UInt64(truncatingIfNeeded: value) & UInt64.max >> (64 - 8 * UInt64(enumeration.size))
    var (low, high) = (0, enumeration.names.count)
    while low < high {
      let middle = (low + high) / 2
      if enumeration.names[middle].value < key { low = middle + 1 } else { high = middle }
    }
    if low < enumeration.names.count, enumeration.names[low].value == key {
      return output.literal(texts + enumeration.names[low].start, enumeration.names[low].count)
    }
    output.signed(value)
  }

  private func text(
    _ bytes: UnsafeRawBufferPointer, _ step: Step, _ texts: UnsafePointer<UInt8>, _ output: inout JSONOutput
  ) {
    switch TextParts(bytes, isFlexible: step.first == 0) {
    case .text(let head): output.string(head)
    case .textAndRest(let head, let rest, let isText) where step.third > 0:
      output.string(head)
      output.literal(texts + step.second, step.third)
      isText ? output.string(rest) : output.array(rest)
    case .textAndRest, .bytes: output.array(bytes)
    }
  }

  /// The only step that allocates: the standard library writes the digits.
  private func float(_ record: UnsafeRawBufferPointer, _ offset: Int, _ size: Int, _ output: inout JSONOutput) {
    let value: Double
    switch size {
    case 4: value = Double(Float(bitPattern: UInt32(truncatingIfNeeded: load(record, offset, 4))))
    case 8: value = Double(bitPattern: load(record, offset, 8))
    default: return output.array(slice(record, offset, size))
    }
    guard !value.isNaN else { return output.array(slice(record, offset, size)) }
    var digits = value.description
    digits.withUTF8 { utf8 in
      guard let start = utf8.baseAddress else { return }
      if !value.isFinite { output.byte("\"") }
      output.literal(start, utf8.count)
      if !value.isFinite { output.byte("\"") }
    }
  }
}
