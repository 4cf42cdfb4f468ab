// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestObjects
import TestSupport
import Testing

import struct BPF.BPFError

@Suite struct SupportTests {
  @Test func versionsCompare() {
    #expect("5.10" < ("6.1.0-56-cloud-amd64" as KernelVersion))
    #expect("6.12.117+deb13-cloud-amd64" >= ("6.12" as KernelVersion))
    #expect("6.9" < ("6.10" as KernelVersion))
    #expect(("6.18.15" as KernelVersion).description == "6.18.15")
  }

  @Test func shellGivesOutputAndStatus() throws {
    let result = try Shell.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    #expect(result.status == 3)
    #expect(result.output == "out\nerr\n")
    #expect(throws: Shell.Failed.self) { try Shell.check("false") }
    #expect(throws: Shell.Failed.self) { try Shell.run(["no-such-command-here"]) }
  }

  @Test(.requires(.root), .requires(.command("ip"))) func packetsCrossAPair() throws {
    let pair = try NetworkPair()
    let receiver = try pair.far.run { try TestSocket(address: NetworkPair.farAddress, port: 9) }
    let sender = try pair.near.run { try TestSocket() }
    try sender.send([1, 2, 3], to: NetworkPair.farAddress, port: 9)
    #expect(receiver.receive() == [1, 2, 3])
    #expect(receiver.receive(milliseconds: 0) == nil)
    #expect(pair.nearIndex > 0 && pair.farIndex > 0)
    // Nobody else speaks: no router solicitation, no group report, no question for an address.
    sleep(2)
    func received(_ side: TestNamespace, _ device: String) throws -> String {
      try side.run { try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8) }
        .split(separator: "\n").first { $0.contains(device) }?.split(separator: " ")[2].description ?? "none"
    }
    #expect(try received(pair.near, "veth0") == "0")
    #expect(try received(pair.far, "veth1") == "1")
  }

  @Test(.requires(.root), .requires(.command("ip"))) func namespacesAreSeparate() throws {
    let namespace = try TestNamespace()
    let links = try namespace.check("ip -br link")
    #expect(links.split(separator: "\n").count == 1)
  }

  @Test(.requires(.root), .requires(.cgroup2)) func cgroupHoldsItsProcessesAndGoes() throws {
    var path = ""
    do {
      let cgroup = try TestCgroup()
      path = cgroup.path
      let own = try cgroup.check("cat /proc/self/cgroup")
      #expect(own.contains(String(path.split(separator: "/").last ?? "?")))
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(.requires(.root), .requires(.command("bpftool"))) func bpftoolHasAnOpinion() {
    #expect(SecondOpinion.loading(Objects.xdp) == .loads)
    #expect(SecondOpinion.loading([1, 2, 3]) == .unknown)
    // Refused by the verifier is not refused to everybody.
    #expect(SecondOpinion.loading(Objects.corePoison) == .unknown)
  }

  @Test func leaksAreFound() throws {
    try expectNoLeak { close(open("/dev/null", O_RDONLY)) }
    let (before, after) = try openDescriptors { _ = open("/dev/null", O_RDONLY) }
    #expect(after.counts["file", default: 0] == before.counts["file", default: 0] + 1)
  }

  private static func tooOld(_ kernel: String?) -> BPFError {
    BPFError(.unsupported, "testing", requires: kernel)
  }

  // The next two record the known issues that they are about, on every kernel.
  @Test func boundariesFailWhenTheThingWorksOrFailsOtherwise() throws {
    #expect(try supported(from: "3.0", "anything") { 1 } == 1)
    func fails(with error: any Error) throws -> Int? { try supported(from: "999.0", "nothing") { throw error } }
    #expect(try fails(with: Self.tooOld("999.0")) == nil)
    let other = try supported(from: "999.0", "nothing", orThrows: { $0 is Shell.Failed }) { try Shell.check("false") }
    #expect(other == nil)
    withKnownIssue { _ = try supported(from: "999.0", "something") { 1 } }
    // The kernel's name alone is not the promised error.
    withKnownIssue { _ = try fails(with: BPFError(.verifier, "testing", requires: "999.0")) }
    withKnownIssue { _ = try fails(with: Self.tooOld("3.0")) }
    withKnownIssue { _ = try fails(with: Self.tooOld("999.1")) }
    withKnownIssue { _ = try fails(with: Self.tooOld(nil)) }
    withKnownIssue { _ = try fails(with: Shell.Failed(description: "another reason")) }
  }

  @Test(.works(from: "999.0")) func thisFailsAsClaimed() throws { throw Self.tooOld("999.0") }

  @Test(.requires(kernel: "999.0")) func thisIsSkipped() { Issue.record("a skipped test ran") }
}
