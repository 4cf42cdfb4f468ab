// SPDX-License-Identifier: Apache-2.0

import BTF

/// Changes single fields of a BTF blob, so that all ids and string offsets stay what `.BTF.ext` refers to.
struct TypeEditor {
  private let types: BTFTypes
  private var bytes: [UInt8]
  private var addedTypes: [UInt8] = []
  private var addedStrings: [UInt8] = []

  init(_ types: BTFTypes) {
    self.types = types
    bytes = types.withUnsafeBytes { Array($0) }
  }

  /// Sets the record's `size` or `type`.
  mutating func setSizeOrType(_ value: UInt32, of id: TypeID) {
    write(value, id, at: 8)
  }

  mutating func setFunctionLinkage(_ linkage: BTFLinkage, of id: TypeID) {
    guard let record = types.recordOffset(of: id) else { return }
    write(read(record + 4) & ~0xffff | linkage.rawValue & 0xffff, id, at: 4)
  }

  mutating func setVariableLinkage(_ linkage: BTFLinkage, of id: TypeID) {
    write(linkage.rawValue, id, at: 12)
  }

  /// Replaces the entries of a data section by as many others.
  mutating func setEntries(_ entries: [BTFDataSection.Entry], of id: TypeID) {
    for (index, entry) in entries.enumerated() {
      write(entry.type.rawValue, id, at: 12 + 12 * index)
      write(UInt32(truncatingIfNeeded: entry.offset), id, at: 16 + 12 * index)
      write(UInt32(truncatingIfNeeded: entry.size), id, at: 20 + 12 * index)
    }
  }

  /// Names those parameters of a prototype that have a type but no name, as the kernel demands of functions.
  mutating func nameParameters(of id: TypeID, count: Int, _ name: UInt32) {
    guard let record = types.recordOffset(of: id) else { return }
    for index in 0..<count {
      let place = record + 12 + 8 * index
      guard place + 8 <= bytes.count, read(place) == 0, read(place + 4) != 0 else { continue }
      write(name, at: place)
    }
  }

  /// Adds a global variable behind all types.
  ///
  /// - Returns: its id and the offset of its name in the strings.
  mutating func addVariable(_ name: String, type: TypeID) -> (id: TypeID, name: UInt32) {
    let id = TypeID(rawValue: types.endID.rawValue + UInt32(addedTypes.count / 16))
    let nameOffset = read(20) + UInt32(addedStrings.count)
    addedStrings += Array(name.utf8) + [0]
    let info = UInt32(BTFKind.variable.rawValue) << 24
    for word in [nameOffset, info, type.rawValue, BTFLinkage.global.rawValue] {
      addedTypes += Self.bytes(word, isBigEndian: types.isBigEndian)
    }
    return (id, nameOffset)
  }

  /// The changed types.
  func finish() throws(BTFError) -> BTFTypes {
    guard !addedTypes.isEmpty else { return try BTFTypes(bytes: bytes) }
    // Lay the sections out anew: header, types, strings. Only the form that all kernels read is written.
    let headerLength = Int(read(4))
    let typeStart = headerLength + Int(read(8))
    let typeLength = Int(read(12))
    let stringStart = headerLength + Int(read(16))
    let stringLength = Int(read(20))
    var result = Array(bytes[0..<4])
    let lengths = [
      24, 0, typeLength + addedTypes.count, typeLength + addedTypes.count, stringLength + addedStrings.count,
    ]
    for length in lengths {
      result += Self.bytes(UInt32(truncatingIfNeeded: length), isBigEndian: types.isBigEndian)
    }
    result += bytes[typeStart..<(typeStart + typeLength)] + addedTypes
    result += bytes[stringStart..<(stringStart + stringLength)] + addedStrings
    return try BTFTypes(bytes: result)
  }

  private mutating func write(_ value: UInt32, _ id: TypeID, at field: Int) {
    guard let record = types.recordOffset(of: id) else { return }
    write(value, at: record + field)
  }

  private mutating func write(_ value: UInt32, at place: Int) {
    guard place + 4 <= bytes.count else { return }
    bytes.replaceSubrange(place..<(place + 4), with: Self.bytes(value, isBigEndian: types.isBigEndian))
  }

  private func read(_ place: Int) -> UInt32 {
    guard place + 4 <= bytes.count else { return 0 }
    let four = bytes[place..<(place + 4)]
    let order = types.isBigEndian ? Array(four) : four.reversed()
    return order.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func bytes(_ value: UInt32, isBigEndian: Bool) -> [UInt8] {
    let little = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isBigEndian ? little.reversed() : little
  }
}
