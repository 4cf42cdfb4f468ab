// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import TestSupport
import Testing

/// The plan of a type writes what the codec gives.
@Suite struct RecordJSONTests {
  private func check(_ codec: BTFCodec, _ bytes: [UInt8], _ buffer: inout JSONBuffer) throws {
    buffer.removeAll()
    let plan = RecordJSON(codec)
    try bytes.withUnsafeBytes { try plan.write($0, to: &buffer) }
    let expected = try codec.decode(bytes).json
    #expect(buffer.text == expected)
  }

  @Test("The kernel's structures", .enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    let types = try #require(Input.kernel)
    var random = SeededRandom(seed: 8)
    var buffer = JSONBuffer(capacity: 0)
    var checked = 0
    for id in types.ids where types.kind(id)?.isComposite ?? false {
      guard let composite = try types.type(id).composite, !composite.name.isEmpty, composite.size <= 512 else {
        continue
      }
      let codec = try BTFCodec(types, id, showsPadding: true)
      // Zeros, which texts end with, are as likely as anything else.
      let bytes = (0..<codec.size).map { _ in
        Bool.random(using: &random) ? 0 : UInt8.random(in: 0...127, using: &random)
      }
      try check(codec, bytes, &buffer)
      checked += 1
    }
    #expect(checked > 2000)
  }

  @Test("Each kind of member", .enabled(if: !Clang.isMissing, "no clang"), arguments: 0..<64)
  func members(seed: UInt64) throws {
    let types = try #require(BTFCodecTests.types)
    var random = SeededRandom(seed: seed)
    var buffer = JSONBuffer()
    for (name, extra) in [
      ("all", 0), ("flexible", Int(seed)), ("texts", Int(seed)), ("points", Int(seed)), ("marked", 0), ("empty", 0),
    ] {
      let codec = try BTFCodec(
        types, try #require(types.id(named: name, kind: .structure)), showsPadding: seed % 2 == 0)
      let bytes = (0..<codec.size + extra).map { _ in UInt8.random(in: 0...255, using: &random) >> (seed % 8) }
      try check(codec, bytes, &buffer)
    }
    #expect(throws: BTFValueError.self) {
      let codec = try BTFCodec(types, try #require(types.id(named: "all", kind: .structure)))
      try RecordJSON(codec).write(UInt8(1), to: &buffer)
    }
  }

  /// The elements start before the end of the type, as where its size is rounded up: their room is counted from there.
  @Test("Flexible arrays within a type's size", arguments: [41, 48, 200, 4000])
  func flexibleWithinTheSize(count: Int) throws {
    var builder = BTFBuilder()
    let char = try builder.add(.int(BTFInteger(name: "char", size: 1, encoding: .signed)))
    let text = try builder.add(.array(BTFArray(element: char, index: char, count: 0)))
    let holder = try builder.add(
      .structure(
        BTFComposite(
          name: "holder", size: 40,
          members: [.init(name: "a", type: char, bitOffset: 0), .init(name: "b", type: text, bitOffset: 8)])))
    let codec = try BTFCodec(BTFTypes(bytes: builder.encode()), holder)
    var buffer = JSONBuffer(capacity: 0)
    try check(codec, [UInt8](repeating: UInt8(ascii: "\""), count: count), &buffer)
    #expect(buffer.count > 2 * (count - 1))
  }

  @Test("An integer that a file calls both signed and a truth value", arguments: [1, 2, 3, 4, 8, 16])
  func signedTruth(size: Int) throws {
    var builder = BTFBuilder()
    let id = try builder.add(.int(BTFInteger(name: "odd", size: size, encoding: [.signed, .bool])))
    let codec = try BTFCodec(BTFTypes(bytes: builder.encode()), id)
    var buffer = JSONBuffer()
    for byte: UInt8 in [0, 1, 2, 0x80, 0xff] {
      try check(codec, [byte] + [UInt8](repeating: byte == 1 ? 0 : byte, count: size - 1), &buffer)
      #expect(!buffer.text.hasPrefix("-"))
    }
  }

  @Test("Swift's values of the same layout", .enabled(if: !Clang.isMissing, "no clang"))
  func values() throws {
    struct Point { var x: Int16, y: Int16 }
    let types = try #require(BTFCodecTests.types)
    let plan = RecordJSON(try BTFCodec(types, try #require(types.id(named: "point", kind: .structure))))
    var lines = JSONBuffer()
    for index in 0..<3 {
      try plan.write(Point(x: Int16(index), y: -7), to: &lines)
      lines.append("\n")
    }
    #expect(lines.text == "{\"x\":0,\"y\":-7}\n{\"x\":1,\"y\":-7}\n{\"x\":2,\"y\":-7}\n")
  }

  static let numbers: [(bytes: [UInt8], text: String)] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], "0"), ([9, 0, 0, 0, 0, 0, 0, 0], "9"), ([10, 0, 0, 0, 0, 0, 0, 0], "10"),
    ([99, 0, 0, 0, 0, 0, 0, 0], "99"), ([100, 0, 0, 0, 0, 0, 0, 0], "100"), ([0x10, 0x27, 0, 0, 0, 0, 0, 0], "10000"),
    ([255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615"),
    ([0, 0, 232, 137, 4, 35, 199, 138], "10000000000000000000"),
  ]

  @Test("Numbers of each length", arguments: numbers)
  func number(bytes: [UInt8], text: String) throws {
    var builder = BTFBuilder()
    let id = try builder.add(.int(BTFInteger(name: "u64", size: 8)))
    var buffer = JSONBuffer()
    let plan = RecordJSON(try BTFCodec(BTFTypes(bytes: builder.encode()), id))
    try bytes.withUnsafeBytes { try plan.write($0, to: &buffer) }
    #expect(buffer.text == text)
  }
}
