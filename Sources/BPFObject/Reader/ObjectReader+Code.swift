// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BTF

/// Functions, and the programs among them.
extension ObjectReader {
  func readFunctions() throws(ObjectError) {
    for section in sections(.code) {
      do throws(BytecodeError) {
        let bytes = Array(file.bytes(of: section))
        code[section.index] = try Instruction.decode(
          bytes.count % 8 == 0 ? bytes : Array(bytes.dropLast(bytes.count % 8)), bigEndian: file.isBigEndian)
      } catch {
        throw ObjectError(.malformedProgram, "section \(section.name)", "\(error)")
      }
    }
    for symbol in file.symbols where symbol.type == .function {
      guard let section = file.section(of: symbol), roles[section.index] == .code else { continue }
      functions.append(try readFunction(symbol, section))
    }
    functions = functions.stablySorted {
      ($0.section, $0.slots.lowerBound) < ($1.section, $1.slots.lowerBound)
    }
    for section in sections(.jumpTables) {
      let bytes = file.bytes(of: section)
      for start in stride(from: bytes.startIndex, to: bytes.endIndex - 7, by: 8) {
        let eight = bytes[start..<(start + 8)]
        let order = file.isBigEndian ? Array(eight) : eight.reversed()
        jumpTables.append(order.reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
  }

  private func readFunction(
    _ symbol: ELFFile.Symbol, _ section: ELFFile.Section
  ) throws(ObjectError) -> CodeFunction {
    let context = "function \(label(symbol)) in section \(section.name)"
    guard symbol.size > 0, symbol.size % 8 == 0, symbol.value % 8 == 0 else {
      throw ObjectError(
        .malformedProgram, context,
        "it is not made of whole instructions of 8 bytes: \(symbol.size) bytes at offset \(symbol.value)")
    }
    let count = UInt64(code[section.index]?.count ?? 0)
    guard symbol.value / 8 < count, symbol.size / 8 <= count - symbol.value / 8 else {
      throw ObjectError(.malformedProgram, context, "it extends beyond the end of its section")
    }
    let start = Int(symbol.value / 8)
    let isLocal = symbol.binding == .local
    return CodeFunction(
      name: symbol.name, section: section.index, slots: start..<(start + Int(symbol.size / 8)), isGlobal: !isLocal,
      isHidden: symbol.isHidden,
      // Where libbpf refuses static functions beside programs, they are taken for subprograms of those programs.
      isEntryPoint: !SectionRole.isSubprograms(section.name) && !isLocal)
  }

  func makePrograms() throws(ObjectError) {
    let image = ObjectImage(
      code: code, functions: functions, debugging: try readDebugging(), jumpTables: jumpTables,
      exceptionCallbacks: try exceptionCallbacks())
    for (index, function) in functions.enumerated() where function.isEntryPoint {
      programs.append(makeProgram(function, index, image))
    }
  }

  private func makeProgram(_ function: CodeFunction, _ index: Int, _ image: ObjectImage) -> ProgramSpec {
    var sectionName = file.sections[function.section].name
    let isOptional = sectionName.hasPrefix("?")
    if isOptional { sectionName.removeFirst() }
    let kind = SectionKind.matching(sectionName)
    var target: String?
    if kind == nil || kind?.takesTarget == true, let slash = sectionName.utf8.firstIndex(of: UInt8(ascii: "/")) {
      target = String(sectionName[sectionName.utf8.index(after: slash)...])
    }
    var flags: ProgramFlags = []
    if kind?.options.contains(.isSleepable) == true { flags.insert(.sleepable) }
    if kind?.options.contains(.xdpFragments) == true { flags.insert(.xdpFragments) }
    return ProgramSpec(
      name: function.name, sectionName: sectionName, type: kind?.programType ?? .unspecified,
      attachType: kind?.attachType, attachTarget: target?.isEmpty == true ? nil : target, flags: flags,
      autoload: !isOptional, autoattach: true, sectionKind: kind, image: image, function: index)
  }

  /// The records of `.BTF.ext`, by section and ascending.
  private func readDebugging() throws(ObjectError) -> [Int: DebuggingRecords] {
    guard let types, let section = sections(.typesExtension).last else { return [:] }
    let bytes = Array(file.bytes(of: section))
    let tables = try withTypes(".BTF.ext") { () throws(BTFError) in try BTFExt(bytes: bytes) }
    var result: [Int: DebuggingRecords] = [:]
    func index(_ name: UInt32) -> Int? {
      types.string(at: name).flatMap { $0.isEmpty ? nil : file.section(named: $0)?.index }
    }
    for (name, records) in tables.functionInfo {
      guard let index = index(name) else { continue }
      result[index, default: .init()].functions += records.stablySorted { $0.byteOffset < $1.byteOffset }
    }
    for (name, records) in tables.lineInfo {
      guard let index = index(name) else { continue }
      result[index, default: .init()].lines += records.stablySorted { $0.byteOffset < $1.byteOffset }
    }
    for (name, records) in tables.coreRelocations {
      guard let index = index(name) else { continue }
      result[index, default: .init()].core += records.stablySorted { $0.byteOffset < $1.byteOffset }
    }
    return result
  }

  /// The function that handles a program's exceptions, named by a tag `exception_callback:NAME` on the program.
  private func exceptionCallbacks() throws(ObjectError) -> [Int: Int] {
    guard let types else { return [:] }
    let prefix = "exception_callback:"
    let tags = declarations.tags.filter { $0.tag.hasPrefix(prefix) }
    guard !tags.isEmpty else { return [:] }
    var byName: [String: Int] = [:]
    for (index, function) in functions.enumerated() where byName[function.name] == nil { byName[function.name] = index }
    var result: [Int: Int] = [:]
    for (tag, type) in tags {
      guard let program = byName[types.name(type)], functions[program].isEntryPoint else {
        throw ObjectError(.malformedProgram, "tag \(tag)", "this tag belongs on a program")
      }
      let name = String(tag.dropFirst(prefix.count))
      guard let callback = byName[name], functions[callback].isGlobal, !functions[callback].isHidden,
        !functions[callback].isEntryPoint
      else {
        throw ObjectError(
          .malformedProgram, functions[program].label, "its exception callback \(name) is not a global subprogram")
      }
      result[program] = callback
    }
    return result
  }
}
