// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import Foundation
import TestSupport
import Testing

/// Random bytes of the kernel's own structures, read and written back.
@Suite struct RoundTripTests {
  @Test(.enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    let types = try #require(Input.kernel)
    var random = SeededRandom(seed: 20_26)
    var checked = 0
    for id in types.ids where types.kind(id)?.isComposite ?? false {
      guard let composite = try types.type(id).composite, !composite.name.isEmpty, composite.size <= 1024 else {
        continue
      }
      let codec = try BTFCodec(types, id)
      #expect(codec.size == composite.size)
      // Bits that no member has are padding: what all ones leave.
      let ones = [UInt8](repeating: 0xff, count: codec.size)
      let mask = try codec.encode(try codec.decode(ones, text: .exact))
      let bytes = ones.map { _ in UInt8.random(in: 0...255, using: &random) }
      let value = try codec.decode(bytes, text: .exact)
      let back = try codec.encode(value)
      #expect(back == zip(bytes, mask).map { $0 & $1 }, "\(composite.name)")
      #expect(try codec.encode(try BTFValue(json: value.json)) == back, "\(composite.name) by JSON")
      let read = try JSONSerialization.jsonObject(with: Data(value.json.utf8), options: .fragmentsAllowed)
      // Addresses are text.
      #expect(read is NSDictionary || read is String)
      checked += 1
    }
    #expect(checked > 3000)
  }

  @Test("Flexible arrays keep their bytes", arguments: [0, 1, 8, 64, 333])
  func flexible(extra: Int) throws {
    let types = try Clang.types(of: "struct f { long a; unsigned char b[]; } f; struct t { long a; char b[]; } t;")
    for name in ["f", "t"] {
      let codec = try BTFCodec(types, try #require(types.id(named: name, kind: .structure)))
      var random = SeededRandom(seed: UInt64(extra))
      let bytes = (0..<8 + extra).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(try codec.encode(try codec.decode(bytes, text: .exact)) == bytes)
    }
  }

  @Test("Big-endian values, bit fields included")
  func bigEndian() throws {
    // What a big-endian compiler makes of the same values, by hand: bits count from the most significant.
    let source = "struct s { int a; short b; unsigned c: 4; unsigned d: 12; long long e; enum { X = 3 } f; } s;"
    let object = try Clang.compile(source, ["-target", "bpfeb"])
    let types = try BTFTypes(bytes: try #require(try Input.section(".BTF", of: object)))
    #expect(types.isBigEndian)
    let codec = try BTFCodec(types, try #require(types.id(named: "s", kind: .structure)))
    let bytes: [UInt8] = [0xff, 0xff, 0xff, 0xfe, 1, 2, 0xab, 0xcd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0]
    let value = try codec.decode(bytes)
    #expect(value.json == #"{"a":-2,"b":258,"c":10,"d":3021,"e":256,"f":"X"}"#)
    #expect(try codec.encode(value) == bytes)
  }
}
