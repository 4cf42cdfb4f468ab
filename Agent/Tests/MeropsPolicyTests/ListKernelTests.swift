// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsPolicy
import Testing

/// Long lists in the running kernel.
@Suite(.serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"))
struct ListKernelTests {
  private static let count = ProcessInfo.processInfo.environment["MEROPS_MEMBERS"].flatMap { Int($0) } ?? 20_000

  /// A file of addresses is read, compiled and loaded; the first and the last decide.
  @Test func aLongListIsTaken() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    let policy = """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: many}
      spec:
        lists: {many: {file: many.txt}}
        rules:
          - {id: x, on: network.connect, action: deny, match: destination.address in many}
      """
    // Of this machine itself: every address of 127.0.0.0/8 can be connected to.
    let addresses = (0..<Self.count).map { "127.\(16 + $0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }
    var sources = PolicySources()
    sources.add(name: "many.yaml", text: policy, lists: ["many.txt": addresses.joined(separator: "\n")])
    let clock = ContinuousClock()
    let start = clock.now
    let set = try sources.set()
    let read = clock.now
    let applied = try enforcement.apply(set)
    let last = addresses[Self.count - 1]
    #expect(
      try Connector.connect(in: group, "127.16.0.0/9/udp", "\(last)/9/udp", "127.15.255.255/9/udp", "127.200.0.1/9/udp")
        == [EPERM, EPERM, 0, 0])
    if ProcessInfo.processInfo.environment["MEROPS_MEMBERS"] != nil {
      print("\(Self.count) addresses: read in \(read - start), compiled and loaded in \(applied.loading)")
    }
  }
}
