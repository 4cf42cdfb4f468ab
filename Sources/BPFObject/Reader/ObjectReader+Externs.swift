// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Externs: undefined symbols, and how BTF describes them.
extension ObjectReader {
  private struct Found {
    var symbol: Int
    var spec: ExternSpec
    /// Alignment in the `.kconfig` map; 0 for kernel symbols.
    var alignment = 0
  }

  func readExterns() throws(ObjectError) {
    var found: [Found] = []
    for symbol in file.symbols where symbol.isExtern && !symbol.name.isEmpty {
      found.append(try readExtern(symbol))
    }
    layOutKconfig(&found)
    externs = found.map(\.spec)
    for (index, one) in found.enumerated() { externIndexes[one.symbol] = index }
  }

  private static let whereDefined =
    "if another object defines it, link the two with `bpftool gen object`; if the kernel does, mark it __ksym or "
    + "__kconfig"

  private func readExtern(_ symbol: ELFFile.Symbol) throws(ObjectError) -> Found {
    let context = "extern \(symbol.name)"
    guard let types else {
      throw ObjectError(
        .malformedVariable, context,
        "it is not defined here, and the object has no BTF that describes it: compile with -g; \(Self.whereDefined)")
    }
    guard let id = declarations.externs[symbol.name] else {
      throw ObjectError(.malformedVariable, context, "the object's BTF does not declare it: \(Self.whereDefined)")
    }
    let declaration = try withTypes(context) { () throws(BTFError) in try types.type(id) }
    let section = declarations.home[id].map { types.name($0) } ?? ""
    let isWeak = symbol.binding == .weak
    switch (declaration, section) {
    case (.variable(let variable), _) where variable.linkage != .extern:
      throw ObjectError(
        .malformedVariable, context, "the object's BTF declares it as \(variable.linkage), not as extern")
    case (.function(let function), _) where function.linkage != .extern:
      throw ObjectError(
        .malformedVariable, context, "the object's BTF declares it as \(function.linkage), not as extern")
    case (.variable(let variable), ".kconfig"):
      return try readKconfig(symbol, variable, types, isWeak: isWeak)
    case (.variable(let variable), ".ksyms"):
      let type = try withTypes(context) { () throws(BTFError) in try types.resolved(variable.type) }
      let kind: ExternSpec.Kind = type.isVoid ? .ksymTypeless : .ksymTyped(type)
      return Found(symbol: symbol.index, spec: ExternSpec(name: symbol.name, kind: kind, isWeak: isWeak))
    case (.function(let function), ".ksyms"):
      let kind = ExternSpec.Kind.kfunc(type: function.type)
      return Found(symbol: symbol.index, spec: ExternSpec(name: symbol.name, kind: kind, isWeak: isWeak))
    case (.function, ".kconfig"):
      throw ObjectError(.unsupported, context, "__kconfig is for variables; mark a function of the kernel with __ksym")
    default:
      throw ObjectError(
        .unsupported, context,
        section.isEmpty
          ? "no object file defines it here: \(Self.whereDefined)"
          : "another object defines this \(section == ".maps" ? "map" : "symbol of section \(section)"): link the two "
            + "objects with `bpftool gen object`, and load the result")
    }
  }

  private func readKconfig(
    _ symbol: ELFFile.Symbol, _ variable: BTFVariable, _ types: BTFTypes, isWeak: Bool
  ) throws(ObjectError) -> Found {
    let context = "extern \(symbol.name)"
    let (size, format, alignment) = try withTypes(context) { () throws(BTFError) in
      let format = try Self.kconfigFormat(of: variable.type, types)
      return (try types.size(of: variable.type), format, try Self.scalarAlignment(of: variable.type, types))
    }
    guard let format, size > 0 else {
      throw ObjectError(
        .unsupported, context,
        "its type cannot hold a kernel configuration value; use bool, enum libbpf_tristate, char, an integer or char[]")
    }
    let kind = ExternSpec.Kind.kconfig(type: variable.type, format: format, offset: 0, size: size)
    return Found(
      symbol: symbol.index, spec: ExternSpec(name: symbol.name, kind: kind, isWeak: isWeak), alignment: alignment)
  }

  /// libbpf's `find_kcfg_type`.
  private static func kconfigFormat(
    of id: TypeID, _ types: BTFTypes
  ) throws(BTFError) -> ExternSpec.KconfigFormat? {
    switch try types.type(try types.resolved(id)) {
    case .int(let integer) where integer.isBool: return integer.size == 1 ? .bool : nil
    case .int(let integer):
      switch integer.size {
      case 1: return .character(isSigned: integer.isSigned)
      case 2, 4, 8: return .integer(isSigned: integer.isSigned)
      default: return nil
      }
    case .enumeration(let enumeration):
      guard enumeration.name == "libbpf_tristate", enumeration.is64Bit || enumeration.size == 4 else { return nil }
      return .tristate
    case .array(let array):
      guard array.count > 0, case .int(let integer) = try types.type(try types.resolved(array.element)),
        integer.size == 1, !integer.isBool
      else { return nil }
      return .characters
    default: return nil
    }
  }

  private static func scalarAlignment(of id: TypeID, _ types: BTFTypes) throws(BTFError) -> Int {
    let resolved = try types.resolved(id)
    if case .array(let array) = try types.type(resolved) { return min(8, try types.size(of: array.element)) }
    return max(1, min(8, try types.size(of: resolved)))
  }

  /// Sorts externs as libbpf does and gives each configuration value its place: those of the largest alignment first,
  /// smaller before larger within one alignment, then by name.
  private func layOutKconfig(_ found: inout [Found]) {
    func size(_ one: Found) -> Int? {
      if case .kconfig(_, _, _, let size) = one.spec.kind { size } else { nil }
    }
    found.sort { left, right in
      switch (size(left), size(right)) {
      case (nil, nil): break
      case (_?, nil): return true
      case (nil, _?): return false
      case (let leftSize?, let rightSize?):
        if left.alignment != right.alignment { return left.alignment > right.alignment }
        if leftSize != rightSize { return leftSize < rightSize }
      }
      return Array(left.spec.name.utf8).lexicographicallyPrecedes(Array(right.spec.name.utf8))
    }
    var end = 0
    for index in found.indices {
      guard case .kconfig(let type, let format, _, let size) = found[index].spec.kind else { break }
      let alignment = max(1, found[index].alignment)
      let offset = (end + alignment - 1) / alignment * alignment
      end = offset + size
      found[index].spec.kind = .kconfig(type: type, format: format, offset: offset, size: size)
    }
  }
}

extension ELFFile.Symbol {
  /// Undefined, not local, and of no type: the compiler's way to say extern.
  var isExtern: Bool { placement == .undefined && binding != .local && type == .none }
}
