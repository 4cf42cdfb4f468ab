// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import SystemPackage
import TestSupport
import Testing

@Suite(.requires(.root)) struct AnyMapTests {
  /// Kinds with plain keys and values. The last gives each possible CPU its share of the elements, and evicts one when
  /// that is used up.
  static let plain: [(MapType, MapFlags)] = [
    (.hash, []), (.hash, .noPreallocation), (.array, []), (.array, .memoryMappable), (.lruHash, []),
    (.lruHash, .noCommonLRU),
  ]

  @Test(.requires(.command("bpftool")), arguments: plain)
  func bpftoolReadsWhatWeWriteAndWeReadWhatItWrites(type: MapType, flags: MapFlags) throws {
    let map = try AnyMap(
      creating: MapParameters(
        type, name: "merops_plain", keySize: 4, valueSize: 8, maxEntries: type.isArray ? 16 : 16384, flags: flags))
    for key in 0..<8 as Range<UInt32> { try map.set((UInt64(key) * 1000 + 7).bytes, for: key.bytes) }
    try BPFTool.update(map, [9, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8])
    let ours = Set(try map.entries().map { [$0.key, $0.value] })
    #expect(try BPFTool.dump(map) == ours)
    #expect(ours.count == (type.isArray ? 16 : 9))
    #expect(try map.get([9, 0, 0, 0]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try map.get(UInt32(99).bytes) == nil)
    if !type.isArray {
      #expect(try map.delete([9, 0, 0, 0]))
      #expect(try map.delete([9, 0, 0, 0]) == false)
      #expect(try map.count() == 8)
      #expect(try map.keys().count == 8)
    }
  }

  @Test(arguments: [UpdateMode.any, .absent, .present])
  func modesDecideOnPresence(mode: UpdateMode) throws {
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 4))
    try map.set([1, 1, 1, 1], for: [1, 0, 0, 0])
    func code(_ key: UInt32) -> BPFError.Code? {
      do {
        try map.set([2, 2, 2, 2], for: key.bytes, if: mode)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(1) == (mode == .absent ? .exists : nil))
    #expect(code(2) == (mode == .present ? .notFound : nil))
  }

  @Test func aFullMapSaysSo() throws {
    let map = try AnyMap(creating: MapParameters(.hash, name: "tiny", keySize: 4, valueSize: 4, maxEntries: 2))
    try map.set([0, 0, 0, 0], for: [1, 0, 0, 0])
    try map.set([0, 0, 0, 0], for: [2, 0, 0, 0])
    let error = try #require(throws: BPFError.self) { try map.set([0, 0, 0, 0], for: [3, 0, 0, 0]) }
    #expect(error.code == .full)
    #expect(error.description.contains("updating map tiny") && error.description.contains("max_entries"))
  }

  /// The causes that share an errno with others.
  @Test func refusalsNameTheirCause() throws {
    func error(_ body: () throws -> Void) throws -> BPFError { try #require(throws: BPFError.self, performing: body) }
    let array = try AnyMap(creating: MapParameters(.array, name: "slots", keySize: 4, valueSize: 4, maxEntries: 2))
    let beyond = try error { try array.set([0, 0, 0, 0], for: [2, 0, 0, 0]) }
    #expect(beyond.code == .invalid && beyond.description.contains("index 2 is beyond its last, 1"), "\(beyond)")
    let deleted = try error { try array.delete([0, 0, 0, 0]) }
    #expect(deleted.code == .invalid && deleted.description.contains("cannot be removed"), "\(deleted)")
    try array.freeze()
    let frozen = try error { try array.set([0, 0, 0, 0], for: [0, 0, 0, 0]) }
    #expect(frozen.code == .permission && frozen.description.contains("it is frozen"), "\(frozen)")
    let flags = MapFlags.noPreallocation
    let trie = try AnyMap(
      creating: MapParameters(.lpmTrie, name: "trie", keySize: 8, valueSize: 4, maxEntries: 1, flags: flags))
    let long = try error { try trie.set([0, 0, 0, 0], for: [33, 0, 0, 0, 10, 0, 0, 0]) }
    #expect(long.code == .invalid && long.description.contains("at most 32 bits, not 33"), "\(long)")
    try trie.set([0, 0, 0, 0], for: [8, 0, 0, 0, 10, 0, 0, 0])
    #expect(try error { try trie.set([0, 0, 0, 0], for: [8, 0, 0, 0, 11, 0, 0, 0]) }.code == .full)
    let hash = try AnyMap(creating: MapParameters(.hash, name: "hash", keySize: 4, valueSize: 4, maxEntries: 2))
    let reader = try AnyMap(id: hash.info.id, access: .readOnly)
    let written = try error { try reader.set([0, 0, 0, 0], for: [1, 0, 0, 0]) }
    #expect(written.code == .permission && written.description.contains("open for reading only"), "\(written)")
    let writer = try AnyMap(id: hash.info.id, access: .writeOnly)
    let read = try error { _ = try writer.get([1, 0, 0, 0]) }
    #expect(read.code == .permission && read.description.contains("open for writing only"), "\(read)")
  }

  @Test func wrongSizesAreErrorsAndNotOverruns() throws {
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 8, maxEntries: 4))
    #expect(throws: BPFError.self) { try map.set([0, 0, 0, 0, 0, 0, 0, 0], for: [1]) }
    #expect(throws: BPFError.self) { try map.set([0], for: [1, 0, 0, 0]) }
    #expect(throws: BPFError.self) { try map.get([]) }
    #expect(throws: BPFError.self) { try map.delete([1, 2, 3, 4, 5]) }
  }

  @Test func perCPUValuesFollowThePossibleCPUs() throws {
    let map = try AnyMap(creating: MapParameters(.perCPUArray, keySize: 4, valueSize: 5, maxEntries: 1))
    #expect(map.lookupSize % 8 == 0)
    let cpus = map.lookupSize / 8
    let value = (0..<cpus).flatMap { cpu -> [UInt8] in [UInt8(cpu & 0xff), 1, 2, 3, 4, 0, 0, 0] }
    try map.set(value, for: [0, 0, 0, 0])
    #expect(try map.get([0, 0, 0, 0]) == value)
    if commandPath("bpftool") != nil {
      #expect(try BPFTool.dump(map).first?.count == cpus + 1)
    }
  }

  @Test func infoIsWhatBpftoolShows() throws {
    let map = try AnyMap(
      creating: MapParameters(
        .lpmTrie, name: "a_name_of_20_letters", keySize: 8, valueSize: 16, maxEntries: 33, flags: .noPreallocation))
    #expect(map.name == "a_name_of_20_letters")
    #expect(map.info.name == "a_name_of_20_le")
    let shown = try BPFTool.show(map)
    #expect(shown["type"] as? String == map.info.type.description)
    #expect(shown["name"] as? String == map.info.name)
    #expect(shown["flags"] as? Int == 1)
    #expect(shown["bytes_key"] as? Int == 8)
    #expect(shown["bytes_value"] as? Int == 16)
    #expect(shown["max_entries"] as? Int == 33)
    #expect(shown["id"] as? Int == Int(map.info.id))
  }

  @Test func isOpenedByIDAndByName() throws {
    let name = "mt\(UInt32.random(in: 0...0xff_ffff))"
    let map = try AnyMap(creating: MapParameters(.hash, name: name, keySize: 4, valueSize: 4, maxEntries: 4))
    try map.set([7, 0, 0, 0], for: [1, 0, 0, 0])
    #expect(try AnyMap(id: map.info.id).get([1, 0, 0, 0]) == [7, 0, 0, 0])
    #expect(try AnyMap(named: name).info == map.info)
    #expect(try AnyMap.all().contains(map.info))
    let twin = try AnyMap(creating: MapParameters(.hash, name: name, keySize: 4, valueSize: 4, maxEntries: 4))
    let error = try #require(throws: BPFError.self) { try AnyMap(named: name) }
    #expect(error.code == .exists && "\(error)".contains("\(twin.info.id)"))
    #expect(try #require(throws: BPFError.self) { try AnyMap(named: "no_such_map_x") }.code == .notFound)
    #expect(try #require(throws: BPFError.self) { try AnyMap(id: 0xffff_fff0) }.code == .notFound)
  }

  @Test func aMapOpenedForReadingCannotBeWritten() throws {
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 4))
    let reader = try AnyMap(id: map.info.id, access: .readOnly)
    try map.set([1, 0, 0, 0], for: [1, 0, 0, 0])
    #expect(try reader.get([1, 0, 0, 0]) == [1, 0, 0, 0])
    #expect(try #require(throws: BPFError.self) { try reader.delete([1, 0, 0, 0]) }.code == .permission)
  }

  @Test func lookupAndDeleteTakesOnce() throws {
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 4))
    try map.set([5, 0, 0, 0], for: [1, 0, 0, 0])
    _ = try supported(from: "5.14", "lookup and delete in a hash map") { () throws in
      #expect(try map.take([1, 0, 0, 0]) == [5, 0, 0, 0])
      #expect(try map.take([1, 0, 0, 0]) == nil)
    }
    let array = try AnyMap(creating: MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 4))
    #expect(try #require(throws: BPFError.self) { try array.take([1, 0, 0, 0]) }.code == .unsupported)
  }

  @Test func ringsAreRoundedToPowersOfTwoOfPages() throws {
    for (asked, got) in [(1, 4096), (4096, 4096), (4097, 8192), (3 << 12, 4 << 12), (1 << 20, 1 << 20)] {
      let ring = try AnyMap(creating: MapParameters(.ringBuffer, keySize: 0, valueSize: 0, maxEntries: asked))
      #expect(ring.info.maxEntries == got)
    }
    #expect(throws: BPFError.self) {
      try AnyMap(creating: MapParameters(.ringBuffer, keySize: 0, valueSize: 0, maxEntries: 4096)).entries()
    }
  }

  @Test func aRefusedMapNamesItsSizes() throws {
    let error = try #require(throws: BPFError.self) {
      try AnyMap(creating: MapParameters(.array, name: "odd", keySize: 3, valueSize: 4, maxEntries: 4))
    }
    #expect(error.description.contains("creating array map odd: the kernel rejects 4 entries with keys of 3"))
    let unknown = try #require(throws: BPFError.self) {
      try AnyMap(creating: MapParameters(MapType(rawValue: 200), keySize: 4, valueSize: 4, maxEntries: 4))
    }
    #expect(unknown.errno == .invalidArgument)
    #expect(throws: BPFError.self) {
      try AnyMap(creating: MapParameters(.hash, keySize: -1, valueSize: 4, maxEntries: 4))
    }
  }

  @Test func descriptorsAreClosed() throws {
    try expectNoLeak {
      let map = try AnyMap(creating: MapParameters(.hash, name: "leak", keySize: 4, valueSize: 4, maxEntries: 64))
      for key in 0..<64 as Range<UInt32> { try map.set(key.bytes, for: key.bytes) }
      _ = try AnyMap(id: map.info.id).entries()
      _ = try? AnyMap(named: "leak")
      _ = try? AnyMap(creating: MapParameters(.array, keySize: 3, valueSize: 4, maxEntries: 4))
      let mapped = try MappedArray<UInt64>(creatingNamed: "m", count: 3)
      mapped[2] = 4
    }
  }
}
