// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// What libbpf changes in an object's BTF before the kernel sees it.
///
/// clang leaves sizes and offsets of data sections to the linker, of which there is none; and the kernel knows no
/// externs.
extension ObjectReader {
  func fixTypes() throws(ObjectError) {
    guard let types else { return }
    var editor = TypeEditor(types)
    let symbols = globalVariableSymbols()
    for (id, section) in declarations.sections {
      switch section.name {
      case ".ksyms": try fixKsyms(id, section, types, &editor)
      case ".kconfig": try fixKconfig(id, section, types, &editor)
      default: try fixVariables(id, section, types, symbols, &editor)
      }
    }
    for symbol in file.symbols where symbol.isHidden && symbol.type == .function {
      // The verifier checks static functions with each caller, which is what hiding one asks for.
      guard file.section(of: symbol)?.name == ".text" else { continue }
      if let function = declarations.globalFunctions[symbol.name] {
        editor.setFunctionLinkage(.static, of: function)
      }
    }
    self.types = try withTypes(".BTF") { () throws(BTFError) in
      let fixed = try editor.finish()
      for index in declarations.sections.indices {
        guard case .dataSection(let section) = try fixed.type(declarations.sections[index].id) else { continue }
        declarations.sections[index].section = section
      }
      return fixed
    }
  }

  /// Global and weak variables by name, as the linker would see them.
  private func globalVariableSymbols() -> [String: ELFFile.Symbol] {
    var result: [String: ELFFile.Symbol] = [:]
    for symbol in file.symbols where symbol.type == .object && (symbol.binding == .global || symbol.binding == .weak) {
      if result[symbol.name] == nil { result[symbol.name] = symbol }
    }
    return result
  }

  /// Fills in the section's size and its variables' offsets, makes hidden variables static, sorts by offset.
  private func fixVariables(
    _ id: TypeID, _ section: BTFDataSection, _ types: BTFTypes, _ symbols: [String: ELFFile.Symbol],
    _ editor: inout TypeEditor
  ) throws(ObjectError) {
    var entries = section.entries
    let isUnlinked = section.size == 0
    if isUnlinked {
      guard let size = file.section(named: section.name)?.size, size > 0, let size = UInt32(exactly: size) else {
        throw ObjectError(
          .malformedTypes, "section \(section.name)", "BTF describes it, but the object does not have it")
      }
      editor.setSizeOrType(size, of: id)
    }
    for index in entries.indices {
      let type = entries[index].type
      let declaration = try withTypes("section \(section.name)") { () throws(BTFError) in try types.type(type) }
      guard case .variable(let variable) = declaration else {
        throw ObjectError(.malformedTypes, "section \(section.name)", "it holds type \(type), which is not a variable")
      }
      // A static variable's offset is right already: its relocation needs no symbol.
      if variable.linkage == .static || variable.linkage == .extern { continue }
      guard let symbol = symbols[variable.name] else {
        throw ObjectError(
          .malformedVariable, "variable \(variable.name)", "BTF describes it, but the object has no symbol of this name"
        )
      }
      if isUnlinked { entries[index].offset = Int(truncatingIfNeeded: symbol.value & 0xffff_ffff) }
      if symbol.isHidden { editor.setVariableLinkage(.static, of: type) }
    }
    editor.setEntries(entries.stablySorted { $0.offset < $1.offset }, of: id)
  }

  /// Gives configuration values the offsets that they were laid out with, and allocates them.
  private func fixKconfig(
    _ id: TypeID, _ section: BTFDataSection, _ types: BTFTypes, _ editor: inout TypeEditor
  ) throws(ObjectError) {
    var places: [String: (offset: Int, size: Int)] = [:]
    for one in externs {
      if case .kconfig(_, _, let offset, let size) = one.kind { places[one.name] = (offset, size) }
    }
    guard let end = places.values.map({ $0.offset + $0.size }).max() else { return }
    var entries = section.entries
    for index in entries.indices {
      let name = types.name(entries[index].type)
      guard let place = places[name], types.kind(entries[index].type) == .variable else {
        throw ObjectError(
          .malformedVariable, "extern \(name)", "BTF describes it, but the object has no symbol of this name")
      }
      entries[index].offset = place.offset
      editor.setVariableLinkage(.global, of: entries[index].type)
    }
    guard let size = UInt32(exactly: end) else {
      throw ObjectError(.malformedTypes, "section .kconfig", "it has \(end) bytes, more than a map can hold")
    }
    editor.setSizeOrType(size, of: id)
    editor.setEntries(entries.stablySorted { $0.offset < $1.offset }, of: id)
  }

  /// Turns kernel symbols into variables of four bytes each; functions are represented by one dummy variable.
  private func fixKsyms(
    _ id: TypeID, _ section: BTFDataSection, _ types: BTFTypes, _ editor: inout TypeEditor
  ) throws(ObjectError) {
    var entries = section.entries
    var dummy: (id: TypeID, name: UInt32)?
    if entries.contains(where: { types.kind($0.type) == .function }) {
      dummy = editor.addVariable("dummy_ksym", type: declarations.int32 ?? .void)
    }
    let names = Set(externs.map(\.name))
    guard externs.contains(where: { !$0.kind.isKconfig }) else { return }
    for index in entries.indices {
      let type = entries[index].type
      let declaration = try withTypes("section .ksyms") { () throws(BTFError) in try types.type(type) }
      guard names.contains(declaration.name) else {
        throw ObjectError(
          .malformedVariable, "extern \(declaration.name)",
          "BTF describes it, but the object has no symbol of this name")
      }
      switch declaration {
      case .function(let function):
        guard let dummy else { continue }
        let prototype = try withTypes("section .ksyms") { () throws(BTFError) in try types.type(function.type) }
        if case .functionPrototype(let prototype) = prototype {
          editor.nameParameters(of: function.type, count: prototype.parameters.count, dummy.name)
        }
        editor.setFunctionLinkage(.global, of: type)
        entries[index].type = dummy.id
      case .variable:
        editor.setVariableLinkage(.global, of: type)
        editor.setSizeOrType((declarations.int32 ?? .void).rawValue, of: type)
      default:
        throw ObjectError(
          .malformedTypes, "section .ksyms", "it holds type \(type), which is neither a variable nor a function")
      }
      entries[index].offset = 4 * index
      entries[index].size = 4
    }
    editor.setSizeOrType(UInt32(4 * entries.count), of: id)
    editor.setEntries(entries, of: id)
  }
}

extension ELFFile.Symbol {
  /// Global, but not to be seen by other files.
  var isHidden: Bool {
    binding != .local && (visibility == .hidden || visibility == .internal)
  }
}

extension ExternSpec.Kind {
  /// Whether the kernel's configuration provides it, not a symbol.
  public var isKconfig: Bool { if case .kconfig = self { true } else { false } }
}

extension Array {
  /// Sorted, elements that compare equal keeping their order.
  func stablySorted(by isLess: (Element, Element) -> Bool) -> [Element] {
    // What compilers write is sorted.
    if zip(self, dropFirst()).allSatisfy({ !isLess($1, $0) }) { return self }
    return enumerated().sorted { left, right in
      if isLess(left.element, right.element) { return true }
      if isLess(right.element, left.element) { return false }
      return left.offset < right.offset
    }.map(\.element)
  }
}
