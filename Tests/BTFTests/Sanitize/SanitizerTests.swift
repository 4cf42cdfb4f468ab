// SPDX-License-Identifier: Apache-2.0
import BTF
import Testing

/// BTF for older kernels: same ids, other kinds.
@Suite struct SanitizerTests {
  private static func sanitized(_ features: BTFFeatures) throws -> BTFTypes {
    try BTFTypes(bytes: BTFSanitizer(accepting: features).sanitized(BTFTypes(bytes: Sample.bytes())))
  }

  private static func byte(_ name: String) -> BTFType { .int(BTFInteger(name: name, size: 1)) }

  struct Replacement: Sendable {
    var missing: BTFFeatures
    var now: [TypeID: BTFType]
  }

  /// What each feature's absence makes of the sample's types, by id.
  static let replacements: [Replacement] = [
    Replacement(
      missing: .dataSections,
      now: [
        16: byte("root"), 17: byte("flag"),
        18: .structure(
          BTFComposite(
            name: "_data_x", size: 16,
            members: [.init(name: "root", type: 16, bitOffset: 0), .init(name: "flag", type: 17, bitOffset: 64)])),
      ]
    ),
    Replacement(
      missing: .functions,
      now: [
        14: .enumeration(
          BTFEnumeration(name: "", size: 4, values: [.init(name: "node", bits: 3), .init(name: "", bits: 0)])),
        15: .typedef(name: "visit", type: 14),
      ]
    ),
    Replacement(
      missing: .globalFunctions, now: [15: .function(BTFFunction(name: "visit", type: 14, linkage: .static))]),
    Replacement(missing: .floats, now: [19: .structure(BTFComposite(name: "", size: 8, members: []))]),
    Replacement(missing: .declTags, now: [20: byte("owner"), 21: byte("kfunc")]),
    Replacement(missing: .typeTags, now: [22: .const(6), 24: .const(0)]),
    Replacement(
      missing: .enumerations64,
      now: [
        9: .enumeration(
          BTFEnumeration(
            name: "sign", size: 4, values: [.init(name: "MINUS", bits: 0xffff_ffff), .init(name: "PLUS", bits: 1)])),
        10: .union(
          BTFComposite(
            name: "wide", size: 8,
            members: [.init(name: "SMALL", type: 26, bitOffset: 0), .init(name: "LARGE", type: 26, bitOffset: 0)])),
        26: byte("enum64_placeholder"),
      ]
    ),
    Replacement(missing: .optionalSections, now: [:]), Replacement(missing: .layout, now: [:]),
    Replacement(missing: [], now: [:]),
  ]

  @Test(arguments: replacements.indices) func oneFeatureMissing(_ index: Int) throws {
    let (missing, now) = (Self.replacements[index].missing, Self.replacements[index].now)
    let types = try Self.sanitized(.all.subtracting(missing))
    let expected: [BTFType] = types.ids.map { id in now[id] ?? Sample.types[Int(id.rawValue) - 1] }
    #expect(try types.decoded() == expected)
  }

  @Test func allFeaturesMissing() throws {
    let types = try Self.sanitized([])
    let old: Set<BTFKind> = [
      .int, .pointer, .array, .structure, .union, .enumeration, .forward, .typedef, .volatile, .const, .restrict,
    ]
    #expect(types.ids.allSatisfy { types.kind($0).map(old.contains) ?? false })
    // Everything that has a size keeps it; only declarations, which have none that matters, change.
    let original = try BTFTypes(bytes: Sample.bytes())
    for id in original.ids where ![.variable, .declTag].contains(original.kind(id)) {
      guard let size = try? original.size(of: id) else { continue }
      #expect(try types.size(of: id) == size)
    }
  }

  @Test(arguments: ["?.struct_ops", "?xdp"]) func optionalSection(_ name: String) throws {
    var builder = BTFBuilder()
    _ = try builder.add(.dataSection(BTFDataSection(name: name, size: 0, entries: [])))
    let other = try builder.add(.typedef(name: name, type: 0))
    let types = try BTFTypes(bytes: builder.encode())
    let older = try BTFTypes(bytes: BTFSanitizer(accepting: .all.subtracting(.optionalSections)).sanitized(types))
    #expect(older.name(1) == "_" + name.dropFirst())
    // Others that share the string keep it.
    #expect(older.name(other) == name)
    let before52 = try BTFTypes(bytes: BTFSanitizer(accepting: []).sanitized(types))
    #expect(before52.name(1) == String(name.map { ".?".contains($0) ? "_" : $0 }))
    let now = try BTFTypes(bytes: BTFSanitizer(accepting: .all).sanitized(types))
    #expect(now.name(1) == name)
  }

  @Test func stringOffsetsStay() throws {
    let original = try BTFTypes(bytes: Sample.bytes())
    let types = try Self.sanitized([])
    let bytes = original.withUnsafeBytes { [UInt8]($0) }
    for offset in 0..<bytes[word: 20] { #expect(types.string(at: offset) == original.string(at: offset)) }
  }

  @Test func versions() {
    #expect(BTFFeatures(kernel: 4, 18) == [])
    #expect(BTFFeatures(kernel: 5, 10) == [.functions, .dataSections, .globalFunctions])
    #expect(BTFFeatures(kernel: 6, 1) == BTFFeatures.all.subtracting([.optionalSections, .layout]))
    #expect(BTFFeatures(kernel: 6, 18) == BTFFeatures.all.subtracting(.layout))
    #expect(BTFFeatures(kernel: 7, 1) == .all)
  }

  @Test(arguments: Input.objects.map(\.name)) func objects(_ name: String) throws {
    let object = try #require(Input.objects.first { $0.name == name })
    let types = try BTFTypes(bytes: object.btf)
    // Nothing to do for a kernel that has everything.
    #expect(try BTFSanitizer(accepting: .all).sanitized(types) == object.btf)
    let old = try BTFTypes(bytes: BTFSanitizer(accepting: BTFFeatures(kernel: 5, 10)).sanitized(types))
    #expect(old.ids.count - types.ids.count <= 1)
    let newer: Set<BTFKind> = [.float, .declTag, .typeTag, .enumeration64]
    #expect(old.ids.allSatisfy { id in old.kind(id).map { !newer.contains($0) } ?? false })
  }
}
