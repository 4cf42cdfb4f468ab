// SPDX-License-Identifier: Apache-2.0

extension ELFFile {
  /// One entry of the symbol table.
  public struct Symbol: Hashable, Sendable {
    /// Position in ``ELFFile/symbols``; relocations refer to it by this number.
    public let index: Int
    /// Empty for the symbols that stand for a section.
    public let name: String
    public let type: SymbolType
    public let binding: SymbolBinding
    public let visibility: SymbolVisibility
    public let placement: Placement
    /// In a relocatable file, the offset in bytes from the start of the section.
    public let value: UInt64
    /// Size of what the symbol names, in bytes; 0 if not known.
    public let size: UInt64
  }

  /// Where a symbol is defined (`st_shndx`).
  public enum Placement: Hashable, Sendable {
    /// In no section of this file: an extern.
    case undefined
    /// In the section with this index, which exists.
    case section(Int)
    /// `SHN_ABS`: the value is not an offset and is not relocated.
    case absolute
    /// `SHN_COMMON`: a tentative definition without a section yet.
    case common
    /// Another reserved index.
    case reserved(UInt16)
  }

  /// What a symbol names (low nibble of `st_info`).
  public struct SymbolType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `STT_NOTYPE`: unspecified, as for labels and externs.
    public static let none = SymbolType(rawValue: 0)
    /// `STT_OBJECT`: a variable.
    public static let object = SymbolType(rawValue: 1)
    /// `STT_FUNC`
    public static let function = SymbolType(rawValue: 2)
    /// `STT_SECTION`: the section itself; relocations against static things use it.
    public static let section = SymbolType(rawValue: 3)
    /// `STT_FILE`: the name of the source file.
    public static let file = SymbolType(rawValue: 4)
  }

  /// How far a symbol is seen (high nibble of `st_info`).
  public struct SymbolBinding: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `STB_LOCAL`: this file only.
    public static let local = SymbolBinding(rawValue: 0)
    /// `STB_GLOBAL`
    public static let global = SymbolBinding(rawValue: 1)
    /// `STB_WEAK`: global, may be absent or overridden.
    public static let weak = SymbolBinding(rawValue: 2)
  }

  /// Who may refer to a global symbol (low two bits of `st_other`).
  public struct SymbolVisibility: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `STV_DEFAULT`
    public static let `default` = SymbolVisibility(rawValue: 0)
    /// `STV_INTERNAL`
    public static let `internal` = SymbolVisibility(rawValue: 1)
    /// `STV_HIDDEN`: for eBPF functions it means "verify with each caller" (`__hidden`).
    public static let hidden = SymbolVisibility(rawValue: 2)
    /// `STV_PROTECTED`
    public static let protected = SymbolVisibility(rawValue: 3)
  }
}
