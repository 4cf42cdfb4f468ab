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

  /// All symbols: of the full table, then of the dynamic one (a stripped file has only that).
  func functions() throws(BPFError) -> [ELFFile.Symbol] {
    do {
      let table = elf.sections.first { $0.type == .dynamicSymbolTable }
      let dynamic = if let table { try elf.symbols(of: table) } else { [ELFFile.Symbol]() }
      return (elf.symbols + dynamic).filter { $0.type == .function || $0.type == Self.indirectFunction }
    } catch {
      throw BPFError(.object, "reading the symbols of \(path)", underlying: error)
    }
  }

  private static let indirectFunction = ELFFile.SymbolType(rawValue: 10)  // STT_GNU_IFUNC

  /// Where in the file the function `name` begins, in bytes.
  func offset(of name: String) throws(BPFError) -> UInt64 {
    // A global definition hides a local one of the same name.
    let matches = try functions().filter { $0.name == name }
    let defined = matches.filter { elf.section(of: $0) != nil }
    guard let symbol = defined.first(where: { $0.binding == .global }) ?? defined.first else {
      throw BPFError(
        .notFound, "looking for \(name) in \(path)",
        detail: matches.isEmpty ? "there is no such function symbol" : "it is not defined in this file",
        hint: "list its symbols with `nm -D \(path)`; a stripped file has only its exported ones")
    }
    return try fileOffset(symbol)
  }

  /// The functions whose names match a pattern of `*` and `?`, with their file offsets, each place once.
  func offsets(matching pattern: String) throws(BPFError) -> [(name: String, offset: UInt64)] {
    var seen: Set<UInt64> = []
    var result: [(name: String, offset: UInt64)] = []
    for symbol in try functions() where Glob.matches(pattern, symbol.name) && elf.section(of: symbol) != nil {
      let offset = try fileOffset(symbol)
      if seen.insert(offset).inserted { result.append((symbol.name, offset)) }
    }
    return result
  }

  private func fileOffset(_ symbol: ELFFile.Symbol) throws(BPFError) -> UInt64 {
    guard let offset = fileOffset(address: symbol.value) else {
      throw BPFError(.object, "looking for \(symbol.name) in \(path)", detail: "its address lies in no section")
    }
    return offset
  }

  /// Where in the file an address of the loaded image is kept.
  func fileOffset(address: UInt64) -> UInt64? {
    for section in elf.sections where section.flags.contains(.allocate) && section.type != .noBits {
      guard address >= section.address, address - section.address < UInt64(section.size) else { continue }
      return address - section.address + UInt64(section.offset)
    }
    return nil
  }
}

/// The machine that this is compiled for.
enum Machine {
  #if arch(x86_64)
    static let triple = "x86_64-linux-gnu"
    static let systemCallPrefix = "__x64_sys_"
  #elseif arch(arm64)
    static let triple = "aarch64-linux-gnu"
    static let systemCallPrefix = "__arm64_sys_"
  #else
    static let triple = "unknown"
    static let systemCallPrefix = "sys_"
  #endif
}

/// Patterns of `*` (any run) and `?` (any one character), as in section names.
enum Glob {
  static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
  }

  /// - Complexity: the product of the lengths, without recursion.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var p = 0
    var t = 0
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        p = last.pattern + 1
        t = last.text + 1
        star = (last.pattern, t)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
