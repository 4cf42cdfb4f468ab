// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Foundation
import SystemPackage
import TestSupport
import Testing

/// What the running kernel says of itself, against what other programs read.
@Suite(.requires(.root)) struct KernelTests {
  static func output(_ command: String...) throws -> String {
    try Shell.run(command, mergeErrors: false).output
  }

  @Test func processorsAreThoseOfTheSystem() throws {
    #expect(
      try CPUSet.online.count == Int(try Self.output("nproc", "--all").trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(try CPUSet.possible.count >= CPUSet.online.count)
  }

  @Test func releaseIsTheKernels() throws {
    let release = try Self.output("uname", "-r").trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(KernelName.current.release == release)
    #expect(KernelVersion.current >= KernelVersion(5, 10))
  }

  @Test func clocksAdvance() {
    let first = KernelClock.monotonic()
    #expect(KernelClock.monotonic() >= first)
    #expect(KernelClock.boottime() >= first)
  }

  @Test func mountsMatchTheTable() throws {
    // Others mount and unmount meanwhile.
    let before = try Mounts.all()
    let table = try Self.output("findmnt", "-rn", "-o", "FSTYPE,TARGET")
    let lasting = try Set(Mounts.all().map(\.path)).intersection(before.map(\.path))
    #expect(!lasting.isEmpty)
    for mount in before where lasting.contains(mount.path) && !mount.path.contains(" ") {
      #expect(table.contains("\(mount.type) \(mount.path)\n"), "\(mount)")
    }
    #expect(Mounts.isBPFFS("/proc") == false)
  }

  @Test(.sameOnEveryKernel, .requires(.root)) func symbolsAtDistances() throws {
    let names = ["bpf_map_put", "vprintk", "__bpf_call_base"]
    let found = try KernelSymbols.find(Set(names))
    let base = try #require(found["__bpf_call_base"]?.first?.address)
    try #require(base != 0, "kernel.kptr_restrict hides addresses")
    var distances: [Int64: String] = [:]
    for name in names {
      let symbol = try #require(found[name]?.first)
      distances[Int64(bitPattern: symbol.address &- base)] = name
    }
    let answer = try KernelSymbols.names(at: Set(distances.keys), from: "__bpf_call_base")
    // Several symbols may stand at one address.
    for (distance, name) in distances {
      let address = base &+ UInt64(bitPattern: distance)
      let there = try KernelSymbols.all { $0.address == address }.map(\.name)
      #expect(there.contains(answer[distance] ?? "") && there.contains(name), "\(name): \(answer)")
    }
    #expect(try KernelSymbols.names(at: [0], from: "no_such_symbol_at_all").isEmpty)
  }

  @Test(.sameOnEveryKernel) func symbolsAreFound() throws {
    let found = try KernelSymbols.find(["bpf_map_put", "vprintk", "no_such_symbol_at_all"])
    let line = try Self.output("grep", "-w", "bpf_map_put", "/proc/kallsyms")
    #expect(found["no_such_symbol_at_all"] == nil)
    let symbol = try #require(found["bpf_map_put"]?.first)
    #expect(KernelSymbols.parse(String(line.split(separator: "\n")[0])) == symbol)
    // Modules, and the programs and probes of other tests, which are symbols of modules too, come and go.
    let lasting = try KernelSymbols.all(where: \.module.isEmpty).count
    #expect(lasting == Int(try Self.output("grep", "-vc", #"\["#, "/proc/kallsyms").dropLast()))
  }

  @Test func configurationIsRead() throws {
    guard FileManager.default.fileExists(atPath: "/proc/config.gz") else {
      // Debian's: the file beside the kernel, or nothing.
      let release = KernelName.current.release
      guard let text = try? SystemFile.text("/boot/config-\(release)") else { return }
      #expect(try KernelConfig.current == KernelConfig(parsing: text))
      return
    }
    let expected = try Self.output("zcat", "/proc/config.gz")
    #expect(try KernelConfig.current == KernelConfig(parsing: expected))
    #expect(try KernelConfig.current["CONFIG_BPF_SYSCALL"] == "y")
  }

  @Test func fileContentsAreMappedOrRead() throws {
    let path = NSTemporaryDirectory() + "contents-\(UUID().uuidString)"
    try "0123456789".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try FileContents(path: path)
    #expect(file.isMapped && Array(file.bytes) == Array("0123456789".utf8))
    let proc = try FileContents(path: "/proc/version")
    #expect(!proc.isMapped && proc.bytes.count > 10)
  }

  @Test func onlyTheStartIsReadOfAForeignFile() throws {
    let magic = Array("MAGI".utf8)
    #expect(try SystemFile.read("/dev/zero", ifStartingWith: [magic, [0xaa]]) == [0, 0, 0, 0])
    #expect(try SystemFile.read("/dev/null", ifStartingWith: [magic]).isEmpty)
    #expect(try FileContents(path: "/dev/zero", ifStartingWith: [magic]).bytes.count == 4)
    let path = NSTemporaryDirectory() + "magic-\(UUID().uuidString)"
    try "MAGIC and more".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try SystemFile.read(path, ifStartingWith: [magic]) == Array("MAGIC and more".utf8))
    #expect(try SystemFile.read(path, ifStartingWith: [Array("MOGIC".utf8)]) == Array("MAGIC".utf8))
    #expect(throws: Errno.fileTooLarge) { try SystemFile.read(path, ifStartingWith: [magic], limit: 8) }
  }

  @Test func traceEventsHaveNumbers() throws {
    // Other tests mount other things meanwhile.
    func mounted() throws -> [String] { try Mounts.all().filter { $0.type == "tracefs" }.map(\.path) }
    let before = try mounted()
    let tracefs = try TraceFS()
    let id = try tracefs.eventID(category: "sched", name: "sched_process_exec")
    #expect(try tracefs.eventFormat(category: "sched", name: "sched_process_exec").contains("ID: \(id)\n"))
    #expect(try tracefs.events().contains("sched:sched_process_exec"))
    #expect(throws: Errno.noSuchFileOrDirectory) { try tracefs.eventID(category: "sched", name: "no_such_event") }
    #expect(try mounted() == before)
  }

  @Test func tracepointProgramIsSeenOnItsEvent() throws {
    let program = try BPFCall.loadProgram(
      ProgramLoad(type: 5), instructions: BPFCallTests.returning(0).span.bytes)
    let id = try TraceFS().eventID(category: "sched", name: "sched_process_exec")
    let event = try Perf.open(.tracepoint(id: id), cpu: 0)
    try Perf.setProgram(program.rawValue, on: event.rawValue)
    try Perf.enable(event.rawValue)
    let programID = try BPFCall.programInformation(fd: program.rawValue).id
    #expect(try Perf.programIDs(of: event.rawValue).contains(programID))
    let query = try BPFCall.queryTaskDescriptor(processID: getpid(), fd: event.rawValue)
    #expect(query.programID == programID && query.name == "sched_process_exec" && query.type == 1)
    try Perf.disable(event.rawValue)
  }

  @Test func uprobeUnitIsNumbered() throws {
    let unit = try PerformanceUnit("uprobe")
    #expect(unit.type > 5 && unit.returnBit == 0)
    #expect(throws: Errno.noSuchFileOrDirectory) { try PerformanceUnit("no-such-unit") }
  }

  @Test func epollSeesACounter() throws {
    let epoll = try Epoll()
    let counter = try EventCounter()
    try epoll.add(counter.descriptor.rawValue, tag: 42)
    var tags: [UInt64] = []
    try epoll.wait(timeout: 0) { tags.append($0.tag) }
    #expect(tags.isEmpty)
    try epoll.wait(timeout: 1_000_000) { tags.append($0.tag) }
    #expect(tags.isEmpty)
    counter.signal()
    try epoll.wait(timeout: nil) { tags.append($0.tag) }
    #expect(tags == [42])
    counter.drain()
    try epoll.wait(timeout: 0) { tags.append($0.tag) }
    #expect(tags == [42])
  }
}
