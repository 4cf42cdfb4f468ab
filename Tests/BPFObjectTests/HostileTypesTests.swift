// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import BTF
import Testing

/// Types that are small in the file and large in memory.
@Suite struct HostileTypesTests {
  /// A `.maps` section with one map, whose definition has many members that share one long name.
  private func object(members: Int, nameLength: Int) -> [UInt8] {
    var strings: [UInt8] = [0]
    func add(_ string: String) -> UInt32 {
      defer { strings += Array(string.utf8) + [0] }
      return UInt32(strings.count)
    }
    let (maps, map, long) = (add(".maps"), add("m"), add(String(repeating: "n", count: nameLength)))
    var types: [UInt32] = []
    types += [0, 4 << 24 | 1 << 31 | UInt32(members), 8]  // 1: the definition
    for index in 0..<members { types += [long + UInt32(index % 64), 0, 0] }
    types += [map, 14 << 24, 1, 1]  // 2: struct { ... } m
    types += [maps, 15 << 24 | 1, 8, 2, 0, 8]  // 3: .maps
    var writer = ELFWriter()
    let section = writer.addSection(".maps", flags: [.allocate, .write], contents: Array(repeating: 0, count: 8))
    writer.addSection(".BTF", contents: blob(types, strings))
    writer.addSymbol("m", type: .object, placement: .section(section), size: 8)
    return writer.encode()
  }

  /// 20,000 names of 200,000 bytes would be four gigabytes.
  @Test func overlappingMemberNames() throws {
    let error = try #require(throws: ObjectError.self) {
      try ObjectSpec(bytes: object(members: 20_000, nameLength: 200_000))
    }
    #expect(error.code == .malformedTypes)
    #expect(error.description.contains("names overlap"), "\(error)")
  }

  /// A data section that lists one variable, with a name of 100,000 bytes, 50,000 times.
  @Test func repeatedVariable() throws {
    var strings: [UInt8] = [0] + Array(".bss".utf8) + [0]
    let long = UInt32(strings.count)
    strings += Array(repeating: UInt8(ascii: "n"), count: 100_000) + [0]
    let count: UInt32 = 50_000
    var types: [UInt32] = [long, 1 << 24, 1, 8]  // 1: an integer of one byte
    types += [long, 14 << 24, 1, 0]  // 2: static variable
    types += [1, 15 << 24 | count, 1 << 20]  // 3: .bss
    for index in 0..<count { types += [2, index, 1] }
    var writer = ELFWriter()
    writer.addSection(".bss", type: .noBits, flags: [.allocate, .write], reservedSize: 1 << 20)
    writer.addSection(".BTF", contents: blob(types, strings))
    let error = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: writer.encode()) }
    #expect(error.description.contains("names overlap"), "\(error)")
  }

  private func blob(_ types: [UInt32], _ strings: [UInt8]) -> [UInt8] {
    var blob: [UInt8] = [0x9f, 0xeb, 1, 0]
    let words = [24, 0, UInt32(types.count * 4), UInt32(types.count * 4), UInt32(strings.count)] + types
    for word in words { blob += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    return blob + strings
  }

  @Test func manyMembers() throws {
    let error = try #require(throws: ObjectError.self) { try ObjectSpec(bytes: object(members: 65, nameLength: 80)) }
    #expect(error.description == "map m: its definition has 65 members")
  }
}
