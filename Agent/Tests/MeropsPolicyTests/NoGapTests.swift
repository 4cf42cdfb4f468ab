// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import Foundation
import MeropsEnforcement
import MeropsPolicy
import Testing

/// A process does on each CPU what all policy sets deny, and what all of them allow, while they are swapped.
@Suite(.serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"))
struct NoGapTests {
  private static let swaps = ProcessInfo.processInfo.environment["MEROPS_SWAPS"].flatMap { Int($0) } ?? 200

  /// Sets that say the same with other words, and other programs.
  private static func set(_ number: Int) throws -> PolicySet {
    let rules = [
      "- {id: one, on: network.connect, action: deny, match: 'destination.address == \"127.0.0.66\"'}",
      """
      - {id: two, on: network.connect, action: deny, subject: {executable: "\(Connector.path.path)"},
         match: 'destination.address in "127.0.0.64/26"'}
      """,
      """
      - {id: three, on: network.connect, action: allow, match: 'destination.address == "127.0.0.1"'}
      - {id: four, on: network.connect, action: deny, priority: 1, subject: {uid: 0}}
      """,
    ]
    return try KernelTests.set(rules[number % rules.count], name: "p\(number % 7)")
  }

  @Test func noActSlipsThroughWhileSetsAreSwapped() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(Self.set(0))
    let loop = try DeedLoop(in: group, denied: "127.0.0.66", allowed: "127.0.0.1")
    var last = try loop.counts().refused
    var flips: [Duration] = []
    for number in 1...Self.swaps {
      flips.append(try enforcement.apply(Self.set(number)).flip)
      // Acts have been done under each set.
      while try loop.counts().refused == last { usleep(100) }
      last = try loop.counts().refused
    }
    let counts = try loop.end()
    #expect(counts.leaked == 0 && counts.wronged == 0 && counts.failed == 0, "\(counts)")
    #expect(counts.refused > UInt64(Self.swaps) && counts.allowed > UInt64(Self.swaps))
    print("\(Self.swaps) swaps, \(counts), median flip \(flips.sorted()[flips.count / 2])")
  }

  /// Where nothing is pinned, the end of who enforces ends it: nothing is denied that sets allow.
  @Test func theEndDeniesNothing() throws {
    let group = try OwnCgroup()
    let loop = try DeedLoop(in: group, denied: "127.0.0.66", allowed: "127.0.0.1")
    for number in 0..<20 {
      let before = try loop.counts()
      do {
        let enforcement = try Enforcement(cgroup: group.path)
        try enforcement.apply(Self.set(number))
        while try loop.counts().refused == before.refused { usleep(100) }
      }
      let after = try loop.counts()
      while try loop.counts().leaked == after.leaked { usleep(100) }
    }
    let counts = try loop.end()
    #expect(counts.wronged == 0 && counts.failed == 0, "\(counts)")
  }

  /// The control: what deletes a policy before it adds the next one lets acts through, and this harness sees it.
  @Test func deletingBeforeAddingLetsActsThrough() throws {
    let group = try OwnCgroup()
    var deny = PreparedProgram(.cgroupSockAddr, name: "deny", instructions: [.move(.r0, 0), .exit])
    deny.attachType = .cgroupInet4Connect
    let program = try deny.load()
    let links = LinkSet()
    links.keep(try program.attach(to: .cgroup(path: group.path)), as: "policy")
    let loop = try DeedLoop(in: group, denied: "127.0.0.66", allowed: "::1")
    var counts = try loop.counts()
    // One swap may be too quick to be seen; a minute of them is not.
    let end = ContinuousClock.now + .seconds(60)
    while counts.leaked == 0, ContinuousClock.now < end {
      links.removeAll()
      links.keep(try program.attach(to: .cgroup(path: group.path)), as: "policy")
      counts = try loop.counts()
    }
    counts = try loop.end()
    #expect(counts.leaked > 0 && counts.refused > 0, "\(counts)")
  }
}
