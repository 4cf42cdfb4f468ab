// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import BTFText
import TestSupport
import Testing

/// Types that no compiler makes: every reader of types ends, with a result or an error.
@Suite struct HostileTypesTests {
  /// Runs all that prints, compares, reads and writes types.
  static func exercise(_ types: BTFTypes) {
    _ = try? CPrinter(types).header()
    _ = try? BTFJSON(types).text()
    _ = try? SwiftPrinter(types).definitions(of: Array(types.ids))
    if let diff = try? BTFDiff(from: types, to: types) { #expect(diff.isEmpty) }
    for id in types.ids {
      _ = try? CPrinter(types).definitions(of: [id])
      _ = types.declaration(of: id, named: "x")
      guard let codec = try? BTFCodec(types, id), codec.size < 1 << 16 else { continue }
      let bytes = (0..<codec.size + 24).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      for count in [0, codec.size / 2, codec.size, codec.size + 24] {
        guard let value = try? codec.decode(Array(bytes[..<count]), text: .exact) else { continue }
        _ = try? codec.encode(value)
        _ = try? BTFValue(json: value.json)
      }
      _ = try? codec.encode(text: "a[0].b=1,c=\"x\"")
    }
  }

  private static func composite(_ name: String, _ members: [(String, TypeID, Int, Int)], size: Int = 8) -> BTFComposite
  {
    BTFComposite(
      name: name, size: size,
      members: members.map { BTFComposite.Member(name: $0.0, type: $0.1, bitOffset: $0.2, bitSize: $0.3) })
  }

  private static let integer = BTFType.int(BTFInteger(name: "int", size: 4, encoding: .signed))

  static let cases: [(name: String, types: [BTFType])] = [
    ("a struct in itself", [.structure(composite("s", [("a", 1, 0, 0)]))]),
    ("an unnamed struct in itself", [.structure(composite("", [("", 1, 0, 0)]))]),
    (
      "two structs in each other",
      [.structure(composite("s", [("a", 2, 0, 0)])), .union(composite("", [("", 1, 0, 0)]))]
    ),
    ("a pointer to itself", [.pointer(1), .structure(composite("s", [("a", 1, 0, 0)]))]),
    ("an array of itself", [.array(BTFArray(element: 1, index: 2, count: 3)), integer]),
    ("an array of pointers to itself", [.array(BTFArray(element: 2, index: 3, count: 3)), .pointer(1), integer]),
    ("a typedef of itself", [.typedef(name: "t", type: 1), .structure(composite("s", [("a", 1, 0, 0)]))]),
    ("a constant of itself", [.const(1), .variable(BTFVariable(name: "v", type: 1, linkage: .global))]),
    (
      "a function that takes itself",
      [
        .functionPrototype(BTFPrototype(result: 1, parameters: [.init(name: "a", type: 1), .init(name: "", type: 2)])),
        .pointer(1), .typedef(name: "f", type: 2), .function(BTFFunction(name: "g", type: 1, linkage: .global)),
      ]
    ),
    (
      "an unnamed struct through pointers",
      [.structure(composite("", [("a", 2, 0, 0)])), .pointer(1), .typedef(name: "t", type: 1)]
    ),
    (
      "members beyond the end",
      [
        integer,
        .structure(composite("s", [("a", 1, 1 << 20, 0), ("b", 1, 3, 0), ("c", 1, 8, 200), ("d", 1, 0, 0)], size: 4)),
      ]
    ),
    (
      "members that overlap",
      [integer, .structure(composite("s", [("a", 1, 32, 0), ("b", 1, 16, 0), ("c", 1, 0, 5)]))]
    ),
    (
      "sizes that overflow",
      [
        integer, .array(BTFArray(element: 1, index: 1, count: Int(UInt32.max))),
        .array(BTFArray(element: 2, index: 1, count: Int(UInt32.max))),
        .array(BTFArray(element: 3, index: 1, count: Int(UInt32.max))),
        .structure(composite("s", [("a", 4, 0, 0), ("b", 2, 64, 0)], size: Int(UInt32.max))),
        .structure(composite("t", [("a", 1, 0, 0)], size: Int(UInt32.max))),
      ]
    ),
    (
      "many nothings",
      [.structure(composite("", [], size: 0)), .array(BTFArray(element: 1, index: 1, count: Int(UInt32.max)))]
    ),
    (
      "odd sizes",
      [
        .int(BTFInteger(name: "odd", size: 3, encoding: [.bool, .signed])), .int(BTFInteger(name: "", size: 0)),
        .float(name: "f", size: 3), .float(name: "", size: 0),
        .enumeration(BTFEnumeration(name: "e", size: 4, values: [.init(name: "", bits: 9), .init(name: "", bits: 9)])),
        .structure(composite("s", [("a", 1, 0, 0), ("b", 2, 0, 0), ("c", 3, 0, 0), ("d", 4, 0, 3), ("e", 5, 1, 31)])),
      ]
    ),
    (
      "members without size",
      [
        .forward(name: "f", isUnion: true), .functionPrototype(BTFPrototype(result: 0, parameters: [])),
        .structure(composite("s", [("a", 1, 0, 0), ("b", 2, 0, 0), ("c", 0, 0, 0), ("", 1, 0, 0)])),
        .array(BTFArray(element: 0, index: 0, count: 2)),
      ]
    ),
    (
      "types that are not there",
      [.pointer(99), .structure(composite("s", [("a", 77, 0, 0)])), .typedef(name: "t", type: 55)]
    ),
    (
      "names from elsewhere",
      [
        .int(BTFInteger(name: "core::ffi::c_int\n#error", size: 4)), .pointer(3),
        .typeTag(BTFTypeTag(name: "\")))\n#error", type: 1)), .structure(composite("impl {x}", [("9 a*/", 2, 0, 0)])),
        .enumeration(BTFEnumeration(name: "struct", size: 4, values: [.init(name: "for", bits: 1)])),
        .typedef(name: "class", type: 4), .structure(composite("in", [("var", 1, 0, 0), ("self", 1, 32, 0)])),
      ]
    ),
  ]

  @Test(arguments: cases)
  func ends(name: String, list: [BTFType]) throws {
    var builder = BTFBuilder()
    for type in list { _ = try builder.add(type) }
    Self.exercise(try BTFTypes(bytes: builder.encode()))
  }

  @Test("Types that double at each level do not double the work", arguments: [true, false])
  func doubling(isUnion: Bool) throws {
    var builder = BTFBuilder()
    _ = try builder.add(Self.integer)
    for level in 1..<17 {
      let id = TypeID(rawValue: UInt32(level))
      let inner = Self.composite("", [("a", id, 0, 0), ("b", id, 0, 0), ("", id, 0, 0)])
      _ = try builder.add(isUnion ? .union(inner) : .structure(inner))
    }
    Self.exercise(try BTFTypes(bytes: builder.encode()))
    let prototypes = try Self.prototypes()
    Self.exercise(prototypes)
  }

  private static func prototypes() throws -> BTFTypes {
    var builder = BTFBuilder()
    _ = try builder.add(integer)
    for level in 0..<40 {
      let previous = TypeID(rawValue: UInt32(1 + 2 * level))
      let parameters = [BTFPrototype.Parameter(name: "a", type: previous), .init(name: "b", type: previous)]
      let id = try builder.add(.functionPrototype(BTFPrototype(result: previous, parameters: parameters)))
      _ = try builder.add(.pointer(id))
    }
    _ = try builder.add(.structure(composite("s", [("f", 81, 0, 0)])))
    return try BTFTypes(bytes: builder.encode())
  }

  @Test("Names from elsewhere still make C", .enabled(if: !Clang.isMissing, "no clang"))
  func names() throws {
    var builder = BTFBuilder()
    for type in try #require(Self.cases.last).types { _ = try builder.add(type) }
    let types = try BTFTypes(bytes: builder.encode())
    try Clang.compile(try CPrinter(types).header())
  }

  @Test("Damaged types", .enabled(if: !Clang.isMissing, "no clang"), arguments: 0..<8)
  func damaged(seed: UInt64) throws {
    let types = try Clang.types(of: SwiftPrinterTests.source)
    let bytes = types.withUnsafeBytes { Array($0) }
    var random = SeededRandom(seed: seed)
    var read = 0
    for _ in 0..<25 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        damaged[Int.random(in: 24..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) & 0x3f
      }
      guard let types = try? BTFTypes(bytes: damaged) else { continue }
      read += 1
      Self.exercise(types)
    }
    #expect(read > 0)
  }

  @Test("Every corpus object", arguments: Input.objects.map(\.name))
  func corpus(_ name: String) throws {
    let types = try BTFTypes(bytes: try #require(Input.objects.first { $0.name == name }).btf)
    Self.exercise(types)
    guard !Clang.isMissing else { return }
    let (header, names) = try CPrinter(types).headerAndNames()
    try Clang.compile(header + (try LayoutAssertions.source(types, names: names)).text, ["-Wno-pragma-clang-attribute"])
  }
}
