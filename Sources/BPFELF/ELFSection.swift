// SPDX-License-Identifier: Apache-2.0

extension ELFFile {
  /// One entry of the section table. Its contents are known to lie within the file.
  public struct Section: Hashable, Sendable {
    /// Position in ``ELFFile/sections``; symbols and other sections refer to it by this number.
    public let index: Int
    public internal(set) var name: String
    public let type: SectionType
    public let flags: SectionFlags
    /// Where the section wants to be in memory; zero in a relocatable file.
    public let address: UInt64
    /// Where the contents start in the file, in bytes.
    public let offset: Int
    /// Size of the contents in bytes. For ``SectionType/noBits`` it is what memory the section needs: it takes no file
    /// space, and may be larger than the file.
    public let size: Int
    /// `sh_link`: a related section's index; which one depends on the type.
    public let link: Int
    /// `sh_info`: for relocations, the index of the section they apply to; for a symbol table, its first global symbol.
    public let info: Int
    /// Alignment in bytes; 0 and 1 mean none.
    public let alignment: UInt64
    /// Size of one entry in bytes, for sections that are tables.
    public let entrySize: Int

    var isRelocationTable: Bool { type == .relocations || type == .relocationsWithAddend }
  }

  /// What a section holds (`sh_type`).
  public struct SectionType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `SHT_NULL`: an unused entry.
    public static let null = SectionType(rawValue: 0)
    /// `SHT_PROGBITS`: contents whose meaning is the program's.
    public static let programBits = SectionType(rawValue: 1)
    /// `SHT_SYMTAB`
    public static let symbolTable = SectionType(rawValue: 2)
    /// `SHT_STRTAB`
    public static let stringTable = SectionType(rawValue: 3)
    /// `SHT_RELA`: relocations with an addend.
    public static let relocationsWithAddend = SectionType(rawValue: 4)
    /// `SHT_NOTE`
    public static let note = SectionType(rawValue: 7)
    /// `SHT_NOBITS`: zeroes that take no space in the file, as `.bss`.
    public static let noBits = SectionType(rawValue: 8)
    /// `SHT_REL`: relocations whose addend is in the place that is relocated.
    public static let relocations = SectionType(rawValue: 9)
    /// `SHT_DYNSYM`
    public static let dynamicSymbolTable = SectionType(rawValue: 11)
    /// `SHT_SYMTAB_SHNDX`: section indexes that do not fit in 16 bits.
    public static let extendedIndexes = SectionType(rawValue: 18)
    /// `SHT_LLVM_ADDRSIG`: which symbols are address-significant; of no use to a loader.
    public static let llvmAddressSignificance = SectionType(rawValue: 0x6fff_4c03)
  }

  /// What a section asks for (`sh_flags`).
  public struct SectionFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `SHF_WRITE`
    public static let write = SectionFlags(rawValue: 0x1)
    /// `SHF_ALLOC`: occupies memory while the program runs.
    public static let allocate = SectionFlags(rawValue: 0x2)
    /// `SHF_EXECINSTR`
    public static let executable = SectionFlags(rawValue: 0x4)
    /// `SHF_MERGE`
    public static let merge = SectionFlags(rawValue: 0x10)
    /// `SHF_STRINGS`
    public static let strings = SectionFlags(rawValue: 0x20)
    /// `SHF_INFO_LINK`: ``Section/info`` is a section index.
    public static let infoLink = SectionFlags(rawValue: 0x40)
  }
}
