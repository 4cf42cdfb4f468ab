// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import Synchronization
import Testing

/// The firewall of a daemon, by the commands that people type, in a network namespace of the test's own.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct FirewallTests {
  /// A namespace with a cable that leads back into it: what is sent to 10.77.0.2 leaves by veth0 and arrives at veth1.
  private final class Place {
    private let holder = Foundation.Process()
    let pins: String
    let folder: String

    init(_ folder: String) throws {
      self.folder = folder
      pins = "/sys/fs/bpf/merops-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      holder.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
      holder.arguments = [
        "--net", "sh", "-c",
        """
        # Nobody else speaks here: with IPv6 Linux asks for routers.
        for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done 2> /dev/null
        ip link set lo up
        ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02
        ip addr add 10.77.0.1/24 dev veth0
        ip link set veth0 up
        ip link set veth1 up
        ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev veth0
        touch \(folder)/ready
        exec sleep 100000
        """,
      ]
      try holder.run()
      while holder.isRunning, !FileManager.default.fileExists(atPath: folder + "/ready") { usleep(10_000) }
    }

    deinit {
      kill(holder.processIdentifier, SIGKILL)
      holder.waitUntilExit()
      try? FileManager.default.removeItem(atPath: pins)
    }

    func daemon(_ more: String = "") throws -> Daemon {
      try Daemon(
        "store: {kind: memory}\nwatch: [process]\nfirewall:\n  enabled: true\n  pins: \(pins)\n\(more)", in: folder,
        namespace: holder.processIdentifier)
    }

    func inside(_ command: String) throws -> String {
      String(
        decoding: try Daemon.run(
          "/usr/bin/nsenter", ["--net=/proc/\(holder.processIdentifier)/ns/net", "sh", "-c", command]),
        as: UTF8.self)
    }

    /// Sends datagrams from 10.77.0.1 until some of the firewall's numbers are as they should be.
    func send(until isDone: () throws -> Bool) throws {
      while try !isDone() { _ = try inside("bash -c 'for n in 1 2 3 4 5; do echo x > /dev/udp/10.77.0.2/9; done'") }
    }
  }

  private struct Answer {
    var output: String
    var error: String
    var status: Int32
  }

  private func merops(_ daemon: Daemon, _ words: String...) throws -> Answer {
    let process = Foundation.Process()
    process.executableURL = Daemon.beside("merops-agent")
    process.arguments = ["firewall"] + words + ["--socket", daemon.socket]
    let (output, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let problem = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(
      output: String(decoding: text, as: UTF8.self), error: String(decoding: problem, as: UTF8.self),
      status: process.terminationStatus)
  }

  private func report(_ daemon: Daemon) throws -> FirewallReport {
    try daemon.client.get("/v1/firewall", as: FirewallReport.self)
  }

  @Test func whatPeopleTypeIsEnforced() async throws {
    try await Daemon.withFolder { folder in
      let place = try Place(folder)
      let daemon = try place.daemon()
      try daemon.waitUntilWatching()
      // No interface is guarded until somebody says so.
      var answer = try merops(daemon, "block", "10.77.0.1")
      #expect(answer.status == 1)
      #expect(answer.error.contains("No interface is guarded yet"))
      answer = try merops(daemon, "guard", "nosuch0")
      #expect(answer.error.contains("There is no interface nosuch0 here"))
      answer = try merops(daemon, "guard", "veth1")
      #expect(answer.output == "veth1 is guarded in its driver.\n", "\(answer)")
      answer = try merops(daemon, "block", "10.77.0.0/24", "192.0.2.0/24", "--for", "1h", "--reason", "a test")
      #expect(answer.output == "Blocked 10.77.0.0/24, 192.0.2.0/24 for 1 h: rule 1.\n", "\(answer)")
      try place.send { try report(daemon).rules[0].packets >= 5 }
      answer = try merops(daemon, "list")
      #expect(answer.output.contains("veth1 is guarded. What no rule names passes."))
      #expect(answer.output.contains("10.77.0.0/24, 192.0.2.0/24"))
      #expect(answer.output.contains("a test"))
      #expect(try merops(daemon, "stats").output.contains("1 rules with 2 sources"))
      // Drops are shown while they happen.
      let watch = Foundation.Process()
      let lines = Pipe()
      watch.executableURL = Daemon.beside("merops-agent")
      watch.arguments = ["firewall", "watch", "--json", "--socket", daemon.socket]
      watch.standardOutput = lines
      try watch.run()
      let first = Thread.reading(lines.fileHandleForReading)
      try place.send { first.isThere }
      // Other signals may be blocked where the tests run.
      kill(watch.processIdentifier, SIGKILL)
      watch.waitUntilExit()
      #expect(first.text.contains(#""source":"10.77.0.1""#))
      #expect(first.text.contains(#""rule":1"#))
      // An exception, and its end.
      #expect(try merops(daemon, "allow", "10.77.0.1").output == "Allowed 10.77.0.1: rule 2.\n")
      try place.send { try report(daemon).rules[1].packets >= 5 }
      #expect(try merops(daemon, "unblock", "--rule", "2").output == "Took 1 sources out of rule 2.\n")
      answer = try merops(daemon, "unblock", "10.77.0.9")
      #expect(answer.error.contains("10.77.0.9/32 is not blocked by itself: rule 1 has 10.77.0.0/24."))
      // A list.
      try Data("# x\n198.51.100.0/24\n10.77.0.1\n".utf8).write(to: URL(fileURLWithPath: folder + "/list"))
      answer = try merops(daemon, "import", folder + "/list", "--name", "bad")
      #expect(answer.output.hasPrefix("Blocked 2 sources of the list bad: rule 3, in "))
      try Data("198.51.100.0/24\n10.77.0.1/8\n".utf8).write(to: URL(fileURLWithPath: folder + "/list"))
      answer = try merops(daemon, "import", folder + "/list", "--name", "bad")
      #expect(answer.error.contains("Line 2: '10.77.0.1/8' has bits behind its prefix: write 10.0.0.0/8"))
      #expect(try report(daemon).rules.map(\.id) == [1, 3])
      #expect(try merops(daemon, "default", "drop").output == "Only what rules allow passes.\n")
      #expect(try merops(daemon, "release", "--all").output == "No longer guarded: veth1. The rules stay.\n")
      #expect(try place.inside("ip link show veth1").contains("xdp") == false)
      daemon.end(SIGTERM)
    }
  }

  /// A daemon that is killed leaves what it enforced, and the next one has it.
  @Test func aKilledDaemonLeavesWhatItEnforced() async throws {
    try await Daemon.withFolder { folder in
      let place = try Place(folder)
      var daemon = try place.daemon()
      try daemon.waitUntilWatching()
      #expect(try merops(daemon, "block", "10.77.0.1", "--interface", "veth1", "--reason", "stays").status == 0)
      try place.send { try report(daemon).rules[0].packets >= 5 }
      let before = try report(daemon)
      daemon.end(SIGKILL)
      #expect(try place.inside("ip link show veth1").contains("xdp"))
      _ = try place.inside("bash -c 'for n in 1 2 3 4 5; do echo x > /dev/udp/10.77.0.2/9; done'")
      daemon = try place.daemon()
      try daemon.waitUntilWatching()
      let after = try report(daemon)
      #expect(after.isAdopted)
      #expect(after.rules.map(\.reason) == ["stays"])
      #expect(after.rules[0].packets >= before.rules[0].packets + 5)
      #expect(after.others.packets == before.others.packets)
      #expect(after.interfaces == before.interfaces)
      // It goes on: the thread that changes rules has kept what it needs.
      #expect(try merops(daemon, "unblock", "10.77.0.1").status == 0)
      try place.send { try report(daemon).others.packets > before.others.packets }
      daemon.end(SIGTERM)
    }
  }
}

// What policies say about packets.
extension FirewallTests {
  private static func policy(_ rules: String) -> [UInt8] {
    Array("apiVersion: merops/v1\nkind: Policy\nmetadata: {name: web}\nspec:\n  rules:\n\(rules)\n".utf8)
  }

  private static let noUDP =
    "    - {id: no-udp, on: packet.in, interface: veth1, action: drop, message: 'no, thank you', "
    + "match: 'source.address in \"10.77.0.0/24\" && network.transport == \"udp\"'}"

  @Test(.enabled(if: cgroupMount != nil, "needs cgroup v2")) func policiesAreCarriedOut() async throws {
    try await Daemon.withFolder { folder in
      let place = try Place(folder)
      let cgroup = "\(cgroupMount ?? "")/merops-packets-\(getpid())"
      guard mkdir(cgroup, 0o755) == 0 else { throw Daemon.Failure(description: "no cgroup can be made") }
      defer { while rmdir(cgroup) != 0, errno == EBUSY { usleep(10_000) } }
      let settings =
        "policies:\n  enforce: true\n  folder: \(folder)/p\n  cgroup: \(cgroup)\n  pins: \(place.pins)-policies/policies\n"
      defer { try? FileManager.default.removeItem(atPath: place.pins + "-policies") }
      var daemon = try place.daemon(settings)
      try daemon.waitUntilWatching()
      func change(_ method: String, _ target: String, _ body: [UInt8] = []) throws -> PolicyChange {
        try daemon.client.change(method, target, body: body, as: PolicyChange.self)
      }
      func refusal(_ rules: String) -> String {
        do { _ = try change("POST", "/v1/policies?file=w.yaml", Self.policy(rules)) } catch { return "\(error)" }
        return "nothing"
      }
      // What cannot be in force changes nothing, and says why.
      let everywhere = "    - {id: no-udp, on: packet.in, action: drop}"
      #expect(refusal(everywhere).contains("none is guarded: write `interface:` at the rule"))
      #expect(refusal(Self.noUDP.replacingOccurrences(of: "veth1", with: "veth9")).contains("no interface veth9 here"))
      #expect(try report(daemon).rules.isEmpty && report(daemon).interfaces.isEmpty)
      // With the policy's other rules, beside those that people type.
      let both =
        Self.noUDP + "\n    - {id: no-scan, on: network.connect, action: deny, match: 'destination.port == 9u'}"
      #expect(try change("POST", "/v1/policies?file=w.yaml", Self.policy(both)).version == 1)
      #expect(try merops(daemon, "allow", "192.0.2.1").status == 0)
      try place.send { try report(daemon).rules[0].packets >= 5 }
      let list = try merops(daemon, "list")
      #expect(list.output.contains("policy web/no-udp: no, thank you"), "\(list)")
      let answer = try merops(daemon, "unblock", "--rule", "1")
      #expect(answer.error.contains("Rule 1 is `web/no-udp` of a policy, and goes with it"), "\(answer)")
      #expect(try merops(daemon, "unblock", "10.77.0.0/24").error.contains("the policy's rule `web/no-udp` has"))
      let rules = try daemon.client.get("/v1/policies", as: PolicyReport.self).files[0].policies[0].rules
      #expect(rules.map(\.id) == ["no-scan", "no-udp"] && rules[1].places == ["xdp"] && rules[1].applied >= 5)
      // Applied again, the rule that did not change goes on counting.
      let before = try report(daemon).rules[0]
      _ = try change("POST", "/v1/policies?file=w.yaml", Self.policy(Self.noUDP))
      let after = try report(daemon).rules[0]
      #expect(after.id == before.id && after.packets >= before.packets)
      // The numbers have it, by the policy's name.
      let metrics = String(decoding: try daemon.client.get("/metrics"), as: UTF8.self)
      #expect(metrics.contains(#"merops_firewall_rule_packets_total{rule="web/no-udp",action="drop"}"#))
      #expect(metrics.contains(#"merops_firewall_packets_total{outcome="dropped",cause="rule"}"#))
      #expect(metrics.contains("merops_firewall_interfaces{mode=\"native\"} 1"))
      // A new agent finds it in force, one without pins puts it there again.
      daemon.end(SIGTERM)
      daemon = try place.daemon(settings)
      try daemon.waitUntilWatching()
      #expect(try report(daemon).isAdopted && report(daemon).rules[0].id == before.id)
      daemon.end(SIGTERM)
      try FileManager.default.removeItem(atPath: place.pins)
      daemon = try place.daemon(settings)
      try daemon.waitUntilWatching()
      #expect(try report(daemon).rules.map(\.policy) == ["web/no-udp"])
      #expect(try report(daemon).interfaces == [.init(name: "veth1", mode: "native")])
      try place.send { try report(daemon).rules[0].packets >= 5 }
      // It goes with the policy; the interface stays guarded.
      _ = try change("DELETE", "/v1/policies/w.yaml")
      #expect(try report(daemon).rules.isEmpty && report(daemon).interfaces.count == 1)
      daemon.end(SIGTERM)
    }
  }
}

/// The first line of a pipe.
private final class FirstLine: Sendable {
  private let lines = Mutex("")
  var isThere: Bool { lines.withLock { $0.contains("\n") } }
  var text: String { lines.withLock { $0 } }
  func add(_ text: String) { lines.withLock { $0 += text } }
}

extension Thread {
  fileprivate static func reading(_ file: FileHandle) -> FirstLine {
    let line = FirstLine()
    let descriptor = dup(file.fileDescriptor)
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
        line.add(String(decoding: buffer[..<count], as: UTF8.self))
      }
      close(descriptor)
    }
    return line
  }
}
