// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Foundation
import TestSupport
import Testing

@Suite(.requires(.root), .serialized) struct BatchTests {
  static let kinds: [(MapType, MapFlags)] = [
    (.hash, []), (.hash, .noPreallocation), (.lruHash, []), (.array, []), (.lpmTrie, .noPreallocation),
  ]

  @Test(arguments: kinds, [1, 3, 100, 5000])
  func everyElementOnceWhateverTheChunk(kind: (MapType, MapFlags), chunk: Int) throws {
    let (type, flags) = kind
    // A trie's keys begin with their length in bits.
    let keys = (0..<2000 as Range<UInt32>).map { type == .lpmTrie ? UInt64($0.byteSwapped) << 32 | 32 : UInt64($0) }
    let size = type == .array ? 4 : 8
    let map = try AnyMap(
      creating: MapParameters(
        type, keySize: size, valueSize: 8, maxEntries: type == .lruHash ? 20000 : 2000, flags: flags))
    for key in keys { try map.set(key.bytes, for: Array(key.bytes.prefix(size))) }
    let elements =
      size == 8 ? try Self.chunks(of: UInt64.self, map, chunk) : try Self.chunks(of: UInt32.self, map, chunk)
    var seen: [UInt64: Int] = [:]
    for (key, value) in elements {
      seen[key, default: 0] += 1
      #expect(key == value)
    }
    #expect(seen.count == 2000 && seen.values.allSatisfy { $0 == 1 })
  }

  private static func chunks<Key: FixedWidthInteger & BitwiseCopyable>(
    of: Key.Type, _ map: AnyMap, _ chunk: Int
  ) throws -> [(UInt64, UInt64)] {
    var elements: [(UInt64, UInt64)] = []
    try Map<Key, UInt64>(map).forEachChunk(of: chunk) { keys, values in
      precondition(keys.count == values.count)
      for index in keys.indices { elements.append((UInt64(keys[index]), values[index])) }
    }
    return elements
  }

  /// An unseeded hash of one bucket's keys cannot be had from here, so a chunk of one element, smaller than most buckets of
  /// a full table, makes the kernel answer ENOSPC.
  @Test func roomGrowsForLargeBuckets() throws {
    let map = try Map<UInt32, UInt32>(creating: .hash, maxEntries: 4096, flags: .zeroSeed)
    try map.set(Array(0..<4096), for: Array(0..<4096))
    var chunks = 0
    var total = 0
    try map.forEachChunk(of: 1) { keys, _ in
      chunks += 1
      total += keys.count
    }
    #expect(total == 4096)
    #expect(chunks < 4096)
  }

  @Test(.sameOnEveryKernel) func aMillionElements() throws {
    let count = 1_000_000
    let map = try Map<UInt64, UInt64>(creating: .hash, name: "million", maxEntries: count)
    let keys = (0..<UInt64(count)).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
    try map.set(keys, for: keys)
    var sum: UInt64 = 0
    var total = 0
    try map.forEachChunk { keys, values in
      total += keys.count
      for value in values { sum &+= value }
    }
    #expect(total == count)
    #expect(sum == keys.reduce(0, &+))
    #expect(try map.delete(Array(keys.prefix(300_000))) == 300_000)
    #expect(try map.delete(Array(keys.prefix(300_001))) == 1)
    #expect(try map.takeAll().count == 699_999)
    #expect(try map.count() == 0)
  }

  @Test func aRefusedUpdateSaysHowFarItCame() throws {
    let map = try Map<UInt32, UInt32>(creating: .hash, name: "small", maxEntries: 10)
    let error = try #require(throws: BPFError.self) { try map.set(Array(0..<20), for: Array(0..<20)) }
    #expect(error.code == .full)
    #expect(error.description.contains("10 of 20 entries"))
    #expect(throws: BPFError.self) { try map.set([1], for: [1, 2]) }
    try map.set([], for: [])
    #expect(try map.delete([]) == 0)
    #expect(try map.delete([0, 100, 1, 101, 2]) == 3)
  }

  /// Five bytes in the map, eight in a Swift array.
  @Test func packedValuesAreSpread() throws {
    struct Five: BitwiseCopyable, Equatable {
      var word: UInt32
      var byte: UInt8
    }
    let map = try Map<UInt32, Five>(AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 5, maxEntries: 100)))
    let values = (0..<100 as Range<UInt32>).map { Five(word: $0 &* 77777, byte: UInt8($0)) }
    try map.set(values, for: Array(0..<100))
    #expect(try map.get(7) == values[7])
    var seen = 0
    try map.forEachChunk { keys, chunk in
      for index in keys.indices {
        #expect(chunk[index] == values[Int(keys[index])])
        seen += 1
      }
    }
    #expect(seen == 100)
  }

  @Test(arguments: [MapType.hash, .perCPUHash, .lpmTrie])
  func readersSeeEveryStableElementWhileOthersComeAndGo(type: MapType) async throws {
    let flags: MapFlags = type == .lpmTrie ? .noPreallocation : []
    let map = try AnyMap(creating: MapParameters(type, keySize: 8, valueSize: 8, maxEntries: 4000, flags: flags))
    let zeros = [UInt8](repeating: 0, count: map.lookupSize)
    @Sendable func key(_ index: UInt32) -> [UInt8] { UInt32(32).bytes + index.byteSwapped.bytes }
    for index in 0..<1000 as Range<UInt32> { try map.set(zeros, for: key(index)) }
    let stop = Stop()
    let writer = Thread {
      var round: UInt32 = 0
      while !stop.isSet {
        let passing = key(1000 + round % 2000)
        try? map.set(zeros, for: passing)
        if round % 3 != 0 { _ = try? map.delete(passing) }
        if round % 5 == 0 { _ = try? map.delete(key(1000 + (round / 2) % 2000)) }
        round &+= 1
      }
      stop.done()
    }
    writer.start()
    defer { stop.set() }
    for _ in 0..<30 {
      var counts: [[UInt8]: Int] = [:]
      do {
        try map.forEach { key, _ in counts[Array(key), default: 0] += 1 }
      } catch let error as BPFError where error.code == .unsettled && type == .lpmTrie {
        continue
      }
      for index in 0..<1000 as Range<UInt32> {
        let times = counts[key(index)] ?? 0
        // A trie goes from key to key, and may begin again.
        #expect(type == .lpmTrie ? times >= 1 : times == 1)
      }
    }
  }
}

/// A flag between threads; setting it waits for the other side.
final class Stop: @unchecked Sendable {
  private let lock = NSLock()
  private var flag = false
  private let ended = DispatchSemaphore(value: 0)
  var isSet: Bool { lock.withLock { flag } }
  func done() { ended.signal() }
  func set() {
    lock.withLock { flag = true }
    ended.wait()
  }
}
