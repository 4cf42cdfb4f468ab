// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A function or variable of the running kernel.
package struct KernelSymbol: Sendable, Hashable {
  /// Zero for callers who may not see addresses (kptr_restrict).
  package var address: UInt64
  /// nm(1)'s letter: `t` and `T` for code.
  package var kind: UInt8
  package var name: String
  /// Empty for the kernel itself.
  package var module: String
}

/// /proc/kallsyms.
package enum KernelSymbols {
  /// Looks names up in one pass. Where a name is there twice, all its symbols are returned.
  package static func find(_ names: Set<String>) throws(Errno) -> [String: [KernelSymbol]] {
    var found: [String: [KernelSymbol]] = [:]
    // The C library looks for the names: of two hundred thousand lines only those are parsed that have one.
    try forEachChunk { chunk in
      guard let base = chunk.baseAddress?.assumingMemoryBound(to: CChar.self) else { return true }
      for name in names {
        var start = base
        while let place = strstr(start, " \(name)") {
          let line = Self.line(at: UnsafePointer(place) - base, of: chunk)
          if let symbol = Fields(Array(chunk[line])[...])?.symbol, symbol.name == name {
            found[name, default: []].append(symbol)
          }
          start = base + line.upperBound
        }
      }
      return true
    }
    return found
  }

  /// All symbols, in the file's order.
  package static func all(where isIncluded: (KernelSymbol) -> Bool = { _ in true }) throws(Errno) -> [KernelSymbol] {
    var symbols: [KernelSymbol] = []
    try forEachLine { line in
      if let symbol = Fields(line)?.symbol, isIncluded(symbol) { symbols.append(symbol) }
      return true
    }
    return symbols
  }

  /// The names of what stands at distances from a symbol. Reads no further than it takes.
  ///
  /// - Returns: names by distance; nothing for callers who may not see addresses (kptr_restrict).
  package static func names(at distances: Set<Int64>, from base: String) throws(Errno) -> [Int64: String] {
    let name = Array(base.utf8)
    var found: [Int64: String] = [:]
    var wanted: [UInt64: Int64] = [:]
    /// What was read before the base, whose address decides whether it was wanted.
    var before: [UInt8] = []
    func look(_ line: ArraySlice<UInt8>) {
      guard let address = Fields.address(line), let distance = wanted[address], found[distance] == nil,
        let fields = Fields(line)
      else { return }
      found[distance] = fields.symbol.name
    }
    try forEachLine { line in
      if !wanted.isEmpty {
        look(line)
        return found.count < wanted.count
      }
      before += line
      before.append(10)
      guard line.count > name.count, line.suffix(name.count).elementsEqual(name), let fields = Fields(line),
        fields.name.elementsEqual(name)
      else { return true }
      guard fields.address != 0 else { return false }
      for distance in distances { wanted[fields.address &+ UInt64(bitPattern: distance)] = distance }
      for line in before.split(separator: 10) { look(line) }
      return found.count < wanted.count
    }
    return found
  }

  /// Reads one line: `ffffffff81000000 T _text` or, in a module, `... t name\t[module]`.
  package static func parse(_ line: String) -> KernelSymbol? {
    Fields(Array(line.utf8)[...])?.symbol
  }

  /// Goes through the lines until `body` returns false.
  private static func forEachLine(_ body: (ArraySlice<UInt8>) -> Bool) throws(Errno) {
    try forEachChunk { chunk in
      var start = 0
      while start < chunk.count {
        let line = line(at: start, of: chunk)
        guard body(Array(chunk[line])[...]) else { return false }
        start = line.upperBound + 1
      }
      return true
    }
  }

  /// The line around a byte, without the end of the line.
  private static func line(at offset: Int, of chunk: UnsafeRawBufferPointer) -> Range<Int> {
    var start = offset
    while start > 0, chunk[start - 1] != 10 { start -= 1 }
    guard let base = chunk.baseAddress, let end = memchr(base + offset, 10, chunk.count - offset) else {
      return start..<chunk.count
    }
    return start..<(UnsafeRawPointer(end) - base)
  }

  /// Goes through the file in pieces of whole lines until `body` returns false. A zero byte stands behind each piece.
  private static func forEachChunk(_ body: (UnsafeRawBufferPointer) -> Bool) throws(Errno) {
    let file = try Descriptor.open("/proc/kallsyms")
    let size = 64 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 1, alignment: 16)
    defer { buffer.deallocate() }
    var held = 0
    while true {
      let count = try SystemFile.read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[held..<size]))
      held += count
      var end = held
      while count > 0, end > 0, buffer[end - 1] != 10 { end -= 1 }
      if count > 0, end == 0 { continue }
      // Without the end of its last line, where there is one.
      let chunk = count > 0 ? end - 1 : end
      buffer[chunk] = 0
      guard chunk == 0 || body(UnsafeRawBufferPointer(rebasing: buffer[..<chunk])), count > 0 else { return }
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[end..<held]))
      held -= end
    }
  }

  /// The parts of a line, unread.
  private struct Fields {
    var address: UInt64
    var kind: UInt8
    var name: ArraySlice<UInt8>
    var module: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
      guard let space = line.firstIndex(of: 32), space + 2 < line.endIndex, line[space + 2] == 32,
        let address = Self.address(line)
      else { return nil }
      self.address = address
      kind = line[space + 1]
      let rest = line[(space + 3)...]
      let tab = rest.firstIndex(of: 9) ?? rest.endIndex
      name = rest[..<tab]
      module = rest[tab...].dropFirst().filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }[...]
      guard !name.isEmpty else { return nil }
    }

    /// The number that the line starts with.
    static func address(_ line: ArraySlice<UInt8>) -> UInt64? {
      var address: UInt64 = 0
      for byte in line {
        switch byte {
        case 0x30...0x39: address = address << 4 | UInt64(byte - 0x30)
        case 0x61...0x66: address = address << 4 | UInt64(byte - 0x57)
        case 32: return address
        default: return nil
        }
      }
      return nil
    }

    var symbol: KernelSymbol {
      KernelSymbol(
        address: address, kind: kind, name: String(decoding: name, as: UTF8.self),
        module: String(decoding: module, as: UTF8.self))
    }
  }
}
