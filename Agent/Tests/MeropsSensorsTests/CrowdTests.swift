// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

@testable import MeropsSensors

/// More processes than anybody wants.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct CrowdTests {
  /// What `merops-workload` printed, in words, and what was reported meanwhile.
  private struct Run {
    let words: [String]
    let pid: UInt32
    let events: [Event]
    let lost: UInt64

    init(_ arguments: String, behind script: String = "") throws {
      let program: URL = try #require(Built.program("merops-workload"))
      var options = SensorOptions()
      options.classes = [.process]
      let watch = try Watch(options)
      let process = Foundation.Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", "\(script) exec \(program.path) \(arguments)"]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      words = text.split(whereSeparator: \.isWhitespace).map(String.init)
      pid = UInt32(bitPattern: process.processIdentifier)
      events = try watch.finish()
      lost = try watch.sensors.counts()[.process].lost
    }
  }

  private static let isGuest = ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil

  /// 100,000 processes of which most live for some microseconds: each begins once and ends once, with its own exit code.
  @Test func aHundredThousandShortLives() throws {
    let count = Self.isGuest ? 1000 : 100_000
    let run = try Run("crowd \(count)")
    let parents = run.words.compactMap { UInt32($0) }
    try #require(parents.count == 2)
    let events = run.events.filter { $0.process.parent.map { parents.contains($0.key.pid) } == true }
    let forks = events.filter { $0.kind == .processFork }
    let exits = events.filter { $0.kind == .processExit }
    let execs = events.filter { $0.kind == .processExec }
    // Nothing is reported twice, and what is missing is counted as lost.
    #expect(Set(forks.map(\.process.key)).count == forks.count)
    #expect(Set(exits.map(\.process.key)).count == exits.count)
    let told = forks.count + exits.count + execs.count
    let done = 2 * count + (count / 2 + 19) / 20 * 2
    #expect(run.lost == 0 ? told == done : told < done && told + Int(run.lost) >= done, "\(told), \(run.lost) lost")
    guard run.lost == 0 else { return }
    var codes: [Int64: Int] = [:]
    for exit in exits { if case .int(let code)? = exit[.exitCode] { codes[code, default: 0] += 1 } }
    for code in 0..<Int64(256) {
      #expect(codes[code] == (count / 2 - Int(code) + 255) / 256 * 2, "exit code \(code)")
    }
    // Those that executed nothing have their parent's program.
    #expect(exits.filter { $0.process.generation == 1 }.count == execs.count)
    #expect(exits.allSatisfy { "\($0[.processExecutable] ?? .text(""))".contains("merops-workload") })
  }

  /// Processes that start others as fast as they can, in a cgroup for 64: each has its ancestors up to the first one.
  @Test(.enabled(if: ProcessLimit.isPossible, "there is no pids controller of cgroups"))
  func aForkBomb() throws {
    let limit = try ProcessLimit(64)
    let run = try Run("bomb \(Self.isGuest ? 200 : 5000)", behind: "echo $$ >\(limit.path)/cgroup.procs &&")
    let numbers = run.words.compactMap { Int($0) }
    try #require(numbers.count == 2)
    let (started, refused) = (numbers[0], numbers[1])
    #expect(started >= 63 && refused > 0)
    let events = run.events.filter { event in event.process.ancestors.contains { $0.key.pid == run.pid } }
    let forks = events.filter { $0.kind == .processFork }
    let exits = events.filter { $0.kind == .processExit }
    #expect(Set(forks.map(\.process.key)).count == forks.count)
    if run.lost == 0 {
      #expect(forks.count == started)
      #expect(Set(exits.map(\.process.key)) == Set(forks.map(\.process.key)))
    } else {
      #expect(forks.count <= started && forks.count + Int(run.lost) >= started)
    }
  }
}

/// A cgroup of the test's own that holds so many processes.
private final class ProcessLimit {
  let path: String

  static var isPossible: Bool { root != nil }

  /// Where the controller is: in a hierarchy of its own, or in cgroup v2.
  private static let root: String? = {
    for line in SmallFile.text("/proc/self/mountinfo").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), words.count > dash + 3, words.count > 4 else { continue }
      let mount = String(words[4])
      if words[dash + 1] == "cgroup", words[dash + 3].split(separator: ",").contains("pids") { return mount }
      if words[dash + 1] == "cgroup2", SmallFile.text(mount + "/cgroup.controllers").contains("pids") { return mount }
    }
    return nil
  }()

  init(_ count: Int) throws {
    let root = try #require(Self.root)
    path = "\(root)/merops-test-\(getpid())-bomb"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let controllers = root + "/cgroup.subtree_control"
    if access(controllers, F_OK) == 0 { try Shell.run("echo +pids >$1", [controllers]) }
    try Shell.run("echo $1 >$2/pids.max", ["\(count)", path])
  }

  deinit {
    // Processes that ended stay listed for a moment.
    while rmdir(path) != 0, errno == EBUSY { usleep(10_000) }
  }
}
