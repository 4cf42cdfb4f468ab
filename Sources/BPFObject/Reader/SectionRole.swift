// SPDX-License-Identifier: Apache-2.0

import BPFELF

/// What a section of an object is for, by its name and type.
enum SectionRole: Hashable {
  /// Nothing that a loader needs: debugging information, strings, tables of symbols and relocations.
  case ignored
  case license
  case version
  /// Maps defined by BTF.
  case maps
  /// Maps defined by `struct bpf_map_def`.
  case legacyMaps
  case types
  case typesExtension
  case code
  case data
  case rodata
  case bss
  /// `.struct_ops` and `.struct_ops.link`.
  case structOps
  /// Variables that live in an arena.
  case arena
  case jumpTables

  static let arenaName = ".addr_space.1"

  init(_ section: ELFFile.Section) {
    let name = section.name
    self =
      switch name {
      case "license": .license
      case "version": .version
      case ".maps": .maps
      case ".BTF": .types
      case ".BTF.ext": .typesExtension
      case "maps" where section.size > 0: .legacyMaps
      default:
        switch section.type {
        case .programBits where section.size > 0: Self.contents(section)
        case .noBits where name == ".bss" || name.hasPrefix(".bss."): .bss
        default: .ignored
        }
      }
  }

  private static func contents(_ section: ELFFile.Section) -> SectionRole {
    let name = section.name
    if name.hasPrefix(".debug_") { return .ignored }
    if section.flags.contains(.executable) { return .code }
    if name == ".data" || name.hasPrefix(".data.") { return .data }
    if name == ".rodata" || name.hasPrefix(".rodata.") { return .rodata }
    switch name {
    case ".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link": return .structOps
    case arenaName: return .arena
    case ".jumptables": return .jumpTables
    default: return .ignored
    }
  }

  /// Whether a section of code holds subprograms, not programs: `.text`, and what compilers split off it, such as
  /// `.text.unlikely.` for cold functions and `.text.NAME` for `-ffunction-sections`.
  static func isSubprograms(_ name: String) -> Bool { name == ".text" || name.hasPrefix(".text.") }

  /// Whether the section becomes a map of global variables.
  var isData: Bool { self == .data || self == .rodata || self == .bss }
}
