// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import BPFSystem

/// What the kernel writes as text or messages, without a kernel.
@Suite(.sameOnEveryKernel) struct FormatTests {
  @Test(arguments: [
    ("0", [0]), ("0-3", [0, 1, 2, 3]), ("0-1,4,6-7", [0, 1, 4, 6, 7]), ("", []),
  ])
  func processorLists(_ text: String, _ numbers: [Int]) throws {
    let set = try #require(CPUSet(parsing: text))
    #expect(set.numbers == numbers)
    #expect(set.count == numbers.count)
  }

  @Test(arguments: ["x", "3-1", "1-", "-1", "0,0", "2,1", "1-2-3", "0-99999999999"])
  func badProcessorLists(_ text: String) {
    #expect(CPUSet(parsing: text) == nil)
  }

  @Test(
    arguments: [
      // Debian, Ubuntu, Fedora, a plain build, a release candidate.
      ("6.1.0-25-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)", nil, KernelVersion(6, 1, 106)),
      ("6.1.0-50-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-01)", nil, KernelVersion(6, 1, 192)),
      (
        "5.15.0-25-generic", "#25-Ubuntu SMP Wed Mar 30", "Ubuntu 5.15.0-25.25-generic 5.15.30",
        KernelVersion(5, 15, 30)
      ),
      ("6.9.7-200.fc40.x86_64", "#1 SMP PREEMPT_DYNAMIC", nil, KernelVersion(6, 9, 7)),
      ("6.18.44-fc-v669", "#1 SMP PREEMPT_DYNAMIC @0", nil, KernelVersion(6, 18, 44)),
      ("7.0-rc3", "#1", nil, KernelVersion(7, 0, 0)),
      ("5.10.0+", "#2 SMP Debian", nil, KernelVersion(5, 10, 0)),
    ] as [(String, String, String?, KernelVersion)])
  func releases(_ release: String, _ version: String, _ signature: String?, _ expected: KernelVersion) {
    #expect(KernelVersion(release: release, version: version, signature: signature) == expected)
  }

  @Test func releasesAreOrderedAndCoded() {
    #expect(KernelVersion(5, 9, 200) < KernelVersion(5, 10))
    #expect(KernelVersion(4, 19, 300).code == 0x0413ff)
    #expect(KernelVersion("six"[...]) == nil)
  }

  @Test func mountLines() throws {
    let line = #"36 35 98:0 /mnt1 /a\040path/\134x rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue"#
    let mount = try #require(Mount(parsing: line))
    #expect(
      mount.path == #"/a path/\x"# && mount.type == "ext3" && mount.root == "/mnt1" && mount.source == "/dev/root")
    #expect(Mount(parsing: "36 35 98:0 /mnt1 /mnt2 rw") == nil)
  }

  @Test func symbolLines() throws {
    #expect(
      KernelSymbols.parse("ffffffff81000000 T _text")
        == KernelSymbol(address: 0xffff_ffff_8100_0000, kind: UInt8(ascii: "T"), name: "_text", module: ""))
    #expect(KernelSymbols.parse("0 t f\t[mod]")?.module == "mod")
    for bad in ["", "zz T x", "12 T", "12 T "] { #expect(KernelSymbols.parse(bad) == nil) }
  }

  @Test func configuration() {
    let config = KernelConfig(
      parsing: "# comment\nCONFIG_BPF=y\nCONFIG_HZ=250\n# CONFIG_X is not set\nCONFIG_N=\"a=b\"\n")
    #expect(config["CONFIG_BPF"] == "y" && config["CONFIG_HZ"] == "250" && config["CONFIG_X"] == nil)
    #expect(config["CONFIG_N"] == "\"a=b\"")
  }

  @Test func netlinkAttributesComeBack() throws {
    var message = NetlinkMessage(type: 1, flags: [])
    message.attribute(3, "eth0")
    message.attribute(2, nested: true) {
      $0.attribute(7, UInt32(77))
      $0.attribute(8, UInt8(8))
    }
    var reader = NetlinkReader(message.finished(sequence: 5)[...])
    let first = reader.nextMessage()
    let read = try #require(first)
    #expect(read.sequence == 5 && read.type == 1)
    let attributes = NetlinkReader.attributes(read.payload)
    #expect(attributes[3].map { text($0) } == "eth0")
    let nested = NetlinkReader.attributes(try #require(attributes[2]))
    #expect(NetlinkReader.integer(try #require(nested[7]), at: 0, as: UInt32.self) == 77)
    #expect(nested[8]?.count == 1)
    let second = reader.nextMessage()
    #expect(second == nil)
  }

  /// Cut and altered messages are read without a trap.
  @Test func hostileNetlinkMessages() {
    var message = NetlinkMessage(type: 16, flags: [])
    NetworkInterface.appendHeader(&message, index: 1)
    message.attribute(43, nested: true) { $0.attribute(2, UInt8(1)) }
    let bytes = message.finished(sequence: 1)
    var generator = SeededRandom(seed: 16)
    var read = 0
    for round in 0..<4000 {
      var copy = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
      if round % 2 == 0, !copy.isEmpty {
        copy[Int.random(in: 0..<copy.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      var reader = NetlinkReader(copy[...])
      while let answer = reader.nextMessage() {
        read += 1
        _ = NetworkInterface(answer.payload)
        _ = TrafficControl.Filter(answer.payload, .ingress)
      }
    }
    #expect(read > 0)
  }
}
