// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// Records and copies whose size is known only when the program runs, and maps inside maps.
@Suite(.requires(.root), .requires(.kernelBTF)) struct BytesTests {
  /// What the programs `started` and `startedByAddresses` send.
  struct Start {
    var process: UInt32
    var isWhole: Bool
    var path: String
    var rest: [UInt8]

    init(_ bytes: [UInt8]) {
      let word = { index in bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) } }
      (process, isWhole) = (word(0), word(3) == 1)
      let pathEnd = 16 + Int(word(1))
      path = PackedPath(bytes[16..<pathEnd]).description
      rest = Array(bytes[pathEnd..<pathEnd + Int(word(2))])
    }
  }

  /// Starts a copy of `true` deep inside a file system of its own, until the program sends a record of it.
  private func start(_ program: String, names: Int) throws -> (start: Start, path: String, folder: String) {
    let probe = try SwiftCorpus.load("bytes", [program]) { try $0.setGlobal("wanted", to: getpid()) }
    let root = "\(realpath("/tmp"))/merops-\(UUID().uuidString)"
    let folder = root + String(repeating: "/a", count: names)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { rmdir(root) }
    try #require(mount("merops", root, "tmpfs", 0, nil) == 0)
    defer { #expect(umount2(root, Int32(MNT_DETACH)) == 0) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "/bin/true", toPath: "\(folder)/merops-true")
    let link = try probe.program(program).attach()
    let ring = try RingReader<[UInt8]>(probe.map("records"))
    var found: Start?
    let isSeen = try eventually {
      let process = Process()
      process.executableURL = URL(filePath: "\(folder)/merops-true")
      process.arguments = ["one", "two three"]
      process.currentDirectoryURL = URL(filePath: root)
      try process.run()
      process.waitUntilExit()
      try ring.poll(timeout: .zero, limit: 1000) {
        let start = Start($0)
        if start.process == UInt32(process.processIdentifier) { found = start }
      }
      return found != nil
    }
    #expect(isSeen)
    try link.detach()
    return (try #require(found), "\(folder)/merops-true", root)
  }

  private func realpath(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }

  /// The path leads over the border of a mount, to the root of the mount namespace, which is above ours in a guest; the
  /// arguments are the process's memory.
  @Test(.requires(kernel: "5.10")) func pathsAndArguments() throws {
    let (start, path, _) = try start("started", names: 60)
    #expect(start.isWhole && start.path.hasSuffix(path))
    let arguments = start.rest.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    #expect(arguments.dropFirst() == ["one", "two three"])
  }

  /// The same from addresses whose types the verifier does not know, and the working directory.
  @Test func pathsOfAddresses() throws {
    let (start, path, folder) = try start("startedByAddresses", names: 3)
    #expect(start.isWhole && start.path.hasSuffix(path))
    #expect(PackedPath(start.rest).description.hasSuffix(folder))
  }

  /// What has more names than are walked on any kernel is said to be cut.
  @Test func longPathsAreCut() throws {
    let (start, path, _) = try start("startedByAddresses", names: 110)
    #expect(!start.isWhole && path.hasSuffix(start.path) && start.path.hasSuffix("/a/merops-true"))
  }

  /// A question mark before the section's name: loaded only when it is asked for.
  @Test func programsOnDemand() throws {
    let spec = try SwiftCorpus.spec("bytes")
    #expect(spec.programs.filter { !$0.autoload }.map(\.name) == ["onDemand"])
    #expect(try SwiftCorpus.load("bytes", ["onDemand"]).programs.map(\.name) == ["onDemand"])
  }

  /// What an iterator writes has the length that it has.
  @Test func bytesOfAnIterator() throws {
    let probe = try SwiftCorpus.load("bytes", ["listed"]) { try $0.setGlobal("wanted", to: getpid()) }
    let link = try probe.program("listed").attach()
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sleep")
    process.arguments = ["1000"]
    try process.run()
    // Children of a test start with SIGTERM blocked. What outlives the test keeps the output open, for which others wait.
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let number = withUnsafeBytes(of: UInt32(bitPattern: process.processIdentifier)) { Array($0) }
    #expect(
      try eventually {
        let output = try link.output()
        return output.indices.contains { output[$0...].starts(with: number + Array("sleep\0".utf8)) }
      })
  }

  private func packet(_ length: UInt8) -> [UInt8] {
    [UInt8](repeating: 0, count: 15) + [length] + (1...100 as ClosedRange<UInt8>)
  }

  /// Lengths that fit everywhere, the builder alone, and nowhere; none at all.
  @Test(arguments: [(UInt8(5), Int32(0)), (64, 0), (100, 0), (101, 2), (0, 2)])
  func copiesOfAPacket(length: UInt8, verdict: Int32) throws {
    let probe = try SwiftCorpus.load("bytes", ["payload"])
    #expect(try probe.program("payload").testRun(data: packet(length)).returnValue == UInt32(verdict))
    var records: [[UInt8]] = []
    let ring = try RingReader<[UInt8]>(probe.map("payloads"))
    try ring.poll(timeout: .zero, limit: 10) { records.append($0) }
    let payload = Array(packet(length)[16...].prefix(Int(length)))
    #expect(records == (verdict == 0 ? [[length, 0, 0, 0] + payload] : []))
    let copy = try #require(try probe.map("copies").get([0, 0, 0, 0]))
    let copied = length <= 64 ? payload : []
    #expect(copy == copied + [UInt8](repeating: 0, count: 64 - copied.count))
  }

  /// What one program keeps another one sends, once; too many bytes or keys are not kept.
  @Test func bytesAreKeptFromOneProgramToAnother() throws {
    let probe = try SwiftCorpus.load("bytes", ["keepPayload", "sendKept"])
    let run = { (name: String, length: UInt8) throws in
      try probe.program(name).testRun(data: packet(length)).returnValue == 0
    }
    #expect(try run("keepPayload", 5) && run("keepPayload", 60))
    #expect(try !run("keepPayload", 61), "more bytes than the capacity")
    #expect(try !run("keepPayload", 6), "more keys than the map has entries")
    #expect(try run("keepPayload", 5), "a key that is there already")
    #expect(try run("sendKept", 5) && !run("sendKept", 5) && run("keepPayload", 6))
    #expect(try run("sendKept", 60) && run("sendKept", 6))
    var records: [[UInt8]] = []
    let ring = try RingReader<[UInt8]>(probe.map("payloads"))
    try ring.poll(timeout: .zero, limit: 10) { records.append($0) }
    let expected = [5, 60, 6].map { length in
      withUnsafeBytes(of: UInt32(1000 + length)) { Array($0) } + packet(UInt8(length))[16...].prefix(length)
    }
    #expect(records == expected)
    let info = try probe.map("kept").info
    #expect(info.keyTypeID != .void && info.valueTypeID != .void, "what the map keeps has types, which bpftool shows")
  }

  /// Each key has bytes of its own, which start anew each time.
  @Test func aBuilderForEachKey() throws {
    let probe = try SwiftCorpus.load("bytes", ["buildPayload"])
    let run = { (length: UInt8) throws in
      try probe.program("buildPayload").testRun(data: packet(length)).returnValue == 0
    }
    #expect(try run(5) && run(56) && run(5))
    #expect(try !run(57), "more bytes than the capacity")
    for length in [5, 56] as [UInt8] {
      let value = try #require(try probe.map("byLength").get([length, 0, 0, 0]))
      let bytes = [UInt8](repeating: 0, count: 8) + packet(length)[16...].prefix(Int(length))
      #expect(value.prefix(8) == [UInt8(bytes.count), 0, 0, 0, 0, 0, 0, 0])
      #expect(value[8..<8 + bytes.count].elementsEqual(bytes))
    }
  }

  @Test(arguments: [(UInt8(5), XDPAction.pass), (64, .pass), (65, .drop), (0, .pass)])
  func copiesByte(length: UInt8, verdict: XDPAction) throws {
    let probe = try SwiftCorpus.load("bytes", ["copied"])
    #expect(try probe.program("copied").testRun(data: packet(length)).returnValue == verdict.rawValue)
    let copy = try #require(try probe.map("copies").get([1, 0, 0, 0]))
    let copied = verdict == .pass ? packet(length)[16...].prefix(Int(length)) : []
    #expect(copy == copied + [UInt8](repeating: 0, count: 64 - copied.count))
  }

  @Test func mapsInMaps() throws {
    let probe = try SwiftCorpus.load("bytes", ["inner"])
    let run = { try XDPAction(rawValue: probe.program("inner").testRun(data: packet(0)).returnValue) }
    #expect(try run() == .aborted)
    let counts = try Map<UInt32, UInt32>(creating: .hash, maxEntries: 16)
    try counts.set(5, for: UInt32(packet(0).count))
    try MapOfMaps<UInt32>(probe.map("generations")).set(counts.map, for: 1)
    #expect(try run() == .drop)
    #expect(try counts.get(UInt32(packet(0).count)) == 6)
    let limits = try Map<UInt32, UInt32>(creating: .array, maxEntries: 4)
    try limits.set(9, for: 2)
    try MapOfMaps<UInt64>(probe.map("named")).set(limits.map, for: 7)
    try counts.set(5, for: UInt32(packet(0).count))
    #expect(try run() == .pass)
  }

  /// A reader is woken when 2,048 bytes wait for it, and not before. An edge-triggered epoll hears of wakeups only.
  @Test func ringsWakeByBytes() throws {
    let probe = try SwiftCorpus.load("bytes", ["payload"])
    let program = try probe.program("payload")
    let epoll = try Epoll()
    try epoll.add(try probe.map("payloads").fd, events: [.readable, .edge], tag: 1)
    func isWoken() throws -> Bool {
      var isWoken = false
      try epoll.wait(timeout: 0) { _ in isWoken = true }
      return isWoken
    }
    // A record of 104 bytes takes 112 of the ring: eighteen are below 2,048 bytes.
    for _ in 0..<18 { _ = try program.testRun(data: packet(100)) }
    #expect(try !isWoken())
    _ = try program.testRun(data: packet(100))
    #expect(try eventually(isWoken))
  }
}
