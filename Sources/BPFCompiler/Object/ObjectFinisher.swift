// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Makes the object that is handed out of the one that clang wrote: only what a loader reads, and no debug information
/// but BTF.
struct ObjectFinisher {
  /// Pointers to the types of maps' records lie here until the object is finished; see ``recordTypes``.
  static let recordSection = ".merops.records"
  static let recordPrefix = "merops_record_"

  /// What programs call a tunable until the object is finished: its name, and this.
  static let tunableSuffix = ".tunable"

  private let file: ELFFile
  private let types: BTFTypes?
  private let language: SourceLanguage

  /// - Throws: `CompileError` if clang wrote no readable object.
  init(_ object: [UInt8], language: SourceLanguage) throws(CompileError) {
    self.language = language
    do {
      let file = try ELFFile(bytes: object)
      self.file = file
      types = try file.section(named: ".BTF").map { try BTFTypes(bytes: Array(file.bytes(of: $0))) }
    } catch {
      throw CompileError("the compiler wrote an object that cannot be read: \(error)")
    }
  }

  /// The finished object.
  ///
  /// - Throws: `CompileError` for what BPF cannot do and the compiler let pass.
  func finish() throws(CompileError) -> [UInt8] {
    do {
      let diagnostics = try ObjectCheck(file: file, types: types, language: language).diagnostics()
      guard diagnostics.isEmpty else { throw CompileError(diagnostics) }
      return try write()
    } catch let error as CompileError {
      throw error
    } catch {
      throw CompileError("the compiler wrote an object that cannot be read: \(error)")
    }
  }

  private func write() throws -> [UInt8] {
    var writer = ELFWriter()
    var newSections: [Int: Int] = [:]
    for section in file.sections where isKept(section) {
      guard section.alignment <= 4096 else {
        throw CompileError(
          "section \(section.name) is aligned to \(section.alignment) bytes: 4096, a page, is the most")
      }
      var contents = Array(file.bytes(of: section))
      if section.name == ".BTF", let types { contents = try finished(types) }
      newSections[section.index] = writer.addSection(
        section.name, type: section.type, flags: section.flags, alignment: section.alignment,
        entrySize: section.entrySize, contents: contents,
        reservedSize: section.type == .noBits ? section.size : 0)
    }

    let aliases = self.aliases
    var relocations: [(section: Int, offset: Int, type: ELFFile.RelocationType, symbol: Int)] = []
    for section in file.sections {
      guard let new = newSections[section.index], !section.name.hasPrefix(".BTF") else { continue }
      relocations += try file.relocations(for: section).map {
        (new, $0.offset, $0.type, aliases[$0.symbolIndex] ?? $0.symbolIndex)
      }
    }
    let used = Set(relocations.map(\.symbol))
    var newSymbols: [Int: ELFWriter.SymbolReference] = [:]
    for symbol in file.symbols.dropFirst() where aliases[symbol.index] == nil {
      var placement = symbol.placement
      switch placement {
      case .section(let index):
        guard let new = newSections[index], used.contains(symbol.index) || Self.isNamed(symbol) else { continue }
        placement = .section(new)
      default: guard used.contains(symbol.index) else { continue }
      }
      newSymbols[symbol.index] = writer.addSymbol(
        symbol.name, type: symbol.type, binding: symbol.binding, visibility: symbol.visibility, placement: placement,
        value: symbol.value, size: symbol.size)
    }
    for (section, offset, type, index) in relocations {
      guard let symbol = newSymbols[index] else {
        throw CompileError("a relocation refers to \(file.symbols[index].name), which is not in the object")
      }
      writer.addRelocation(section: section, offset: offset, symbol: symbol, type: type)
    }
    return writer.encode()
  }

  /// The variables that programs call by another name, by that name's symbol.
  private var aliases: [Int: Int] {
    let indices = Dictionary(file.symbols.map { ($0.name, $0.index) }, uniquingKeysWith: { first, _ in first })
    var result: [Int: Int] = [:]
    for symbol in file.symbols where symbol.name.hasSuffix(Self.tunableSuffix) {
      result[symbol.index] = indices[String(symbol.name.dropLast(Self.tunableSuffix.utf8.count))]
    }
    return result
  }

  /// The names of what instructions and data refer to.
  private func referredTo() throws -> Set<String> {
    var names: Set<String> = []
    for section in file.sections where isKept(section) && !section.name.hasPrefix(".BTF") {
      for relocation in try file.relocations(for: section) { names.insert(file.symbols[relocation.symbolIndex].name) }
    }
    return names
  }

  private func isKept(_ section: ELFFile.Section) -> Bool {
    if section.name == ".BTF" || section.name == ".BTF.ext" { return true }
    guard section.flags.contains(.allocate), section.size > 0 else { return false }
    return section.name != Self.recordSection && !section.name.hasPrefix(".swift")
  }

  private static func isNamed(_ symbol: ELFFile.Symbol) -> Bool {
    !symbol.name.isEmpty && (symbol.type == .function || symbol.type == .object)
  }

  /// The object's BTF.
  ///
  /// The type of each map's records is a typedef in it, `MAP__record`: nothing that the kernel or libbpf looks at, and by
  /// which a reader of the ring knows what it reads. And it names no function or variable of the kernel that no
  /// instruction refers to, such as the `__bpf_trap` of code that clang found to be unreachable later: libbpf would look
  /// for a symbol of each.
  private func finished(_ types: BTFTypes) throws -> [UInt8] {
    var builder = BTFBuilder(copying: types)
    let symbols = try referredTo()
    for id in types.ids {
      switch try types.type(id) {
      case .function(let function) where function.linkage == .extern && !symbols.contains(function.name):
        try builder.replace(id, with: .pointer(.void))
      case .variable(let variable) where variable.linkage == .extern && !symbols.contains(variable.name):
        try builder.replace(id, with: .pointer(.void))
      case .dataSection(var section) where section.name != Self.recordSection:
        let entries = try section.entries.filter { entry in
          switch try types.type(entry.type) {
          case .function(let function): function.linkage != .extern || symbols.contains(function.name)
          case .variable(let variable): variable.linkage != .extern || symbols.contains(variable.name)
          default: true
          }
        }
        guard entries.count < section.entries.count else { continue }
        section.entries = entries
        try builder.replace(id, with: entries.isEmpty ? .pointer(.void) : .dataSection(section))
      case .variable(let variable) where variable.name.hasPrefix(Self.recordPrefix):
        let pointee = try types.type(variable.type).referenced ?? .void
        try builder.replace(
          id, with: .typedef(name: variable.name.dropFirst(Self.recordPrefix.count) + "__record", type: pointee))
      case .dataSection(let section) where section.name == Self.recordSection:
        try builder.replace(id, with: .pointer(.void))
      default: break
      }
    }
    return builder.encode()
  }
}
