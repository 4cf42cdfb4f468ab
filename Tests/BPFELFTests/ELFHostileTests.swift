// SPDX-License-Identifier: Apache-2.0

import BPFELF
import TestSupport
import Testing

@Suite struct ELFHostileTests {
  /// Reads all that a file offers; what the answers are does not matter, that they come does.
  ///
  /// - Returns: 1 for a file, 0 for bytes that are rejected.
  private func readAll(_ bytes: [UInt8]) -> Int {
    guard let file = try? ELFFile(bytes: bytes) else { return 0 }
    for section in file.sections {
      _ = file.bytes(of: section).reduce(0, &+)
      _ = try? file.relocations(for: section)
      _ = try? file.symbols(of: section)
    }
    for symbol in file.symbols { _ = file.section(of: symbol)?.name }
    return 1
  }

  @Test func everyTruncation() {
    let sample = ELFWriterTests.sample()
    for length in 0..<sample.count {
      #expect(throws: ELFError.self, "\(length) bytes") { try ELFFile(bytes: Array(sample[..<length])) }
    }
  }

  @Test func everySingleByteCorruption() {
    let sample = ELFWriterTests.sample()
    var (tried, read) = (0, 0)
    for place in sample.indices {
      for value: UInt8 in [0x00, 0x01, 0x7f, 0x80, 0xff, sample[place] &+ 1, sample[place] &- 1, sample[place] ^ 0x10] {
        var bytes = sample
        bytes[place] = value
        tried += 1
        read += readAll(bytes)
      }
    }
    #expect(read > tried / 4 && read < tried, "\(read) of \(tried) are files")
  }

  @Test func randomCorruption() {
    var random = SeededRandom(seed: 0x6d65_726f_7073)
    let sample = ELFWriterTests.sample()
    var read = 0
    for _ in 0..<20_000 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      read += readAll(bytes)
    }
    #expect(read > 1000 && read < 20_000, "\(read) of 20,000 are files")
  }

  /// One wrong field each, and the words that the error must contain.
  @Test(arguments: [
    Patch(at: 0, bytes: [0x7e], "not an ELF file"),
    Patch(at: 4, bytes: [1], "not a 64-bit"),
    Patch(at: 5, bytes: [3], "byte order"),
    Patch(at: 6, bytes: [9], "version"),
    Patch(at: 40, bytes: Array(repeating: 0xff, count: 8), "out of any file's range"),
    Patch(at: 40, bytes: [0xff, 0xff, 0xff, 0, 0, 0, 0, 0], "outside the file"),
    Patch(at: 58, bytes: [0, 0], "0 bytes instead of 64"),
    Patch(at: 60, bytes: [0xff, 0x7f], "outside the file"),
    Patch(at: 62, bytes: [0xf0, 0x00], "section names are in section 240"),
    Patch(at: 62, bytes: [0x01, 0x00], "not a string table"),
    Patch(section: 1, at: 0, bytes: [0xff, 0xff, 0, 0], "outside its string table"),
    Patch(section: 1, at: 24, bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "outside the file"),
    Patch(section: 1, at: 32, bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "outside the file"),
    Patch(section: 3, at: 40, bytes: [99, 0, 0, 0], "not a string table"),
    Patch(section: 3, at: 40, bytes: [1, 0, 0, 0], "not a string table"),
    Patch(section: 3, at: 56, bytes: [0], "0 bytes instead of 24"),
    Patch(section: 3, at: 32, bytes: [25], "within an entry"),
    Patch(section: 4, at: 32, bytes: [4], "not terminated"),
    Patch(section: 5, at: 56, bytes: [0], "0 bytes instead of 16"),
    Patch(section: 5, at: 32, bytes: [17], "within an entry"),
    Patch(section: 5, at: 40, bytes: [4], "no symbol table"),
    Patch(contents: 5, at: 0, bytes: [32], "outside section xdp"),
    Patch(contents: 5, at: 7, bytes: [0xff], "outside section xdp"),
    Patch(contents: 5, at: 12, bytes: [5], "symbol 5 of 5"),
    Patch(contents: 3, at: 24 + 6, bytes: [200, 0], "in section 200"),
    Patch(contents: 3, at: 24 + 6, bytes: [0xff, 0xff], "extended section index"),
    Patch(contents: 3, at: 48, bytes: [0xff], "outside its string table"),
  ])
  func oneWrongField(_ patch: Patch) throws {
    let error = try #require(throws: ELFError.self) {
      let file = try ELFFile(bytes: patch.applied(to: ELFWriterTests.sample()))
      for section in file.sections { _ = try file.relocations(for: section) }
    }
    #expect(error.message.contains(patch.expected), "\(error)")
  }

  /// A section that takes no file space may be as large as it says: nothing is set aside for its symbols.
  @Test func symbolsOfNoSymbolTable() throws {
    let vast: [UInt8] = [8, 0, 0, 0] + Array(repeating: 0, count: 24) + [0, 0, 0, 0, 0, 0xc0, 0, 0]
    let file = try ELFFile(bytes: try Patch(section: 3, at: 4, bytes: vast, "").applied(to: ELFWriterTests.sample()))
    let section = file.sections[3]
    #expect(section.size == 0xc000_0000_0000 && section.entrySize == 24)
    #expect(file.symbols.isEmpty)
    let error = try #require(throws: ELFError.self) { try file.symbols(of: section) }
    #expect(error.message == "section .symtab is not a symbol table")
  }

  /// Many symbols whose names are one long string's suffixes must not take memory by the square of the file's size.
  @Test func overlappingNames() throws {
    var writer = ELFWriter()
    for _ in 0..<5000 { writer.addSymbol("x", type: .object, placement: .absolute) }
    writer.addSymbol(String(repeating: "y", count: 200_000), type: .object, placement: .absolute)
    var bytes = writer.encode()
    let table = try #require(try ELFFile(bytes: bytes).section(named: ".symtab"))
    for index in 1...5000 { bytes[table.offset + index * 24] = 3 }
    let error = try #require(throws: ELFError.self) { try ELFFile(bytes: bytes) }
    #expect(error.message.contains("overlap"))
  }
}

/// Bytes to put somewhere in ``ELFWriterTests/sample()``, and what the reader must then complain of.
struct Patch: Sendable, CustomTestStringConvertible {
  enum Place {
    case header
    case sectionEntry(Int)
    case contents(Int)
  }
  var place: Place
  var offset: Int
  var bytes: [UInt8]
  var expected: String

  init(at offset: Int, bytes: [UInt8], _ expected: String) {
    (place, self.offset, self.bytes, self.expected) = (.header, offset, bytes, expected)
  }
  init(section: Int, at offset: Int, bytes: [UInt8], _ expected: String) {
    (place, self.offset, self.bytes, self.expected) = (.sectionEntry(section), offset, bytes, expected)
  }
  init(contents section: Int, at offset: Int, bytes: [UInt8], _ expected: String) {
    (place, self.offset, self.bytes, self.expected) = (.contents(section), offset, bytes, expected)
  }

  var testDescription: String { "\(place)+\(offset): \(expected)" }

  func applied(to sample: [UInt8]) throws -> [UInt8] {
    var result = sample
    var start = offset
    switch place {
    case .header: break
    case .sectionEntry(let index):
      start += Int(sample[40]) | Int(sample[41]) << 8
      start += index * 64
    case .contents(let index): start += try ELFFile(bytes: sample).sections[index].offset
    }
    result.replaceSubrange(start..<(start + bytes.count), with: bytes)
    return result
  }
}
