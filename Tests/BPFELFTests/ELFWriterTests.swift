// SPDX-License-Identifier: Apache-2.0

import BPFELF
import Testing

@Suite struct ELFWriterTests {
  /// An object with one of everything.
  static func sample() -> [UInt8] {
    var writer = ELFWriter()
    let code = writer.addSection(
      "xdp", flags: [.allocate, .executable], alignment: 8, contents: (0..<32).map { UInt8($0) })
    let data = writer.addSection(".bss", type: .noBits, flags: [.allocate, .write], alignment: 8, reservedSize: 4096)
    let global = writer.addSymbol("drop", type: .function, placement: .section(code), value: 8, size: 24)
    let local = writer.addSymbol("", type: .section, binding: .local, placement: .section(data))
    let weak = writer.addSymbol(
      "bpf_later", type: .none, binding: .weak, visibility: .hidden, placement: .undefined)
    writer.addSymbol("constant", type: .object, placement: .absolute, value: 42)
    writer.addRelocation(section: code, offset: 0, symbol: local, type: .bpf64)
    writer.addRelocation(section: code, offset: 16, symbol: weak, type: .bpf32)
    writer.addRelocation(section: code, offset: 24, symbol: global, type: .bpf32)
    return writer.encode()
  }

  @Test func roundTrip() throws {
    let file = try ELFFile(bytes: Self.sample())
    #expect(file.machine == .bpf)
    #expect(file.fileType == .relocatable)
    #expect(!file.isBigEndian)
    #expect(file.sections.map(\.name) == ["", "xdp", ".bss", ".symtab", ".strtab", ".relxdp", ".shstrtab"])
    let code = try #require(file.section(named: "xdp"))
    #expect(Array(file.bytes(of: code)) == (0..<32).map { UInt8($0) })
    let bss = try #require(file.section(named: ".bss"))
    #expect(bss.size == 4096)
    #expect(file.bytes(of: bss).isEmpty)
    #expect(file.symbols.map(\.name) == ["", "", "drop", "bpf_later", "constant"])
    #expect(file.symbols[1].type == .section)
    #expect(file.symbols[1].placement == .section(bss.index))
    #expect(file.symbols[2].value == 8)
    #expect(file.symbols[2].size == 24)
    #expect(file.section(of: file.symbols[2]) == code)
    #expect(file.symbols[3].placement == .undefined)
    #expect(file.symbols[3].binding == .weak)
    #expect(file.symbols[3].visibility == .hidden)
    #expect(file.symbols[4].placement == .absolute)
    let table = try #require(file.section(named: ".symtab"))
    #expect(table.info == 2)  // first global symbol
    let relocations = try file.relocations(for: code)
    #expect(relocations.map(\.offset) == [0, 16, 24])
    #expect(relocations.map(\.symbolIndex) == [1, 3, 2])
    #expect(relocations.map(\.type) == [.bpf64, .bpf32, .bpf32])
    #expect(relocations.allSatisfy { $0.addend == nil })
    #expect(try file.relocations(for: bss).isEmpty)
  }

  /// More sections than 16 bits can number: counts move into the null section, indexes into `SHT_SYMTAB_SHNDX`.
  @Test func extendedSectionNumbers() throws {
    var writer = ELFWriter()
    for index in 1...70_000 { writer.addSection("s", contents: [UInt8(truncatingIfNeeded: index)]) }
    writer.addSymbol("low", type: .object, placement: .section(7))
    writer.addSymbol("high", type: .object, placement: .section(69_999))
    let file = try ELFFile(bytes: writer.encode())
    #expect(file.sections.count == 70_005)
    #expect(file.symbols.map(\.placement) == [.undefined, .section(7), .section(69_999)])
    #expect(Array(file.bytes(of: file.sections[69_999])) == [UInt8(truncatingIfNeeded: 69_999)])
  }

  @Test func emptyObject() throws {
    let file = try ELFFile(bytes: ELFWriter().encode())
    #expect(file.symbols.count == 1)
    #expect(file.sections.map(\.name) == ["", ".symtab", ".strtab", ".shstrtab"])
  }
}
