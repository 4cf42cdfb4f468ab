// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// Objects that were compiled from Swift, on whatever kernel this is: they load, attach and fire.
@Suite(.requires(.root), .requires(.kernelBTF), .serialized) struct SwiftObjectTests {
  @Test func execsAreCounted() throws {
    let collection = try SwiftCorpus.load("exec_events")
    try #require(collection.attachAll().waiting.isEmpty)
    var files: [String] = []
    let ring = try RingReader(collection.map("execEvents"))
    let isSeen = try eventually {
      try Shell.check(["/bin/true"])
      try ring.poll(timeout: .zero, limit: 1000) { record in
        // `ExecEvent.file`, behind the caller's name and its own.
        files.append(String(decoding: record.dropFirst(37).prefix { $0 != 0 }, as: UTF8.self))
      }
      return files.contains("/bin/true")
    }
    #expect(isSeen, "\(files)")
    #expect(try Map<UInt32, UInt64>(collection.map("execCounts")).entries().contains { $0.value > 0 })
    #expect(try collection.global("lostEvents", as: UInt64.self) == 0)
    collection.detachAll()
  }

  @Test func openedFilesHaveTheirRealPath() throws {
    let name = "merops-\(UUID().uuidString)"
    let folder = FileManager.default.temporaryDirectory.path + "/\(name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/real"))
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "real")
    let collection = try SwiftCorpus.load("open_watcher") { try $0.setGlobal("onlyParent", to: getpid()) }
    try #require(collection.attachAll().waiting.isEmpty)
    let ring = try RingReader(collection.map("opens"))
    var names: Set<String> = []
    // Other tests open files meanwhile, which may fill the ring.
    let isSeen = try eventually {
      let file = open("\(folder)/link", O_RDONLY)
      #expect(file >= 0)
      close(file)
      try ring.poll(timeout: .zero, limit: 1000) { record in
        // `OpenEvent.names` starts behind 13 bytes and the command's 16; the last name comes first.
        let parts = [29, 29 + 64].map { String(decoding: record.dropFirst($0).prefix { $0 != 0 }, as: UTF8.self) }
        if parts[1] == name { names.insert(parts[0]) }
      }
      return !names.isEmpty
    }
    #expect(isSeen)
    #expect(names == ["real"])
    collection.detachAll()
  }

  @Test func connectionsHaveALatency() throws {
    let collection = try SwiftCorpus.load("connection_latency")
    try #require(collection.attachAll().waiting.isEmpty)
    let ring = try RingReader(collection.map("connections"))
    let namespace = try TestNamespace()
    var latencies: [UInt64] = []
    let isSeen = try eventually {
      try namespace.run { _ = try TestStream.pair() }
      try ring.poll(timeout: .zero, limit: 1000) {
        latencies.append($0.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
      }
      return latencies.contains { $0 > 0 }
    }
    #expect(isSeen)
    collection.detachAll()
  }

  @Test func packetsAreDroppedByTheirSource() throws {
    let collection = try SwiftCorpus.load("packet_filter")
    let program = try collection.program("packetFilter")
    let packet = Packet(
      .ethernet(), .ipv4(from: "192.0.2.7", to: "192.0.2.1"), .udp(from: 7, to: 9), .payload([1, 2, 3]))
    #expect(try program.testRun(data: packet.bytes).returnValue == 2)
    let blocked = try Map<IPv4Address, UInt8>(collection.map("blockedAddresses"))
    try blocked.set(1, for: IPv4Address(192, 0, 2, 7))
    #expect(try program.testRun(data: packet.bytes).returnValue == 1)
    #expect(try collection.global("dropped", as: UInt64.self) == 1)
    _ = try blocked.delete(IPv4Address(192, 0, 2, 7))
    #expect(try program.testRun(data: packet.bytes).returnValue == 2)
    #expect(try collection.global("passed", as: UInt64.self) == 2)
  }

  @Test func packetsAreCountedOnTheirWay() throws {
    let collection = try SwiftCorpus.load("source_counter")
    let wire = try Wire()
    let program = try collection.program("countSource")
    try wire.pair.near.run {
      let link = try program.attach(to: .xdp(interface: .index(UInt32(wire.pair.nearIndex))))
      #expect(try wire.delivers())
      try link.detach()
    }
    let loads = try PerCPUMap<IPv4Address, UInt64Pair>(collection.map("loads")).entries()
    let ours = try #require(loads.first { $0.key == IPv4Address(NetworkPair.farAddress) })
    #expect(ours.values.reduce(0) { $0 + $1.first } >= 1)
  }

  @Test func tunablesChangeTheVerdict() throws {
    let bytes = [UInt8](repeating: 0, count: 64)
    let open = try SwiftCorpus.load("probe")
    #expect(try open.program("measure").testRun(data: bytes).returnValue == 2)
    var sums: [UInt64] = []
    let ring = try RingReader(open.map("records"))
    try ring.poll(timeout: .seconds(1), limit: 10) {
      sums.append($0.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self) })
    }
    #expect(sums == [UInt64(64 * 7 + 6)])
    let strict = try SwiftCorpus.load("probe") { try $0.setGlobal("limit", to: UInt32(10)) }
    #expect(try strict.program("measure").testRun(data: bytes).returnValue == 1)
  }

  struct UInt64Pair: BitwiseCopyable {
    var first: UInt64
    var second: UInt64
  }

  // MARK: Hooks in the kernel's functions

  @Test(.requires(.ownKernel)) func functionsFire() throws {
    let collection = try SwiftCorpus.load("hooks") { collection in
      try collection.setGlobal("onlyThread", to: threadID())
      try collection.select(programs: ["onEntry", "onExit", "onProbe"])
    }
    try #require(collection.attachAll().waiting.isEmpty)
    for counter in ["entries", "exits", "probes"] {
      let isSeen = try eventually {
        let file = open("/proc/self/stat", O_RDONLY)
        #expect(file >= 0)
        close(file)
        return try collection.global(counter, as: UInt64.self) > 0
      }
      #expect(isSeen, "\(counter)")
    }
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
    let collection = try SwiftCorpus.load("hooks") { collection in
      try collection.setGlobal("onlyThread", to: threadID())
      try collection.setGlobal("deniedInode", to: inode)
      try collection.select(programs: ["onOpen"])
    }
    try #require(collection.attachAll().waiting.isEmpty)
    let (denied, code) = (open(path, O_RDONLY), errno)
    #expect(denied == -1)
    #expect(code == EPERM)
    #expect(try collection.global("denials", as: UInt64.self) == 1)
    collection.detachAll()
    let isOpened = eventually {
      let file = open(path, O_RDONLY)
      defer { close(file) }
      return file >= 0
    }
    #expect(isOpened)
  }
}
