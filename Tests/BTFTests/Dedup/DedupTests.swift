// SPDX-License-Identifier: Apache-2.0
import BTF
import TestSupport
import Testing

/// Types from many units become one of each.
@Suite struct DedupTests {
  /// Parts of a known whole are put together again: each type once, each equal to its original.
  @Test(arguments: 0..<60) func unitsBecomeTheWhole(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let universe = Universe(structs: Int.random(in: 2...30, using: &random), using: &random)
    var builder = BTFBuilder()
    var origins: [TypeID] = []
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let unit = universe.unit(using: &random)
      let shift = builder.endID.rawValue - 1
      for type in unit.types { _ = try builder.add(type.shifted(by: shift)) }
      origins += unit.origins
    }
    let before = try BTFTypes(bytes: builder.encode())
    let ids = try builder.deduplicate()
    let after = try BTFTypes(bytes: builder.encode())

    // One type per original, and one original per type.
    let new = Dictionary(
      zip(origins, ids),
      uniquingKeysWith: { a, b in
        if a != b { Issue.record("one type became \(a) and \(b)") }
        return a
      })
    #expect(Set(new.values).count == new.count)
    #expect(after.ids.count == new.count)
    // Known in full by any unit, known in full now; and equal to the original.
    let full = Set(zip(before.ids, origins).filter { before.kind($0.0) != .forward }.map(\.1))
    for (origin, id) in new {
      let type = try after.type(id)
      if full.contains(origin) {
        #expect(type == universe.type(origin).mapped { new[$0] ?? .void })
      } else {
        #expect(type.kind == .forward)
        #expect(type.name == universe.type(origin).name)
      }
    }
    // Once more, nothing changes.
    let bytes = builder.encode()
    #expect(try builder.deduplicate() == Array(after.ids))
    #expect(builder.encode() == bytes)
  }

  @Test(.enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernelTwice() throws {
    let kernel = try #require(Input.kernel)
    var builder = BTFBuilder()
    _ = try builder.append(kernel)
    let shift = try builder.append(kernel)
    #expect(Int(shift) == kernel.ids.count)
    let ids = try builder.deduplicate()
    // The first copy stays as it is: it has been through pahole's de-duplication, which is libbpf's.
    #expect(ids.prefix(kernel.ids.count).elementsEqual(kernel.ids))
    // Variables and sections are places, not types: each stays.
    let kept = kernel.ids.filter { ids[Int($0.rawValue - 1 + shift)] != $0 }
    #expect(kept.allSatisfy { kernel.kind($0) == .variable || kernel.kind($0) == .dataSection })
    #expect(kept.count == kernel.ids.filter { [.variable, .dataSection].contains(kernel.kind($0)) }.count)
    #expect(builder.ids.count == kernel.ids.count + kept.count)
  }

  @Test func baseIsUsedAndNeverChanged() throws {
    var baseBuilder = BTFBuilder()
    let int = try baseBuilder.add(.int(BTFInteger(name: "int", size: 4, encoding: .signed)))
    let forward = try baseBuilder.add(.forward(name: "hidden", isUnion: false))
    let toHidden = try baseBuilder.add(.pointer(forward))
    let known = try baseBuilder.add(
      .structure(BTFComposite(name: "known", size: 8, members: [.init(name: "p", type: toHidden, bitOffset: 0)])))
    let base = try BTFTypes(bytes: baseBuilder.encode())

    var module = BTFBuilder(base: base)
    let shift = base.endID.rawValue - 1
    let own: [BTFType] = [
      .int(BTFInteger(name: "int", size: 4, encoding: .signed)),  // the base's
      // The base's:
      .structure(BTFComposite(name: "known", size: 8, members: [.init(name: "p", type: 3, bitOffset: 0)])),
      .pointer(4), .forward(name: "hidden", isUnion: false),  // the base's, both
      .forward(name: "known", isUnion: false), .pointer(5),  // becomes the base's struct; a new pointer to it
      .structure(BTFComposite(name: "hidden", size: 4, members: [.init(name: "x", type: 1, bitOffset: 0)])),  // new
    ]
    for type in own { _ = try module.add(type.shifted(by: shift)) }
    let ids = try module.deduplicate()
    #expect(ids.prefix(5).elementsEqual([int, known, toHidden, forward, known]))
    let types = try BTFTypes(bytes: module.encode(), base: base)
    #expect(types.ids.count == 2)
    #expect(try types.type(ids[5]) == .pointer(known))
    #expect(
      try types.type(ids[6])
        == .structure(BTFComposite(name: "hidden", size: 4, members: [.init(name: "x", type: int, bitOffset: 0)])))
  }

  // MARK: Small cases, each by name

  struct Case: CustomTestStringConvertible {
    var name: String
    var types: [BTFType]
    /// For each type the one that stands for it, counted from 1 in the result.
    var result: [TypeID]
    var testDescription: String { name }
  }

  private static func record(_ name: String, _ members: [TypeID]) -> BTFType {
    .structure(
      BTFComposite(
        name: name, size: 8 * members.count,
        members: members.enumerated().map { .init(name: "m\($0)", type: $1, bitOffset: 64 * $0) }))
  }

  static let cases: [Case] = [
    Case(
      name: "integers that differ in one property",
      types: [
        .int(BTFInteger(name: "a", size: 4)), .int(BTFInteger(name: "a", size: 8)),
        .int(BTFInteger(name: "a", size: 4, encoding: .signed)), .int(BTFInteger(name: "a", size: 4, bits: 3)),
        .int(BTFInteger(name: "a", size: 4)),
      ], result: [1, 2, 3, 4, 1]),
    Case(
      name: "circles of one shape",
      types: [record("s", [2]), .pointer(1), record("s", [4]), .pointer(3)], result: [1, 2, 1, 2]),
    Case(
      name: "circles that differ at the far end",
      types: [
        record("s", [2]), .pointer(3), record("t", [4]), .int(BTFInteger(name: "int", size: 4)),
        record("s", [6]), .pointer(7), record("t", [8]), .float(name: "double", size: 8),
      ], result: [1, 2, 3, 4, 5, 6, 7, 8]),
    Case(
      name: "two structs of one name keep the forward declaration between them",
      types: [
        record("s", []), record("s", [3]), .int(BTFInteger(name: "int", size: 4)),
        .forward(name: "s", isUnion: false), .pointer(4),
      ], result: [1, 2, 3, 4, 5]),
    Case(
      name: "a union is not a struct's forward declaration",
      types: [
        .forward(name: "s", isUnion: true), record("s", []), .forward(name: "s", isUnion: false),
        .union(BTFComposite(name: "s", size: 0, members: [])),
      ], result: [2, 1, 1, 2]),
    Case(
      name: "an enumeration takes in its forward declaration",
      types: [
        .enumeration(BTFEnumeration(name: "e", size: 4, values: [])),
        .enumeration(BTFEnumeration(name: "e", size: 8, is64Bit: true, values: [.init(name: "A", bits: 1 << 40)])),
        .enumeration(BTFEnumeration(name: "", size: 4, values: [])),
      ], result: [1, 1, 2]),
    Case(
      name: "tags follow what they are on",
      types: [
        record("s", []), .declTag(BTFDeclTag(name: "t", type: 1)), record("s", []),
        .declTag(BTFDeclTag(name: "t", type: 3)), .declTag(BTFDeclTag(name: "t", type: 3, component: 0)),
        .typeTag(BTFTypeTag(name: "rcu", type: 3)), .typeTag(BTFTypeTag(name: "rcu", type: 1, isAttribute: true)),
        .typeTag(BTFTypeTag(name: "rcu", type: 1)),
      ], result: [1, 2, 1, 2, 3, 4, 5, 4]),
    Case(
      name: "functions differ by name, linkage and parameter names",
      types: [
        .functionPrototype(BTFPrototype(result: 0, parameters: [.init(name: "a", type: 0)])),
        .functionPrototype(BTFPrototype(result: 0, parameters: [.init(name: "b", type: 0)])),
        .functionPrototype(BTFPrototype(result: 0, parameters: [.init(name: "a", type: 0)])),
        .function(BTFFunction(name: "f", type: 1, linkage: .global)),
        .function(BTFFunction(name: "f", type: 3, linkage: .global)),
        .function(BTFFunction(name: "f", type: 3, linkage: .static)),
      ], result: [1, 2, 1, 3, 3, 4]),
    Case(
      name: "variables stay",
      types: [
        .int(BTFInteger(name: "int", size: 4)), .variable(BTFVariable(name: "v", type: 1, linkage: .static)),
        .int(BTFInteger(name: "int", size: 4)), .variable(BTFVariable(name: "v", type: 3, linkage: .static)),
      ], result: [1, 2, 1, 3]),
  ]

  @Test(arguments: cases) func small(_ test: Case) throws {
    var builder = BTFBuilder()
    for type in test.types { _ = try builder.add(type) }
    #expect(try builder.deduplicate() == test.result)
  }
}

extension BTFType {
  /// The same type where every id is higher by a number, `void` excepted.
  func shifted(by shift: UInt32) -> BTFType { mapped { $0.isVoid ? $0 : TypeID($0.rawValue + shift) } }
}
