// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The guided show, whole, into a pipe; and what is left of it, however it ends.
@Suite(.serialized, .enabled(if: geteuid() == 0 && cgroupMount != nil, "needs root and cgroup v2"))
struct DemoTests {
  /// What a demo made that is still there.
  private static func leftovers(of pid: Int32) throws -> [String] {
    let folders = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("merops-demo-") }
    let own = folders.filter { folder in
      (try? String(contentsOfFile: "/tmp/\(folder)/bin/app", encoding: .utf8))?.contains("merops-demo-\(pid)/") == true
    }
    let cgroup = "\(cgroupMount ?? "")/merops-demo-\(pid)"
    return own + (FileManager.default.fileExists(atPath: cgroup) ? [cgroup] : [])
  }

  /// Processes that are in a network namespace.
  private static func members(ofNetwork name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")) == name
    }
  }

  private static func start(_ output: Any) throws -> Process {
    let process = Process()
    process.executableURL = Daemon.beside("merops-agent")
    process.arguments = ["demo"]
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    return process
  }

  /// Beside another agent, which goes on.
  @Test func theWholeShowWorksAndLeavesNothing() async throws {
    try await PolicyLifeTests.Place.with { place in
      let other = try place.daemon()
      let pipe = Pipe()
      let process = try Self.start(pipe)
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "\(text)")
      #expect(try Self.leftovers(of: process.processIdentifier).isEmpty)
      #expect(!text.contains("\u{1b}"), "a pipe gets no colors")
      for words in [
        // The attack works, and is seen.
        "mining coins for somebody else\n", "secret key of the cloud", "connect   169.254.169.254:80",
        // The backtest, the denial, its explanation.
        "2 newly denied", "Operation not permitted", "Killed\n", "orders: 42",
        "shop/no-secret-keys", "it was denied", "The least that would allow it",
        // Nothing slips through, but for those who delete first.
        "denied, 0 slipped through", "connected, 0 denied", "rollback to version", "knocks at our ports",
      ] { #expect(text.contains(words), "\(words) is missing in:\n\(text)") }
      #expect(!text.contains(" 0 times the secret key could be had"), "the control shows no leak:\n\(text)")
      #expect(other.process.isRunning)
      other.end(SIGTERM)
    }
  }

  /// Ctrl-C at the start, a reader that leaves in the middle.
  @Test(arguments: [("1 of 9", false), ("5 of 9", true)])
  func itCanBeEndedAnywhere(_ step: String, leaves: Bool) async throws {
    let pipe = Pipe()
    let process = try Self.start(pipe)
    var text = ""
    while !text.contains(step) {
      let bytes = pipe.fileHandleForReading.availableData
      try #require(!bytes.isEmpty, "\(text)")
      text += String(decoding: bytes, as: UTF8.self)
    }
    let network = try FileManager.default.destinationOfSymbolicLink(
      atPath: "/proc/\(process.processIdentifier)/ns/net")
    if leaves {
      try pipe.fileHandleForReading.close()
    } else {
      kill(process.processIdentifier, SIGINT)
      _ = pipe.fileHandleForReading.readDataToEndOfFile()
    }
    process.waitUntilExit()
    #expect(process.terminationStatus == (leaves ? 1 : 130), "\(step)")
    #expect(try Self.leftovers(of: process.processIdentifier).isEmpty)
    #expect(try Self.members(ofNetwork: network).isEmpty)
  }
}
