// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Foundation
import TestSupport
import Testing

@Suite(.requires(.root)) struct MapPinTests {
  @Test func pinsKeepMapsAlive() throws {
    let bpffs = try TestBPFFS()
    let path = "\(bpffs.path)/kept"
    do {
      let map = try Map<UInt32, UInt32>(creating: .hash, name: "kept", maxEntries: 4)
      try map.set(2, for: 1)
      try map.map.pin(at: path)
      #expect(try #require(throws: BPFError.self) { try map.map.pin(at: path) }.code == .exists)
    }
    #expect(try Map<UInt32, UInt32>(AnyMap(pinned: path)).get(1) == 2)
    try AnyMap.unpin(path)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try #require(throws: BPFError.self) { try AnyMap(pinned: path) }.code == .notFound)
  }

  @Test func outsideABPFFSTheErrorSaysWhere() throws {
    let map = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 4))
    let error = try #require(throws: BPFError.self) { try map.pin(at: "/tmp/merops-no-pin") }
    #expect(error.description.contains("bpffs"))
    let file = NSTemporaryDirectory() + "merops-plain-\(UUID().uuidString)"
    #expect(FileManager.default.createFile(atPath: file, contents: Data()))
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(throws: BPFError.self) { try AnyMap.unpin(file) }
    #expect(FileManager.default.fileExists(atPath: file))
  }

  static let base = MapParameters(.hash, name: "base", keySize: 4, valueSize: 8, maxEntries: 16)

  @Test func eachDifferenceIsNamed() throws {
    let bpffs = try TestBPFFS()
    let path = "\(bpffs.path)/base"
    let map = try AnyMap.openOrCreate(pinned: path, Self.base)
    #expect(try AnyMap.openOrCreate(pinned: path, Self.base).info == map.info)
    var other = Self.base
    other.type = .lruHash
    other.keySize = 8
    other.valueSize = 4
    other.maxEntries = 17
    other.flags = .noPreallocation
    let error = try #require(throws: BPFError.self) { try AnyMap.reuse(pinned: path, as: other) }
    #expect(error.code == .mapMismatch)
    for part in [
      "type is hash, not lru_hash", "key size is 4, not 8", "value size is 8, not 4", "number of entries is 16, not 17",
      "set of flags is 0x0, not 0x1",
    ] {
      #expect(error.description.contains(part), "\(error)")
    }
    var one = Self.base
    one.valueSize = 16
    let single = try #require(throws: BPFError.self) { try AnyMap.reuse(pinned: path, as: one) }
    #expect(single.detail == "its value size is 8, not 16")
    #expect(try AnyMap.reuse(pinned: "\(bpffs.path)/nothing", as: Self.base) == nil)
  }

  @Test func whatTheKernelChangesIsNoDifference() throws {
    let bpffs = try TestBPFFS()
    let kinds: [MapParameters] = [
      MapParameters(.ringBuffer, keySize: 0, valueSize: 0, maxEntries: 5000),
      MapParameters(.devmap, keySize: 4, valueSize: 4, maxEntries: 4),
      MapParameters(.devmapHash, keySize: 4, valueSize: 8, maxEntries: 4),
      MapParameters(.perfEventArray, keySize: 4, valueSize: 4, maxEntries: 0),
    ]
    for (index, parameters) in kinds.enumerated() {
      let path = "\(bpffs.path)/m\(index)"
      let map = try AnyMap.openOrCreate(pinned: path, parameters)
      #expect(try AnyMap.openOrCreate(pinned: path, parameters).info == map.info)
    }
  }
}
