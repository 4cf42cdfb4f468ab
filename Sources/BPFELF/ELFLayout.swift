// SPDX-License-Identifier: Apache-2.0

/// Turns what an ``ELFWriter`` collected into bytes: adds the symbol, string and relocation tables, then places header,
/// contents and section table.
struct ELFLayout {
  private var sections: [ELFWriter.PendingSection]
  private let symbols: [ELFWriter.PendingSymbol]
  private let relocations: [ELFWriter.PendingRelocation]
  private let machine: ELFFile.Machine
  /// Number in the file of each symbol, by order of addition.
  private var fileIndex: [Int]

  init(_ writer: ELFWriter) {
    sections = writer.sections
    symbols = writer.symbols
    relocations = writer.relocations
    machine = writer.machine
    fileIndex = Array(repeating: 0, count: writer.symbols.count)
  }

  mutating func encode() -> [UInt8] {
    let symbolTable = addSymbolTable()
    addRelocationTables(symbolTable)
    return place()
  }

  /// Appends `.symtab`, its strings and, if needed, the extended indexes; returns the table's section index.
  private mutating func addSymbolTable() -> Int {
    let locals = symbols.indices.filter { symbols[$0].binding == .local }
    let globals = symbols.indices.filter { symbols[$0].binding != .local }
    var strings = StringTable()
    var table: [UInt8] = Array(repeating: 0, count: ELFSymbolReader.entrySize)
    var extended: [UInt8] = [0, 0, 0, 0]
    var needsExtended = false
    for (position, index) in (locals + globals).enumerated() {
      let symbol = symbols[index]
      fileIndex[index] = position + 1
      let (short, long) = Self.sectionNumber(symbol.placement)
      needsExtended = needsExtended || short == ELFHeader.extendedIndex
      table.append(littleEndian: strings.offset(of: symbol.name))
      table.append(symbol.binding.rawValue << 4 | symbol.type.rawValue & 0xf)
      table.append(symbol.visibility.rawValue & 3)
      table.append(littleEndian: short)
      table.append(littleEndian: symbol.value)
      table.append(littleEndian: symbol.size)
      extended.append(littleEndian: long)
    }
    let tableIndex = sections.count + 1
    sections.append(
      .init(
        name: ".symtab", type: .symbolTable, flags: [], alignment: 8, entrySize: ELFSymbolReader.entrySize,
        contents: table, reservedSize: 0, link: tableIndex + 1, info: locals.count + 1))
    sections.append(
      .init(
        name: ".strtab", type: .stringTable, flags: [], alignment: 1, entrySize: 0, contents: strings.bytes,
        reservedSize: 0))
    if needsExtended {
      sections.append(
        .init(
          name: ".symtab_shndx", type: .extendedIndexes, flags: [], alignment: 4, entrySize: 4, contents: extended,
          reservedSize: 0, link: tableIndex))
    }
    return tableIndex
  }

  private static func sectionNumber(_ placement: ELFFile.Placement) -> (short: UInt16, long: UInt32) {
    switch placement {
    case .undefined: (0, 0)
    case .absolute: (0xfff1, 0)
    case .common: (0xfff2, 0)
    case .reserved(let number): (number, 0)
    case .section(let index) where index < Int(ELFHeader.firstReservedIndex):
      (UInt16(truncatingIfNeeded: index), 0)
    case .section(let index): (ELFHeader.extendedIndex, UInt32(truncatingIfNeeded: index))
    }
  }

  private mutating func addRelocationTables(_ symbolTable: Int) {
    var tables: [Int: [UInt8]] = [:]
    for relocation in relocations {
      let symbol = UInt64(fileIndex[relocation.symbol.index])
      tables[relocation.section, default: []].append(littleEndian: UInt64(relocation.offset))
      tables[relocation.section, default: []].append(littleEndian: symbol << 32 | UInt64(relocation.type.rawValue))
    }
    for (section, contents) in tables.sorted(by: { $0.key < $1.key }) where sections.indices.contains(section - 1) {
      sections.append(
        .init(
          name: ".rel" + sections[section - 1].name, type: .relocations, flags: [.infoLink], alignment: 8,
          entrySize: 16,
          contents: contents, reservedSize: 0, link: symbolTable, info: section))
    }
  }

  private mutating func place() -> [UInt8] {
    var names = StringTable()
    let nameTable = sections.count + 1
    sections.append(
      .init(
        name: ".shstrtab", type: .stringTable, flags: [], alignment: 1, entrySize: 0, contents: [], reservedSize: 0))
    let nameOffsets = sections.map { names.offset(of: $0.name) }
    sections[nameTable - 1].contents = names.bytes

    var body: [UInt8] = Array(repeating: 0, count: ELFHeader.size)
    var offsets: [Int] = []
    for section in sections {
      body.pad(to: Int(clamping: max(1, section.alignment)))
      offsets.append(body.count)
      if section.type != .noBits { body += section.contents }
    }
    body.pad(to: 8)
    let tableOffset = body.count
    let count = sections.count + 1
    appendNullSection(&body, count: count, nameTable: nameTable)
    for (index, section) in sections.enumerated() {
      let size = section.type == .noBits ? section.reservedSize : section.contents.count
      body.append(littleEndian: nameOffsets[index])
      body.append(littleEndian: section.type.rawValue)
      body.append(littleEndian: section.flags.rawValue)
      body.append(littleEndian: UInt64(0))
      body.append(littleEndian: UInt64(offsets[index]))
      body.append(littleEndian: UInt64(size))
      body.append(littleEndian: UInt32(section.link))
      body.append(littleEndian: UInt32(section.info))
      body.append(littleEndian: section.alignment)
      body.append(littleEndian: UInt64(section.entrySize))
    }
    body.replaceSubrange(0..<ELFHeader.size, with: header(tableOffset, count: count, nameTable: nameTable))
    return body
  }

  /// The first entry of the section table; it holds the numbers that are too large for the header.
  private func appendNullSection(_ body: inout [UInt8], count: Int, nameTable: Int) {
    let limit = Int(ELFHeader.firstReservedIndex)
    body += Array(repeating: 0, count: 32)
    body.append(littleEndian: UInt64(count >= limit ? count : 0))
    body.append(littleEndian: UInt32(nameTable >= limit ? nameTable : 0))
    body += Array(repeating: 0, count: 20)
  }

  private func header(_ tableOffset: Int, count: Int, nameTable: Int) -> [UInt8] {
    let limit = Int(ELFHeader.firstReservedIndex)
    var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    header.append(littleEndian: ELFFile.FileType.relocatable.rawValue)
    header.append(littleEndian: machine.rawValue)
    header.append(littleEndian: UInt32(1))
    header.append(littleEndian: UInt64(0))  // entry point
    header.append(littleEndian: UInt64(0))  // program headers
    header.append(littleEndian: UInt64(tableOffset))
    header.append(littleEndian: UInt32(0))  // flags
    header.append(littleEndian: UInt16(ELFHeader.size))
    header.append(littleEndian: UInt16(0))
    header.append(littleEndian: UInt16(0))
    header.append(littleEndian: UInt16(ELFHeader.sectionEntrySize))
    header.append(littleEndian: count >= limit ? 0 : UInt16(count))
    header.append(littleEndian: nameTable >= limit ? ELFHeader.extendedIndex : UInt16(nameTable))
    return header
  }
}

/// Strings laid end to end, each once.
private struct StringTable {
  var bytes: [UInt8] = [0]
  private var known: [String: UInt32] = ["": 0]

  mutating func offset(of string: String) -> UInt32 {
    if let offset = known[string] { return offset }
    let offset = UInt32(bytes.count)
    bytes += Array(string.utf8)
    bytes.append(0)
    known[string] = offset
    return offset
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func pad(to alignment: Int) {
    let excess = count % alignment
    if excess != 0 { append(contentsOf: repeatElement(0, count: alignment - excess)) }
  }
}
