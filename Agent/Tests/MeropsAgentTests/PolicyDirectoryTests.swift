// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// A directory whose files of policies count as they are there.
@Suite(.serialized, .enabled(if: geteuid() == 0 && cgroupMount != nil, "needs root and cgroup v2"))
struct PolicyDirectoryTests {
  /// A daemon that watches a directory, and that directory.
  private struct Watched {
    let place: PolicyLifeTests.Place
    let path: String

    static func with(_ body: @escaping @Sendable (Watched) throws -> Void) async throws {
      try await PolicyLifeTests.Place.with { place in
        let watched = Watched(place: place, path: "\(place.folder)/policies.d")
        try watched.make()
        try body(watched)
      }
    }

    func make() throws {
      guard mkdir(path, 0o755) == 0 else { throw Daemon.Failure(description: "\(path) cannot be made") }
    }

    func daemon() throws -> Daemon {
      let daemon = try Daemon(place.settings + "  directory: \(path)\n", in: place.folder)
      try daemon.waitUntilWatching()
      return daemon
    }

    /// Writes beside, and renames: as careful programs do.
    func put(_ name: String, _ bytes: [UInt8]) throws {
      let draft = "\(path)/.\(name).new"
      try Data(bytes).write(to: URL(filePath: draft))
      guard rename(draft, "\(path)/\(name)") == 0 else { throw Daemon.Failure(description: "no \(name)") }
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    static func alarms(_ daemon: Daemon) throws -> [String] {
      try daemon.status().alarms.filter { $0.hasPrefix("The policies of ") }
    }

    /// Waits for an alarm with some words; for none without.
    static func wait(for words: String?, _ daemon: Daemon) throws {
      try daemon.wait { status in
        let alarms = status.alarms.filter { $0.hasPrefix("The policies of ") }
        return words.map { words in alarms.contains { $0.contains(words) } } ?? alarms.isEmpty
      }
    }

    /// How many there were, with those of the last time: the machine's other events drive them out of memory.
    static func refusals(_ daemon: Daemon, _ seen: inout Set<Substring>) throws -> Int {
      let text = String(decoding: try daemon.client.get("/v1/events?kinds=policy.refused"), as: UTF8.self)
      seen.formUnion(text.split(separator: "\n"))
      return seen.count
    }
  }

  @Test func whatIsThereCounts() async throws {
    try await Watched.with { watched in
      let place = watched.place
      try watched.put("a.yaml", PolicyTests.policy("a", "127.0.0.66"))
      for (name, text) in [
        (".hidden.yaml", "x"), ("a.yaml~", "x"), ("b.yaml.swp", "x"), ("README", "x"), ("a.test.yaml", "x"),
      ] {
        try Data(text.utf8).write(to: URL(filePath: "\(watched.path)/\(name)"))
      }
      var daemon = try watched.daemon()
      // Before anybody could ask.
      #expect(try !place.isAllowed("127.0.0.66") && place.isAllowed("127.0.0.67"))
      try watched.put("b.yaml", PolicyTests.policy("b", "127.0.0.67"))
      try place.wait(until: false, "127.0.0.67")
      #expect(try !place.isAllowed("127.0.0.66"))
      var report = try daemon.client.get("/v1/policies", as: PolicyReport.self)
      #expect(report.files.map(\.name) == ["a.yaml", "b.yaml"] && report.version == 2)
      #expect(report.files.allSatisfy { $0.directory == watched.path })
      #expect(report.change?.author == "merops, from \(watched.path)")

      // What comes from there is changed there.
      let file = try place.file("a.yaml", PolicyTests.policy("a", "127.0.0.1"))
      for words in [["apply", file], ["delete", "a.yaml"]] {
        let result = try place.verb("policy", words[0], words[1], "--socket", daemon.socket)
        #expect(
          result.status != 0 && result.output.contains("comes from \(watched.path): change it there"), "\(result)")
      }
      #expect(
        try place.verb("policy", "list", "--socket", daemon.socket).output.contains(
          "from \(watched.path): a.yaml, b.yaml"))
      // Beside it others are applied; of one name the directory's counts.
      let other = try place.file("c.yaml", PolicyTests.policy("c", "127.0.0.68"))
      #expect(try place.verb("policy", "apply", other, "--socket", daemon.socket).status == 0)
      #expect(try !place.isAllowed("127.0.0.66") && !place.isAllowed("127.0.0.67") && !place.isAllowed("127.0.0.68"))
      try watched.put("c.yaml", PolicyTests.policy("c", "127.0.0.69"))
      try place.wait(until: false, "127.0.0.69")
      #expect(try place.isAllowed("127.0.0.68"))
      try watched.remove("c.yaml")
      try place.wait(until: true, "127.0.0.69")

      // A rollback counts until the files change, also after a start.
      try watched.remove("b.yaml")
      try place.wait(until: true, "127.0.0.67")
      #expect(try place.verb("policy", "rollback", "2", "--socket", daemon.socket).status == 0)
      #expect(try !place.isAllowed("127.0.0.67"))
      daemon.end(SIGTERM)
      daemon = try watched.daemon()
      #expect(try !place.isAllowed("127.0.0.67") && !place.isAllowed("127.0.0.66"))
      try watched.remove("a.yaml")
      try place.wait(until: true, "127.0.0.66")
      try place.wait(until: true, "127.0.0.67")
      report = try daemon.client.get("/v1/policies", as: PolicyReport.self)
      #expect(report.files.isEmpty)
      var seen: Set<Substring> = []
      #expect(try Watched.refusals(daemon, &seen) == 0)
      daemon.end(SIGTERM)
    }
  }

  /// The agent refuses a wrong set once, and the set before stays in force. The agent does not look at a half-written file.
  @Test func whatIsWrongIsRefused() async throws {
    try await Watched.with { watched in
      let place = watched.place
      try watched.put("a.yaml", PolicyTests.policy("a", "127.0.0.66"))
      let daemon = try watched.daemon()
      var refusals = 0
      var seen: Set<Substring> = []
      func refused(_ words: String) throws {
        refusals += 1
        try Watched.wait(for: words, daemon)
        while try Watched.refusals(daemon, &seen) < refusals { usleep(10_000) }
        #expect(try Watched.refusals(daemon, &seen) == refusals && !place.isAllowed("127.0.0.66"), "\(words)")
      }
      // A second file that is good does not count beside one that is wrong.
      try watched.put("b.yaml", PolicyTests.policy("b", "127.0.0.67"))
      try watched.put("c.yaml", Array("kind: Policy".utf8))
      try refused("c.yaml:1:1: the key `apiVersion` is missing")
      #expect(try place.isAllowed("127.0.0.67"))
      try watched.put("c.yaml", [0xff, 0xfe])
      try refused("c.yaml is not text in UTF-8")
      try watched.put("c.yaml", PolicyTests.policy("a", "127.0.0.68"))
      try refused("two policies are named `a`")
      try watched.remove("c.yaml")
      try Watched.wait(for: nil, daemon)
      try place.wait(until: false, "127.0.0.67")

      for (name, make, words) in [
        ("l.yaml", { symlink("/nowhere/x.yaml", $0) == 0 }, "l.yaml is a symbolic link to a file that is not there"),
        ("d.yaml", { mkdir($0, 0o755) == 0 }, "d.yaml is no regular file"),
        ("f.yaml", { mkfifo($0, 0o600) == 0 }, "f.yaml is no regular file"),
      ] as [(String, (String) -> Bool, String)] {
        #expect(make("\(watched.path)/\(name)"))
        try refused(words)
        try watched.remove(name)
        try Watched.wait(for: nil, daemon)
      }
      try watched.put("w.yaml", PolicyTests.policy("w", "127.0.0.68"))
      try place.wait(until: false, "127.0.0.68")
      chmod("\(watched.path)/w.yaml", 0o666)
      try refused("w.yaml can be changed by others than root: chmod go-w")
      chmod("\(watched.path)/w.yaml", 0o644)
      chown("\(watched.path)/w.yaml", 1000, 1000)
      try refused("w.yaml belongs to user 1000")
      try watched.remove("w.yaml")
      try place.wait(until: true, "127.0.0.68")
      chmod(watched.path, 0o777)
      try refused("policies.d can be changed by others than root")
      chmod(watched.path, 0o755)
      try Watched.wait(for: nil, daemon)

      // As long as somebody writes, what was there before counts.
      let slow = open("\(watched.path)/s.yaml", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
      let text = PolicyTests.policy("s", "127.0.0.68")
      _ = text.prefix(20).withUnsafeBytes { write(slow, $0.baseAddress, $0.count) }
      // Two other changes are seen meanwhile: those have to wait, too.
      try watched.put("a.yaml", PolicyTests.policy("a", "127.0.0.70"))
      let version = try daemon.client.get("/v1/policies", as: PolicyReport.self).version
      kill(daemon.process.processIdentifier, SIGHUP)
      try daemon.wait(for: "the settings are as they were")
      #expect(try daemon.client.get("/v1/policies", as: PolicyReport.self).version == version)
      #expect(try Watched.refusals(daemon, &seen) == refusals)
      #expect(try place.isAllowed("127.0.0.70"))
      _ = text.dropFirst(20).withUnsafeBytes { write(slow, $0.baseAddress, $0.count) }
      close(slow)
      try place.wait(until: false, "127.0.0.68")
      #expect(try !place.isAllowed("127.0.0.70"))

      // A directory that is gone leaves its policies in force. One that comes back counts.
      let aside = watched.path + ".aside"
      #expect(rename(watched.path, aside) == 0)
      refusals += 1
      try Watched.wait(for: "cannot be read: No such file or directory", daemon)
      #expect(try !place.isAllowed("127.0.0.68") && !place.isAllowed("127.0.0.70"))
      try watched.make()
      try place.wait(until: true, "127.0.0.68")
      try Watched.wait(for: nil, daemon)
      for number in 0..<1001 { try watched.put("n\(number).yaml", PolicyTests.policy("n\(number)", "127.0.0.71")) }
      try Watched.wait(for: "may have 1000", daemon)
      #expect(try place.isAllowed("127.0.0.71"))
      daemon.end(SIGTERM)
    }
  }
}
