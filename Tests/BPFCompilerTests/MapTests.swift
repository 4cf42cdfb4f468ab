// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BTF
import BTFText
import Foundation
import TestSupport
import Testing

@testable import BPFCompiler

/// Every map type of the kernel-side module, as our reader, bpftool and the kernel see it.
@Suite struct MapTests {
  struct Expected: Sendable, CustomTestStringConvertible {
    var declaration: String
    var type: MapType
    var key: UInt32 = 0
    var value: UInt32 = 0
    var entries: UInt32 = 16
    var flags: UInt32 = 0
    var pinning = MapPinning.none
    var extra: UInt64 = 0
    /// Type, key size, value size, entries, flags.
    var inner: [UInt32]?
    var testDescription: String { declaration }
  }

  static let all: [Expected] = [
    Expected(declaration: "HashMap<UInt32, UInt64>(maxEntries: 16)", type: .hash, key: 4, value: 8),
    Expected(
      declaration: "HashMap<Key, Value>(maxEntries: 16, flags: .noPreallocation, pinning: .byName)", type: .hash,
      key: 8, value: 24, flags: 1, pinning: .byName),
    Expected(
      declaration: "LRUHashMap<UInt16, UInt8>(maxEntries: 16, flags: .noCommonLRU)", type: .lruHash, key: 2, value: 1,
      flags: 2),
    Expected(
      declaration: "PerCPUHashMap<UInt64, UInt64>(maxEntries: 1 << 20)", type: .perCPUHash, key: 8, value: 8,
      entries: 1 << 20),
    Expected(declaration: "LRUPerCPUHashMap<Key, UInt64>(maxEntries: 16)", type: .lruPerCPUHash, key: 8, value: 8),
    Expected(declaration: "LPMTrie<LPMKey<UInt32>, UInt8>(maxEntries: 16)", type: .lpmTrie, key: 8, value: 1, flags: 1),
    Expected(
      declaration: "ArrayMap<Value>(maxEntries: 16, flags: .memoryMappable)", type: .array, key: 4, value: 24,
      flags: 1024),
    Expected(
      declaration: "PerCPUArray<InlineArray<100, UInt64>>(maxEntries: 16)", type: .perCPUArray, key: 4, value: 800),
    Expected(declaration: "ProgramArray(maxEntries: 16)", type: .programArray, key: 4, value: 4),
    Expected(declaration: "CgroupArray(maxEntries: 16)", type: .cgroupArray, key: 4, value: 4),
    Expected(
      declaration:
        "ArrayOfMaps<HashMap<UInt32, UInt64>>(maxEntries: 16, innerMaxEntries: 4, innerFlags: .noPreallocation)",
      type: .arrayOfMaps, key: 4, value: 4, inner: [1, 4, 8, 4, 1]),
    Expected(
      declaration: "HashOfMaps<UInt64, RingBuffer<UInt64>>(maxEntries: 16, innerMaxEntries: 4096)", type: .hashOfMaps,
      key: 8, value: 4, inner: [27, 0, 0, 4096, 0]),
    Expected(
      declaration: "HashOfMaps<UInt32, ArrayMap<Value>>(maxEntries: 16, innerMaxEntries: 2)", type: .hashOfMaps,
      key: 4, value: 4, inner: [2, 4, 24, 2, 0]),
    Expected(declaration: "Queue<Value>(maxEntries: 16)", type: .queue, value: 24),
    Expected(declaration: "Stack<UInt32>(maxEntries: 16)", type: .stack, value: 4),
    Expected(declaration: "BloomFilter<UInt32>(maxEntries: 16, hashes: 3)", type: .bloomFilter, value: 4, extra: 3),
    Expected(declaration: "StackTraceMap(maxEntries: 16, maxDepth: 20)", type: .stackTrace, key: 4, value: 160),
    Expected(declaration: "DevMap(maxEntries: 16)", type: .devmap, key: 4, value: 8),
    Expected(declaration: "DevMapHash(maxEntries: 16)", type: .devmapHash, key: 4, value: 8),
    Expected(declaration: "CPUMap(maxEntries: 16)", type: .cpumap, key: 4, value: 8),
    Expected(declaration: "XSKMap(maxEntries: 16)", type: .xskmap, key: 4, value: 4),
    Expected(declaration: "SockMap(maxEntries: 16)", type: .sockmap, key: 4, value: 8),
    Expected(declaration: "SockHash<UInt64>(maxEntries: 16)", type: .sockhash, key: 8, value: 8),
    Expected(declaration: "TaskStorage<Value>()", type: .taskStorage, key: 4, value: 24, entries: 0, flags: 1),
    Expected(declaration: "SocketStorage<UInt64>()", type: .skStorage, key: 4, value: 8, entries: 0, flags: 1),
    Expected(declaration: "InodeStorage<UInt64>()", type: .inodeStorage, key: 4, value: 8, entries: 0, flags: 1),
    Expected(declaration: "CgroupStorage<UInt64>()", type: .cgrpStorage, key: 4, value: 8, entries: 0, flags: 1),
    Expected(declaration: "RingBuffer<Value>(bytes: 1 << 16)", type: .ringBuffer, entries: 1 << 16),
    Expected(declaration: "UserRingBuffer<Value>(bytes: 4096)", type: .userRingBuffer, entries: 4096),
    Expected(declaration: "PerfEventArray<Value>()", type: .perfEventArray, key: 4, value: 4, entries: 0),
  ]

  /// One probe with all of them, `m0`, `m1`, ...
  static let source = probe(
    """
    struct Key { var a: UInt32; var b: UInt16 }
    struct Value { var a: UInt8; var b: UInt64; var c: UInt32 }
    """ + "\n" + all.enumerated().map { "var m\($0) = \($1.declaration)" }.joined(separator: "\n"))

  static func spec() throws -> ObjectSpec { try ObjectSpec(bytes: try Built.object(source), name: "probe") }

  @Test(arguments: Array(all.indices)) func definition(index: Int) throws {
    let expected = Self.all[index]
    let map = try #require(try Self.spec()[map: "m\(index)"])
    #expect(map.type == expected.type)
    #expect([map.keySize, map.valueSize] == [expected.key, expected.value])
    #expect(map.maxEntries == expected.entries)
    #expect(map.flags.rawValue == expected.flags)
    #expect(map.pinning == expected.pinning)
    #expect(map.extra == expected.extra)
    let inner = map.inner.map { [$0.type.rawValue, $0.keySize, $0.valueSize, $0.maxEntries, $0.flags.rawValue] }
    #expect(inner == expected.inner)
  }

  @Test func largestNumbers() throws {
    let source = probe(
      "var m = HashMap<UInt32, UInt64>(maxEntries: 4294967295)\nvar n = RingBuffer<UInt8>(bytes: 1 << 31)")
    let spec = try ObjectSpec(bytes: try Built.object(source), name: "probe")
    #expect(try #require(spec[map: "m"]).maxEntries == .max)
    #expect(try #require(spec[map: "n"]).maxEntries == 1 << 31)
  }

  @Test func typesOfElements() throws {
    let types = try #require(try Self.spec().types)
    let text = try CPrinter(types).header()
    for expected in ["struct Key {\n", "unsigned short b;", "struct Value {\n", "unsigned long long b;"] {
      #expect(text.contains(expected), "\(text)")
    }
  }

  @Test func recordsAreTypedefs() throws {
    let types = try #require(try Self.spec().types)
    for (index, expected) in Self.all.enumerated() where expected.type == .ringBuffer {
      let id = try #require(types.ids.first { types.name($0) == "m\(index)__record" })
      #expect(try types.size(of: id) == 24)
    }
  }

  @Test(.requires(.root), arguments: Array(all.indices)) func theKernelMakesIt(index: Int) throws {
    let expected = Self.all[index]
    // Queues of sockets by receive queue, storage: not every kernel has them.
    if let minimum = expected.type.minimumKernel, minimum > .running { return }
    let source = probe(
      """
      struct Key { var a: UInt32; var b: UInt16 }
      struct Value { var a: UInt8; var b: UInt64; var c: UInt32 }
      var m = \(expected.declaration)
      """)
    let report = try BPFCollection(bytes: try Built.object(source), name: "maps").verify()
    #expect(report.maps.first { $0.name == "m" }?.type == expected.type)
  }
}
