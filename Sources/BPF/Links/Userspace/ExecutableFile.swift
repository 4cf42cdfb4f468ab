// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFSystem
import SystemPackage

/// An executable or shared library, read for the places in it that a probe can attach to.
struct ExecutableFile {
  let path: String
  let elf: ELFFile

  /// Opens a path, or finds a bare name where the dynamic linker ("libc.so.6") or the shell ("bash") would.
  init(_ name: String) throws(BPFError) {
    let path = try Self.find(name)
    do {
      elf = try ELFFile(bytes: try SystemFile.read(path, ifStartingWith: [ELFFile.magic]))
    } catch let error as ELFError {
      throw BPFError(.object, "reading \(path)", underlying: error)
    } catch {
      throw BPFError("reading \(path)", errno: (error as? Errno) ?? .ioError)
    }
    self.path = path
  }

  private static func find(_ name: String) throws(BPFError) -> String {
    guard !name.contains("/") else { return name }
    let isLibrary = name.hasSuffix(".so") || name.contains(".so.")
    let folders =
      isLibrary
      ? Self.folders(in: "LD_LIBRARY_PATH")
        + ["/lib/\(Machine.triple)", "/usr/lib/\(Machine.triple)", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
      : Self.folders(in: "PATH") + ["/usr/bin", "/usr/sbin"]
    for folder in folders where SystemFile.exists("\(folder)/\(name)") { return "\(folder)/\(name)" }
    throw BPFError(
      .notFound, "looking for \(name)", hint: "give a full path; searched \(folders.joined(separator: ", "))")
  }

  private static func folders(in variable: String) -> [String] {
    CurrentProcess.environment(variable)?.split(separator: ":").map(String.init) ?? []
  }

  /// Where in the file an address of the loaded image is kept.
  func fileOffset(address: UInt64) -> UInt64? {
    for section in elf.sections where section.flags.contains(.allocate) && section.type != .noBits {
      guard address >= section.address, address - section.address < UInt64(section.size) else { continue }
      return address - section.address + UInt64(section.offset)
    }
    return nil
  }

  /// Refuses an offset that is not one of code: the kernel would refuse it without a word, or never run the program.
  func check(codeOffset offset: UInt64) throws(BPFError) {
    let code = elf.sections.filter { $0.flags.contains(.executable) && $0.type != .noBits }
    // A file without section headers cannot be checked.
    guard !code.isEmpty, !code.contains(where: { Self.holds(offset, from: UInt64($0.offset), $0.size) }) else { return }
    let text = "0x\(String(offset, radix: 16))"
    if let section = code.first(where: { Self.holds(offset, from: $0.address, $0.size) }) {
      let right = "0x\(String(offset - section.address + UInt64(section.offset), radix: 16))"
      throw BPFError(
        .invalid, "looking for code at offset \(text) of \(path)",
        detail: "\(text) is an address of the loaded image; its offset in the file is \(right)",
        hint: "give the offset: \(path):\(right)")
    }
    throw BPFError(
      .invalid, "looking for code at offset \(text) of \(path)",
      detail: offset < UInt64(elf.bytes.count)
        ? "there is no code at this offset" : "the file ends at 0x\(String(elf.bytes.count, radix: 16))",
      hint: "see the offsets of its sections with `readelf -S \(path)`")
  }

  private static func holds(_ place: UInt64, from start: UInt64, _ size: Int) -> Bool {
    place >= start && place - start < UInt64(size)
  }
}

// Functions by name.
extension ExecutableFile {
  /// Where in the file the function `name` begins, in bytes, or the byte `plus` of it.
  ///
  /// `name@VERSION` is one version of it, a name alone the default one. Two functions of one name are refused as
  /// ambiguous, but for a weak one beside a global one, which the linker would have passed over.
  func offset(of name: String, plus: UInt64 = 0) throws(BPFError) -> UInt64 {
    let context = "looking for \(name) in \(path)"
    let (plain, version) = FunctionSymbol.split(name)
    let named = try functions().filter { $0.name == plain }
    let chosen = named.filter { version == nil ? $0.isDefault : $0.version == version }
    guard !chosen.isEmpty else { throw missing(name, version, named, context) }
    guard !chosen.contains(where: \.isIndirect) else {
      throw BPFError(
        .unsupported, context,
        detail:
          "\(plain) is an indirect function (IFUNC), one of whose implementations is chosen when a program starts",
        hint: "attach to the implementations: list them with `nm \(path) | grep \(plain)`, which needs debug symbols")
    }
    let isGlobal = chosen.contains { $0.binding != .weak && $0.binding != .local }
    let candidates = isGlobal ? chosen.filter { $0.binding != .weak } : chosen
    guard let function = candidates.first, candidates.allSatisfy({ $0.offset == function.offset }) else {
      throw ambiguous(candidates, context)
    }
    guard plus == 0 || function.size == 0 || plus < function.size else {
      throw BPFError(
        .invalid, context, detail: "offset \(plus) is beyond the function's end: \(plain) has \(function.size) bytes")
    }
    return function.offset &+ plus
  }

  /// The file offsets of the functions whose names match a pattern of `*` and `?`, each place once.
  func offsets(matching pattern: String) throws(BPFError) -> [UInt64] {
    var seen: Set<UInt64> = []
    let matching = try functions().filter { Glob.matches(pattern, $0.name) }
    let offsets = matching.filter { !$0.isIndirect }.map(\.offset).filter { seen.insert($0).inserted }
    guard !offsets.isEmpty else {
      throw BPFError(
        .notFound, "looking for \(pattern) in \(path)",
        detail: matching.isEmpty ? "no function matches" : "only indirect functions (IFUNC) match",
        hint: "list its symbols with `nm -D \(path)`; a stripped file has only its exported ones")
    }
    return offsets
  }

  private func missing(
    _ name: String, _ version: String?, _ named: [FunctionSymbol], _ context: String
  ) -> BPFError {
    let versions = Set(named.compactMap(\.version)).sorted().map { "\(FunctionSymbol.split(name).name)@\($0)" }
    if !versions.isEmpty {
      return BPFError(
        .notFound, context,
        detail: version == nil ? "it does not have a default version" : "it does not have this version",
        hint: "name one of \(versions.joined(separator: ", "))")
    }
    let isImported = (try? symbols().contains { $0.symbol.name == name && elf.section(of: $0.symbol) == nil }) ?? false
    return BPFError(
      .notFound, context, detail: isImported ? "it is not defined in this file" : "there is no such function symbol",
      hint: isImported
        ? "attach to the library that defines it: `ldd \(path)` lists them"
        : "list its symbols with `nm -D \(path)`; a stripped file has only its exported ones")
  }

  private func ambiguous(_ candidates: [FunctionSymbol], _ context: String) -> BPFError {
    var places: [UInt64: String] = [:]
    for function in candidates {
      let binding = function.binding == .local ? "static" : function.binding == .weak ? "weak" : "global"
      places[function.offset] = "0x\(String(function.offset, radix: 16)) (\(binding))"
    }
    let listed = places.sorted { $0.key < $1.key }.map(\.value)
    return BPFError(
      .invalid, context,
      detail: "it has \(listed.count) functions of this name, at offsets \(listed.prefix(8).joined(separator: ", "))",
      hint: "name the offset instead of the function: \(path):OFFSET")
  }

  /// The functions that the file defines: of the full table, then of the dynamic one (a stripped file has only that).
  private func functions() throws(BPFError) -> [FunctionSymbol] {
    var result: [FunctionSymbol] = []
    for (symbol, version) in try symbols() {
      guard symbol.type == .function || symbol.type == FunctionSymbol.indirect, elf.section(of: symbol) != nil else {
        continue
      }
      guard let offset = fileOffset(address: symbol.value) else {
        throw BPFError(.object, "looking for \(symbol.name) in \(path)", detail: "its address is not in a section")
      }
      result.append(FunctionSymbol(symbol, version, offset: offset))
    }
    return result
  }

  /// All symbols, with the version that `.gnu.version` has for those of the dynamic table. Some linkers leave it out of the
  /// names in the full table: the symbol of the same name and address has it.
  private func symbols() throws(BPFError) -> [(symbol: ELFFile.Symbol, version: SymbolVersions.Version?)] {
    do {
      guard let table = elf.sections.first(where: { $0.type == .dynamicSymbolTable }) else {
        return elf.symbols.map { ($0, nil) }
      }
      struct Key: Hashable { var name: String, value: UInt64 }
      let versions = SymbolVersions(elf, of: table)
      let dynamic = try elf.symbols(of: table)
      var known: [Key: SymbolVersions.Version] = [:]
      for symbol in dynamic { known[Key(name: symbol.name, value: symbol.value)] = versions[symbol.index] }
      return elf.symbols.map { ($0, known[Key(name: $0.name, value: $0.value)]) }
        + dynamic.map { ($0, versions[$0.index]) }
    } catch {
      throw BPFError(.object, "reading the symbols of \(path)", underlying: error)
    }
  }
}

/// A function as a symbol table names it.
private struct FunctionSymbol {
  static let indirect = ELFFile.SymbolType(rawValue: 10)  // STT_GNU_IFUNC

  /// Without a version.
  var name: String
  var version: String?
  /// Whether programs that are linked now, and callers that name no version, get this one.
  var isDefault: Bool
  var binding: ELFFile.SymbolBinding
  var isIndirect: Bool
  var offset: UInt64
  /// In bytes; zero if it is not known.
  var size: UInt64

  init(_ symbol: ELFFile.Symbol, _ version: SymbolVersions.Version?, offset: UInt64) {
    // The full table has the version in the name.
    let (name, written) = Self.split(symbol.name)
    self.name = name
    self.version = version?.name ?? written
    isDefault = version.map { !$0.isHidden } ?? (written == nil || symbol.name.contains("@@"))
    binding = symbol.binding
    isIndirect = symbol.type == Self.indirect
    self.offset = offset
    size = symbol.size
  }

  /// `open@@GLIBC_2.2.5` is `open` and `GLIBC_2.2.5`.
  static func split(_ text: String) -> (name: String, version: String?) {
    guard let at = text.firstIndex(of: "@"), at != text.startIndex else { return (text, nil) }
    let version = text[at...].drop { $0 == "@" }
    return version.isEmpty ? (text, nil) : (String(text[..<at]), String(version))
  }
}

/// The versions of a dynamic symbol table's symbols: `.gnu.version` and `.gnu.version_d`.
///
/// Source: "ELF Symbol Versioning", Ulrich Drepper; Linux Standard Base, "Symbol Versioning".
private struct SymbolVersions {
  struct Version {
    /// nil for symbols without one.
    var name: String?
    /// An old version, which only programs that were linked against it get.
    var isHidden: Bool
  }

  private let indexes: ArraySlice<UInt8>
  private var names: [UInt16: String] = [:]
  private let isBigEndian: Bool

  init(_ elf: ELFFile, of table: ELFFile.Section) {
    isBigEndian = elf.isBigEndian
    indexes =
      elf.sections.first { $0.type.rawValue == 0x6fff_ffff && $0.link == table.index }.map { elf.bytes(of: $0) } ?? []
    guard let definitions = elf.sections.first(where: { $0.type.rawValue == 0x6fff_fffd }),
      elf.sections.indices.contains(definitions.link)
    else { return }
    let bytes = elf.bytes(of: definitions)
    let strings = elf.bytes(of: elf.sections[definitions.link])
    // struct Elf64_Verdef: version, flags, index, count (16 bits each), hash, offset of names, offset of the next.
    var start = 0
    for _ in 0..<bytes.count / 20 {
      guard let index = half(bytes, start + 4), let names = word(bytes, start + 12), let next = word(bytes, start + 16)
      else { return }
      if let name = word(bytes, start + names), name < strings.count {
        self.names[index & 0x7fff] = String(
          decoding: strings.dropFirst(name).prefix { $0 != 0 }, as: UTF8.self)
      }
      guard next > 0 else { return }
      start += next
    }
  }

  subscript(symbol: Int) -> Version? {
    guard let index = half(indexes, symbol * 2) else { return nil }
    // 0 and 1 are local and global ones without a version.
    return Version(name: index & 0x7fff < 2 ? nil : names[index & 0x7fff], isHidden: index & 0x8000 != 0)
  }

  private func half(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt16? {
    integer(bytes, offset, 2).map { UInt16(truncatingIfNeeded: $0) }
  }

  private func word(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> Int? { integer(bytes, offset, 4) }

  private func integer(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ size: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - size else { return nil }
    let part = bytes.dropFirst(offset).prefix(size)
    return (isBigEndian ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }
}
