// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsExpression
import MeropsModel
import MeropsPolicy
import Testing

/// Rules about packets: what they can say, and what is refused with its reason.
@Suite struct PacketRuleTests {
  private static let text = """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: web}
    spec:
      lists:
        office: [192.0.2.0/24, 2001:db8::/32]
      rules:
        - id: ssh
          on: packet.in
          interface: [eth0, eth1]
          match: source.address in office && network.transport == "tcp" && destination.port == 22
          action: allow
          message: the office
          attack: {technique: T1021.004}
        - id: dns
          on: packet.in
          match: network.transport == "udp" && destination.port == 53
          action: rate-limit
          rate: 100
          burst: 200
          require: deny
        - id: connect
          on: network.connect
          match: destination.port == 25u
          action: deny
    """

  private func problem(_ part: String, _ replacement: String) -> String {
    guard let range = Self.text.range(of: part) else { return "\(part) is not there" }
    let text = Self.text.replacingCharacters(in: range, with: replacement)
    do throws(PolicyProblem) {
      _ = try PolicySet(try PolicyFile.read(text, name: "p.yaml"))
      return "no error"
    } catch { return error.described(in: text) }
  }

  @Test func rulesAreRead() throws {
    let policy = try #require(try PolicyFile.read(Self.text, name: "p.yaml").first)
    #expect(policy.rules.map(\.id) == ["connect"])
    #expect(policy.packetRules.map(\.name) == ["web/ssh", "web/dns"])
    let ssh = policy.packetRules[0]
    #expect(ssh.interfaces == ["eth0", "eth1"] && ssh.action == .allow && ssh.message == "the office")
    #expect(ssh.match.sources == ["192.0.2.0/24", "2001:db8::/32"].compactMap { AddressBlock($0) })
    #expect(ssh.match.transport == 6 && ssh.match.destinationPorts == 22...22)
    let dns = policy.packetRules[1]
    #expect(dns.action == .rateLimit && dns.rate == 100 && dns.burst == 200 && dns.match.sources == nil)
    let set = try PolicySet([policy])
    #expect(set.packetRules.map(\.id) == ["dns", "ssh"] && set.rules.map(\.id) == ["connect"])
  }

  @Test(arguments: [
    ("action: allow", "action: deny", "p.yaml:12:15: `action` cannot be `deny`"),
    ("action: allow", "action: drop\n      priority: 7", "a rule about packets has no priority: of those that meet"),
    ("  lists:", "  priority: 7\n  lists:", "a policy with rules about packets has no `spec.priority`"),
    ("action: allow", "action: drop\n      subject: {uid: 0}", "a rule about packets has no subject"),
    ("on: packet.in", "on: [packet.in, network.connect]", "`on` has to be `packet.in` alone"),
    ("on: network.connect", "on: packet.inn", "there is no act `packet.inn`; did you mean `packet.in`?"),
    ("action: allow", "action: drop\n      mode: audit", "it cannot only tell of them"),
    ("require: deny", "require: kill", "`require` can only be `deny`"),
    ("      rate: 100\n", "", "the key `rate` is missing"),
    ("action: allow", "action: allow\n      rate: 5", "`rate` is that of `action: rate-limit`"),
    ("[eth0, eth1]", "eth0/1", "`interface` has to be the name of an interface"),
    ("source.address in office", "source.addres in office", "packets have no field `source.addres`; did you mean"),
    ("source.address in office", "destination.address in office", "the firewall looks packets up by their source only"),
    ("\"tcp\" &&", "\"tcp\" && !(source.port == 5) &&", "the firewall cannot ask for what is not so"),
    ("destination.port == 22", "destination.port != 22", "the firewall cannot ask for what is not so"),
    ("destination.port == 22", "(destination.port == 22 || destination.port == 80)", "joins conditions by `&&` only"),
    ("destination.port == 22", "destination.port in [22, 80]", "a number is wanted here"),
    ("destination.port == 22", "destination.port > 22 && destination.port < 23", "no port meets this"),
    ("network.transport == \"tcp\" && ", "", "ports are those of a protocol"),
    ("\"udp\" &&", "\"udp\" && tcp.flags.syn &&", "flags are those of TCP"),
    ("\"udp\" &&", "\"udp\" && icmp.type == 8 &&", "types are those of ICMP"),
    ("\"udp\"", "\"quic\"", "\"quic\" is no protocol"),
    ("\"udp\" &&", "\"udp\" && network.transport == \"udp\" &&", "`network.transport` is asked for twice"),
    ("\"udp\" &&", "\"udp\" && connection.state == \"related\" &&", "`connection.state` is never \"related\""),
    ("id: dns", "id: ssh", "two rules of the policy have the id `ssh`"),
    ("192.0.2.0/24", "192.0.2.1/24", "p.yaml:11:32: \"192.0.2.1/24\" is not an address"),
  ]) func whatTheFirewallCannotSayIsRefused(part: String, replacement: String, message: String) {
    let problem = problem(part, replacement)
    #expect(problem.contains(message), "\(problem)")
  }

  @Test func conditionsOfPackets() throws {
    var match = try PacketMatch(
      "(network.transport == \"tcp\" && (tcp.flags.syn && !tcp.flags.ack)) && source.port >= 1024 && connection.state == \"new\""
    )
    #expect(match.flags == ["syn": true, "ack": false] && match.sourcePorts == 1024...65535 && match.state == "new")
    match = try PacketMatch("network.transport == \"icmpv6\" && icmp.type == 135 && source.address == \"fe80::1\"")
    #expect(match.icmpType == 135 && match.sources?.map { "\($0)" } == ["fe80::1/128"])
    match = try PacketMatch("network.transport == \"47\"")
    #expect(match.transport == 47 && match.sources == nil)
    match = try PacketMatch(
      "network.transport == \"udp\" && destination.port > 7999 && destination.port <= 8080 && destination.port < 8080")
    #expect(match.destinationPorts == 8000...8079)
    for text in [
      "source.address == \"10.0.0.0/8\"", "icmp.type == 256 && network.transport == \"icmp\"", "true", "1 == 1",
    ] {
      #expect(throws: ExpressionError.self, "\(text)") { try PacketMatch(text) }
    }
  }

  @Test func auditingAFileWithRulesAboutPacketsIsRefused() throws {
    let policies = try PolicyFile.read(Self.text, name: "p.yaml").map(\.audited)
    let error = #expect(throws: PolicyProblem.self) { try PolicySet(policies) }
    #expect(error?.message.contains("`web/dns` is about packets") == true)
  }

  @Test func theSchemaKnowsTheirKeys() throws {
    let schema = try #require(try JSONSerialization.jsonObject(with: Data(PolicySchema.text.utf8)) as? [String: Any])
    let policy = (schema["else"] as? [String: Any])?["properties"] as? [String: Any]
    let spec = (policy?["spec"] as? [String: Any])?["properties"] as? [String: Any]
    let branches = try #require((spec?["rules"] as? [String: Any])?["anyOf"] as? [[String: Any]])
    let known = try #require(branches[1]["properties"] as? [String: Any]).keys
    // A key that there is not is an error that lists those there are.
    let text = Self.text.replacingOccurrences(of: "message: the office", with: "zzzzzz: 1")
    let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
    let hint = error?.hint?.replacingOccurrences(of: "Known: ", with: "").components(separatedBy: ", ") ?? []
    #expect(!hint.isEmpty && Set(hint) == Set(known))
  }
}
