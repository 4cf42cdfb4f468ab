// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFInterpreter
import BPFObject
import TestSupport
import Testing

@Suite struct MapTests {
  static func map(
    _ type: MapType, key: UInt32 = 4, value: UInt32 = 8, entries: UInt32 = 4, cpus: Int = 2
  ) throws -> InMemoryMap {
    let spec = MapSpec(name: "m", type: type, keySize: key, valueSize: value, maxEntries: entries)
    let interpreter = try Interpreter(instructions: [.exit], maps: [spec], options: .init(cpuCount: cpus))
    return try interpreter.map("m")
  }

  static func refuses(_ name: String, _ body: () throws -> Void) {
    let error = #expect(throws: InterpreterError.self) { try body() }
    #expect(error?.code == .mapRefused)
    #expect(error?.message.contains(name) == true, "\(error.map(\.message) ?? "")")
  }

  @Test func arrays() throws {
    let array = try TypedMap<UInt32, UInt64>(Self.map(.array))
    #expect(array.count == 4)
    #expect(try array.get(3) == 0)
    try array.set(7, for: 3)
    #expect(try array.get(3) == 7)
    #expect(try array.get(4) == nil)
    Self.refuses("E2BIG") { try array.set(1, for: 4) }
    Self.refuses("EINVAL") { _ = try array.delete(0) }
    Self.refuses("EEXIST") { try array.map.set([UInt8](repeating: 0, count: 8), for: [0, 0, 0, 0], if: .absent) }
  }

  @Test func hashes() throws {
    let hash = try TypedMap<UInt32, UInt64>(Self.map(.hash))
    for key in UInt32(0)..<4 { try hash.set(UInt64(key), for: key * 1000) }
    Self.refuses("E2BIG") { try hash.set(1, for: 1) }
    try hash.set(9, for: 1000)
    #expect(try hash.get(1000) == 9)
    #expect(try hash.delete(1000))
    #expect(try !hash.delete(1000))
    try hash.set(1, for: 1)
    #expect(Set(hash.keys) == [0, 2000, 3000, 1])
    Self.refuses("ENOENT") { try hash.map.set([UInt8](repeating: 0, count: 8), for: [9, 9, 9, 9], if: .present) }
    hash.map.removeAll()
    #expect(hash.count == 0)
  }

  /// A hash against a dictionary, through many insertions and removals.
  @Test func hashesLikeADictionary() throws {
    var random = SeededRandom(seed: 5)
    let hash = try TypedMap<UInt32, UInt64>(Self.map(.hash, entries: 500))
    var model: [UInt32: UInt64] = [:]
    for step in UInt64(0)..<20_000 {
      let key = UInt32.random(in: 0..<300, using: &random)
      if Bool.random(using: &random) {
        try hash.set(step, for: key)
        model[key] = step
      } else {
        #expect(try hash.delete(key) == (model.removeValue(forKey: key) != nil))
      }
    }
    #expect(Dictionary(uniqueKeysWithValues: hash.entries.map { ($0.key, $0.value) }) == model)
  }

  @Test func leastRecentlyUsedGoesFirst() throws {
    let lru = try TypedMap<UInt32, UInt64>(Self.map(.lruHash, entries: 3))
    for key in UInt32(1)...3 { try lru.set(0, for: key) }
    try lru.set(1, for: 1)
    try lru.set(0, for: 4)
    #expect(Set(lru.keys) == [1, 3, 4])
    #expect(try lru.get(2) == nil)
  }

  @Test func perCPUValues() throws {
    let map = try TypedMap<UInt32, UInt64>(Self.map(.perCPUHash, cpus: 3))
    try map.map.setAll([1, 2, 3].map { [$0] + [UInt8](repeating: 0, count: 7) }, for: [1, 0, 0, 0])
    #expect(try map.values(1) == [1, 2, 3])
    #expect(try map.sum(1) == 6)
    #expect(try map.get(1) == 1)
  }

  @Test func longestPrefixes() throws {
    struct Key: BitwiseCopyable {
      var length: UInt32
      var address: (UInt8, UInt8, UInt8, UInt8)
    }
    let trie = try TypedMap<Key, UInt64>(Self.map(.lpmTrie, key: 8, entries: 3))
    try trie.set(1, for: Key(length: 8, address: (10, 9, 9, 9)))
    try trie.set(2, for: Key(length: 24, address: (10, 1, 2, 0)))
    try trie.set(3, for: Key(length: 31, address: (10, 1, 2, 6)))
    func look(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) throws -> UInt64? {
      try trie.get(Key(length: 32, address: (a, b, c, d)))
    }
    #expect(try look(10, 200, 0, 1) == 1)
    #expect(try look(10, 1, 2, 3) == 2)
    #expect(try look(10, 1, 2, 7) == 3)
    #expect(try look(11, 1, 2, 3) == nil)
    #expect(try trie.get(Key(length: 16, address: (10, 1, 0, 0))) == 1)
    Self.refuses("ENOSPC") { try trie.set(0, for: Key(length: 9, address: (1, 0, 0, 0))) }
    Self.refuses("EINVAL") { try trie.set(0, for: Key(length: 33, address: (1, 0, 0, 0))) }
    #expect(try trie.delete(Key(length: 24, address: (10, 1, 2, 99))))
    #expect(try look(10, 1, 2, 3) == 1)
  }

  @Test func queuesAndStacks() throws {
    for (type, order) in [(MapType.queue, [UInt8(1), 2, 3, 4]), (.stack, [4, 3, 2, 1])] {
      let map = try Self.map(type, key: 0, value: 1)
      for value in UInt8(1)...4 { try map.push([value]) }
      Self.refuses("E2BIG") { try map.push([5]) }
      #expect(try (0..<4).compactMap { _ in try map.pop()?.first } == order)
      #expect(try map.pop() == nil)
      for value in UInt8(1)...6 { try map.push([value], replacesOldest: true) }
      #expect(map.count == 4)
    }
  }

  @Test func bloomFilters() throws {
    let bloom = try Self.map(.bloomFilter, key: 0, value: 2)
    try bloom.push([1, 2])
    #expect(try bloom.contains([1, 2]))
    #expect(try !bloom.contains([2, 1]))
  }

  @Test func wrongSizes() throws {
    let map = try Self.map(.hash)
    #expect(throws: InterpreterError.self) { try TypedMap<UInt64, UInt64>(map) }
    #expect(throws: InterpreterError.self) { try TypedMap<UInt32, UInt32>(map) }
    #expect(throws: InterpreterError.self) { try map.get([1]) }
    #expect(throws: InterpreterError.self) { try Self.map(.array, key: 8) }
    #expect(throws: InterpreterError.self) { try Self.map(.array, value: 1 << 20, entries: .max) }
  }

  /// The kernel's maps answer the same, one call after the other.
  @Test(.requires(.root), arguments: [MapType.hash, .array, .queue, .stack])
  func kernelAnswersTheSame(_ type: MapType) throws { try Self.compareWithKernel(type) }

  /// Older kernels do not look at the flags of an update.
  @Test(.requires(.root), .requires(kernel: "6.1")) func kernelsTrieAnswersTheSame() throws {
    try Self.compareWithKernel(.lpmTrie)
  }

  static func compareWithKernel(_ type: MapType) throws {
    let isKeyless = type == .queue || type == .stack
    let keySize: UInt32 = isKeyless ? 0 : type == .lpmTrie ? 8 : 4
    let own = try map(type, key: keySize, entries: 5)
    let kernel = try AnyMap(
      creating: MapParameters(
        type, name: "m", keySize: Int(keySize), valueSize: 8, maxEntries: 5,
        flags: type == .lpmTrie ? .noPreallocation : []))
    var random = SeededRandom(seed: 11)
    for step in 0..<2000 {
      let value = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
      let length = UInt8.random(in: 0...33, using: &random)
      let key: [UInt8] =
        type == .lpmTrie
        ? [length, 0, 0, 0, 10, 1, .random(in: 0...3, using: &random), 4]
        : [.random(in: 0...7, using: &random), 0, 0, 0]
      switch Int.random(in: 0..<3, using: &random) {
      case 0 where isKeyless:
        let mine = (try? own.push(value)) != nil
        #expect(mine == ((try? kernel.set(value, for: [])) != nil), "step \(step)")
      case _ where isKeyless:
        #expect(try own.pop() == (try? kernel.take([])) ?? nil, "step \(step)")
      case 0:
        let flags = UInt64.random(in: 0...2, using: &random)
        let mine = (try? own.set(value, for: key, if: UpdateMode(rawValue: flags))) != nil
        #expect(mine == ((try? kernel.set(value, for: key, if: UpdateMode(rawValue: flags))) != nil), "step \(step)")
      case 1 where type != .array:
        #expect((try? own.delete(key)) == (try? kernel.delete(key)), "step \(step)")
      default:
        #expect((try own.get(key)) == (try? kernel.get(key)) ?? nil, "step \(step)")
      }
    }
  }
}
