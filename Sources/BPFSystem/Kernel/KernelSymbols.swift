// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A function or variable of the running kernel.
public struct KernelSymbol: Sendable, Hashable {
  /// Zero for callers who may not see addresses (kptr_restrict).
  public var address: UInt64
  /// nm(1)'s letter: `t` and `T` for code.
  public var kind: UInt8
  public var name: String
  /// Empty for the kernel itself.
  public var module: String
}

/// /proc/kallsyms.
public enum KernelSymbols {
  /// Looks names up in one pass. Where a name is there twice, all its symbols are returned.
  public static func find(_ names: Set<String>) throws(Errno) -> [String: [KernelSymbol]] {
    var found: [String: [KernelSymbol]] = [:]
    let wanted = Set(names.map { Array($0.utf8)[...] })
    try forEachLine { line in
      guard let fields = Fields(line), wanted.contains(fields.name) else { return }
      let symbol = fields.symbol
      found[symbol.name, default: []].append(symbol)
    }
    return found
  }

  /// All symbols, in the file's order.
  public static func all(where isIncluded: (KernelSymbol) -> Bool = { _ in true }) throws(Errno) -> [KernelSymbol] {
    var symbols: [KernelSymbol] = []
    try forEachLine { line in
      if let symbol = Fields(line)?.symbol, isIncluded(symbol) { symbols.append(symbol) }
    }
    return symbols
  }

  /// Reads one line: `ffffffff81000000 T _text` or, in a module, `... t name\t[module]`.
  public static func parse(_ line: String) -> KernelSymbol? {
    Fields(Array(line.utf8)[...])?.symbol
  }

  private static func forEachLine(_ body: (ArraySlice<UInt8>) -> Void) throws(Errno) {
    let file = try Descriptor.open("/proc/kallsyms")
    var rest: [UInt8] = []
    try SystemFile.forEachChunk(file) { (chunk) throws(Errno) in
      rest.append(contentsOf: chunk)
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: 10) {
        body(rest[start..<end])
        start = end + 1
      }
      rest.removeSubrange(..<start)
    }
    if !rest.isEmpty { body(rest[...]) }
  }

  /// The parts of a line, unread.
  private struct Fields {
    var address: UInt64
    var kind: UInt8
    var name: ArraySlice<UInt8>
    var module: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
      guard let space = line.firstIndex(of: 32), space + 2 < line.endIndex, line[space + 2] == 32 else { return nil }
      address = 0
      for byte in line[..<space] {
        switch byte {
        case 0x30...0x39: address = address << 4 | UInt64(byte - 0x30)
        case 0x61...0x66: address = address << 4 | UInt64(byte - 0x57)
        default: return nil
        }
      }
      kind = line[space + 1]
      let rest = line[(space + 3)...]
      let tab = rest.firstIndex(of: 9) ?? rest.endIndex
      name = rest[..<tab]
      module = rest[tab...].dropFirst().filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }[...]
      guard !name.isEmpty else { return nil }
    }

    var symbol: KernelSymbol {
      KernelSymbol(
        address: address, kind: kind, name: String(decoding: name, as: UTF8.self),
        module: String(decoding: module, as: UTF8.self))
    }
  }
}
