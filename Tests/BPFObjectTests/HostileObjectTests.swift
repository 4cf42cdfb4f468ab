// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import TestObjects
import TestSupport
import Testing

/// Files that lie: each must give a value or an error, and come to an end.
@Suite struct HostileObjectTests {
  /// Objects that between them have every kind of map, extern, relocation and section.
  static let names = [
    "tail_calls", "map_in_map", "map_attributes", "globals", "externs_kconfig", "externs_ksym_typed", "kfuncs",
    "struct_ops_link", "subprograms", "callbacks", "legacy_maps", "arena", "core_fields",
  ]

  static func read(_ bytes: [UInt8]) {
    guard let object = try? ObjectSpec(bytes: bytes, name: "hostile") else { return }
    for program in object.programs { _ = try? program.linked() }
    for map in object.maps { _ = map.inner?.name }
  }

  @Test func everyTruncation() throws {
    let bytes = try #require(Corpus["tail_calls"])
    for length in 0..<bytes.count {
      #expect(throws: ObjectError.self, "\(length) bytes") { try ObjectSpec(bytes: Array(bytes[..<length])) }
    }
  }

  @Test(arguments: names)
  func randomBytes(_ name: String) throws {
    let original = try #require(Corpus[name])
    var random = SeededRandom(seed: 0x6f62_6a65_6374)
    for _ in 0..<400 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      Self.read(bytes)
    }
  }

  /// Most of a file is debugging information; aim at what is read.
  @Test(arguments: names)
  func randomBytesWhereItMatters(_ name: String) throws {
    let original = try #require(Corpus[name])
    let file = try ELFFile(bytes: original)
    let wanted: Set = [
      ".BTF", ".BTF.ext", ".maps", "maps", ".symtab", ".strtab", ".rodata", ".data", ".struct_ops.link",
    ]
    let ranges = file.sections.filter { wanted.contains($0.name) || $0.name.hasPrefix(".rel") || $0.index > 0 }
      .filter { !$0.name.contains(".debug") }.map { file.range(of: $0) }.filter { !$0.isEmpty }
    var random = SeededRandom(seed: 0x6d61_7474_6572)
    for _ in 0..<600 {
      var bytes = original
      let range = try #require(ranges.randomElement(using: &random))
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: range, using: &random)
        let interesting: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, bytes[place] &+ 1, bytes[place] &- 1, bytes[place] ^ 0x40]
        bytes[place] = interesting.randomElement(using: &random) ?? 0
      }
      Self.read(bytes)
    }
  }

  /// Every byte of the section headers and symbols of one object, with a few values each.
  @Test func everyByteOfTheTables() throws {
    let original = try #require(Corpus["tail_calls"])
    let file = try ELFFile(bytes: original)
    let symbols = try #require(file.section(named: ".symtab"))
    let tables = [(original.count - file.sections.count * 64)..<original.count, file.range(of: symbols), 0..<64]
    for place in tables.joined() {
      for value: UInt8 in [0, 0x80, 0xff, original[place] &+ 1] {
        var bytes = original
        bytes[place] = value
        Self.read(bytes)
      }
    }
  }
}
