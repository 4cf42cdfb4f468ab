// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
import BTFText
import TestSupport
import Testing

/// The same types as in ``LayoutTests/source``, as Swift lays them out on the host.
private enum Host {
  struct Padded {
    var a: UInt8
    var b: UInt64
    var c: UInt16
  }
  struct Nested {
    var first: Padded
    var second: UInt8
    var third: Padded
  }
  struct Pair<A, B> {
    var a: A
    var b: B
  }
  struct Generic {
    var p: Pair<UInt8, UInt32>
    var q: Pair<Pair<UInt16, UInt8>, UInt64>
    var r: UInt8
  }
  enum Kind: UInt8 { case tcp, udp, icmp }
  struct WithEnum {
    var kind: Kind
    var port: UInt16
  }
  struct Optionals {
    var a: UInt32?
    var b: UInt8
    var c: UInt64?
    var d: UInt16
  }
  struct Tuples {
    var a: (UInt8, UInt32)
    var b: (UInt16, UInt8, UInt64)
  }
  struct Arrays {
    var a: InlineArray<3, UInt16>
    var b: InlineArray<2, Padded>
    var c: UInt8
  }
  struct Pointers {
    var a: UnsafeRawPointer?
    var b: OpaquePointer?
    var c: Bool
  }
  struct Numbers {
    var a: Int8
    var b: Int16
    var c: Int32
    var d: Int64
    var e: Int
    var f: UInt
  }
  enum Payload {
    case none
    case number(UInt32)
    case pair(UInt8, UInt64)
  }
  struct WithPayload {
    var a: UInt8
    var b: Payload
    var c: UInt8
  }
  struct One { var x: UInt8 }
  struct Last {
    var a: One
    var b: One
    var c: UInt32
  }
}

/// Types in the object's BTF against Swift's own layout.
@Suite struct LayoutTests {
  static let source = probe(
    """
    struct Padded { var a: UInt8; var b: UInt64; var c: UInt16 }
    struct Nested { var first: Padded; var second: UInt8; var third: Padded }
    struct Pair<A: BitwiseCopyable, B: BitwiseCopyable>: BitwiseCopyable { var a: A; var b: B }
    struct Generic { var p: Pair<UInt8, UInt32>; var q: Pair<Pair<UInt16, UInt8>, UInt64>; var r: UInt8 }
    enum Kind: UInt8 { case tcp, udp, icmp }
    struct WithEnum { var kind: Kind; var port: UInt16 }
    struct Optionals { var a: UInt32?; var b: UInt8; var c: UInt64?; var d: UInt16 }
    struct Tuples { var a: (UInt8, UInt32); var b: (UInt16, UInt8, UInt64) }
    struct Arrays { var a: InlineArray<3, UInt16>; var b: InlineArray<2, Padded>; var c: UInt8 }
    struct Pointers { var a: UnsafeRawPointer?; var b: OpaquePointer?; var c: Bool }
    struct Numbers { var a: Int8; var b: Int16; var c: Int32; var d: Int64; var e: Int; var f: UInt }
    enum Payload { case none; case number(UInt32); case pair(UInt8, UInt64) }
    struct One { var x: UInt8 }
    struct Last { var a: One; var b: One; var c: UInt32 }
    struct Texts { var a: UInt8; var name: FixedString<15>; var b: UInt64 }
    """ + "\n"
      + [
        "Padded", "Nested", "Generic", "WithEnum", "Optionals", "Tuples", "Arrays", "Pointers", "Numbers", "Last",
        "Texts",
      ]
      .map { "var map\($0) = ArrayMap<\($0)>(maxEntries: 1)" }.joined(separator: "\n"))

  private static func types() throws -> BTFTypes {
    try #require(try ObjectSpec(bytes: try Built.object(source), name: "probe").types)
  }

  struct Expected: Sendable, CustomTestStringConvertible {
    var name: String
    var size: Int
    var offsets: [Int?]
    var testDescription: String { name }
  }

  static var all: [Expected] {
    func e<T>(_ type: T.Type, _ fields: [PartialKeyPath<T>]) -> Expected {
      Expected(
        name: "\(type)", size: MemoryLayout<T>.stride, offsets: fields.map { MemoryLayout<T>.offset(of: $0) })
    }
    return [
      e(Host.Padded.self, [\.a, \.b, \.c]), e(Host.Nested.self, [\.first, \.second, \.third]),
      e(Host.Generic.self, [\.p, \.q, \.r]), e(Host.WithEnum.self, [\.kind, \.port]),
      e(Host.Optionals.self, [\.a, \.b, \.c, \.d]), e(Host.Tuples.self, [\.a, \.b]),
      e(Host.Arrays.self, [\.a, \.b, \.c]), e(Host.Pointers.self, [\.a, \.b, \.c]),
      e(Host.Numbers.self, [\.a, \.b, \.c, \.d, \.e, \.f]), e(Host.Last.self, [\.a, \.b, \.c]),
    ]
  }

  @Test(arguments: all) func asSwiftLaysThemOut(_ expected: Expected) throws {
    let types = try Self.types()
    let id = try #require(types.ids.first { types.name($0) == expected.name && types.kind($0) == .structure })
    #expect(try types.size(of: id) == expected.size)
    guard case .structure(let structure) = try types.type(id) else {
      Issue.record("\(expected.name) is no struct")
      return
    }
    #expect(structure.members.map { Int($0.bitOffset) / 8 } == expected.offsets)
  }

  @Test func textsAreCharacters() throws {
    let text = try CPrinter(try Self.types()).header()
    #expect(text.contains("char name["), "\(text)")
  }

  @Test func enumerationsAreByName() throws {
    let text = try CPrinter(try Self.types()).header()
    for name in ["tcp", "udp", "icmp"] { #expect(text.contains(name)) }
  }

  @Test func everyMapHasItsValue() throws {
    let spec = try ObjectSpec(bytes: try Built.object(Self.source), name: "probe")
    let types = try #require(spec.types)
    for map in spec.maps where map.name.hasPrefix("map") {
      let value = try #require(map.valueType)
      #expect(try types.size(of: value) == Int(map.valueSize), "\(map.name)")
      #expect(types.name(try types.resolved(value)) == map.name.dropFirst(3))
    }
  }
}
