// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import BTF
import SystemPackage
import TestSupport
import Testing

/// The kernel checks every record that it is given: it takes what the builder writes, and what the sanitiser leaves.
@Suite(.requires(.root)) struct KernelLoadTests {
  struct Refused: Error, CustomStringConvertible {
    var errno: Errno
    var description: String
  }

  private func load(_ bytes: [UInt8]) throws {
    var log: KernelLog? = KernelLog(level: 1, capacity: 1 << 20)
    do {
      _ = try BPFCall.loadBTF(bytes.span.bytes, log: &log)
    } catch {
      throw Refused(errno: error, description: "\(error): \(log?.text ?? "")")
    }
  }

  /// Whether the kernel found the types wrong: no other failure shows that it does not know them.
  private func isRefusal(_ error: any Error) -> Bool {
    (error as? Refused).map { $0.errno == .invalidArgument || $0.errno == .argListTooLong } ?? false
  }

  private static var features: BTFFeatures {
    BTFFeatures(kernel: KernelVersion.running.major, KernelVersion.running.minor)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var since: KernelVersion
    var feature: BTFFeatures
    var types: [BTFType]
    var testDescription: String { name }
  }

  private static let int = BTFType.int(BTFInteger(name: "int", size: 4, encoding: .signed))

  /// For each feature types that need it.
  static let cases: [Case] = [
    Case(
      name: "plain types", since: "4.18.0", feature: [],
      types: [
        int, .pointer(1), .array(BTFArray(element: 1, index: 1, count: 3)), .typedef(name: "t", type: 1), .const(1),
        .volatile(1), .restrict(2), .forward(name: "f", isUnion: false),
        .structure(BTFComposite(name: "s", size: 8, members: [.init(name: "next", type: 10, bitOffset: 0)])),
        .pointer(9),
        .union(BTFComposite(name: "u", size: 4, members: [.init(name: "low", type: 1, bitOffset: 0, bitSize: 3)])),
        .enumeration(BTFEnumeration(name: "e", size: 4, values: [.init(name: "A", bits: 1)])),
      ]),
    Case(
      name: "functions", since: "5.0.0", feature: .functions,
      types: [
        int, .functionPrototype(BTFPrototype(result: 1, parameters: [.init(name: "a", type: 1)])),
        .function(BTFFunction(name: "f", type: 2, linkage: .static)),
      ]),
    Case(
      name: "sections", since: "5.2.0", feature: .dataSections,
      types: [
        int, .variable(BTFVariable(name: "v", type: 1, linkage: .global)),
        .dataSection(BTFDataSection(name: ".data.x", size: 4, entries: [.init(type: 2, offset: 0, size: 4)])),
      ]),
    Case(
      name: "global functions", since: "5.6.0", feature: .globalFunctions,
      types: [
        int, .functionPrototype(BTFPrototype(result: 1, parameters: [.init(name: "a", type: 1)])),
        .function(BTFFunction(name: "f", type: 2, linkage: .global)),
      ]),
    Case(name: "floats", since: "5.13.0", feature: .floats, types: [.float(name: "double", size: 8)]),
    Case(
      name: "declaration tags", since: "5.16.0", feature: .declTags,
      types: [
        int, .variable(BTFVariable(name: "v", type: 1, linkage: .global)), .declTag(BTFDeclTag(name: "tag", type: 2)),
      ]),
    Case(
      name: "type tags", since: "5.17.0", feature: .typeTags,
      types: [int, .typeTag(BTFTypeTag(name: "rcu", type: 1)), .pointer(2)]),
    Case(
      name: "signed enumerations", since: "6.0.0", feature: .enumerations64,
      types: [.enumeration(BTFEnumeration(name: "e", size: 4, isSigned: true, values: [.init(name: "A", signed: -1)]))]),
    Case(
      name: "enumerations of 64 bits", since: "6.0.0", feature: .enumerations64,
      types: [
        .enumeration(BTFEnumeration(name: "e", size: 8, is64Bit: true, values: [.init(name: "A", bits: 1 << 40)]))
      ]),
    Case(
      name: "optional sections", since: "6.9.0", feature: .optionalSections,
      types: [
        int, .variable(BTFVariable(name: "v", type: 1, linkage: .global)),
        .dataSection(BTFDataSection(name: "?.struct_ops", size: 4, entries: [.init(type: 2, offset: 0, size: 4)])),
      ]),
  ]

  private func builder(_ test: Case) throws -> BTFBuilder {
    var builder = BTFBuilder()
    for type in test.types { _ = try builder.add(type) }
    return builder
  }

  /// What `BTFFeatures(kernel:)` says is so on this kernel, both ways.
  @Test(arguments: cases) func needsItsKernel(_ test: Case) throws {
    #expect(Self.features.isSuperset(of: test.feature) == (KernelVersion.running >= test.since))
    _ = try supported(from: test.since, test.name, orThrows: isRefusal) { try load(builder(test).encode()) }
  }

  @Test(arguments: cases) func loadsWhenSanitized(_ test: Case) throws {
    let types = try BTFTypes(bytes: builder(test).encode())
    try load(BTFSanitizer(accepting: Self.features).sanitized(types))
    // Less than the kernel takes is taken too.
    try load(BTFSanitizer(accepting: Self.features.subtracting(test.feature)).sanitized(types))
  }

  @Test func layoutSection() throws {
    let bytes = try builder(try #require(Self.cases.first)).encode(withLayout: true)
    _ = try supported(from: "7.1.0", "a layout section", orThrows: isRefusal) { try load(bytes) }
    try load(BTFSanitizer(accepting: Self.features).sanitized(BTFTypes(bytes: bytes)))
  }

  @Test func mergedTypesLoad() throws {
    var builder = BTFBuilder()
    for test in Self.cases {
      var part = BTFBuilder()
      for type in test.types { _ = try part.add(type) }
      _ = try builder.append(BTFTypes(bytes: part.encode()))
    }
    try builder.deduplicate()
    let types = try BTFTypes(bytes: builder.encode())
    #expect(types.ids(named: "int").count == 1)
    try load(BTFSanitizer(accepting: Self.features).sanitized(types))
  }
}
