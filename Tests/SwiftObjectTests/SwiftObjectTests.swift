// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// Objects that were compiled from Swift, on whatever kernel this is: they load, attach and fire.
@Suite(.requires(.root), .requires(.kernelBTF), .serialized) struct SwiftObjectTests {
  private func load(_ name: String, _ change: (Collection) throws -> Void = { _ in }) throws -> Collection {
    let collection = try Collection(bytes: try #require(SwiftCorpus[name]), name: name)
    try change(collection)
    try collection.load()
    return collection
  }

  @Test func execsAreCounted() throws {
    let collection = try load("exec_events")
    try #require(collection.attachAll().waiting.isEmpty)
    var files: [String] = []
    var ring = try RingBuffer(collection.map("execEvents"))
    try Shell.check(["/bin/true"])
    try ring.poll(timeout: .seconds(5), limit: 1000) { record in
      // `ExecEvent.file`, behind the caller's name and its own.
      files.append(String(decoding: record.dropFirst(37).prefix { $0 != 0 }, as: UTF8.self))
    }
    #expect(files.contains("/bin/true"))
    #expect(try Map<UInt32, UInt64>(collection.map("execCounts")).entries().contains { $0.value > 0 })
    #expect(try collection.global("lostEvents", as: UInt64.self) == 0)
    collection.detachAll()
  }

  @Test func openedFilesHaveTheirRealPath() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/merops-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/real"))
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "real")
    let collection = try load("open_watcher") { try $0.setGlobal("onlyParent", to: getpid()) }
    try #require(collection.attachAll().waiting.isEmpty)
    var ring = try RingBuffer(collection.map("opens"))
    let file = open("\(folder)/link", O_RDONLY)
    #expect(file >= 0)
    close(file)
    var names: [String] = []
    try ring.poll(timeout: .seconds(5), limit: 1000) { record in
      // `OpenEvent.names` starts behind 13 bytes and the command's 16.
      names.append(String(decoding: record.dropFirst(29).prefix { $0 != 0 }, as: UTF8.self))
    }
    #expect(names.contains("real"))
    #expect(!names.contains("link"))
    collection.detachAll()
  }

  @Test func connectionsHaveALatency() throws {
    let collection = try load("connection_latency")
    try #require(collection.attachAll().waiting.isEmpty)
    var ring = try RingBuffer(collection.map("connections"))
    let pair = try NetworkPair()
    try pair.near.run {
      try Loopback.connect()
    }
    var latencies: [UInt64] = []
    try ring.poll(timeout: .seconds(5), limit: 1000) { latencies.append($0.loadUnaligned(as: UInt64.self)) }
    #expect(latencies.contains { $0 > 0 })
    collection.detachAll()
  }

  @Test func packetsAreDroppedByTheirSource() throws {
    let collection = try load("packet_filter")
    let program = try collection.program("packetFilter")
    let packet = Packet(
      .ethernet(), .ipv4(from: "192.0.2.7", to: "192.0.2.1"), .udp(from: 7, to: 9), .payload([1, 2, 3]))
    #expect(try program.testRun(data: packet.bytes).returnValue == 2)
    let blocked = try Map<IPv4Address, UInt8>(collection.map("blockedAddresses"))
    try blocked.set(IPv4Address(192, 0, 2, 7), 1)
    #expect(try program.testRun(data: packet.bytes).returnValue == 1)
    #expect(try collection.global("dropped", as: UInt64.self) == 1)
    _ = try blocked.delete(IPv4Address(192, 0, 2, 7))
    #expect(try program.testRun(data: packet.bytes).returnValue == 2)
    #expect(try collection.global("passed", as: UInt64.self) == 2)
  }

  @Test func packetsAreCountedOnTheirWay() throws {
    let collection = try load("source_counter")
    let pair = try NetworkPair()
    let program = try collection.program("countSource")
    let index = pair.nearIndex
    try pair.near.run {
      let link = try program.attach(to: .xdp(interface: .index(UInt32(index))))
      _ = try Shell.run(["ping", "-c", "1", "-W", "2", NetworkPair.farAddress])
      try link.detach()
    }
    let loads = try PerCPUMap<IPv4Address, UInt64Pair>(collection.map("loads")).entries()
    let ours = try #require(loads.first { $0.key == IPv4Address(NetworkPair.farAddress) })
    #expect(ours.values.reduce(0) { $0 + $1.first } >= 1)
  }

  @Test func tunablesChangeTheVerdict() throws {
    let bytes = [UInt8](repeating: 0, count: 64)
    let open = try load("probe")
    #expect(try open.program("measure").testRun(data: bytes).returnValue == 2)
    var sums: [UInt64] = []
    var ring = try RingBuffer(open.map("records"))
    try ring.poll(timeout: .seconds(1), limit: 10) {
      sums.append($0.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }
    #expect(sums == [UInt64(64 * 7 + 6)])
    let strict = try load("probe") { try $0.setGlobal("limit", to: UInt32(10)) }
    #expect(try strict.program("measure").testRun(data: bytes).returnValue == 1)
  }

  struct UInt64Pair: BitwiseCopyable {
    var first: UInt64
    var second: UInt64
  }

  // MARK: Hooks in the kernel's functions

  @Test(.requires(.ownKernel)) func functionsFire() throws {
    let collection = try load("hooks") { collection in
      try collection.setGlobal("onlyProcess", to: UInt32(getpid()))
      try collection.select(programs: ["onEntry", "onExit", "onProbe"])
    }
    try #require(collection.attachAll().waiting.isEmpty)
    let file = open("/proc/self/stat", O_RDONLY)
    #expect(file >= 0)
    close(file)
    for counter in ["entries", "exits", "probes"] { #expect(try collection.global(counter, as: UInt64.self) > 0) }
    collection.detachAll()
  }

  static let securityModule = Requirement("bpf is not among this kernel's security modules") {
    (try? String(contentsOfFile: "/sys/kernel/security/lsm", encoding: .utf8))?.contains("bpf") == true
  }

  @Test(.requires(.ownKernel), .requires(securityModule)) func openIsDenied() throws {
    let path = FileManager.default.temporaryDirectory.path + "/merops-\(UUID().uuidString)"
    try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    var status = stat()
    #expect(stat(path, &status) == 0)
    let inode = UInt64(status.st_ino)
    let collection = try load("hooks") { collection in
      try collection.setGlobal("onlyProcess", to: UInt32(getpid()))
      try collection.setGlobal("deniedInode", to: inode)
      try collection.select(programs: ["onOpen"])
    }
    try #require(collection.attachAll().waiting.isEmpty)
    #expect(open(path, O_RDONLY) == -1)
    #expect(errno == EPERM)
    #expect(try collection.global("denials", as: UInt64.self) == 1)
    collection.detachAll()
    let file = open(path, O_RDONLY)
    #expect(file >= 0)
    close(file)
  }
}

/// One TCP connection over loopback, made and closed.
private enum Loopback {
  struct Failed: Error { var call: String }

  static func connect() throws {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer {
      close(listener)
      close(client)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, size) == 0, listen(listener, 1) == 0 else { throw Failed(call: "listen") }
        guard getsockname(listener, address, &size) == 0 else { throw Failed(call: "getsockname") }
        guard Foundation.connect(client, address, size) == 0 else { throw Failed(call: "connect") }
      }
    }
  }
}

/// Loaded by others than us, as they are.
@Suite(.requires(.root), .requires(.kernelBTF)) struct SwiftObjectPeerTests {
  /// What needs no hook that this kernel lacks, nor a libbpf that knows `.struct_ops.link` (1.2).
  static let names = SwiftCorpus.all.map(\.name).filter { $0 != "hooks" && $0 != "congestion" }

  @Test(.requires(.command("bpftool")), arguments: names) func bpftool(_ name: String) throws {
    let path = FileManager.default.temporaryDirectory.path + "/merops-\(UUID().uuidString).bpf.o"
    try Data(try #require(SwiftCorpus[name])).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    // Pins lie in a bpffs that ends with the command.
    let command =
      "mount -t bpf bpf /sys/fs/bpf && bpftool prog loadall \(path) /sys/fs/bpf/swift && ls /sys/fs/bpf/swift"
    let pins = try Shell.check(["unshare", "--mount", "sh", "-c", command])
    let programs = try Collection(bytes: try #require(SwiftCorpus[name]), name: name).spec.programs
    for program in programs { #expect(pins.contains(program.name)) }
  }
}
