// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// A daemon with a folder of its own.
final class Daemon {
  let folder: String
  private let name: String
  let process = Foundation.Process()
  private let errors = Pipe()
  var socket: String { folder + "/" + name }
  var client: ControlClient { ControlClient(socket: socket) }

  /// - Parameters:
  ///   - name: of its socket and its file, where there are two.
  ///   - namespace: a process in whose network namespace it runs; nil for this one's.
  init(
    _ settings: String, in folder: String, name: String = "s", environment: [String: String] = [:],
    namespace: Int32? = nil
  ) throws {
    (self.folder, self.name) = (folder, name)
    try write(settings)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = Self.path
    process.arguments = ["--config", file]
    if let namespace {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
      process.arguments = ["--net=/proc/\(namespace)/ns/net", Self.path.path, "--config", file]
    }
    process.standardError = errors
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  private var file: String { folder + "/\(name == "s" ? "f" : name).yaml" }

  /// Writes its file.
  func write(_ settings: String) throws {
    try Data("socket: \(socket)\ngroup: none\n\(settings)".utf8).write(to: URL(fileURLWithPath: file))
  }

  /// The programs lie beside the tests.
  static let path = beside("meropsd")
  static let workload = beside("merops-workload")

  static func beside(_ program: String) -> URL {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path + "/" + program), folder.path != "/" {
      folder = folder.deletingLastPathComponent()
    }
    return folder.appending(path: program)
  }

  /// Waits until it answers and has seen something.
  func waitUntilWatching() throws {
    while process.isRunning {
      if let status = try? client.get("/v1/status", as: AgentStatus.self), status.counts.total.seen > 0 { return }
      _ = try Daemon.run("/bin/true")
    }
    throw Failure(description: String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self))
  }

  func status() throws -> AgentStatus { try client.get("/v1/status", as: AgentStatus.self) }

  /// Asks until the status is as it should be; the daemon has to run all the time.
  @discardableResult
  func wait(until condition: (AgentStatus) -> Bool) throws -> AgentStatus {
    while process.isRunning {
      let status = try status()
      if condition(status) { return status }
      usleep(10_000)
    }
    throw Failure(description: message())
  }

  /// The ids of stored events, the oldest first.
  func ids(_ query: String = "") throws -> [EventID] {
    var ids: [EventID] = []
    for line in String(decoding: try client.get("/v1/events?order=oldest&limit=100000\(query)"), as: UTF8.self)
      .split(separator: "\n")
    {
      guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let id = (object["id"] as? String).flatMap({ EventID($0) })
      else { throw Failure(description: "no event: \(line)") }
      ids.append(id)
    }
    return ids
  }

  /// Waits until it says something.
  func wait(for words: String) throws {
    var text = ""
    while !text.contains(words) {
      let bytes = errors.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw Failure(description: "it ended without '\(words)': \(text)") }
      text += String(decoding: bytes, as: UTF8.self)
    }
  }

  /// What it says until it ends.
  func message() -> String { String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }

  func end(_ signal: Int32) {
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
  }
}

extension Daemon {
  struct Failure: Error, CustomStringConvertible { let description: String }

  static func withFolder(_ body: @escaping @Sendable (String) throws -> Void) async throws {
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

  /// Starts a workload that does so many acts, at most `rate` a second, in a folder of its own.
  static func work(_ acts: Int, rate: Int = 0, in folder: String) throws -> Foundation.Process {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try Foundation.Process.run(
      workload,
      arguments: [
        "--acts", "\(acts)", "--rate", "\(rate)", "--processes", "2", "--folder", folder, "--ledger",
        folder + ".ledger",
      ])
  }

  /// Ends a workload, whatever signals whoever started the tests ignores.
  static func end(_ work: Foundation.Process) {
    kill(work.processIdentifier, SIGKILL)
    work.waitUntilExit()
  }

  /// How many files a workload of two processes created, by its ledger.
  static func created(in folder: String) throws -> Int {
    try (0..<2).reduce(0) { count, index in
      let text = try String(contentsOfFile: "\(folder).ledger.\(index)", encoding: .utf8)
      return count + text.split(separator: "\n").count { $0.contains("\tfile.create\t0\t") }
    }
  }

  /// The events of files below a folder.
  func ids(below folder: String, kinds: String = "") throws -> [EventID] {
    let condition = "file.path.startsWith(\"\(folder)/\")"
    return try ids("\(kinds)&where=\(condition.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")")
  }

  /// The events of the files that a workload created.
  func creations(in folder: String) throws -> [EventID] { try ids(below: folder, kinds: "&kinds=file.create") }

  /// Waits until each file that a workload created has its event.
  func waitForCreations(in folder: String) throws {
    let count = try Self.created(in: folder)
    let status = try wait { (try? creations(in: folder).count) == count || $0.counts[.file].lost > 0 }
    if status.counts[.file].lost > 0 { throw Failure(description: "The machine is too busy: \(status.counts)") }
  }

  /// The kernel's ids of what a process holds: `prog 12`, `map 34`, `link 5`.
  static func held(by pid: Int32) throws -> Set<String> {
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

  /// Which of these the kernel still has, but for those of a type.
  static func left(of ids: Set<String>, _ kinds: [String], but type: String? = nil) throws -> Set<String> {
    var found: Set<String> = []
    for kind in kinds {
      // bpftool stops in the middle where an object goes while it lists.
      var list: Any?
      for _ in 0..<100 where list == nil {
        list = try? JSONSerialization.jsonObject(with: run("/usr/sbin/bpftool", ["-j", kind, "show"]))
      }
      for entry in try #require(list as? [[String: Any]]) where type == nil || entry["type"] as? String != type {
        found.insert("\(kind) \(entry["id"] ?? "")")
      }
    }
    return found.intersection(ids)
  }
}
