// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsPolicy

struct Failure: Error, CustomStringConvertible {
  let description: String
}

/// Random numbers that are the same in each run (splitmix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// A cgroup that only the test has; removed when this object goes.
final class OwnCgroup: Sendable {
  static let mount: String? = {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
    }
    return nil
  }()

  /// Below the root.
  let name: String
  var path: String { (Self.mount ?? "") + name }

  init(in parent: OwnCgroup? = nil) throws {
    name = (parent?.name ?? "") + "/merops-policy-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    guard Self.mount != nil, mkdir(path, 0o755) == 0 else { throw Failure(description: "no cgroup can be made") }
  }

  deinit {
    // Processes that ended stay listed for a moment.
    while rmdir(path) != 0, errno == EBUSY { usleep(10_000) }
  }
}

/// The program that connects.
enum Connector {
  static let path = beside("merops-connector")

  /// Where a program is that lies beside the tests, as the kernel names it.
  static func beside(_ program: String) -> URL {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path + "/" + program), folder.path != "/" {
      folder = folder.deletingLastPathComponent()
    }
    return folder.appending(path: program).resolvingSymlinksInPath()
  }

  /// Tries addresses once, and returns the errors' numbers.
  static func connect(in cgroup: OwnCgroup, _ addresses: String..., program: URL = path) throws -> [Int32] {
    try connect(in: cgroup, all: addresses, program: program)
  }

  static func connect(in cgroup: OwnCgroup, all addresses: [String], program: URL = path) throws -> [Int32] {
    let process = Process()
    let output = Pipe()
    process.executableURL = program
    process.arguments = [cgroup.path] + addresses
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let numbers = text.split(separator: "\n").compactMap { Int32($0) }
    guard process.terminationStatus == 0, numbers.count == addresses.count else {
      throw Failure(description: "the connector ended with \(process.terminationStatus): \(text)")
    }
    return numbers
  }
}

/// Does in a loop, on each CPU, what is denied and what is allowed.
final class DeedLoop {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  struct Counts {
    var refused, leaked, allowed, wronged, failed: UInt64
  }

  convenience init(in cgroup: OwnCgroup, denied: String, allowed: String) throws {
    try self.init(Connector.path, [cgroup.path, denied, allowed])
  }

  /// Does one kind of act to two files.
  convenience init(in cgroup: OwnCgroup, doing kind: String, denied: String, allowed: String) throws {
    try self.init(Deeds.path, [cgroup.path, "loop", kind, denied, allowed])
  }

  private init(_ program: URL, _ arguments: [String]) throws {
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // The program must not see its input's end later than this process does.
    try output.fileHandleForWriting.close()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  func counts() throws -> Counts {
    input.fileHandleForWriting.write(Data([0x2e]))
    return try line()
  }

  func end() throws -> Counts {
    try input.fileHandleForWriting.close()
    let counts = try line()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "the program failed") }
    return counts
  }

  private func line() throws -> Counts {
    var text = ""
    while !text.hasSuffix("\n") {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw Failure(description: "the program ended") }
      text += String(decoding: bytes, as: UTF8.self)
    }
    let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { UInt64($0) }
    guard numbers.count == 5 else { throw Failure(description: "the program said \(text)") }
    return Counts(
      refused: numbers[0], leaked: numbers[1], allowed: numbers[2], wronged: numbers[3], failed: numbers[4])
  }
}

/// A folder that only the test has.
final class OwnFolder {
  let url: URL

  init() throws {
    url = URL(fileURLWithPath: "/tmp/merops-policy-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
