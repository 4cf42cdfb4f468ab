// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// Living with policies: versions that wait for a confirmation, those that only tell, why something was denied, and the ways to
/// end it all. In cgroups that the tests make.
@Suite(.serialized, .enabled(if: geteuid() == 0 && cgroupMount != nil, "needs root and cgroup v2"))
struct PolicyLifeTests {
  /// A daemon that enforces policies in a cgroup of its own.
  struct Place {
    var folder: String
    var cgroup: String
    var pins: String
    var settings: String

    static func with(_ more: String = "", _ body: @escaping @Sendable (Place) throws -> Void) async throws {
      try await Daemon.withFolder { folder in
        let name = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let cgroup = "\(cgroupMount ?? "")/merops-life-\(name)"
        guard mkdir(cgroup, 0o755) == 0 else { throw Daemon.Failure(description: "no cgroup can be made") }
        defer { while rmdir(cgroup) != 0, errno == EBUSY { usleep(10_000) } }
        let pins = "/sys/fs/bpf/merops-life-\(name)/policies"
        defer { try? FileManager.default.removeItem(atPath: (pins as NSString).deletingLastPathComponent) }
        let settings =
          "store:\n  kind: memory\npolicies:\n  enforce: true\n  folder: \(folder)/p\n  cgroup: \(cgroup)\n  pins: \(pins)\n"
        try body(Place(folder: folder, cgroup: cgroup, pins: pins, settings: settings + more))
      }
    }

    func daemon() throws -> Daemon {
      let daemon = try Daemon(settings, in: folder)
      try daemon.waitUntilWatching()
      return daemon
    }

    func isAllowed(_ address: String) throws -> Bool { try PolicyTests.isAllowed(address, in: cgroup) }

    /// Waits until an act is allowed, or not.
    func wait(until isAllowed: Bool, _ address: String) throws {
      while try self.isAllowed(address) != isAllowed { usleep(20_000) }
    }

    /// What a verb says, and how it ends.
    func verb(_ words: String...) throws -> (status: Int32, output: String) { try run(words) }

    func run(_ words: [String]) throws -> (status: Int32, output: String) {
      let process = Foundation.Process()
      process.executableURL = Daemon.beside("merops-agent")
      process.arguments = words
      let pipe = Pipe()
      (process.standardOutput, process.standardError) = (pipe, pipe)
      try process.run()
      let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return (process.terminationStatus, output)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = "\(folder)/\(name)"
      try Data(bytes).write(to: URL(filePath: path))
      return path
    }
  }

  @Test func aVersionThatNobodyConfirmsRollsItselfBack() async throws {
    try await Place.with { place in
      var daemon = try place.daemon()
      func change(_ target: String, _ body: [UInt8] = []) throws -> PolicyChange {
        try daemon.client.change("POST", "/v1/policies\(target)", body: body, as: PolicyChange.self)
      }
      let policy = PolicyTests.policy("a", "127.0.0.66")
      #expect(throws: ControlError.self) { try change("/confirm") }
      #expect(throws: ControlError.self) { try change("?file=a.yaml&confirm_within=0s", policy) }
      // It counts at once, and for its time alone.
      #expect(try change("?file=a.yaml&confirm_within=1s", policy).confirmBy != nil)
      try place.wait(until: true, "127.0.0.66")
      var history = try daemon.client.get("/v1/policies/history", as: [PolicyChange].self)
      #expect(history.map(\.version) == [1, 2] && history.map(\.rules) == [1, 0])
      #expect(history[1].author.hasPrefix("merops, because nobody has confirmed version 1"))

      // One that is confirmed stays, and nothing else is changed before.
      #expect(try change("?file=a.yaml&confirm_within=1h", policy).version == 3)
      let error = #expect(throws: ControlError.self) {
        try change("?file=b.yaml", PolicyTests.policy("b", "127.0.0.67"))
      }
      #expect(error?.status == 409 && error?.message.contains("waits for its confirmation") == true)
      #expect(try change("/confirm").version == 3)
      #expect(try change("?file=b.yaml", PolicyTests.policy("b", "127.0.0.67")).version == 4)
      #expect(try !place.isAllowed("127.0.0.66") && !place.isAllowed("127.0.0.67"))

      // An agent that is killed meanwhile: the policies count on, and the next agent rolls them back.
      #expect(try change("?file=c.yaml&confirm_within=1s", PolicyTests.policy("c", "127.0.0.68")).version == 5)
      daemon.end(SIGKILL)
      #expect(try !place.isAllowed("127.0.0.68"))
      daemon = try place.daemon()
      try place.wait(until: true, "127.0.0.68")
      #expect(try !place.isAllowed("127.0.0.66") && !place.isAllowed("127.0.0.67"))
      history = try daemon.client.get("/v1/policies/history", as: [PolicyChange].self)
      #expect(history.last?.change == "rollback to version 4" && history.last?.hash == history[3].hash)
      let version = try daemon.client.get("/v1/policies/versions/3", as: PolicyVersion.self)
      #expect(version.files.map(\.name) == ["a.yaml"] && version.change.confirmBy == nil)
      #expect(throws: ControlError.self) { try daemon.client.get("/v1/policies/versions/77", as: PolicyVersion.self) }
      daemon.end(SIGTERM)
    }
  }

  /// What a policy would deny is told, and allowed; the same file then denies; each is explained, and what changed is an event.
  @Test func whatIsAuditedIsToldAndThenDenied() async throws {
    try await Place.with { place in
      let daemon = try place.daemon()
      let file = try place.file("a.yaml", PolicyTests.policy("a", "127.0.0.66"))
      let socket = daemon.socket
      var result = try place.verb("policy", "apply", file, "--mode", "audit", "--socket", socket)
      #expect(result.status == 0 && result.output.hasPrefix("version 1 counts"), "\(result.output)")
      #expect(try place.isAllowed("127.0.0.66"))
      let told = try PolicyTests.decisions(of: daemon, 1)
      #expect(told[0]["policy.action"] as? String == "audit" && told[0]["policy.rung"] as? String == "observe")
      #expect(try daemon.client.get("/v1/policies", as: PolicyReport.self).files.first?.mode == "audit")
      result = try place.verb("policy", "backtest", file, "--since", "1h", "--socket", socket)
      #expect(result.status == 0 && result.output.contains("acts in"), "\(result.output)")

      result = try place.verb("policy", "apply", file, "--socket", socket)
      #expect(try result.status == 0 && !place.isAllowed("127.0.0.66"))
      result = try place.verb("policy", "diff", "--socket", socket)
      #expect(result.output.contains("applied to audit before, to enforce now"), "\(result.output)")
      let denied = try PolicyTests.decisions(of: daemon, 2)
      let id = denied[1]["id"] as? String ?? ""
      result = try place.verb("explain", id, "--socket", socket)
      for part in [
        "it was denied", "a/no, a.yaml:6", "not there", "version 2, content", "by uid 0, pid",
        "cgroup/connect4, rung deny",
        "destination.address == \"127.0.0.66\"  (destination.address = 127.0.0.66)", "< ", "action: allow",
        "priority: 101",
      ] { #expect(result.output.contains(part), "\(part) is not in \(result.output)") }
      result = try place.verb("explain", id, "--json", "--socket", socket)
      let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      #expect(json?["outcome"] as? String == "deny" && json?["version"] as? Int == 2)
      let first = told[0]["id"] as? String ?? ""
      #expect(try place.verb("explain", first, "--socket", socket).output.contains("it was told, and went on"))

      // What was refused is told, too.
      let wrong = try place.file("w.yaml", Array("kind: Policy".utf8))
      #expect(try place.verb("policy", "apply", wrong, "--socket", socket).status == 1)
      #expect(throws: ControlError.self) {
        try daemon.client.change("POST", "/v1/policies?file=w.yaml", body: Array("kind: x".utf8), as: PolicyChange.self)
      }
      func kinds() throws -> [String] {
        let text = String(
          decoding: try daemon.client.get("/v1/events?kinds=policy.change,policy.refused"), as: UTF8.self)
        return try text.split(separator: "\n").map {
          (try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["event"] as? String ?? ""
        }
      }
      while try kinds().count < 3 { usleep(10_000) }
      #expect(try kinds() == ["policy.change", "policy.change", "policy.refused"])

      // Break-glass: without the agent, which says so.
      result = try place.verb("panic-off", "--policy-pins", place.pins, "--firewall-pins", place.pins + "-none")
      #expect(result.status == 0 && result.output.contains("nothing is enforced any more"), "\(result.output)")
      try place.wait(until: true, "127.0.0.66")
      try daemon.wait { $0.alarms.contains { $0.hasPrefix("No policy is enforced") } }
      while try kinds().count < 4 { usleep(10_000) }
      #expect(try kinds().last == "policy.change")
      daemon.end(SIGTERM)
    }
  }

  /// A policy is tried on a part, then on all; and what counts comes with its lists.
  @Test func aCanaryIsPromoted() async throws {
    try await Place.with { place in
      let daemon = try place.daemon()
      let inner = place.cgroup + "/part"
      guard mkdir(inner, 0o755) == 0 else { throw Daemon.Failure(description: "no cgroup can be made") }
      defer { while rmdir(inner) != 0, errno == EBUSY { usleep(10_000) } }
      func verb(_ words: String...) throws -> (status: Int32, output: String) {
        try place.run(["policy"] + words + ["--socket", daemon.socket])
      }
      let text = """
        apiVersion: merops/v1
        kind: Policy
        metadata: {name: a}
        spec:
          lists: {bad_ones: {file: bad_list.txt}}
          rules:
            - {id: no, on: network.connect, action: deny, match: 'destination.address in bad_ones || destination.address in more'}
        """
      let file = try place.file("a.yaml", Array(text.utf8))
      _ = try place.file("bad_list.txt", Array("# bad\n127.0.0.66\n".utf8))
      let lists = "apiVersion: merops/v1\nkind: Lists\nmetadata: {name: l}\nspec: {lists: {more: [127.0.0.67]}}\n"
      // A list that only the agent has.
      var result = try verb("apply", file)
      #expect(result.status != 0 && result.output.contains("there is no field `more`"), "\(result.output)")
      result = try verb("apply", try place.file("l.yaml", Array(lists.utf8)))
      #expect(result.status == 0 && result.output.contains("0 policies"), "\(result.output)")
      let path = String(inner.dropFirst((cgroupMount ?? "").count))
      for (words, message) in [
        (["canary", file], "either --cgroup PATH or --percent N"), (["canary", file, "--percent", "100"], "1 to 99"),
        (["canary", file, "--cgroup", "part"], "no path below the root"), (["promote", "l.yaml"], "enforced on all"),
        (["promote", "x.yaml"], "There is no file of policies `x.yaml`. There are: l.yaml."),
      ] {
        let result = try place.run(["policy"] + words + ["--socket", daemon.socket])
        #expect(result.status != 0 && result.output.contains(message), "\(words): \(result.output)")
      }
      result = try verb("canary", file, "--cgroup", path)
      #expect(result.status == 0, "\(result.output)")
      #expect(try !PolicyTests.isAllowed("127.0.0.66", in: inner) && !PolicyTests.isAllowed("127.0.0.67", in: inner))
      #expect(try place.isAllowed("127.0.0.66") && place.isAllowed("127.0.0.67"))
      let decisions = try PolicyTests.decisions(of: daemon, 4)
      #expect(decisions.map { $0["policy.action"] as? String } == ["deny", "deny", "audit", "audit"])
      result = try verb("list")
      #expect(
        result.output.contains("canary: \(path)") && result.output.contains("cgroup/connect4"), "\(result.output)")
      #expect(try verb("show", "a.yaml").output.contains("It is tried on a part (canary: \(path))"))
      #expect(try verb("history").output.contains("apply a.yaml in cgroup \(path)"))

      #expect(try verb("promote", "a.yaml").status == 0)
      #expect(try !place.isAllowed("127.0.0.66") && !place.isAllowed("127.0.0.67"))
      result = try verb("diff")
      #expect(result.output.contains("applied to canary: \(path) before, to enforce now"), "\(result.output)")
      #expect(try verb("rollback").status == 0)
      #expect(try place.isAllowed("127.0.0.66") && !PolicyTests.isAllowed("127.0.0.66", in: inner))
      result = try verb("canary", file, "--percent", "99")
      #expect(result.status == 0)
      #expect(try verb("list").output.contains("canary: 99% of sessions"))

      // Lists are kept with versions, also for the next agent.
      daemon.end(SIGTERM)
      let next = try place.daemon()
      let version = try next.client.get("/v1/policies/versions/2", as: PolicyVersion.self)
      #expect(version.files.first?.lists == ["bad_list.txt": "# bad\n127.0.0.66\n"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder + "/p/lists").count == 1)
      next.end(SIGTERM)
    }
  }

  @Test func whoStopsTheAgentSaysWhatBecomesOfItsPolicies() async throws {
    try await Place.with { place in
      var daemon = try place.daemon()
      let file = try place.file("a.yaml", PolicyTests.policy("a", "127.0.0.66"))
      #expect(try place.verb("policy", "apply", file, "--socket", daemon.socket).status == 0)
      var result = try place.verb("stop", "--socket", daemon.socket)
      #expect(result.status != 0 && result.output.contains("--keep-enforcing or --release"), "\(result.output)")
      // Who started it has to be told that it ended.
      func stop(_ word: String) throws -> (status: Int32, output: String) {
        let process = daemon.process
        Thread.detachNewThread { process.waitUntilExit() }
        return try place.verb("stop", word, "--socket", daemon.socket)
      }
      result = try stop("--keep-enforcing")
      #expect(result.status == 0 && result.output.contains("stay in force"), "\(result.output)")
      #expect(try !place.isAllowed("127.0.0.66"))
      daemon = try place.daemon()
      #expect(try !place.isAllowed("127.0.0.66"))
      result = try stop("--release")
      #expect(result.status == 0 && result.output.contains("its policies with it"), "\(result.output)")
      try place.wait(until: true, "127.0.0.66")
    }
  }
}
