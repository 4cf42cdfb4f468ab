// SPDX-License-Identifier: Apache-2.0
import BTF
import Testing

/// What is written is read back, and other programs read it too.
@Suite struct BuilderTests {
  @Test func everyKind() throws {
    let types = try BTFTypes(bytes: Sample.bytes())
    #expect(try types.decoded() == Sample.types)
    #expect(Set(types.ids.compactMap(types.kind)) == Set(BTFKind.allCases))
    #expect(types.firstID == 1)
    #expect(types.endID.rawValue == UInt32(Sample.types.count) + 1)
  }

  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"))
  func bpftoolReadsEveryKind() throws {
    let bytes = try Sample.bytes()
    let types = try BTFTypes(bytes: bytes)
    let bpftool = try #require(Tool.bpftool)
    let text = try Tool.withFile(bytes) { try Tool.run(bpftool, ["btf", "dump", "file", $0, "format", "raw"]) }
    #expect(String(decoding: text, as: UTF8.self) == (try RawText(types: types).all()))
  }

  @Test func bigEndian() throws {
    // BTF is a header of 4 single bytes and words, and then words up to the strings.
    var bytes = try Sample.bytes()
    let wordsEnd = 24 + Int(bytes[word: 12])
    bytes.swapAt(0, 1)
    for offset in stride(from: 4, to: wordsEnd, by: 4) { bytes[offset..<offset + 4].reverse() }
    let types = try BTFTypes(bytes: bytes)
    #expect(types.isBigEndian)
    #expect(try types.decoded() == Sample.types)
    #expect(types.id(named: "node", kind: .structure) == 6)
    // A copy is written in the order that the machines of today have.
    #expect(BTFBuilder(copying: types).encode() == (try Sample.bytes()))
  }

  @Test func copyKeepsEveryByte() throws {
    let bytes = try Sample.bytes()
    #expect(BTFBuilder(copying: try BTFTypes(bytes: bytes)).encode() == bytes)
  }

  @Test(.enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    let kernel = try #require(Input.kernel)
    // As a copy, byte for byte.
    let copy = BTFBuilder(copying: kernel).encode()
    #expect(copy == Input.kernelBytes)
    // Type by type, with a new string section.
    var builder = BTFBuilder()
    for id in kernel.ids { #expect(try builder.add(kernel.type(id)) == id) }
    let again = try BTFTypes(bytes: builder.encode())
    #expect(again.ids == kernel.ids)
    for id in kernel.ids where try again.type(id) != kernel.type(id) {
      Issue.record("type \(id) is \(try again.type(id)), was \(try kernel.type(id))")
    }
  }

  @Test func stringsAreHeldOnce() throws {
    var builder = BTFBuilder()
    let int = try builder.add(.int(BTFInteger(name: "twice", size: 4)))
    _ = try builder.add(.typedef(name: "twice", type: int))
    let offset = try builder.string("twice")
    #expect(offset == 1)
    #expect(try builder.string("") == 0)
    let bytes = builder.encode()
    #expect(bytes.count == 24 + 16 + 12 + 7)
    #expect(try BTFTypes(bytes: bytes).string(at: offset) == "twice")
  }

  @Test func replacedTypeMayHaveAnotherLength() throws {
    var builder = try Sample.builder()
    var expected = Sample.types
    expected[5] = .forward(name: "node", isUnion: false)
    expected[0] = .structure(BTFComposite(name: "int", size: 4, members: [.init(name: "x", type: 2, bitOffset: 0)]))
    try builder.replace(6, with: expected[5])
    try builder.replace(1, with: expected[0])
    #expect(try BTFTypes(bytes: builder.encode()).decoded() == expected)
    #expect(throws: BTFError.self) { try builder.replace(builder.endID, with: .pointer(0)) }
    #expect(throws: BTFError.self) { try builder.replace(0, with: .pointer(0)) }
  }

  static let impossible: [BTFType] = [
    .void,
    .int(BTFInteger(name: "i", size: -1)),
    .int(BTFInteger(name: "i", size: 64)),
    .int(BTFInteger(name: "zero\0byte", size: 4)),
    .array(BTFArray(element: 1, index: 1, count: 1 << 32)),
    .structure(
      BTFComposite(
        name: "s", size: 1 << 22,
        members: [.init(name: "a", type: 1, bitOffset: 1 << 24), .init(name: "b", type: 1, bitOffset: 0, bitSize: 1)])),
    .structure(BTFComposite(name: "s", size: 4, members: [.init(name: "a", type: 1, bitOffset: 0, bitSize: 256)])),
    .enumeration(BTFEnumeration(name: "e", size: 4, isSigned: true, values: [.init(name: "v", signed: 1 << 31)])),
    .enumeration(BTFEnumeration(name: "e", size: 4, values: [.init(name: "v", signed: -1)])),
    .function(BTFFunction(name: "f", type: 1, linkage: BTFLinkage(rawValue: 1 << 24))),
  ]

  @Test(arguments: impossible) func impossibleValue(_ type: BTFType) throws {
    var builder = BTFBuilder()
    #expect(throws: BTFError.self) { try builder.add(type) }
    #expect(builder.endID == 1)
  }
}
