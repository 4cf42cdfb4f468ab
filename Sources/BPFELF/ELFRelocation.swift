// SPDX-License-Identifier: Apache-2.0

extension ELFFile {
  /// One place in a section that depends on a symbol.
  public struct Relocation: Hashable, Sendable {
    /// Byte offset in the section that the relocation applies to; less than the section's size.
    public let offset: Int
    /// Index in ``ELFFile/symbols``; it exists.
    public let symbolIndex: Int
    public let type: RelocationType
    /// The constant to add; nil where it is in the relocated place itself (`SHT_REL`, which eBPF uses).
    public let addend: Int64?
  }

  /// How a place is patched. The names are LLVM's for eBPF.
  public struct RelocationType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `R_BPF_NONE`
    public static let none = RelocationType(rawValue: 0)
    /// `R_BPF_64_64`: the 64-bit immediate of an `lddw`.
    public static let bpf64 = RelocationType(rawValue: 1)
    /// `R_BPF_64_ABS64`: eight bytes of data.
    public static let bpfAbsolute64 = RelocationType(rawValue: 2)
    /// `R_BPF_64_ABS32`: four bytes of data.
    public static let bpfAbsolute32 = RelocationType(rawValue: 3)
    /// `R_BPF_64_NODYLD32`: four bytes of `.BTF` or `.BTF.ext`, which loaders leave alone.
    public static let bpfNoLoad32 = RelocationType(rawValue: 4)
    /// `R_BPF_64_32`: the immediate of a call.
    public static let bpf32 = RelocationType(rawValue: 10)
  }

  /// The relocations of a section, in file order, from every relocation section that applies to it.
  ///
  /// - Throws: ``ELFError`` if a relocation section is malformed, refers to a symbol that does not exist or to a place
  ///   outside the section.
  public func relocations(for section: Section) throws(ELFError) -> [Relocation] {
    var result: [Relocation] = []
    for table in relocationTables[section.index] ?? [] {
      try appendRelocations(of: sections[table], to: section, &result)
    }
    return result
  }

  private func appendRelocations(
    of table: Section, to target: Section, _ result: inout [Relocation]
  ) throws(ELFError) {
    let hasAddend = table.type == .relocationsWithAddend
    let entrySize = hasAddend ? 24 : 16
    guard table.entrySize == entrySize else {
      throw ELFError(
        offset: table.offset,
        message: "relocation section \(table.name) has entries of \(table.entrySize) bytes instead of \(entrySize)")
    }
    guard table.size % entrySize == 0 else {
      throw ELFError(offset: table.offset, message: "relocation section \(table.name) ends within an entry")
    }
    guard let symbolTableIndex, table.link == symbolTableIndex else {
      throw ELFError(
        offset: table.offset,
        message: "relocation section \(table.name) refers to section \(table.link), no symbol table")
    }
    let reader = ELFReader(bytes: bytes, isBigEndian: isBigEndian)
    result.reserveCapacity(result.count + table.size / entrySize)
    for place in stride(from: table.offset, to: table.offset + table.size, by: entrySize) {
      let offset = try reader.uint64(at: place)
      let info = try reader.uint64(at: place + 8)
      let addend = hasAddend ? Int64(bitPattern: try reader.uint64(at: place + 16)) : nil
      let symbol = Int(truncatingIfNeeded: info >> 32)
      guard symbol < symbols.count else {
        throw ELFError(offset: place, message: "relocation refers to symbol \(symbol) of \(symbols.count)")
      }
      guard offset < UInt64(target.size) else {
        throw ELFError(
          offset: place, message: "relocation at \(offset) lies outside section \(target.name) of \(target.size) bytes")
      }
      let type = RelocationType(rawValue: UInt32(truncatingIfNeeded: info))
      result.append(Relocation(offset: Int(offset), symbolIndex: symbol, type: type, addend: addend))
    }
  }
}
