// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import Glibc
import TestSupport
import Testing

/// Each kind of map that has rules of its own.
@Suite(.requires(.root)) struct MapKindTests {
  @Test(arguments: [MapType.queue, .stack])
  func queuesAndStacks(type: MapType) throws {
    let queue = try QueueMap<UInt32>(creating: type, maxEntries: 3)
    #expect(try queue.pop() == nil)
    #expect(try queue.peek() == nil)
    for value in 1...3 as ClosedRange<UInt32> { try queue.push(value) }
    #expect(try #require(throws: BPFError.self) { try queue.push(4) }.code == .full)
    try queue.push(4, replacesOldest: true)
    #expect(try queue.peek() == (type == .queue ? 2 : 4))
    var taken: [UInt32] = []
    while let value = try queue.pop() { taken.append(value) }
    #expect(taken == (type == .queue ? [2, 3, 4] : [4, 3, 2]))
    #expect(throws: BPFError.self) { try queue.map.entries() }
    #expect(throws: BPFError.self) { try QueueMap<UInt64>(queue.map) }
  }

  @Test(.requires(kernel: "5.16"))
  func bloomFilters() throws {
    let filter = try BloomFilterMap<UInt64>(maxEntries: 1000, hashes: 4)
    #expect(filter.map.info.extra == 4)
    for value in 0..<500 as Range<UInt64> { try filter.add(value) }
    for value in 0..<500 as Range<UInt64> { #expect(try filter.mayContain(value)) }
    let wrong = try (10_000..<11_000 as Range<UInt64>).filter { try filter.mayContain($0) }.count
    #expect(wrong < 200)
  }

  @Test(arguments: [MapType.hashOfMaps, .arrayOfMaps])
  func mapsOfMaps(type: MapType) throws {
    let template = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 4))
    let outer = try MapOfMaps<UInt32>(creating: type, maxEntries: 4, like: template)
    let inner = try Map<UInt32, UInt32>(creating: .hash, name: "inner", maxEntries: 4)
    try inner.set(70, for: 7)
    try outer.set(inner.map, for: 1)
    #expect(try outer.id(1) == inner.map.info.id)
    let found = try #require(try outer.get(1))
    #expect(try Map<UInt32, UInt32>(found).get(7) == 70)
    #expect(try outer.get(2) == nil)
    #expect(try outer.entries().map(\.value) == [inner.map.info.id])
    let other = try AnyMap(creating: MapParameters(.hash, keySize: 8, valueSize: 4, maxEntries: 4))
    #expect(throws: BPFError.self) { try outer.set(other, for: 2) }
    let codec = try MapCodec(outer.map)
    try codec.set(value: "id \(inner.map.info.id)", forKey: "3")
    #expect(try codec.get(key: "3")?.integer == Int128(inner.map.info.id))
    #expect(try outer.delete(1))
    #expect(try outer.id(1) == nil)
    #expect(throws: BPFError.self) { try codec.set(value: "something", forKey: "3") }
  }

  @Test func programArrays() throws {
    let array = try DescriptorMap<UInt32>(creating: .programArray, maxEntries: 4)
    let program = try Self.load(.socketFilter, [.move(.r0, 0), .exit])
    let id = try BPFCall.programInformation(fd: program.rawValue).id
    try array.set(descriptor: program.rawValue, for: 2)
    #expect(try array.id(2) == UInt64(id))
    #expect(try array.id(1) == nil)
    #expect(try MapCodec(array.map).entries().map(\.value.integer) == [Int128(id)])
    #expect(try array.delete(2))
    #expect(try array.delete(2) == false)
    #expect(throws: BPFError.self) { try array.set(descriptor: 0, for: 0) }
  }

  @Test(arguments: [MapType.sockmap, .sockhash])
  func socketMaps(type: MapType) throws {
    try TestNamespace().run {
      let listener = try TCPPair()
      let map = try DescriptorMap<UInt32>(creating: type, maxEntries: 4)
      try map.set(descriptor: listener.client, for: 1)
      var cookie: UInt64 = 0
      var length = socklen_t(8)
      #expect(getsockopt(listener.client, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0)
      #expect(try map.id(1) == cookie)
      #expect(try map.map.keys().contains([1, 0, 0, 0]))
      #expect(try map.delete(1))
      #expect(try map.id(1) == nil)
    }
  }

  @Test func reuseportArrays() throws {
    try TestNamespace().run {
      let socket = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
      defer { close(socket) }
      var one: CInt = 1
      #expect(setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &one, 4) == 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      let bound = withUnsafePointer(to: name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      #expect(bound == 0)
      let map = try DescriptorMap<UInt32>(creating: .reuseportSockarray, maxEntries: 4)
      try map.set(descriptor: socket, for: 0)
      #expect(try #require(try map.id(0)) != 0)
      #expect(try map.delete(0))
    }
  }

  @Test(.requires(.config("XDP_SOCKETS")))
  func xskMaps() throws {
    try TestNamespace().run {
      let socket = socket(44, CInt(SOCK_RAW.rawValue), 0)  // AF_XDP
      #expect(socket >= 0)
      defer { close(socket) }
      // Linux 7.3 takes no socket that cannot receive.
      var entries: UInt32 = 64
      #expect(setsockopt(socket, 283, 2, &entries, 4) == 0)  // SOL_XDP, XDP_RX_RING
      let map = try DescriptorMap<UInt32>(creating: .xskmap, maxEntries: 4)
      try map.set(descriptor: socket, for: 0)
      #expect(try map.delete(0))
      #expect(throws: BPFError.self) { try map.set(descriptor: 0, for: 1) }
    }
  }

  @Test(arguments: [MapType.devmap, .devmapHash])
  func deviceMaps(type: MapType) throws {
    try TestNamespace().run {
      let map = try Map<UInt32, DeviceTarget>(creating: type, maxEntries: 4)
      try map.set(DeviceTarget(interfaceIndex: 1), for: 1)
      #expect(try map.get(1)?.interfaceIndex == 1)
      #expect(try MapCodec(map.map).entries().map(\.value.json) == [#"{"ifindex":1,"prog_id":0}"#])
      #expect(throws: BPFError.self) { try map.set(DeviceTarget(interfaceIndex: 4711), for: 2) }
      #expect(try map.delete(1))
    }
  }

  @Test func cpuMaps() throws {
    let map = try Map<UInt32, CPUTarget>(creating: .cpumap, maxEntries: 1)
    try map.set(CPUTarget(queueSize: 192), for: 0)
    #expect(try map.get(0)?.queueSize == 192)
    #expect(try map.delete(0))
  }

  @Test(.requires(.cgroup2))
  func cgroupArrays() throws {
    let cgroup = try TestCgroup()
    let map = try DescriptorMap<UInt32>(creating: .cgroupArray, maxEntries: 2)
    try map.set(descriptor: cgroup.descriptor, for: 0)
    #expect(throws: BPFError.self) { try map.set(descriptor: 0, for: 1) }
    #expect(try #require(throws: BPFError.self) { try map.id(0) }.code == .unsupported)
    #expect(try map.map.keys().count == 2)
    #expect(try map.delete(0))
  }

  @Test func perfEventArraysHaveAnElementForEachCPU() throws {
    let map = try AnyMap(creating: MapParameters(.perfEventArray, keySize: 4, valueSize: 4, maxEntries: 0))
    #expect(map.info.maxEntries == (try CPUSet.possible.count))
  }

  static func load(_ type: ProgramType, _ code: [Instruction]) throws -> Descriptor {
    try BPFCall.loadProgram(ProgramLoad(type: type.rawValue), instructions: code.span.bytes)
  }
}

/// Two ends of a TCP connection over loopback.
private final class TCPPair {
  let client: CInt
  private let server: CInt
  private let listener: CInt

  init() throws {
    func make() -> CInt { socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) }
    (listener, client) = (make(), make())
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (listener, client) = (listener, client)
    server = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        guard bind(listener, name, size) == 0, listen(listener, 1) == 0, getsockname(listener, name, &size) == 0,
          connect(client, name, size) == 0
        else { return -1 }
        return accept(listener, nil, nil)
      }
    }
    guard server >= 0 else { throw Shell.Failed(description: "no TCP connection over loopback") }
  }

  deinit {
    for descriptor in [client, server, listener] { close(descriptor) }
  }
}
