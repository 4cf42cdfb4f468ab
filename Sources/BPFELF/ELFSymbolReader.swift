// SPDX-License-Identifier: Apache-2.0

/// Reads the symbol table (`Elf64_Sym` entries) with its names and its extended section indexes.
struct ELFSymbolReader {
  static let entrySize = 24

  var bytes: [UInt8]
  var isBigEndian: Bool
  var sections: [ELFFile.Section]

  func read(_ table: ELFFile.Section) throws(ELFError) -> [ELFFile.Symbol] {
    guard table.type == .symbolTable || table.type == .dynamicSymbolTable else {
      throw ELFError(offset: table.offset, message: "section \(table.name) is not a symbol table")
    }
    guard table.entrySize == Self.entrySize else {
      throw ELFError(
        offset: table.offset, message: "symbol table has entries of \(table.entrySize) bytes instead of 24")
    }
    guard table.size % Self.entrySize == 0 else {
      throw ELFError(offset: table.offset, message: "symbol table ends within an entry")
    }
    guard sections.indices.contains(table.link), sections[table.link].type == .stringTable else {
      throw ELFError(
        offset: table.offset, message: "symbol names are in section \(table.link), which is not a string table")
    }
    let strings = sections[table.link]
    let stringRange = strings.offset..<(strings.offset + strings.size)
    let extended = sections.first { $0.type == .extendedIndexes && $0.link == table.index }
    let reader = ELFReader(bytes: bytes, isBigEndian: isBigEndian)
    var budget = ELFNameBudget(bytes.count)
    var symbols: [ELFFile.Symbol] = []
    symbols.reserveCapacity(table.size / Self.entrySize)
    for index in 0..<(table.size / Self.entrySize) {
      let place = table.offset + index * Self.entrySize
      let nameOffset = Int(try reader.uint32(at: place))
      var name = ""
      if nameOffset != 0 {
        name = try reader.string(at: nameOffset, in: stringRange, for: place)
        try budget.spend(name, place)
      }
      let info = try reader.uint8(at: place + 4)
      let other = try reader.uint8(at: place + 5)
      symbols.append(
        ELFFile.Symbol(
          index: index, name: name,
          type: .init(rawValue: info & 0xf), binding: .init(rawValue: info >> 4),
          visibility: .init(rawValue: other & 3),
          placement: try placement(of: index, at: place, extended, reader),
          value: try reader.uint64(at: place + 8), size: try reader.uint64(at: place + 16)))
    }
    return symbols
  }

  private func placement(
    of index: Int, at place: Int, _ extended: ELFFile.Section?, _ reader: ELFReader
  ) throws(ELFError) -> ELFFile.Placement {
    let short = try reader.uint16(at: place + 6)
    var section = Int(short)
    switch short {
    case 0: return .undefined
    case 0xfff1: return .absolute
    case 0xfff2: return .common
    case ELFHeader.extendedIndex:
      guard let extended, index < extended.size / 4 else {
        throw ELFError(offset: place, message: "symbol \(index) has an extended section index, but no table holds it")
      }
      section = Int(try reader.uint32(at: extended.offset + index * 4))
      if section == 0 { return .undefined }
    case ELFHeader.firstReservedIndex...: return .reserved(short)
    default: break
    }
    guard sections.indices.contains(section) else {
      throw ELFError(offset: place, message: "symbol \(index) is in section \(section) of \(sections.count)")
    }
    return .section(section)
  }
}
