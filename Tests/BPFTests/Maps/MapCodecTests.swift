// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BTF
import BTFCoding
import Foundation
import TestSupport
import Testing

@Suite(.sameOnEveryKernel, .requires(.root)) struct MapCodecTests {
  @Test func mapsWithoutTypesAreNumbersAndBytes() throws {
    let cases: [(Int, Int, String, String, String, String)] = [
      (4, 8, "5", "123456789012", "5", "123456789012"), (4, 1, "0x10", "1", "16", "1"),
      (6, 3, "hex 01 02 03 04 05 06", "hex 0a 0b 0c", "[1,2,3,4,5,6]", "[10,11,12]"),
      (2, 2, "65535", "7", "65535", "7"),
    ]
    for (keySize, valueSize, key, value, keyJSON, valueJSON) in cases {
      let map = try AnyMap(creating: MapParameters(.hash, keySize: keySize, valueSize: valueSize, maxEntries: 4))
      let codec = try MapCodec(map)
      #expect(!codec.isTyped)
      try codec.set(value: value, forKey: key)
      let entry = try #require(try codec.entries().first)
      #expect(entry.key.json == keyJSON && entry.value.json == valueJSON)
      #expect(try codec.get(key: key)?.json == valueJSON)
      #expect(try codec.get(entry.key) == entry.value)
      #expect(try codec.delete(key: key))
      #expect(try codec.entries().isEmpty)
    }
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 1, maxEntries: 4))
    #expect(try #require(throws: BPFError.self) { try MapCodec(map).set(value: "256", forKey: "1") }.code == .encoding)
    #expect(throws: BPFError.self) { try MapCodec(map).set(value: "1", forKey: "what") }
  }

  @Test func prefixesReadAsPeopleWriteThem() throws {
    let map = try AnyMap(
      creating: MapParameters(.lpmTrie, keySize: 8, valueSize: 4, maxEntries: 4, flags: .noPreallocation))
    let codec = try MapCodec(map)
    try codec.set(value: "3", forKey: "10.0.0.0/8")
    #expect(try codec.get(key: "10.9.9.9")?.integer == 3)
    #expect(try codec.get(key: "11.9.9.9") == nil)
    #expect(try codec.entries().first?.key.json == #"{"prefixlen":8,"data":[10,0,0,0]}"#)
  }

  @Test func perCPUValuesAreArrays() throws {
    let map = try AnyMap(creating: MapParameters(.perCPUHash, keySize: 4, valueSize: 4, maxEntries: 4))
    let codec = try MapCodec(map)
    let cpus = map.lookupSize / 8
    try codec.set(value: "9", forKey: "1")
    #expect(try codec.get(key: "1") == .array(Array(repeating: .unsigned(9), count: cpus)))
    let list = "[" + (0..<cpus).map { "\($0)" }.joined(separator: ",") + "]"
    try codec.set(value: list, forKey: "1")
    #expect(try codec.get(key: "1")?.json == list)
  }

  /// What is written for a dump is what reading gives, for one value and for one of each CPU.
  @Test(arguments: [MapType.hash, .perCPUHash]) func jsonAsItIsRead(_ type: MapType) throws {
    let map = try AnyMap(creating: MapParameters(type, keySize: 6, valueSize: 4, maxEntries: 64))
    let codec = try MapCodec(map)
    for index in 0..<40 { try codec.set(value: "\(index)", forKey: "hex 0\(index % 10) 02 03 04 05 0\(index / 10)") }
    var buffer = JSONBuffer()
    try map.forEach { key, value in
      try codec.writeKey(key, to: &buffer)
      buffer.append("=")
      try codec.writeValue(value, to: &buffer)
      buffer.append("\n")
    }
    let expected = try codec.entries().map { "\($0.key.json)=\($0.value.json)\n" }
    #expect(buffer.text == expected.joined())
    #expect(expected.count == 40)
  }

  @Test func queuesHaveNoKeys() throws {
    let codec = try MapCodec(AnyMap(creating: MapParameters(.queue, keySize: 0, valueSize: 4, maxEntries: 4)))
    try codec.set(value: "7", forKey: "")
    #expect(try codec.get(key: "")?.integer == 7)
    #expect(try codec.get(.bytes([]))?.integer == 7)
    // A key that would be ignored.
    #expect(throws: BPFError.self) { try codec.get(key: "0") }
    #expect(throws: BPFError.self) { try codec.get(.unsigned(0)) }
    #expect(throws: BPFError.self) { try codec.set(value: "8", forKey: "0") }
    #expect(throws: BPFError.self) { try codec.delete(key: "0") }
    #expect(try codec.get(key: "")?.integer == 7)
  }

  /// What is asked for is a value, and not whatever is in the memory for one.
  @Test(.works(from: "5.16")) func bloomFiltersAreAskedForAValue() throws {
    let map = try AnyMap(creating: MapParameters(.bloomFilter, keySize: 0, valueSize: 4, maxEntries: 100))
    let codec = try MapCodec(map)
    try codec.set(value: "7", forKey: "")
    #expect(try codec.get(key: "7")?.integer == 7)
    #expect(try codec.get(.unsigned(7))?.integer == 7)
    #expect(try codec.get(key: "0") == nil)
    #expect(try #require(throws: BPFError.self) { try codec.get(key: "") }.code == .encoding)
    #expect(try #require(throws: BPFError.self) { try map.get([]) }.code == .invalid)
  }

  /// The corpus's maps have BTF, and bpftool prints by it.
  @Test(.requires(.command("bpftool")))
  func typedMapsReadAsBpftoolPrintsThem() throws {
    let collection = try load("maps")
    let trie = try MapCodec(AnyMap(id: try collection.map("lpm_trie").info.id))
    #expect(trie.isTyped)
    try trie.set(value: "77", forKey: #"{"prefix_length": 24, "address": [10, 1, 2, 0]}"#)
    try trie.set(value: "78", forKey: "10.2.0.0/16")
    let hash = try MapCodec(AnyMap(id: try collection.map("hash").info.id))
    try hash.set(value: "4", forKey: "3")
    for codec in [trie, hash] {
      let text = try Shell.run(["bpftool", "-j", "map", "dump", "id", "\(codec.map.info.id)"], mergeErrors: false)
        .output
      let theirs = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
      let formatted = Set(
        theirs.compactMap { ($0["formatted"] as? [String: Any]).map { "\($0["key"]!) \($0["value"]!)" } })
      let ours = Set(
        try codec.entries().map { entry in
          func object(_ value: BTFValue) throws -> Any {
            try JSONSerialization.jsonObject(with: Data(value.json.utf8), options: .fragmentsAllowed)
          }
          return "\(try object(entry.key)) \(try object(entry.value))"
        })
      #expect(!ours.isEmpty && formatted.count == ours.count)
      if codec.map.info.type == .hash { #expect(formatted == ours) }
    }
    #expect(try #require(throws: BPFError.self) { try trie.set(value: "1", forKey: "nonsense=1") }.code == .encoding)
  }

  @Test func paddingInsideKeysIsClearedByTheMapsTypes() throws {
    struct Key: BitwiseCopyable {
      var kind: UInt8
      var id: UInt32
    }
    var builder = BTFBuilder()
    let byte = try builder.add(.int(BTFInteger(name: "__u8", size: 1)))
    let word = try builder.add(.int(BTFInteger(name: "__u32", size: 4)))
    let key = try builder.add(
      .structure(
        BTFComposite(
          name: "key", size: 8,
          members: [
            BTFComposite.Member(name: "kind", type: byte, bitOffset: 0),
            BTFComposite.Member(name: "id", type: word, bitOffset: 32),
          ])))
    let types = MapTypes(try BTFTypes(bytes: builder.encode()), key: key, value: word)
    let any = try AnyMap(creating: MapParameters(.hash, keySize: 8, valueSize: 4, maxEntries: 64), types: types)
    let map = try Map<Key, UInt32>(any)
    for id in 0..<32 as Range<UInt32> {
      // A key whose padding is garbage.
      let key = withUnsafeTemporaryAllocation(of: Key.self, capacity: 1) { room in
        UnsafeMutableRawBufferPointer(room).initializeMemory(as: UInt8.self, repeating: 0xa5)
        room.withMemoryRebound(to: UInt32.self) { $0[1] = id }
        room.withMemoryRebound(to: UInt8.self) { $0[0] = 1 }
        return room[0]
      }
      try map.set(id, for: key)
    }
    #expect(try any.entries().allSatisfy { Array($0.key[1...3]) == [0, 0, 0] })
    #expect(try map.get(Key(kind: 1, id: 5)) == 5)
    try map.set([9], for: [Key(kind: 2, id: 1)])
    #expect(try any.get([2, 0, 0, 0, 1, 0, 0, 0]) == [9, 0, 0, 0])
  }
}
