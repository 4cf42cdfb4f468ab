// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// The daemon as systemd runs it.
@Suite(.serialized, .enabled(if: geteuid() == 0, "loads programs into the kernel, which needs root"))
struct ServiceTests {
  /// What systemd is told, on a socket of the test's.
  private final class Manager: Sendable {
    private let descriptor: Int32
    let path: String

    init(in folder: String) throws {
      path = folder + "/notify"
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let result = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard result == 0 else { throw Daemon.Failure(description: "bind: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Waits for a message that begins so; what comes before is passed over.
    func wait(for words: String) {
      var buffer = [UInt8](repeating: 0, count: 512)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0, String(decoding: buffer[..<count], as: UTF8.self).hasPrefix(words) { return }
      }
    }
  }

  private static func effective(_ status: String) -> UInt64? {
    status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
      .flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) }
  }

  /// Once it watches, no thread may do more than read files and maps, and everything that it does later still works.
  @Test func whatOnlyLoadingNeedsIsGivenUp() async throws {
    try await Daemon.withFolder { folder in
      let daemon = try Daemon("store:\n  folder: \(folder)/store\n", in: folder)
      try daemon.waitUntilWatching()
      let tasks = "/proc/\(daemon.process.processIdentifier)/task"
      // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE; CAP_BPF where the kernel asks for it to read a map.
      let allowed: UInt64 = 1 << 1 | 1 << 2 | 1 << 19 | 1 << 39
      let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
      var seen = 0
      for thread in threads {
        // One that served a request may have ended.
        guard let data = FileManager.default.contents(atPath: "\(tasks)/\(thread)/status") else { continue }
        let status = String(decoding: data, as: UTF8.self)
        guard let effective = Self.effective(status) else { continue }
        #expect(effective & ~allowed == 0, "thread \(thread): \(String(effective, radix: 16))")
        #expect(status.contains("NoNewPrivs:\t1\n"))
        seen += 1
      }
      #expect(seen > 2)

      // A new sink, in a folder of somebody else.
      try FileManager.default.createDirectory(atPath: folder + "/other", withIntermediateDirectories: false)
      #expect(chown(folder + "/other", 12_345, 12_345) == 0)
      let sink = "sinks:\n  - name: late\n    kind: file\n    path: \(folder)/other/lines\n"
      try daemon.write("store:\n  folder: \(folder)/store\n" + sink)
      kill(daemon.process.processIdentifier, SIGHUP)
      try daemon.wait(for: "settings that changed: sinks")
      while FileManager.default.contents(atPath: folder + "/other/lines")?.isEmpty != false {
        try Daemon.run("/bin/true")
      }
      // Maps, /proc of others, the store.
      let status = try daemon.client.get("/v1/status", as: AgentStatus.self)
      #expect(status.counts[.process].recorded > 0 && status.sinks.map(\.name) == ["late"] && !status.programs.isEmpty)
      #expect(try !daemon.client.get("/v1/processes?limit=5").isEmpty)
      #expect(try !daemon.client.get("/v1/top?by=process", as: TopReply.self).rows.isEmpty)
      let line = try daemon.client.get("/v1/events?limit=1&order=newest")
      let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
      let id = try #require(object?["id"] as? String)
      #expect(try !daemon.client.get("/v1/events/\(id)").isEmpty)
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  /// Ready when it watches, alive as long as it is, back from a reload, ending; and what was done before SIGTERM is kept.
  @Test(.sameOnEveryKernel) func systemdIsTold() async throws {
    try await Daemon.withFolder { folder in
      let manager = try Manager(in: folder)
      let settings =
        "store:\n  kind: memory\nsinks:\n  - name: lines\n    kind: file\n    path: \(folder)/lines\n"
      let daemon = try Daemon(
        settings, in: folder, environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
      manager.wait(for: "READY=1\nSTATUS=")
      // Ready means that everything is seen from now on.
      for number in 0..<20 { try Daemon.run("/bin/true", ["\(folder)/drained-\(number)"]) }
      manager.wait(for: "WATCHDOG=1")
      manager.wait(for: "WATCHDOG=1")
      kill(daemon.process.processIdentifier, SIGHUP)
      manager.wait(for: "RELOADING=1\nMONOTONIC_USEC=")
      manager.wait(for: "READY=1")
      // A second agent says how this one is ended.
      let second = try Daemon(settings, in: folder)
      let message = second.message()
      #expect(message.contains("the service") && message.contains("systemctl stop merops"), "\(message)")
      second.process.waitUntilExit()
      for number in 20..<40 { try Daemon.run("/bin/true", ["\(folder)/drained-\(number)"]) }
      kill(daemon.process.processIdentifier, SIGTERM)
      manager.wait(for: "STOPPING=1")
      daemon.process.waitUntilExit()
      #expect(daemon.process.terminationStatus == 0)
      let lines = String(decoding: FileManager.default.contents(atPath: folder + "/lines") ?? Data(), as: UTF8.self)
      for number in 0..<40 { #expect(lines.contains("\(folder)/drained-\(number)\"")) }
    }
  }

  /// A reload that cannot make one of its sinks changes none of them, and takes no place in the store.
  @Test(.sameOnEveryKernel) func aReloadThatFailsChangesNothing() async throws {
    try await Daemon.withFolder { folder in
      let store = "store:\n  folder: \(folder)/store\n"
      let one = "  - name: one\n    kind: file\n    path: \(folder)/one\n"
      let two = "  - name: two\n    kind: webhook\n    url: http://127.0.0.1:1/\n"
      let daemon = try Daemon(store + "sinks:\n" + one + two, in: folder)
      try daemon.waitUntilWatching()
      let bad = "  - name: three\n    kind: otlp\n    url: http://127.0.0.1:1/\n    token_file: \(folder)/nothing\n"
      let four = "  - name: four\n    kind: webhook\n    url: http://127.0.0.1:1/\n"
      try daemon.write(store + "sinks:\n" + four + one.replacing("/one", with: "/other") + bad)
      kill(daemon.process.processIdentifier, SIGHUP)
      try daemon.wait(
        for: "the settings stay as they were: The token's file \(folder)/nothing of the sink three is empty")
      let status = try daemon.client.get("/v1/status", as: AgentStatus.self)
      #expect(status.sinks.map(\.name) == ["one", "two"])
      var sent = status.sinks[0].sent
      while sent == status.sinks[0].sent {
        try Daemon.run("/bin/true")
        sent = try daemon.client.get("/v1/status", as: AgentStatus.self).sinks[0].sent
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/other"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/store/cursors") == ["two"])
      // With the token it is another matter.
      _ = FileManager.default.createFile(atPath: folder + "/nothing", contents: Data("a token\n".utf8))
      kill(daemon.process.processIdentifier, SIGHUP)
      try daemon.wait(for: "settings that changed: sinks")
      #expect(
        try daemon.client.get("/v1/status", as: AgentStatus.self).sinks.map(\.name) == ["four", "one", "three"])
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  /// What keeps an agent from starting is one sentence that says what to change.
  @Test(
    .sameOnEveryKernel,
    arguments: [
      ("socket: /dev/null/x/s\n", "name another one at `socket`"),
      ("store:\n  folder: /dev/null/x\n", "name another one at `store.folder`"),
      ("port: 1\n", "`port` needs `token_file`"),
      ("port: 1\ntoken_file: /dev/null\n", "The token's file /dev/null can be read by others: chmod 600 /dev/null"),
    ]) func whatKeepsItFromStartingIsOneSentence(_ settings: String, _ words: String) async throws
  {
    try await Daemon.withFolder { folder in
      let file = folder + "/f.yaml"
      let own = settings.hasPrefix("socket") ? "" : "socket: \(folder)/s\n"
      try Data((own + "group: none\n" + settings).utf8).write(to: URL(fileURLWithPath: file))
      let output = try Daemon.run("/bin/sh", ["-c", "\(Daemon.path.path) --config \(file) 2>&1 | grep ^Error"])
      let text = String(decoding: output, as: UTF8.self)
      #expect(text.contains(words) && text.split(separator: "\n").count == 1, "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/s"))
    }
  }

  /// The same, where it may not load programs.
  @Test func withoutPrivilegesItSaysWhichItNeeds() async throws {
    try await Daemon.withFolder { folder in
      let output = try Daemon.run(
        "/bin/sh",
        ["-c", "setpriv --bounding-set -all \(Daemon.path.path) --defaults --memory --socket \(folder)/s 2>&1"])
      #expect(
        String(decoding: output, as: UTF8.self)
          == "Error: Watching needs CAP_BPF and CAP_PERFMON: run the agent as root, in a container as a privileged one.\n"
      )
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }
}
