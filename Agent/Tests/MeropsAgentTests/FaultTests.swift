// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// The daemon as a program, on the kernel that the tests run on.
@Suite(.serialized, .enabled(if: geteuid() == 0, "loads programs into the kernel, which needs root"))
struct FaultTests {
  /// A daemon with a folder of its own.
  final class Daemon {
    let folder: String
    let process = Foundation.Process()
    private let errors = Pipe()
    var socket: String { folder + "/s" }
    var client: ControlClient { ControlClient(socket: socket) }

    init(_ settings: String, in folder: String) throws {
      self.folder = folder
      try Data("socket: \(folder)/s\ngroup: none\n\(settings)".utf8).write(to: URL(fileURLWithPath: folder + "/f.yaml"))
      process.executableURL = Self.path
      process.arguments = ["--config", folder + "/f.yaml"]
      process.standardError = errors
      try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// The program lies beside the tests.
    static let path: URL = {
      var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      while !FileManager.default.fileExists(atPath: folder.path + "/meropsd"), folder.path != "/" {
        folder = folder.deletingLastPathComponent()
      }
      return folder.appending(path: "meropsd")
    }()

    /// Waits until it answers and has seen something.
    func waitUntilWatching() throws {
      while process.isRunning {
        if let status = try? client.get("/v1/status", as: AgentStatus.self), status.counts.total.seen > 0 { return }
        _ = try FaultTests.run("/bin/true")
      }
      throw Failure(description: String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self))
    }

    /// What it says until it ends.
    func message() -> String { String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }

    func end(_ signal: Int32) {
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
    }
  }

  struct Failure: Error, CustomStringConvertible { let description: String }

  private static func withFolder(_ body: @escaping @Sendable (String) throws -> Void) async throws {
    let folder = "/tmp/merops-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { continuation.resume(with: Result { try body(folder) }) }
    }
  }

  @discardableResult
  static func run(_ program: String, _ arguments: [String] = []) throws -> Data {
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return output
  }

  /// The kernel's ids of what a process holds: `prog 12`, `map 34`, `link 5`.
  private static func held(by pid: Int32) throws -> Set<String> {
    var found: Set<String> = []
    let folder = "/proc/\(pid)/fdinfo"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let text =
        FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) } ?? ""
      for line in text.split(separator: "\n") {
        for kind in ["prog", "map", "link"] where line.hasPrefix("\(kind)_id:") {
          found.insert("\(kind) \(line.split(whereSeparator: \.isWhitespace).last ?? "")")
        }
      }
    }
    return found
  }

  /// Which of these the kernel still has.
  private static func left(of ids: Set<String>, _ kinds: [String]) throws -> Set<String> {
    var found: Set<String> = []
    for kind in kinds {
      let list = try JSONSerialization.jsonObject(with: run("/usr/sbin/bpftool", ["-j", kind, "show"]))
      for entry in list as? [[String: Any]] ?? [] { found.insert("\(kind) \(entry["id"] ?? "")") }
    }
    return found.intersection(ids)
  }

  /// After kill -9 nothing is left in the kernel, what was stored is there, and the next start goes on from it.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/bpftool"), "needs bpftool"))
  func aKilledAgentLeavesNothing() async throws {
    try await Self.withFolder { folder in
      let settings = "store:\n  folder: \(folder)/store\n"
      var newest: String?
      for _ in 0..<3 {
        let daemon = try Daemon(settings, in: folder)
        try daemon.waitUntilWatching()
        if let id = newest {
          // What was committed before the kill.
          let line = try daemon.client.get("/v1/events/\(id)")
          #expect(!line.isEmpty)
        }
        let held = try Self.held(by: daemon.process.processIdentifier)
        for kind in ["prog", "map", "link"] { #expect(held.contains { $0.hasPrefix(kind) }) }
        #expect(try Self.left(of: held, ["prog", "map", "link"]) == held)
        // Wait until something is on disk.
        var id: String?
        while id == nil {
          try Self.run("/bin/true")
          let status = try daemon.client.get("/v1/status", as: AgentStatus.self)
          guard let store = status.store, store.events > 0 else { continue }
          let line = try daemon.client.get("/v1/events?limit=1&order=oldest")
          let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
          id = object?["id"] as? String
        }
        newest = id
        daemon.end(SIGKILL)
        // Maps last: who opens a program array between its last close and the work that empties it makes Linux count one
        // reference too many (prog_array_map_clear), and the map stays for ever. Programs are gone when that work is done.
        while try !Self.left(of: held, ["prog", "link"]).isEmpty {}
        while try !Self.left(of: held, ["map"]).isEmpty {}
      }
      let last = try Daemon(settings, in: folder)
      try last.waitUntilWatching()
      last.end(SIGTERM)
      #expect(last.process.terminationStatus == 0)
      // The lock's file stays: removing it would let two agents have one lock each.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["f.yaml", "s.lock", "store"])
    }
  }

  /// A ring that is far too small, and a reader that sleeps: what does not fit is counted, and reported.
  @Test func whatAStoppedAgentMissesIsCounted() async throws {
    try await Self.withFolder { folder in
      let daemon = try Daemon("ring: 64KiB\nstore:\n  kind: memory\n", in: folder)
      try daemon.waitUntilWatching()
      kill(daemon.process.processIdentifier, SIGSTOP)
      for _ in 0..<300 { try Self.run("/bin/true", [String(repeating: "x", count: 500)]) }
      kill(daemon.process.processIdentifier, SIGCONT)
      var status = try daemon.client.get("/v1/status", as: AgentStatus.self)
      while status.lastLoss == nil { status = try daemon.client.get("/v1/status", as: AgentStatus.self) }
      #expect(status.counts[.process].lost > 0)
      // Told of with the next events.
      while try daemon.client.get("/v1/events?kinds=agent.loss").isEmpty { try Self.run("/bin/true") }
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  /// The second of two agents says why it does not run, and disturbs nothing.
  @Test func theSecondOfTwoIsRefused() async throws {
    try await Self.withFolder { folder in
      let first = try Daemon("store:\n  kind: memory\n", in: folder)
      try first.waitUntilWatching()
      let second = try Daemon("store:\n  kind: memory\n", in: folder)
      let message = second.message()
      #expect(message.contains("An agent runs here already (pid \(first.process.processIdentifier))"), "\(message)")
      second.process.waitUntilExit()
      #expect(second.process.terminationStatus == 1)
      #expect(try first.client.get("/v1/status", as: AgentStatus.self).pid == Int(first.process.processIdentifier))
      first.end(SIGINT)
      #expect(first.process.terminationStatus == 0)
    }
  }
}
