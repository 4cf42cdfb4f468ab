// SPDX-License-Identifier: Apache-2.0

/// An ELF64 file, read and checked once: header, sections, symbols.
///
/// Everything that the file says about itself (offsets, counts, links between sections, names) is checked before it is
/// used, so a hostile file leads to an ``ELFError`` with an offset and never a trap, and what is kept in memory is bounded
/// by the size of the file. Both byte orders are read.
///
/// Source: System V ABI, gABI 4.1 "Object Files"; relocation types are those of RFC 9669's toolchains (LLVM's
/// `ELFRelocs/BPF.def`).
public struct ELFFile: Sendable {
  /// What every ELF file starts with.
  public static let magic: [UInt8] = [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]

  /// The whole file.
  public let bytes: [UInt8]
  /// True if the file's integers are stored most significant byte first.
  public let isBigEndian: Bool
  /// What kind of file it is (`e_type`).
  public let fileType: FileType
  /// The machine the file is for (`e_machine`).
  public let machine: Machine
  /// Processor-specific flags (`e_flags`); zero for eBPF.
  public let flags: UInt32
  /// All sections in file order; the first is the null section, so that an index in the file is an index here.
  public let sections: [Section]
  /// All symbols of the symbol table in file order; the first is the null symbol. Empty if the file has no symbol table.
  public let symbols: [Symbol]
  /// Index of the symbol table's section, if there is one.
  public let symbolTableIndex: Int?
  /// Indexes of the relocation sections that apply to a section, by its index.
  let relocationTables: [Int: [Int]]
  /// Index of the first section of each name.
  private let sectionIndexes: [String: Int]

  /// What a file is (`e_type`).
  public struct FileType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// `ET_REL`: what a compiler writes and a loader of eBPF objects reads.
    public static let relocatable = FileType(rawValue: 1)
    /// `ET_EXEC`
    public static let executable = FileType(rawValue: 2)
    /// `ET_DYN`: a shared library or a position-independent program.
    public static let shared = FileType(rawValue: 3)

    public var description: String {
      switch self {
      case .relocatable: "an object file"
      case .executable: "an executable"
      case .shared: "an executable or shared library"
      default: "an ELF file of type \(rawValue)"
      }
    }
  }

  /// The machine a file is for (`e_machine`).
  public struct Machine: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// `EM_NONE`: some old assemblers wrote this into eBPF objects.
    public static let none = Machine(rawValue: 0)
    /// `EM_X86_64`
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static let x86_64 = Machine(rawValue: 62)
    /// `EM_AARCH64`
    public static let aarch64 = Machine(rawValue: 183)
    /// `EM_RISCV`
    public static let riscv = Machine(rawValue: 243)
    /// `EM_BPF`
    public static let bpf = Machine(rawValue: 247)

    public var description: String {
      switch self {
      case .bpf: "eBPF"
      case .x86_64: "x86-64"
      case .aarch64: "arm64"
      case .riscv: "RISC-V"
      default: "machine \(rawValue)"
      }
    }
  }

  /// Reads the header, section table and symbol table of `bytes`.
  ///
  /// - Complexity: one pass over sections and symbols; section contents are not touched.
  /// - Throws: ``ELFError`` with the offset of the first malformed structure.
  public init(bytes: [UInt8]) throws(ELFError) {
    let header = try ELFHeader(bytes)
    let sections = try header.sections(bytes)
    self.bytes = bytes
    self.isBigEndian = header.isBigEndian
    self.fileType = FileType(rawValue: header.fileType)
    self.machine = Machine(rawValue: header.machine)
    self.flags = header.flags
    self.sections = sections
    self.sectionIndexes = Dictionary(
      sections.map { ($0.name, $0.index) }, uniquingKeysWith: { first, _ in first })
    let table = sections.first { $0.type == .symbolTable }
    self.symbolTableIndex = table?.index
    self.relocationTables = Dictionary(
      grouping: sections.indices.filter { sections[$0].isRelocationTable }, by: { sections[$0].info })
    if let table {
      self.symbols = try ELFSymbolReader(bytes: bytes, isBigEndian: header.isBigEndian, sections: sections).read(table)
    } else {
      self.symbols = []
    }
  }

  /// The symbols of any symbol table, such as the dynamic one of a library, which is read only when asked for.
  ///
  /// - Throws: ``ELFError`` if the section is not a well-formed symbol table.
  public func symbols(of section: Section) throws(ELFError) -> [Symbol] {
    try ELFSymbolReader(bytes: bytes, isBigEndian: isBigEndian, sections: sections).read(section)
  }

  /// The first section with this name.
  public func section(named name: String) -> Section? {
    sectionIndexes[name].map { sections[$0] }
  }

  /// Where a section's contents lie in ``bytes``; empty for a section that occupies no file space (`SHT_NOBITS`).
  public func range(of section: Section) -> Range<Int> {
    section.type == .noBits ? section.offset..<section.offset : section.offset..<(section.offset + section.size)
  }

  /// The contents of a section; empty for a section that occupies no file space (`SHT_NOBITS`).
  public func bytes(of section: Section) -> ArraySlice<UInt8> {
    let range = range(of: section)
    guard range.upperBound <= bytes.count else { return [] }  // a section of another file
    return bytes[range]
  }

  /// The section that a symbol is defined in; nil for undefined, absolute and common symbols.
  public func section(of symbol: Symbol) -> Section? {
    guard case .section(let index) = symbol.placement, sections.indices.contains(index) else { return nil }
    return sections[index]
  }
}
