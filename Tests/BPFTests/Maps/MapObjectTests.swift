// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BPF

/// Maps that hang on kernel objects, that lie in memory, and that programs fill.
@Suite(.requires(.root)) struct MapObjectTests {
  private func storage(_ type: MapType) throws -> LocalStorage<UInt64> {
    var types = BTFBuilder()
    let int = try types.add(.int(BTFInteger(name: "int", size: 4, encoding: .signed)))
    let value = try types.add(.int(BTFInteger(name: "__u64", size: 8)))
    let blob = types.encode()
    let btf = try BPFCall.loadBTF(blob.span.bytes)
    let map = try AnyMap(
      creating: MapParameters(type, keySize: 4, valueSize: 8, maxEntries: 0, flags: .noPreallocation),
      types: MapTypes(try BTFTypes(bytes: blob), key: int, value: value), btf: btf.rawValue)
    return try LocalStorage(map)
  }

  private func check(_ storage: LocalStorage<UInt64>, _ descriptor: CInt) throws {
    #expect(try storage.get(descriptor) == nil)
    try storage.set(42, for: descriptor)
    #expect(try storage.get(descriptor) == 42)
    #expect(try #require(throws: BPFError.self) { try storage.set(1, for: descriptor, if: .absent) }.code == .exists)
    try storage.set(43, for: descriptor, if: .present)
    #expect(try storage.delete(descriptor))
    #expect(try storage.delete(descriptor) == false)
    #expect(throws: BPFError.self) { try storage.map.entries() }
  }

  @Test(.requires(kernel: "5.11")) func taskStorage() throws {
    let storage = try storage(.taskStorage)
    var pid: pid_t = 0
    var argv: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in argv { free(argument) } }
    // Not to be killed below if there is none: 0 is every process of this group.
    try #require(posix_spawnp(&pid, "sleep", nil, nil, &argv, environ) == 0)
    defer {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    let pidfd = CInt(syscall3(434, pid, 0))  // pidfd_open
    #expect(pidfd >= 0)
    defer { close(pidfd) }
    try check(storage, pidfd)
  }

  @Test func socketStorage() throws {
    let socket = try TestSocket()
    try withExtendedLifetime(socket) { try check(try storage(.skStorage), socket.descriptor) }
  }

  @Test(.requires(kernel: "6.2"), .requires(.cgroup2)) func cgroupStorage() throws {
    let cgroup = try TestCgroup()
    try check(try storage(.cgrpStorage), cgroup.descriptor)
  }

  @Test func mappedArrays() throws {
    let array = try MappedArray<UInt32>(creatingNamed: "mapped", count: 5000)
    let map = try Map<UInt32, UInt32>(array.map)
    for index in 0..<5000 { array[index] = UInt32(index) * 3 }
    #expect(try map.entries().allSatisfy { $0.value == $0.key * 3 })
    try map.set(1, for: 77)
    #expect(array[77] == 1)
    // A second view, and a map opened anew, see the same memory.
    #expect(try MappedArray<UInt32>(array.map)[78] == 78 * 3)
    #expect(try MappedArray<UInt32>(AnyMap(id: array.map.info.id))[79] == 79 * 3)
    #expect(throws: BPFError.self) { try MappedArray<UInt64>(array.map) }
    let plain = try AnyMap(creating: MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 4))
    #expect(throws: BPFError.self) { try MappedArray<UInt32>(plain) }
  }

  @Test func frozenMapsCannotBeWritten() throws {
    let array = try AnyMap(
      creating: MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 4, flags: .memoryMappable))
    try array.set([9, 0, 0, 0], for: [0, 0, 0, 0])
    try array.freeze()
    #expect(
      try #require(throws: BPFError.self) { try array.set([1, 0, 0, 0], for: [0, 0, 0, 0]) }.code == .permission)
    let view = try MappedArray<UInt32>(array)
    #expect(!view.isWritable && view[0] == 9)
    #expect(throws: BPFError.self) { try array.freeze() }
  }

  @Test func globalsWhileProgramsRun() throws {
    let collection = try load("globals")
    let seen = try GlobalVariable<UInt64>(try collection.map(".bss"), named: "seen")
    let total = try GlobalVariable<UInt64>(try collection.map(".data"), named: "total")
    let threshold = try GlobalVariable<UInt32>(try collection.map(".rodata"), named: "threshold")
    _ = try collection.run("count")
    #expect(seen.get() == 1)
    #expect(total.get() == 110)
    try seen.set(40)
    try total.storeReleasing(1000)
    _ = try collection.run("count")
    #expect(try seen.loadAcquiring() == 41)
    #expect(total.get() == 1010)
    #expect(threshold.get() == 10)
    #expect(!threshold.isWritable)
    #expect(try #require(throws: BPFError.self) { try threshold.set(1) }.code == .permission)
    #expect(throws: BPFError.self) { try GlobalVariable<UInt32>(try collection.map(".bss"), named: "seen") }
    let error = try #require(throws: BPFError.self) {
      try GlobalVariable<UInt32>(try collection.map(".bss"), named: "nothing")
    }
    #expect(error.code == .notFound && "\(error)".contains("seen"))
  }

  /// Another process's view: opened by id, described by the kernel's copy of the types.
  @Test func globalsOfAnOpenedMap() throws {
    let collection = try load("globals")
    let id = try collection.map(".data").info.id
    let total = try GlobalVariable<UInt64>(AnyMap(id: id), named: "total")
    try total.set(7)
    _ = try collection.run("count")
    #expect(total.get() == 17)
    #expect(try MapCodec(AnyMap(id: id)).entries().first?.value["total"]?.integer == 17)
  }

  @Test func locksAreHeldAndHidden() throws {
    let collection = try load("spin_lock")
    struct Account: BitwiseCopyable {
      var lock: UInt32 = 0
      var padding: UInt32 = 0
      var credit: UInt64
      var debit: UInt64
    }
    let map = try Map<UInt32, Account>(try collection.map("accounts"))
    try map.set(Account(credit: 5, debit: 6), for: 0, locked: true)
    _ = try collection.run("transfer")
    #expect(try map.get(0, locked: true)?.credit == 5 + 64)
    let codec = try MapCodec(map.map)
    #expect(try codec.get(key: "0")?.json == #"{"padding":0,"credit":69,"debit":7}"#)
    try codec.set(value: "credit=1", forKey: "0")
    #expect(try map.get(0)?.credit == 1)
  }

  @Test func stacksThatProgramsCollect() throws {
    let map = try StackTraces(
      AnyMap(creating: MapParameters(.stackTrace, keySize: 4, valueSize: 64 * 8, maxEntries: 64)))
    let code =
      Instruction.loadMap(.r2, descriptor: map.map.fd)
      + [.move(.r3, 0), .call(try #require(Helper(named: "get_stackid"))), .exit]
    let program = try MapKindTests.load(.rawTracepoint, code)
    let id = Int32(bitPattern: try BPFCall.testRun(program: program.rawValue, ProgramRun()).returnValue)
    #expect(id >= 0)
    let addresses = try #require(try map.addresses(id))
    #expect(addresses.count > 2 && addresses.allSatisfy { $0 >= 0xffff_0000_0000_0000 })
    #expect(try map.addresses(-14) == nil)
    #expect(try map.delete(id))
    #expect(try map.addresses(id) == nil)
  }

  @Test(.requires(kernel: "6.9")) func arenas() throws {
    let arena = try AnyMap(
      creating: MapParameters(.arena, keySize: 0, valueSize: 0, maxEntries: 10, flags: .memoryMappable))
    let memory = try arena.arenaMemory()
    #expect(memory.bytes.count == 10 * MappedMemory.pageSize)
    memory.bytes[5000] = 7
    #expect(memory.bytes[5000] == 7 && memory.bytes[5001] == 0)
    let hash = try AnyMap(creating: MapParameters(.hash, keySize: 4, valueSize: 4, maxEntries: 1))
    #expect(throws: BPFError.self) { try hash.arenaMemory() }
  }

  @Test(.requires(kernel: "6.18")) func exclusiveMaps() throws {
    var parameters = MapParameters(.array, keySize: 4, valueSize: 4, maxEntries: 1)
    parameters.exclusiveProgramHash = Array(repeating: 1, count: 32)
    let map = try AnyMap(creating: parameters)
    let code = Instruction.loadMap(.r1, descriptor: map.fd) + [.move(.r0, 0), .exit]
    #expect(throws: (any Error).self) { _ = try MapKindTests.load(.socketFilter, code) }
    parameters.exclusiveProgramHash = [1, 2, 3]
    #expect(throws: BPFError.self) { try AnyMap(creating: parameters) }
  }
}

/// A system call that Swift's C library does not offer.
private func syscall3(_ number: Int, _ a: CInt, _ b: CInt) -> Int {
  typealias Call = @convention(c) (Int, Int, Int, Int) -> Int
  guard let symbol = dlsym(nil, "syscall") else { return -1 }
  return unsafeBitCast(symbol, to: Call.self)(number, Int(a), Int(b), 0)
}
