// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsPolicy
import Testing

/// Policies that stay in force when the process ends that applied them.
@Suite(
  .serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil && Pins.canPin, "needs root, cgroup v2, a bpffs"))
struct PinTests {
  private static let denial =
    "- {id: no, on: network.connect, action: deny, match: 'destination.address == \"127.0.0.66\"'}"

  @Test func policiesOutliveWhoAppliedThem() throws {
    let (group, other) = (try OwnCgroup(), try OwnCgroup())
    let pins = Pins()
    var first: UInt32 = 0
    do {
      let enforcement = try Enforcement(cgroup: group.path, pins: pins.path)
      #expect(!enforcement.isTakenOver)
      first = try enforcement.apply(KernelTests.set(Self.denial)).generation
    }
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", "127.0.0.67/9/udp") == [EPERM, 0])
    // Another one goes on where the last one ended; what was told meanwhile is still there.
    let next = try Enforcement(cgroup: group.path, pins: pins.path)
    #expect(next.isTakenOver)
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp") == [EPERM])
    var told: [UInt32] = []
    while told.count < 2 { try next.readVerdicts(timeout: .seconds(60)) { told.append($0.generation) } }
    #expect(told == [first, first])
    #expect(try next.apply(PolicySet([])).generation == first + 1)
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp") == [0])
    #expect(throws: EnforcementError.self) { try Enforcement(cgroup: other.path, pins: pins.path) }
    try next.apply(KernelTests.set(Self.denial))
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp") == [EPERM])
    // Removing the pins ends it, whoever is still there.
    let removed = PolicyPins.remove(pins.path)
    #expect((removed ?? 0) > 10 && PolicyPins.names(in: pins.path).isEmpty)
    #expect(eventuallyAllowed(in: group))
    #expect(PolicyPins.remove(pins.path) == 0)
  }

  /// The kernel drops a link's program a moment after its last name is gone.
  private func eventuallyAllowed(in group: OwnCgroup) -> Bool {
    for _ in 0..<600 {
      if (try? Connector.connect(in: group, "127.0.0.66/9/udp")) == [0] { return true }
      usleep(100_000)
    }
    return false
  }

  private static let kills = ProcessInfo.processInfo.environment["MEROPS_POLICY_KILLS"].flatMap { Int($0) } ?? 5

  /// Who swaps sets is killed in the middle of it, and another one goes on. No act slips through, none is denied falsely.
  @Test func noActSlipsThroughWhenTheAgentIsKilled() throws {
    let group = try OwnCgroup()
    let pins = Pins()
    let folder = try OwnFolder()
    var files: [String] = []
    for (number, rule) in [Self.denial, Self.denial.replacingOccurrences(of: "no,", with: "other,")].enumerated() {
      let path = folder.url.appending(path: "\(number).yaml").path
      let text = "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: p\(number)}\nspec:\n  rules:\n    \(rule)\n"
      try Data(text.utf8).write(to: URL(filePath: path))
      files.append(path)
    }
    var loop: DeedLoop?
    for _ in 0..<Self.kills {
      let enforcer = Process()
      let output = Pipe()
      enforcer.executableURL = Connector.beside("merops-enforcer")
      enforcer.arguments = [group.path, pins.path] + files
      enforcer.standardOutput = output
      try enforcer.run()
      var lines = 0
      let wanted = Int.random(in: 2...20)
      while lines < wanted {
        let bytes = output.fileHandleForReading.availableData
        guard !bytes.isEmpty else { throw Failure(description: "the enforcer ended") }
        lines += bytes.count { $0 == UInt8(ascii: "\n") }
        if loop == nil { loop = try DeedLoop(in: group, denied: "127.0.0.66", allowed: "127.0.0.1") }
      }
      kill(enforcer.processIdentifier, SIGKILL)
      enforcer.waitUntilExit()
      guard let counts = try loop?.counts() else { continue }
      #expect(counts.leaked == 0 && counts.wronged == 0, "\(counts)")
      while let now = try loop?.counts(), now.refused == counts.refused { usleep(100) }
    }
    let counts = try #require(try loop?.end())
    #expect(counts.leaked == 0 && counts.wronged == 0 && counts.failed == 0 && counts.refused > 0, "\(counts)")
    print("\(Self.kills) kills, \(counts)")
  }
}

/// A directory in the bpffs that only the test has.
final class Pins {
  let path = "/sys/fs/bpf/merops-policy-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

  static let canPin: Bool = {
    let path = "/sys/fs/bpf/merops-policy-probe-\(getpid())"
    defer { rmdir(path) }
    return mkdir(path, 0o700) == 0
  }()

  deinit { PolicyPins.remove(path) }
}
