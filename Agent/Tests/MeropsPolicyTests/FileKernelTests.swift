// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsModel
import MeropsPolicy
import Testing

/// Rules about files in the running kernel, in cgroups that the test makes.
@Suite(
  .serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"),
  .enabled(if: PolicyHook.fileOpen.runningMethod.method != nil, "\(PolicyHook.fileOpen.runningMethod.refusal)"))
struct FileKernelTests {
  static func verdicts(_ enforcement: Enforcement, _ count: Int) throws -> [PolicyVerdict] {
    var verdicts: [PolicyVerdict] = []
    while verdicts.count < count {
      guard try enforcement.readVerdicts(timeout: .seconds(60), { verdicts.append($0) }) > 0 else { break }
    }
    return verdicts
  }

  @Test func aRuleDeniesAFile() throws {
    let (group, other) = (try OwnCgroup(), try OwnCgroup())
    let folder = try OwnFolder()
    let (secret, open) = (folder.url.path + "/secret", folder.url.path + "/open")
    for path in [secret, open] { try Data("x".utf8).write(to: URL(filePath: path)) }
    let enforcement = try Enforcement(cgroup: group.path)
    let deeds: [Deeds.Deed] = [("open", secret, "-"), ("both", secret, "-"), ("open", open, "-"), ("write", open, "-")]
    #expect(try Deeds.done(in: group, deeds) == [0, 0, 0, 0])
    let applied = try enforcement.apply(
      KernelTests.set("- {id: no, on: file.open, action: deny, require: deny, match: 'file.path == \"\(secret)\"'}"))
    #expect(try Deeds.done(in: group, deeds) == [EPERM, EPERM, 0, 0])
    #expect(try Deeds.done(in: other, deeds) == [0, 0, 0, 0])
    let verdicts = try Self.verdicts(enforcement, 2)
    let method = PolicyHook.fileOpen.runningMethod.method
    #expect(verdicts.map { $0.rule?.name } == ["test/no", "test/no"])
    #expect(verdicts.map { $0.path?.description } == [secret, secret])
    #expect(
      verdicts.allSatisfy {
        $0.hook == .fileOpen && $0.method == method && $0.generation == applied.generation && !$0.isUnknown
      })
    // Of the second one: it would have been written.
    let below = "file.path.startsWith(\"\(folder.url.path)/\")"
    try enforcement.apply(KernelTests.set("- {id: no, on: file.write, action: deny, match: '\(below)'}"))
    #expect(try Deeds.done(in: group, deeds + [("empty", open, "-")]) == [0, EPERM, 0, EPERM, EPERM])
    try enforcement.apply(PolicySet([]))
    #expect(try Deeds.done(in: group, deeds) == [0, 0, 0, 0])
  }
}

/// A process does to files what all policy sets deny, and what all of them allow, while they are swapped.
@Suite(
  .serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"),
  .enabled(if: PolicyHook.fileOpen.runningMethod.method != nil, "\(PolicyHook.fileOpen.runningMethod.refusal)"))
struct FileNoGapTests {
  private static let swaps = ProcessInfo.processInfo.environment["MEROPS_SWAPS"].flatMap { Int($0) } ?? 10

  /// Sets that say the same with other words, and other programs.
  private static func set(_ number: Int, _ acts: String, _ denied: String) throws -> PolicySet {
    let rules = [
      "- {id: one, on: \(acts), action: deny, match: 'file.path == \"\(denied)\"'}",
      """
      - {id: two, on: \(acts), action: deny, subject: {executable: "\(Deeds.path.path)"},
         match: 'file.path.endsWith("/denied")'}
      """,
      """
      - {id: three, on: \(acts), action: allow, match: '!file.path.endsWith("/denied")'}
      - {id: four, on: \(acts), action: deny, priority: 1, subject: {uid: 0}}
      """,
    ]
    return try KernelTests.set(rules[number % rules.count], name: "p\(number % 7)")
  }

  @Test(arguments: [("open", "file.open"), ("unlink", "file.unlink")])
  func noActSlipsThrough(_ kind: String, _ acts: String) throws {
    let group = try OwnCgroup()
    let folder = try OwnFolder()
    let (denied, allowed) = (folder.url.path + "/denied", folder.url.path + "/allowed")
    for path in [denied, allowed] { try Data("x".utf8).write(to: URL(filePath: path)) }
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(Self.set(0, acts, denied))
    let loop = try DeedLoop(in: group, doing: kind, denied: denied, allowed: allowed)
    var last = try loop.counts().refused
    var flips: [Duration] = []
    for number in 1...Self.swaps {
      flips.append(try enforcement.apply(Self.set(number, acts, denied)).flip)
      // Acts have been done under each set.
      while try loop.counts().refused == last { usleep(100) }
      last = try loop.counts().refused
    }
    let counts = try loop.end()
    #expect(counts.leaked == 0 && counts.wronged == 0 && counts.failed == 0, "\(counts)")
    #expect(counts.refused > UInt64(Self.swaps) && counts.allowed > UInt64(Self.swaps))
    let places = enforcement.methods.map { $0.key.place($0.value) }.joined(separator: ", ")
    print("\(places): \(Self.swaps) swaps, \(counts), median flip \(flips.sorted()[flips.count / 2])")
  }
}
