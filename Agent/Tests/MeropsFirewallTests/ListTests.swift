// SPDX-License-Identifier: Apache-2.0
import MeropsModel
import Testing

@testable import MeropsFirewall

struct ListTests {
  @Test func aPlainListIsRead() throws {
    let list = try AddressList(
      """
      # a comment
      203.0.113.7
        198.51.100.0/24   ; SBL1234\r

      2001:db8::/32 # another
      ::ffff:192.0.2.1
      192.0.2.5-192.0.2.10
      2001:db8::fffe - 2001:db8::1:1
      0.0.0.0/0
      """)
    #expect(list.form == .plain)
    #expect(
      list.blocks.map { "\($0)" } == [
        "203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32", "192.0.2.1/32", "192.0.2.5/32", "192.0.2.6/31",
        "192.0.2.8/31", "192.0.2.10/32", "2001:db8::fffe/127", "2001:db8::1:0/127", "0.0.0.0/0",
      ])
  }

  @Test func whatIPSetSavesIsRead() throws {
    let list = try AddressList(
      """
      create blacklist hash:net family inet hashsize 1024 maxelem 65536 timeout 0 bucketsize 12 initval 0x1
      add blacklist 203.0.113.0/24 timeout 300
      add blacklist 198.51.100.7 comment "it -- 10.0.0.1"
      create six hash:net family inet6 hashsize 1024 maxelem 65536
      add six 2001:db8::/48
      """)
    #expect(list.form == .ipset)
    #expect(list.blocks.map { "\($0)" } == ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/48"])
    #expect(list.entriesWithMore == 2)
  }

  @Test func whatNFTablesListsIsRead() throws {
    let list = try AddressList(
      """
      table inet filter {
      \tset bad {
      \t\ttype ipv4_addr
      \t\tflags interval,timeout
      \t\telements = { 192.0.2.1, 198.51.100.0/24 timeout 1h expires 59m,
      \t\t\t     203.0.113.5-203.0.113.6 }
      \t}
      \tset six {
      \t\ttype ipv6_addr
      \t\telements = { 2001:db8::1 }
      \t}
      }
      """)
    #expect(list.form == .nftables)
    #expect(
      list.blocks.map { "\($0)" } == [
        "192.0.2.1/32", "198.51.100.0/24", "203.0.113.5/32", "203.0.113.6/32", "2001:db8::1/128",
      ])
    #expect(list.entriesWithMore == 1)
  }

  @Test(arguments: [
    ("203.0.113.7\n203.0.113.7/24\n", "Line 2: '203.0.113.7/24' has bits behind its prefix: write 203.0.113.0/24"),
    ("2001:db8::1/64", "write 2001:db8::/64, or 2001:db8::1/128"),
    ("\n\nfoo", "Line 3: 'foo' is no address"), ("300.1.2.3", "'300.1.2.3'"), ("10.0.0.0/33", "'10.0.0.0/33'"),
    ("10.0.0.9-10.0.0.1", "no range"), ("10.0.0.9-::1", "no range"), ("010.0.0.1", "no address"),
    ("add x 1.2.3.4,tcp:80", "Line 1"),
    ("create x hash:net\nadd x 10.0.0.0/8 nomatch", "Line 2: an entry with `nomatch`"),
    ("create x hash:net\nadd x", "Line 2"),
    ("table ip x {\nelements = { 10.0.0.1 . 80 } }", "Line 2: an entry of several fields"),
    ("table ip x {\nelements = { 10.0.0.1, eth0 } }", "Line 2: 'eth0'"), ("\0\u{ff}\u{1b}[2J", "Line 1"),
    ("1.2.3", "no address"), ("1.2.3.4.5", "no address"), ("1..2.3", "no address"), ("256.1.1.1", "no address"),
    ("1.2.3.256", "no address"), ("1.2.3.4/", "no address"), ("1.2.3.4/033", "no address"), ("1.2.3/4.5", "no address"),
    ("1.2.3.4/1/1", "no address"), ("1.2.3.04", "no address"), ("99999999999999999999", "no address"),
  ]) func aMistakeIsShownWithItsLine(text: String, words: String) {
    let error = #expect(throws: FirewallError.self) { try AddressList(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  /// Ranges become the fewest blocks, and exactly theirs.
  @Test func rangesAreExact() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      let first = UInt32.random(in: 0...(.max), using: &random) >> UInt32.random(in: 0...31, using: &random)
      let last = first.addingReportingOverflow(UInt32.random(in: 0...5000, using: &random))
      guard !last.overflow else { continue }
      let text = "\(Address(ipv4: first))-\(Address(ipv4: last.partialValue))"
      let blocks = try AddressList.range(text[...])
      var next = UInt64(first)
      for block in blocks {
        #expect(block.base.bits & 0xffff_ffff == UInt128(next))
        next += 1 << UInt64(128 - block.prefix)
      }
      #expect(next == UInt64(last.partialValue) + 1)
      #expect(blocks.count <= 62)
    }
    #expect(try AddressList.range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").count <= 2)
    #expect(try AddressList.range("0.0.0.0-255.255.255.255").map { "\($0)" } == ["0.0.0.0/0"])
  }
}

struct RuleChangeTests {
  private func described(_ rules: FirewallRules) -> [String] {
    rules.rules.map { "\($0.id) \($0.action) \($0.sources.map { "\($0)" }.joined(separator: ","))" }
  }

  @Test func blockingAgainTakesTheNewTime() throws {
    var rules = FirewallRules()
    rules.put(PacketRule(.drop, [block("10.0.0.1"), block("10.0.0.2")], end: 5))
    rules.put(PacketRule(.drop, [block("10.0.0.2")], end: 9))
    rules.put(.pass("10.0.0.2"))
    #expect(described(rules) == ["1 drop 10.0.0.1/32", "2 drop 10.0.0.2/32", "3 pass 10.0.0.2/32"])
    rules.put(PacketRule(.drop, [block("10.0.0.2"), block("10.0.0.1")]))
    #expect(described(rules) == ["3 pass 10.0.0.2/32", "4 drop 10.0.0.1/32,10.0.0.2/32"])
    // A rule of another kind stays.
    var conditional = PacketRule.drop("10.0.0.1")
    conditional.conditions = try .init(transport: "tcp", port: "22", sourcePort: nil, flags: nil, icmpType: nil)
    rules.put(conditional)
    #expect(rules.rules.count == 3)
    rules.put(PacketRule(.drop, [block("10.0.0.1")], list: "a"))
    rules.put(PacketRule(.drop, [block("10.0.0.9")], list: "a"))
    #expect(described(rules).last == "7 drop 10.0.0.9/32")
    #expect(rules.rules.count == 4)
  }

  @Test func unblockingSaysWhatBlocksNevertheless() throws {
    var rules = FirewallRules()
    rules.put(.drop("10.0.0.0/8", "10.0.0.1"))
    rules.put(PacketRule(.drop, [block("192.0.2.0/24")], list: "bad"))
    #expect(try rules.unblock(block("10.0.0.1")) == [1])
    #expect(described(rules).first == "1 drop 10.0.0.0/8")
    var error = #expect(throws: FirewallError.self) { try rules.unblock(block("10.0.0.1")) }
    #expect(error?.description.contains("rule 1 has 10.0.0.0/8. Write `merops firewall allow 10.0.0.1/32`") == true)
    error = #expect(throws: FirewallError.self) { try rules.unblock(block("192.0.2.0/24")) }
    #expect(error?.description.contains("the list bad has 192.0.2.0/24") == true)
    error = #expect(throws: FirewallError.self) { try rules.unblock(block("11.0.0.1")) }
    #expect(error?.description == "11.0.0.1/32 is not blocked.")
    #expect(try rules.remove(list: "bad").id == 2)
    #expect(throws: FirewallError.self) { try rules.remove(rule: 2) }
  }

  @Test func conditionsAreWrittenAsTheyAreRead() throws {
    let all = try PacketRule.Conditions(
      transport: "tcp", port: "1-65535", sourcePort: "53", flags: "syn,!ack", icmpType: nil)
    #expect("\(all)" == "tcp from 53 to 1-65535 flags syn,!ack")
    #expect(
      "\(try PacketRule.Conditions(transport: "icmp", port: nil, sourcePort: nil, flags: nil, icmpType: 8))"
        == "icmp type 8")
    #expect(
      "\(try PacketRule.Conditions(transport: "253", port: nil, sourcePort: nil, flags: nil, icmpType: nil))" == "253")
    for (transport, port, flags, type) in [
      ("tpc", nil, nil, nil), ("256", nil, nil, nil), ("tcp", "x", nil, nil), ("tcp", "9-8", nil, nil),
      ("tcp", "65536", nil, nil),
      ("tcp", "", nil, nil), (nil, "22", nil, nil), ("icmp", "22", nil, nil), ("udp", nil, "syn", nil),
      ("tcp", nil, "sin", nil),
      ("tcp", nil, nil, 8),
    ] as [(String?, String?, String?, UInt8?)] {
      #expect(throws: FirewallError.self) {
        try PacketRule.Conditions(transport: transport, port: port, sourcePort: nil, flags: flags, icmpType: type)
      }
    }
  }
}
