// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// Where cgroup v2 is mounted.
let cgroupMount: String? = {
  let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
  for line in mounts.split(separator: "\n") {
    let fields = line.split(separator: " ")
    if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
  }
  return nil
}()

/// Policies in a daemon's hands, in a cgroup that the test makes.
@Suite(.serialized, .enabled(if: geteuid() == 0 && cgroupMount != nil, "needs root and cgroup v2"))
struct PolicyTests {
  /// Connects in a cgroup.
  static func isAllowed(_ address: String, in cgroup: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-c", "echo 0 > \"$1/cgroup.procs\" || exit 9; exec 3<>/dev/udp/$2/9", "bash", cgroup, address,
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus < 9 else { throw Daemon.Failure(description: "no cgroup \(cgroup)") }
    return process.terminationStatus == 0
  }

  static func policy(_ name: String, _ address: String) -> [UInt8] {
    Array(
      """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: \(name)}
      spec:
        rules:
          - {id: no, on: network.connect, action: deny, message: not there, match: 'destination.address == "\(address)"'}
      """.utf8)
  }

  /// What was decided, the oldest first: waits until there are so many.
  static func decisions(of daemon: Daemon, _ count: Int) throws -> [[String: Any]] {
    while true {
      let text = String(decoding: try daemon.client.get("/v1/events?kinds=policy.decision"), as: UTF8.self)
      let lines = text.split(separator: "\n")
      if lines.count >= count {
        return try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
      }
      usleep(10_000)
    }
  }

  /// What the kernel cannot be asked is asked of events, of processes that policies are about.
  @Test func whatEventsSayIsTold() async throws {
    try await Daemon.withFolder { folder in
      let cgroup = "\(cgroupMount ?? "")/merops-observed-\(getpid())"
      guard mkdir(cgroup, 0o755) == 0 else { throw Daemon.Failure(description: "no cgroup can be made") }
      defer { while rmdir(cgroup) != 0, errno == EBUSY { usleep(10_000) } }
      let pins = "/sys/fs/bpf/merops-observed-\(getpid())/policies"
      defer { try? FileManager.default.removeItem(atPath: (pins as NSString).deletingLastPathComponent) }
      let daemon = try Daemon(
        "store:\n  kind: memory\npolicies:\n  enforce: true\n  folder: \(folder)/p\n  cgroup: \(cgroup)\n  pins: \(pins)\n",
        in: folder)
      try daemon.waitUntilWatching()
      let policy = """
        apiVersion: merops/v1
        kind: Policy
        metadata: {name: told}
        spec:
          rules:
            - {id: marked, on: process.exec, action: audit, match: 'process.command_args.exists(a, a == "\(folder)")'}
        """
      _ = try daemon.client.change("POST", "/v1/policies?file=t.yaml", body: Array(policy.utf8), as: PolicyChange.self)
      // Outside first, then inside: the second is told alone.
      _ = try Daemon.run("/bin/true", [folder])
      _ = try Daemon.run(
        "/bin/bash", ["-c", "echo 0 > \"$1/cgroup.procs\" && exec -a inside /bin/true \"$2\"", "bash", cgroup, folder])
      let decision = try #require(try Self.decisions(of: daemon, 1).first)
      #expect(decision["policy.rule"] as? String == "marked" && decision["policy.rung"] as? String == "observe")
      #expect(decision["process.command_args"] as? [String] == ["inside", folder])
      #expect((decision["process.ancestry"] as? [String])?.isEmpty == false)
      let report = try daemon.client.get("/v1/policies", as: PolicyReport.self)
      #expect(report.files.first?.policies.first?.rules.first?.applied == 1)
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }

  @Test func policiesAreAppliedListedRolledBackAndDeleted() async throws {
    try await Daemon.withFolder { folder in
      let cgroup = "\(cgroupMount ?? "")/merops-daemon-\(getpid())"
      guard mkdir(cgroup, 0o755) == 0 else { throw Daemon.Failure(description: "no cgroup can be made") }
      defer { while rmdir(cgroup) != 0, errno == EBUSY { usleep(10_000) } }
      let pins = "/sys/fs/bpf/merops-daemon-\(getpid())/policies"
      defer { try? FileManager.default.removeItem(atPath: (pins as NSString).deletingLastPathComponent) }
      let settings =
        "store:\n  kind: memory\npolicies:\n  enforce: true\n  folder: \(folder)/p\n  cgroup: \(cgroup)\n  pins: \(pins)\n"
      let daemon = try Daemon(settings, in: folder)
      try daemon.waitUntilWatching()
      let client = daemon.client
      func change(_ method: String, _ target: String, _ body: [UInt8] = []) throws -> PolicyChange {
        try client.change(method, target, body: body, as: PolicyChange.self)
      }
      #expect(try Self.isAllowed("127.0.0.66", in: cgroup))
      #expect(try client.get("/v1/policies", as: PolicyReport.self).files.isEmpty)

      // When the answer is there, it counts.
      #expect(try change("POST", "/v1/policies?file=a.yaml", Self.policy("a", "127.0.0.66")).version == 1)
      #expect(try !Self.isAllowed("127.0.0.66", in: cgroup) && Self.isAllowed("127.0.0.67", in: cgroup))
      #expect(try change("POST", "/v1/policies?file=b%20b.yaml", Self.policy("b", "127.0.0.67")).rules == 2)
      #expect(try !Self.isAllowed("127.0.0.66", in: cgroup) && !Self.isAllowed("127.0.0.67", in: cgroup))
      let report = try client.get("/v1/policies", as: PolicyReport.self)
      #expect(report.files.map(\.name) == ["a.yaml", "b b.yaml"] && report.cgroup == cgroup)
      #expect(report.files[0].text == String(decoding: Self.policy("a", "127.0.0.66"), as: UTF8.self))

      // What is wrong changes nothing, and says where it is wrong.
      for (target, body, message) in [
        ("/v1/policies?file=c.yaml", Array("kind: Policy".utf8), "c.yaml:1:1: the key `apiVersion` is missing"),
        ("/v1/policies?file=c.yaml", Self.policy("a", "127.0.0.1"), "two policies are named `a`"),
        ("/v1/policies?file=c.yaml", [0xff, 0xfe], "not text in UTF-8"),
        ("/v1/policies", Self.policy("c", "127.0.0.1"), "`file` has to be the name of a file"),
        ("/v1/policies?file=..", Self.policy("c", "127.0.0.1"), "`file` has to be the name of a file"),
        ("/v1/policies?file=c.yaml&x=1", Self.policy("c", "127.0.0.1"), "`x` is no parameter"),
        ("/v1/policies/rollback?version=77", [], "There is no version 77"),
      ] {
        let error = #expect(throws: ControlError.self) { try change("POST", target, body) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
      }
      #expect(throws: ControlError.self) { try change("DELETE", "/v1/policies/c.yaml") }
      #expect(try client.get("/v1/policies", as: PolicyReport.self).version == 2)

      let decisions = try Self.decisions(of: daemon, 3)
      #expect(decisions.map { $0["policy.name"] as? String } == ["a", "a", "b"])
      #expect(decisions.map { $0["policy.version"] as? Int } == [1, 2, 2])
      #expect(decisions.map { $0["policy.generation"] as? Int } == [3, 4, 4])
      let addresses = ["127.0.0.66", "127.0.0.66", "127.0.0.67"]
      #expect(decisions.map { $0["destination.address"] as? String } == addresses)
      for decision in decisions {
        for (field, value) in [
          "policy.rule": "no", "policy.act": "network.connect", "policy.action": "deny", "policy.rung": "deny",
          "policy.hook": "cgroup/connect4", "policy.message": "not there", "policy.severity": "medium",
          "network.transport": "udp", "process.name": "bash",
        ] { #expect(decision[field] as? String == value, "\(field)") }
        #expect(decision["destination.port"] as? Int == 9 && decision["policy.uncertain"] == nil)
        // Who did it, as it was then, though it has ended; and who started it.
        #expect((decision["process.executable.path"] as? String)?.hasSuffix("/bash") == true)
        #expect((decision["process.ancestry"] as? [String])?.isEmpty == false)
      }
      #expect(try daemon.status().counts[.policy] == Counts.Entry(recorded: 3))

      #expect(try change("POST", "/v1/policies/rollback").version == 3)
      #expect(try !Self.isAllowed("127.0.0.66", in: cgroup) && Self.isAllowed("127.0.0.67", in: cgroup))
      #expect(try change("DELETE", "/v1/policies/a.yaml").version == 4)
      #expect(try Self.isAllowed("127.0.0.66", in: cgroup))
      #expect(try change("POST", "/v1/policies/rollback?version=2").version == 5)
      daemon.end(SIGKILL)

      // What counts goes on without an agent, and the next agent goes on with it.
      #expect(try !Self.isAllowed("127.0.0.66", in: cgroup) && !Self.isAllowed("127.0.0.67", in: cgroup))
      let next = try Daemon(settings, in: folder)
      try next.waitUntilWatching()
      #expect(try !Self.isAllowed("127.0.0.66", in: cgroup) && !Self.isAllowed("127.0.0.67", in: cgroup))
      let history = try next.client.get("/v1/policies/history", as: [PolicyChange].self)
      #expect(
        history.map(\.change) == [
          "apply a.yaml", "apply b b.yaml", "rollback to version 1", "delete a.yaml", "rollback to version 2",
        ])
      #expect(history.allSatisfy { $0.author.hasPrefix("uid 0, pid ") })
      // Of those that were made while no agent was there.
      let made = try Self.decisions(of: next, 2)
      #expect(made.prefix(2).map { $0["policy.name"] as? String } == ["a", "b"])
      #expect(made.prefix(2).map { $0["policy.version"] as? Int } == [5, 5])

      // Whoever removes the pins ends it, and the agent says so.
      try FileManager.default.removeItem(atPath: pins)
      while try !Self.isAllowed("127.0.0.66", in: cgroup) { usleep(10_000) }
      #expect(try !next.client.get("/v1/policies", as: PolicyReport.self).isInForce)
      #expect(try next.status().alarms.contains { $0.hasPrefix("No policy is enforced") })
      let error = #expect(throws: ControlError.self) {
        try next.client.change("POST", "/v1/policies/rollback", as: PolicyChange.self)
      }
      #expect(error?.message.contains("Policies were switched off") == true)
      next.end(SIGTERM)
    }
  }
}
