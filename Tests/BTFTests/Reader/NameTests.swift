// SPDX-License-Identifier: Apache-2.0
import BTF
import TestSupport
import Testing

/// Names are found the same way however they are looked up.
@Suite struct NameTests {
  /// Looks a name up often enough to go through each method of lookup.
  private func expect(_ types: BTFTypes, _ name: String, _ ids: [TypeID], calls: Int = 1) {
    for _ in 0..<calls { #expect(types.ids(named: name) == ids, "\(name)") }
  }

  private func byName(_ types: BTFTypes) -> [String: [TypeID]] {
    var table: [String: [TypeID]] = [:]
    for id in types.ids where !types.name(id).isEmpty { table[types.name(id), default: []].append(id) }
    return table
  }

  @Test func firstLookupsAndLaterOnes() throws {
    for (name, ids) in byName(try BTFTypes(bytes: Sample.bytes())) {
      let types = try BTFTypes(bytes: Sample.bytes())
      expect(types, name, ids, calls: 8)
      expect(types, name + "x", [], calls: 8)
      expect(types, String(name.dropLast()), [])
    }
  }

  @Test(.enabled(if: Input.hasKernel, "no kernel BTF")) func kernel() throws {
    let types = try BTFTypes(bytes: try #require(Input.kernelBytes))
    let table = byName(types)
    expect(types, "task_struct", table["task_struct"] ?? [], calls: 8)
    #expect(table["task_struct"]?.isEmpty == false)
    for (name, ids) in table where types.ids(named: name) != ids { Issue.record("\(name) is \(ids)") }
    for name in ["", "no_such_type", "task_struc", "task_structs", "task_struct\0", "\0"] { expect(types, name, []) }
  }

  @Test func kindsOfOneName() throws {
    var builder = BTFBuilder()
    let forward = try builder.add(.forward(name: "thing", isUnion: false))
    let alias = try builder.add(.typedef(name: "thing", type: 3))
    let structure = try builder.add(.structure(BTFComposite(name: "thing", size: 0, members: [])))
    let types = try BTFTypes(bytes: builder.encode())
    for _ in 0..<8 {
      #expect(types.id(named: "thing", kind: .forward) == forward)
      #expect(types.id(named: "thing", kind: .typedef) == alias)
      #expect(types.id(named: "thing", kind: .structure) == structure)
      #expect(types.id(named: "thing", kind: .union) == nil)
    }
  }

  /// Newer kernels sort their types: those without name first, then by name.
  @Test func sortedTypes() throws {
    var random = SeededRandom(seed: 1)
    var names = (0..<500).map { _ in String(UInt32.random(in: 0..<300, using: &random), radix: 7) }
    names += ["a", "aa", "ab", "a\u{e9}", "z", "a longer name than eight bytes", "a longer name than eight byteS"]
    names.sort { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    var builder = BTFBuilder()
    for _ in 0..<10 { _ = try builder.add(.pointer(0)) }
    for (index, name) in names.enumerated() {
      _ = try builder.add(index % 2 == 0 ? .typedef(name: name, type: 1) : .forward(name: name, isUnion: false))
    }
    let types = try BTFTypes(bytes: builder.encode())
    let table = byName(types)
    for (name, ids) in table {
      expect(types, name, ids)
      expect(types, name + "!", [])
      for kind in [BTFKind.typedef, .forward, .structure] {
        #expect(types.id(named: name, kind: kind) == ids.first { types.kind($0) == kind })
      }
    }
    expect(types, "", [])
    expect(types, "zzz", [])
  }

  @Test func manyReadersAtOnce() async throws {
    let types = try BTFTypes(bytes: Sample.bytes())
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 {
        group.addTask { types.ids(named: "node") == [6] && types.id(named: "wide", kind: .enumeration64) == 10 }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test(arguments: [
    ("task_struct", 11), ("task_struct___v6", 11), ("task_struct___v6___x", 16), ("___x", 4), ("a____b", 6),
    ("a___", 4), ("a___b", 1), ("", 0), ("_a___b", 2), ("a___b____c", 1),
  ])
  func flavor(_ name: String, _ length: Int) {
    var name = name
    let found = name.withUTF8 { BTFTypes.essentialLength(of: UnsafeRawBufferPointer($0)) }
    #expect(found == length)
  }

  @Test func essentialNames() throws {
    var builder = BTFBuilder()
    for name in ["task", "task___old", "task___", "task_x", "task___a___b", "other___old"] {
      _ = try builder.add(.forward(name: name, isUnion: false))
    }
    let base = try BTFTypes(bytes: builder.encode())
    var module = BTFBuilder(base: base)
    let added = try module.add(.forward(name: "task___module", isUnion: false))
    // A string that the base has.
    let shared = try module.add(.forward(name: "task___old", isUnion: true))
    let types = try BTFTypes(bytes: module.encode(), base: base)
    #expect(base.ids(essentialName: "task") == [1, 2])
    #expect(types.ids(essentialName: "task") == [1, 2, added, shared])
    #expect(types.ids(essentialName: "task___a") == [5])
    // This one is a flavor of "task", and not what is left of "task___old___x".
    #expect(types.ids(essentialName: "task___old") == [])
    #expect(types.ids(essentialName: "other") == [6])
    #expect(types.ids(essentialName: "none") == [])
  }
}
