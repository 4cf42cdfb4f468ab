// SPDX-License-Identifier: Apache-2.0

/// Writes a little-endian ELF64 relocatable object.
///
/// Sections, symbols and relocations are added in any order; ``encode()`` lays them out, puts local symbols before global
/// ones as the ABI demands, and writes extended section numbers where 16 bits do not suffice.
///
///     var writer = ELFWriter()
///     let code = writer.addSection("xdp", flags: [.allocate, .executable], alignment: 8, contents: bytes)
///     writer.addSymbol("drop", type: .function, placement: .section(code), size: UInt64(bytes.count))
///     let object = writer.encode()
public struct ELFWriter: Sendable {
  /// A symbol that was added, to be named in relocations. Its number in the file is known only when all are there.
  public struct SymbolReference: Hashable, Sendable {
    var index: Int
  }

  struct PendingSection {
    var name: String
    var type: ELFFile.SectionType
    var flags: ELFFile.SectionFlags
    var alignment: UInt64
    var entrySize: Int
    var contents: [UInt8]
    /// Memory size of a section without contents.
    var reservedSize: Int
    var link: Int = 0
    var info: Int = 0
  }

  struct PendingSymbol {
    var name: String
    var type: ELFFile.SymbolType
    var binding: ELFFile.SymbolBinding
    var visibility: ELFFile.SymbolVisibility
    var placement: ELFFile.Placement
    var value: UInt64
    var size: UInt64
  }

  struct PendingRelocation {
    var section: Int
    var offset: Int
    var symbol: SymbolReference
    var type: ELFFile.RelocationType
  }

  let machine: ELFFile.Machine
  var sections: [PendingSection] = []
  var symbols: [PendingSymbol] = []
  var relocations: [PendingRelocation] = []

  /// An object without sections.
  public init(machine: ELFFile.Machine = .bpf) {
    self.machine = machine
  }

  /// Adds a section.
  ///
  /// - Parameter reservedSize: the size in memory, in bytes, of a section of type `.noBits`.
  /// - Returns: its index in the file.
  @discardableResult
  public mutating func addSection(
    _ name: String, type: ELFFile.SectionType = .programBits, flags: ELFFile.SectionFlags = [],
    alignment: UInt64 = 1, entrySize: Int = 0, contents: [UInt8] = [], reservedSize: Int = 0
  ) -> Int {
    sections.append(
      PendingSection(
        name: name, type: type, flags: flags, alignment: alignment, entrySize: entrySize, contents: contents,
        reservedSize: reservedSize))
    return sections.count
  }

  /// Adds a symbol.
  ///
  /// - Parameters:
  ///   - value: offset in bytes from the start of its section.
  ///   - size: what it covers, in bytes.
  @discardableResult
  public mutating func addSymbol(
    _ name: String, type: ELFFile.SymbolType, binding: ELFFile.SymbolBinding = .global,
    visibility: ELFFile.SymbolVisibility = .default, placement: ELFFile.Placement, value: UInt64 = 0, size: UInt64 = 0
  ) -> SymbolReference {
    symbols.append(
      PendingSymbol(
        name: name, type: type, binding: binding, visibility: visibility, placement: placement, value: value, size: size
      ))
    return SymbolReference(index: symbols.count - 1)
  }

  /// Adds a relocation of `section` at byte `offset`.
  public mutating func addRelocation(
    section: Int, offset: Int, symbol: SymbolReference, type: ELFFile.RelocationType
  ) {
    relocations.append(PendingRelocation(section: section, offset: offset, symbol: symbol, type: type))
  }

  /// The object as it stands in a file.
  public func encode() -> [UInt8] {
    var layout = ELFLayout(self)
    return layout.encode()
  }
}
