// SPDX-License-Identifier: Apache-2.0

/// The file header (`Elf64_Ehdr`) and, from it, the section table.
struct ELFHeader {
  static let size = 64
  static let sectionEntrySize = 64
  /// `SHN_LORESERVE`: indexes from here on in 16-bit fields have special meanings.
  static let firstReservedIndex: UInt16 = 0xff00
  /// `SHN_XINDEX`: the number is too large for 16 bits and stands elsewhere.
  static let extendedIndex: UInt16 = 0xffff

  var isBigEndian: Bool
  var fileType: UInt16
  var machine: UInt16
  var flags: UInt32
  var sectionTableOffset: Int
  var sectionCount: UInt16
  var nameTableIndex: UInt16

  init(_ bytes: [UInt8]) throws(ELFError) {
    guard bytes.starts(with: ELFFile.magic) else {
      throw ELFError(offset: 0, message: bytes.isEmpty ? "the file is empty" : "this is not an ELF file")
    }
    guard bytes.count >= Self.size else { throw ELFError(offset: 0, message: "the file ends within its header") }
    guard bytes[4] == 2 else { throw ELFError(offset: 4, message: "this is not a 64-bit file (class \(bytes[4]))") }
    guard bytes[5] == 1 || bytes[5] == 2 else {
      throw ELFError(offset: 5, message: "unknown byte order \(bytes[5])")
    }
    isBigEndian = bytes[5] == 2
    let reader = ELFReader(bytes: bytes, isBigEndian: isBigEndian)
    guard bytes[6] == 1, try reader.uint32(at: 20) == 1 else {
      throw ELFError(offset: 6, message: "unknown ELF version")
    }
    fileType = try reader.uint16(at: 16)
    machine = try reader.uint16(at: 18)
    sectionTableOffset = try reader.int(at: 40, "section table offset")
    flags = try reader.uint32(at: 48)
    let entrySize = try reader.uint16(at: 58)
    sectionCount = try reader.uint16(at: 60)
    nameTableIndex = try reader.uint16(at: 62)
    guard sectionTableOffset == 0 || Int(entrySize) == Self.sectionEntrySize else {
      throw ELFError(offset: 58, message: "section table entries have \(entrySize) bytes instead of 64")
    }
  }

  /// Reads the section table: every section of the result lies within the file and has a name.
  func sections(_ bytes: [UInt8]) throws(ELFError) -> [ELFFile.Section] {
    guard sectionTableOffset != 0 else { return [] }
    let reader = ELFReader(bytes: bytes, isBigEndian: isBigEndian)
    guard sectionTableOffset >= Self.size, sectionTableOffset <= bytes.count - Self.sectionEntrySize else {
      throw ELFError(offset: 40, message: "section table at \(sectionTableOffset) lies outside the file")
    }
    // Numbers that do not fit in the header stand in the null section (gABI, "Extended Numbering").
    var count = Int(sectionCount)
    if count == 0 { count = try reader.int(at: sectionTableOffset + 32, "section count") }
    var nameTable = Int(nameTableIndex)
    if nameTableIndex == Self.extendedIndex { nameTable = Int(try reader.uint32(at: sectionTableOffset + 40)) }
    guard count >= 1, count <= (bytes.count - sectionTableOffset) / Self.sectionEntrySize else {
      throw ELFError(offset: sectionTableOffset, message: "section table with \(count) entries lies outside the file")
    }
    var sections: [ELFFile.Section] = []
    sections.reserveCapacity(count)
    for index in 0..<count {
      sections.append(try section(index, reader))
    }
    guard nameTable < count else {
      throw ELFError(offset: 62, message: "section names are in section \(nameTable) of \(count)")
    }
    if nameTable != 0 { try readNames(&sections, from: nameTable, reader) }
    return sections
  }

  private func section(_ index: Int, _ reader: ELFReader) throws(ELFError) -> ELFFile.Section {
    let place = sectionTableOffset + index * Self.sectionEntrySize
    let type = ELFFile.SectionType(rawValue: try reader.uint32(at: place + 4))
    var offset = 0
    var size = 0
    if type != .null {
      offset = try reader.int(at: place + 24, "section offset")
      size = try reader.int(at: place + 32, "section size")
    }
    if type != .null && type != .noBits {
      guard offset <= reader.bytes.count, size <= reader.bytes.count - offset else {
        throw ELFError(
          offset: place, message: "section \(index) (\(size) bytes at \(offset)) lies outside the file")
      }
    }
    return ELFFile.Section(
      index: index, name: "", type: type, flags: .init(rawValue: try reader.uint64(at: place + 8)),
      address: try reader.uint64(at: place + 16), offset: offset, size: size,
      link: Int(try reader.uint32(at: place + 40)), info: Int(try reader.uint32(at: place + 44)),
      alignment: try reader.uint64(at: place + 48),
      entrySize: try reader.int(at: place + 56, "section entry size"))
  }

  private func readNames(
    _ sections: inout [ELFFile.Section], from index: Int, _ reader: ELFReader
  ) throws(ELFError) {
    let table = sections[index]
    guard table.type == .stringTable else {
      throw ELFError(offset: 62, message: "section names are in section \(index), which is not a string table")
    }
    var budget = ELFNameBudget(reader.bytes.count)
    for index in sections.indices where sections[index].type != .null {
      let place = sectionTableOffset + index * Self.sectionEntrySize
      let position = Int(try reader.uint32(at: place))
      let name = try reader.string(at: position, in: table.offset..<(table.offset + table.size), for: place)
      try budget.spend(name, place)
      sections[index].name = name
    }
  }
}

/// Names may share bytes of a string table, so a small hostile file could ask for gigabytes of them. No toolchain writes
/// names that are, together, several times the file.
struct ELFNameBudget {
  private var left: Int

  init(_ fileSize: Int) { left = 4 * min(fileSize, Int.max / 8) + 65536 }

  mutating func spend(_ name: String, _ place: Int) throws(ELFError) {
    left -= name.utf8.count
    guard left >= 0 else { throw ELFError(offset: place, message: "names overlap so much that they exceed the file") }
  }
}
