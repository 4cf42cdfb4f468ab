// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// The daemon as a program, on the kernel that the tests run on.
@Suite(.serialized, .enabled(if: geteuid() == 0, "loads programs into the kernel, which needs root"))
struct FaultTests {
  /// After kill -9 nothing is left in the kernel, what was stored is there, and the next start goes on from it.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/bpftool"), "needs bpftool"))
  func aKilledAgentLeavesNothing() async throws {
    try await Daemon.withFolder { folder in
      let settings = "store:\n  folder: \(folder)/store\n"
      var newest: String?
      // A guest takes a minute for each list of bpftool.
      for _ in 0..<(ProcessInfo.processInfo.environment["MEROPS_GUEST"] == nil ? 3 : 1) {
        let daemon = try Daemon(settings, in: folder)
        try daemon.waitUntilWatching()
        if let id = newest {
          // What was committed before the kill.
          let line = try daemon.client.get("/v1/events/\(id)")
          #expect(!line.isEmpty)
        }
        let held = try Daemon.held(by: daemon.process.processIdentifier)
        for kind in ["prog", "map", "link"] { #expect(held.contains { $0.hasPrefix(kind) }) }
        #expect(try Daemon.left(of: held, ["prog", "map", "link"]) == held)
        // Wait until something is on disk.
        var id: String?
        while id == nil {
          try Daemon.run("/bin/true")
          let status = try daemon.client.get("/v1/status", as: AgentStatus.self)
          guard let store = status.store, store.events > 0 else { continue }
          let line = try daemon.client.get("/v1/events?limit=1&order=oldest")
          let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
          id = object?["id"] as? String
        }
        newest = id
        daemon.end(SIGKILL)
        // Who opens a program array between its last close and the work that empties it makes Linux count one reference too many
        // (prog_array_map_clear), and the map stays for ever: other tests and tools list maps, too.
        while try !Daemon.left(of: held, ["prog", "link"]).isEmpty {}
        while try !Daemon.left(of: held, ["map"], but: "prog_array").isEmpty {}
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
    try await Daemon.withFolder { folder in
      let daemon = try Daemon("ring: 64KiB\nstore:\n  kind: memory\n", in: folder)
      try daemon.waitUntilWatching()
      kill(daemon.process.processIdentifier, SIGSTOP)
      for _ in 0..<300 { try Daemon.run("/bin/true", [String(repeating: "x", count: 500)]) }
      kill(daemon.process.processIdentifier, SIGCONT)
      var status = try daemon.client.get("/v1/status", as: AgentStatus.self)
      while status.lastLoss == nil { status = try daemon.client.get("/v1/status", as: AgentStatus.self) }
      #expect(status.counts[.process].lost > 0)
      // Told of with the next events.
      while try daemon.client.get("/v1/events?kinds=agent.loss").isEmpty { try Daemon.run("/bin/true") }
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  /// The second of two agents says why it does not run, and disturbs nothing.
  @Test(.sameOnEveryKernel) func theSecondOfTwoIsRefused() async throws {
    try await Daemon.withFolder { folder in
      let first = try Daemon("store:\n  kind: memory\n", in: folder)
      try first.waitUntilWatching()
      let second = try Daemon("store:\n  kind: memory\n", in: folder)
      let message = second.message()
      #expect(message.contains("An agent runs here already (pid \(first.process.processIdentifier))"), "\(message)")
      // It was not started by systemd.
      #expect(message.contains("or kill \(first.process.processIdentifier).") && !message.contains("systemctl"))
      second.process.waitUntilExit()
      #expect(second.process.terminationStatus == 1)
      #expect(try first.client.get("/v1/status", as: AgentStatus.self).pid == Int(first.process.processIdentifier))
      first.end(SIGINT)
      #expect(first.process.terminationStatus == 0)
    }
  }
}
