// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Looks through clang's object for what no BPF program may hold: calls of functions that are nowhere, and calls through
/// pointers.
struct ObjectCheck {
  let file: ELFFile
  let types: BTFTypes?
  let language: SourceLanguage

  func diagnostics() throws -> [Diagnostic] {
    let externs = try self.externs()
    let places = try lines()
    var result: [Diagnostic] = []
    for section in file.sections where section.flags.contains(.executable) && section.size > 0 {
      for relocation in try file.relocations(for: section) {
        let symbol = file.symbols[relocation.symbolIndex]
        guard symbol.placement == .undefined, !externs.contains(symbol.name) || symbol.name == Self.trap else {
          continue
        }
        let place = places[section.name]?.last { $0.offset <= relocation.offset }?.location
        result.append(Diagnostic(at: place, Self.message(missing: symbol.name, language)))
      }
      let code = Array(file.bytes(of: section))
      for offset in stride(from: 0, to: code.count - 7, by: 8) where code[offset] == Self.indirectCall {
        let place = places[section.name]?.last { $0.offset <= offset }?.location
        result.append(Diagnostic(at: place, RuntimeNeed.functionValue(language)))
      }
    }
    return result + splitFunctions()
  }

  /// Functions that lie among programs, which loaders take for programs.
  private func splitFunctions() -> [Diagnostic] {
    file.symbols.compactMap { symbol in
      guard case .section(let index) = symbol.placement, symbol.type == .function, symbol.binding == .local,
        let section = file.sections.first(where: { $0.index == index }), section.name != ".text"
      else { return nil }
      return Diagnostic(
        "`\(symbol.name)` is a static function in section `\(section.name)`, where loaders expect programs only: "
          + "leave its section out, or make it a program without `static`")
    }
  }

  /// What clang calls where code cannot be reached, as it believes; a kernel function from 6.16 on.
  private static let trap = "__bpf_trap"

  /// `BPF_JMP | BPF_CALL | BPF_X`
  private static let indirectCall: UInt8 = 0x8d

  /// What a call of this function means, which nothing defines.
  static func message(missing name: String, _ language: SourceLanguage) -> String {
    switch name {
    case "memcpy", "memmove", "memset":
      "copies or clears more than 1024 bytes at once, which BPF cannot: set the fields that are needed one by one, or "
        + "the bytes in a bounded loop"
    case "memcmp", "bcmp", "strlen":
      "compares bytes with \(name), which BPF does not have: compare in a bounded loop"
    case _ where name.hasPrefix("__") && name.hasSuffix("ti3"):
      "128-bit arithmetic, which BPF does not have: use \(language.widestInteger)"
    case trap:
      "traps, but BPF cannot stop half-way: \(language.otherThanStopping)"
    default:
      "calls `\(name)`, which neither the program nor the kernel defines"
    }
  }

  /// Kernel functions and variables that the object asks the kernel for.
  private func externs() throws -> Set<String> {
    guard let types else { return [] }
    var result: Set<String> = []
    for id in types.ids {
      switch try types.type(id) {
      case .function(let function) where function.linkage == .extern: result.insert(function.name)
      case .variable(let variable) where variable.linkage == .extern: result.insert(variable.name)
      default: break
      }
    }
    return result
  }

  /// The source of each instruction by section, ascending.
  private func lines() throws -> [String: [(offset: Int, location: SourceLocation)]] {
    guard let types, let section = file.section(named: ".BTF.ext") else { return [:] }
    let ext = try BTFExt(bytes: Array(file.bytes(of: section)))
    var result: [String: [(offset: Int, location: SourceLocation)]] = [:]
    for (name, lines) in ext.lineInfo {
      result[types.text(at: name)] = lines.map { line in
        var file = types.text(at: line.fileName)
        if file.hasPrefix("./") { file.removeFirst(2) }
        return (Int(line.byteOffset), SourceLocation(file: file, line: line.lineNumber, column: line.column))
      }.sorted { $0.offset < $1.offset }
    }
    return result
  }
}

extension BTFTypes {
  /// A string of the object; empty if there is none at the offset.
  fileprivate func text(at offset: UInt32) -> String { string(at: offset) ?? "" }
}
