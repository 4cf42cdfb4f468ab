// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import TestSupport
import Testing

@Suite(.requires(.root)) struct MapTests {
  struct Flow: BitwiseCopyable, Hashable {
    var source: IPv4Address
    var port: BigEndian<UInt16>
    var isInbound: Bool
  }

  @Test func typedElements() throws {
    let map = try Map<UInt32, UInt64>(creating: .hash, name: "typed", maxEntries: 8)
    try map.set(10, for: 1)
    try map.set(20, for: 2, if: .absent)
    #expect(try map.get(1) == 10)
    #expect(try map.get(2) == 20)
    #expect(try map.get(3) == nil)
    #expect(try map.contains(2))
    #expect(try map.delete(2))
    #expect(try map.delete(2) == false)
    #expect(try map.entries().map { [UInt64($0.key), $0.value] } == [[1, 10]])
  }

  @Test func sizesAreChecked() throws {
    let map = try AnyMap(creating: MapParameters(.hash, name: "sizes", keySize: 4, valueSize: 8, maxEntries: 8))
    #expect(throws: BPFError.self) { try Map<UInt64, UInt64>(map) }
    let error = try #require(throws: BPFError.self) { try Map<UInt32, UInt32>(map) }
    #expect(error.code == .sizeMismatch)
    #expect(error.description.contains("its values have 8 bytes, UInt32 has 4"))
    let perCPU = try AnyMap(creating: MapParameters(.perCPUHash, keySize: 4, valueSize: 8, maxEntries: 8))
    #expect(throws: BPFError.self) { try Map<UInt32, UInt64>(perCPU) }
    let queue = try AnyMap(creating: MapParameters(.queue, keySize: 0, valueSize: 8, maxEntries: 8))
    #expect(throws: BPFError.self) { try Map<UInt32, UInt64>(queue) }
  }

  /// Seven bytes in Swift, eight in C: the last one must be zero, or no program finds the key.
  @Test func trailingPaddingIsZero() throws {
    #expect(MemoryLayout<Flow>.size == 7 && MemoryLayout<Flow>.stride == 8)
    let map = try Map<Flow, Flow>(creating: .hash, name: "padded", maxEntries: 64)
    var flows: [Flow] = []
    for port in 1...40 as ClosedRange<UInt16> {
      // Garbage on the stack, where the next value will lie.
      _ = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) {
        $0.initializeMemory(as: UInt8.self, repeating: 0xa5)
      }
      let flow = Flow(source: IPv4Address(10, 0, 0, 1), port: BigEndian(port), isInbound: port % 2 == 0)
      try map.set(flow, for: flow)
      flows.append(flow)
    }
    for (key, value) in try map.map.entries() {
      #expect(key[7] == 0 && value[7] == 0)
      #expect(key == value)
    }
    #expect(try map.entries().map(\.key.port.value).sorted() == Array(1...40))
    try map.set(flows, for: flows)
    #expect(try map.count() == 40)
    #expect(try map.delete(flows) == 40)
  }

  @Test func networkKeys() throws {
    let map = try Map<LPMKey<IPv4Address>, UInt32>(creating: .lpmTrie, name: "routes", maxEntries: 16)
    for (text, value) in [("10.0.0.0/8", 8), ("10.1.0.0/16", 16), ("10.1.2.3/32", 32), ("0.0.0.0/0", 0)] {
      try map.set(UInt32(value), for: try #require(LPMKey(text)))
    }
    for (address, value) in [("10.1.2.3", 32), ("10.1.9.9", 16), ("10.200.0.1", 8), ("192.168.0.1", 0)] {
      #expect(try map.get(LPMKey(try #require(IPv4Address(address)))) == UInt32(value))
    }
    #expect(try map.delete(try #require(LPMKey("0.0.0.0/0"))))
    #expect(try map.get(LPMKey(IPv4Address(192, 168, 0, 1))) == nil)
    #expect(Set(try map.keys().map(\.description)) == ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"])

    let six = try Map<LPMKey<IPv6Address>, UInt8>(creating: .lpmTrie, maxEntries: 16)
    try six.set(1, for: try #require(LPMKey("2001:db8::/32")))
    #expect(try six.get(LPMKey(try #require(IPv6Address("2001:db8:7::1")))) == 1)
    #expect(try six.get(LPMKey(.loopback)) == nil)
  }

  @Test(.requires(.command("bpftool")))
  func addressesLieAsInPackets() throws {
    let map = try Map<IPv4Address, UInt8>(creating: .hash, name: "blocked", maxEntries: 16)
    try map.set(1, for: IPv4Address(192, 0, 2, 1))
    #expect(try BPFTool.dump(map.map) == [[[192, 0, 2, 1], [1]]])
    try BPFTool.update(map.map, [198, 51, 100, 7], [1])
    #expect(try Set(map.keys().map(\.description)) == ["192.0.2.1", "198.51.100.7"])
  }

  @Test func takingRemoves() throws {
    let map = try Map<UInt32, UInt32>(creating: .hash, maxEntries: 1000)
    try map.set(Array(0..<1000), for: Array(0..<1000))
    let taken = try map.takeAll()
    #expect(taken.map(\.key).sorted() == Array(0..<1000))
    #expect(try map.count() == 0)
    try map.set(Array(0..<10), for: Array(0..<10))
    #expect(try map.map.removeAll() == 10)
    #expect(throws: BPFError.self) {
      try Map<UInt32, UInt32>(creating: .array, maxEntries: 10).map.removeAll()
    }
  }

  @Test func perCPU() throws {
    let map = try PerCPUMap<UInt32, UInt32>(creating: .perCPUHash, name: "percpu", maxEntries: 8)
    let values = (0..<map.cpuCount).map { UInt32($0 + 1) }
    try map.set(values, for: 5)
    #expect(try map.get(5) == values)
    #expect(try map.sum(5) == values.reduce(0, +))
    try map.set(all: 9, for: 6)
    #expect(try map.get(6) == Array(repeating: 9, count: map.cpuCount))
    #expect(try map.get(7) == nil)
    #expect(try map.entries().map(\.key).sorted() == [5, 6])
    #expect(throws: BPFError.self) { try map.set(values + [1], for: 5) }
    #expect(try map.delete(6))
    #expect(throws: BPFError.self) {
      try PerCPUMap<UInt32, UInt64>(try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 8, maxEntries: 1)))
    }
  }

  @Test(arguments: [MapType.perCPUArray, .perCPUHash, .lruPerCPUHash])
  func perCPUSumsAgreeWithBpftool(type: MapType) throws {
    let map = try PerCPUMap<UInt32, UInt64>(creating: type, maxEntries: 4)
    try map.set((0..<map.cpuCount).map { UInt64($0 * 3 + 1) }, for: 1)
    for (key, value) in try map.sums() {
      let element = try #require(try BPFTool.dump(map.map).first { $0[0] == key.bytes })
      #expect(element.dropFirst().reduce(0) { $0 + $1.u64 } == value)
    }
  }
}
