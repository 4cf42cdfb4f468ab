// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// Decodes one type.
  ///
  /// - Throws: `BTFError` for an id that no type has, and for a member whose name lies outside the strings.
  /// - Complexity: O(number of members).
  public func type(_ id: TypeID) throws(BTFError) -> BTFType {
    if id.isVoid { return .void }
    let record = try requireRecord(id)
    let name = try record.text(record.name, at: record.offset)
    let size = Int(record.sizeOrType)
    guard let kind = record.kind else { return .unknown(unknown(record, name)) }
    switch kind {
    case .int: return .int(integer(record, name))
    case .pointer: return .pointer(record.type)
    case .array:
      return .array(
        BTFArray(
          element: TypeID(rawValue: record.word(0)), index: TypeID(rawValue: record.word(1)),
          count: Int(record.word(2))))
    case .structure: return .structure(BTFComposite(name: name, size: size, members: try members(record)))
    case .union: return .union(BTFComposite(name: name, size: size, members: try members(record)))
    case .enumeration, .enumeration64:
      return .enumeration(
        BTFEnumeration(
          name: name, size: size, isSigned: record.flag, is64Bit: kind == .enumeration64,
          values: try values(record, is64Bit: kind == .enumeration64)))
    case .forward: return .forward(name: name, isUnion: record.flag)
    case .typedef: return .typedef(name: name, type: record.type)
    case .volatile: return .volatile(record.type)
    case .const: return .const(record.type)
    case .restrict: return .restrict(record.type)
    case .function:
      return .function(
        BTFFunction(name: name, type: record.type, linkage: BTFLinkage(rawValue: UInt32(record.count))))
    case .functionPrototype:
      return .functionPrototype(BTFPrototype(result: record.type, parameters: try parameters(record)))
    case .variable:
      return .variable(BTFVariable(name: name, type: record.type, linkage: BTFLinkage(rawValue: record.word(0))))
    case .dataSection: return .dataSection(BTFDataSection(name: name, size: size, entries: entries(record)))
    case .float: return .float(name: name, size: size)
    case .declTag:
      let component = Int32(bitPattern: record.word(0))
      return .declTag(
        BTFDeclTag(
          name: name, type: record.type, component: component < 0 ? nil : Int(component), isAttribute: record.flag))
    case .typeTag: return .typeTag(BTFTypeTag(name: name, type: record.type, isAttribute: record.flag))
    }
  }

  private func integer(_ record: TypeRecord, _ name: String) -> BTFInteger {
    let word = record.word(0)
    return BTFInteger(
      name: name, size: Int(record.sizeOrType),
      encoding: BTFInteger.Encoding(rawValue: UInt8(truncatingIfNeeded: word >> 24) & 0x0f),
      bits: Int(word & 0xff), bitOffset: Int(word >> 16 & 0xff))
  }

  private func members(_ record: TypeRecord) throws(BTFError) -> [BTFComposite.Member] {
    var members: [BTFComposite.Member] = []
    members.reserveCapacity(record.count)
    var budget = NameBudget(source.count)
    for index in 0..<record.count {
      let name = try record.text(record.word(3 * index), at: record.payload + 12 * index)
      try budget.spend(name, at: record.offset)
      let place = record.word(3 * index + 2)
      // With the kind flag, the upper byte is the width of a bit field.
      members.append(
        BTFComposite.Member(
          name: name, type: TypeID(rawValue: record.word(3 * index + 1)),
          bitOffset: Int(record.flag ? place & 0xff_ffff : place), bitSize: record.flag ? Int(place >> 24) : 0))
    }
    return members
  }

  private func values(_ record: TypeRecord, is64Bit: Bool) throws(BTFError) -> [BTFEnumeration.Value] {
    let words = is64Bit ? 3 : 2
    var values: [BTFEnumeration.Value] = []
    values.reserveCapacity(record.count)
    var budget = NameBudget(source.count)
    for index in 0..<record.count {
      let name = try record.text(record.word(words * index), at: record.payload + 4 * words * index)
      try budget.spend(name, at: record.offset)
      let low = record.word(words * index + 1)
      let bits: UInt64 =
        if is64Bit {
          UInt64(record.word(words * index + 2)) << 32 | UInt64(low)
        } else if record.flag {
          UInt64(bitPattern: Int64(Int32(bitPattern: low)))
        } else {
          UInt64(low)
        }
      values.append(BTFEnumeration.Value(name: name, bits: bits))
    }
    return values
  }

  private func parameters(_ record: TypeRecord) throws(BTFError) -> [BTFPrototype.Parameter] {
    var parameters: [BTFPrototype.Parameter] = []
    parameters.reserveCapacity(record.count)
    var budget = NameBudget(source.count)
    for index in 0..<record.count {
      let name = try record.text(record.word(2 * index), at: record.payload + 8 * index)
      try budget.spend(name, at: record.offset)
      parameters.append(BTFPrototype.Parameter(name: name, type: TypeID(rawValue: record.word(2 * index + 1))))
    }
    return parameters
  }

  private func entries(_ record: TypeRecord) -> [BTFDataSection.Entry] {
    (0..<record.count).map { index in
      BTFDataSection.Entry(
        type: TypeID(rawValue: record.word(3 * index)), offset: Int(record.word(3 * index + 1)),
        size: Int(record.word(3 * index + 2)))
    }
  }

  private func unknown(_ record: TypeRecord, _ name: String) -> BTFUnknown {
    let kind = RecordLayout.kind(record.info)
    let size = record.home.layout.table[Int(kind)]
    let words = (Int(size >> 8) + Int(size & 0xff) * record.count) / 4
    return BTFUnknown(
      name: name, kind: kind, count: record.count, flag: record.flag, sizeOrType: record.sizeOrType,
      payload: (0..<words).map { record.word($0) })
  }
}

extension TypeRecord {
  /// A name that the record states at byte `position` of the blob.
  fileprivate func text(_ name: UInt32, at position: Int) throws(BTFError) -> String {
    if name == 0 { return "" }
    guard let text = home.string(at: name) else {
      throw BTFError(.badName, at: position, "a name at \(name), where the strings end at \(home.endString)")
    }
    return text
  }
}

/// Names may share bytes of the string section, so a small hostile blob could ask for gigabytes of them. The names that
/// a compiler writes into one type are together far smaller than the blob.
private struct NameBudget {
  private var left: Int

  init(_ blobSize: Int) { left = 4 * blobSize + 65536 }

  mutating func spend(_ name: String, at offset: Int) throws(BTFError) {
    left -= name.utf8.count
    guard left >= 0 else { throw BTFError(.tooLarge, at: offset, "names overlap so much that they exceed the BTF") }
  }
}
