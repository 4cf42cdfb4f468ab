// SPDX-License-Identifier: Apache-2.0

import BPFELF
import Foundation
import TestObjects
import TestSupport
import Testing

/// Every object of the corpus, as `readelf` lists it.
@Suite(.requires(.command("readelf"))) struct ReadelfTests {
  @Test(arguments: Corpus.all)
  func agrees(_ entry: Corpus.Entry) throws {
    let path = NSTemporaryDirectory() + "merops-readelf-\(UUID().uuidString).o"
    try Data(entry.bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = try Shell.run(["readelf", "-S", "-s", "-r", "-W", path], mergeErrors: false)
    #expect(result.status == 0)
    let listing = Listing(result.output)
    let file = try ELFFile(bytes: entry.bytes)

    #expect(file.sections.dropFirst().map(Listing.row) == listing.sections)
    #expect(file.symbols.dropFirst().map { Listing.row($0, file) } == listing.symbols)
    var relocations: [String] = []
    for table in file.sections where table.type == .relocations {
      let found = try file.relocations(for: file.sections[table.info])
      relocations += found.map(Listing.row)
    }
    #expect(relocations == listing.relocations)
  }
}

/// What `readelf -W` prints, reduced to the facts that both readers have.
private struct Listing {
  var sections: [String] = []
  var symbols: [String] = []
  var relocations: [String] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let section = #/^ +\[ *(\d+)\] (\S+) +\S+ +0{16} ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{2}) .*? (\d+) +(\d+) +\d+$/#
      if let match = line.firstMatch(of: section) {
        let (_, index, name, offset, size, entry, link, info) = match.output
        sections.append(
          "\(index) \(name) \(Int(offset, radix: 16) ?? -1) \(Int(size, radix: 16) ?? -1) "
            + "\(Int(entry, radix: 16) ?? -1) \(link) \(info)")
      }
      let symbol = #/^ *(\d+): ([0-9a-f]{16}) +(\d+) (\S+) +(\S+) +(\S+) +(\S+) ?(\S*)/#
      if let match = line.firstMatch(of: symbol), match.output.1 != "0" {
        let (_, index, value, size, type, binding, visibility, place, name) = match.output
        // Section symbols have no name; readelf shows the section's.
        symbols.append(
          "\(index) \(UInt64(value, radix: 16) ?? 0) \(size) \(type) \(binding) \(visibility) \(place) "
            + (type == "SECTION" ? "" : name))
      }
      let relocation = #/^([0-9a-f]{16}) +([0-9a-f]{16}) /#
      if let match = line.firstMatch(of: relocation) {
        let info = UInt64(match.output.2, radix: 16) ?? 0
        relocations.append("\(Int(match.output.1, radix: 16) ?? -1) \(info >> 32) \(info & 0xffff_ffff)")
      }
    }
  }

  static func row(_ section: ELFFile.Section) -> String {
    "\(section.index) \(section.name) \(section.offset) \(section.size) \(section.entrySize) \(section.link) "
      + "\(section.info)"
  }

  static func row(_ symbol: ELFFile.Symbol, _ file: ELFFile) -> String {
    let types: [UInt8: String] = [0: "NOTYPE", 1: "OBJECT", 2: "FUNC", 3: "SECTION", 4: "FILE"]
    let bindings: [UInt8: String] = [0: "LOCAL", 1: "GLOBAL", 2: "WEAK"]
    let visibilities: [UInt8: String] = [0: "DEFAULT", 1: "INTERNAL", 2: "HIDDEN", 3: "PROTECTED"]
    let place =
      switch symbol.placement {
      case .undefined: "UND"
      case .section(let index): "\(index)"
      case .absolute: "ABS"
      case .common: "COM"
      case .reserved(let number): "RSV[0x\(String(number, radix: 16))]"
      }
    return "\(symbol.index) \(symbol.value) \(symbol.size) \(types[symbol.type.rawValue] ?? "?") "
      + "\(bindings[symbol.binding.rawValue] ?? "?") \(visibilities[symbol.visibility.rawValue] ?? "?") \(place) "
      + symbol.name
  }

  static func row(_ relocation: ELFFile.Relocation) -> String {
    "\(relocation.offset) \(relocation.symbolIndex) \(relocation.type.rawValue)"
  }
}
