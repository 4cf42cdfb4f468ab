// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsPolicy
import Testing

/// Policies that are tried on a part of the processes, in the running kernel.
@Suite(.serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"))
struct CanaryKernelTests {
  /// The kernel names sessions by the numbers of its first PID namespace.
  private static let seesNumbers =
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) == "pid:[4026531836]"

  private static func policies(_ canary: Canary) throws -> PolicySet {
    let text = """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: tried}
      spec:
        rules:
          - {id: no, on: network.connect, action: deny, match: 'destination.address == "127.0.0.66"'}
      """
    return try PolicySet(try PolicyFile.read(text, name: "tried.yaml").map { $0.tried(on: canary) })
  }

  /// Each session and what it starts are in the part or not, as its number says; of the others it is told.
  @Test(.enabled(if: seesNumbers, "needs the first PID namespace")) func somePercentOfSessions() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    #expect(throws: PolicyProblem.self) { try enforcement.apply(Self.policies(.cgroup("/there-is-no-such"))) }
    try enforcement.apply(Self.policies(.percent(40)))
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/bin/bash")
    let inner = """
      exec 2>/dev/null
      (exec 3<>/dev/udp/127.0.0.66/9); first=$?
      bash -c '(exec 3<>/dev/udp/127.0.0.66/9)'; echo $$ $first $?
      """
    process.arguments = [
      "-c", "echo 0 > \"$1/cgroup.procs\"; for i in {1..60}; do setsid -w bash -c \"$2\"; done", "bash", group.path,
      inner,
    ]
    process.standardOutput = output
    try process.run()
    let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(
      separator: "\n")
    process.waitUntilExit()
    #expect(lines.count == 60)
    var denied = 0
    for line in lines {
      let numbers = line.split(separator: " ").compactMap { UInt32($0) }
      try #require(numbers.count == 3)
      let isDenied: UInt32 = Canary.contains(session: numbers[0], percent: 40) ? 1 : 0
      #expect(numbers[1...] == [isDenied, isDenied], "session \(numbers[0])")
      denied += Int(isDenied)
    }
    #expect((10...40).contains(denied))
    var verdicts: [PolicyVerdict] = []
    while verdicts.count < 120, try enforcement.readVerdicts(timeout: .seconds(60), { verdicts.append($0) }) > 0 {}
    #expect(verdicts.count == 120 && verdicts.allSatisfy { $0.rule?.name == "tried/no" })
    #expect(verdicts.count { $0.isAudit } == 2 * (60 - denied))
    #expect(try enforcement.counts().applied == ["tried/no": 120])
  }
}
