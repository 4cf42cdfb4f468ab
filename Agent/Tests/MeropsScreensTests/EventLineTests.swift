// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Testing

@testable import MeropsScreens

struct EventLineTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var kind: EventKind
    var facts: [(Field, Value)]
    var line: String
    var tone = EventLine.Tone.plain

    var testDescription: String { line }
  }

  static let cases: [Case] = [
    Case(
      kind: .processExec,
      facts: [(.processExecutable, "/usr/bin/curl"), (.processArguments, .texts(["curl", "-fsS", "a b", "it's"]))],
      line: "bash(10) deploy|exec|/usr/bin/curl -fsS 'a b' 'it'\\''s'|pid 12"),
    Case(
      kind: .processExec,
      facts: [
        (.processExecutable, "/memfd:x"), (.processArguments, .texts([])), (.processExecutableIsMemory, .bool(true)),
      ],
      line: "bash(10) deploy|exec|/memfd:x|pid 12, from memory", tone: .notable),
    Case(kind: .processFork, facts: [], line: "bash(10) deploy|forked|sh|pid 12"),
    Case(
      kind: .processExit, facts: [(.exitCode, .int(3)), (.exitDuration, .uint(3_140_000))],
      line: "sh(12) deploy|exited|sh|status 3 after 3.1 ms", tone: .failed),
    Case(
      kind: .processExit, facts: [(.exitSignal, .uint(9))], line: "sh(12) deploy|ended|sh|by SIGKILL", tone: .failed),
    Case(
      kind: .processCredentials, facts: [(.newUser, .uint(0)), (.newCapabilities, .uint(0x1ff))],
      line: "sh(12) deploy|became|root|capabilities 0x1ff", tone: .notable),
    Case(
      kind: .processSignal, facts: [(.targetID, .uint(77)), (.targetName, "nginx"), (.signalNumber, .uint(15))],
      line: "sh(12) deploy|signaled|nginx(77)|SIGTERM"),
    Case(kind: .fileOpen, facts: [(.filePath, "/etc/passwd")], line: "sh(12) deploy|opened|/etc/passwd|ok"),
    Case(
      kind: .fileOpen, facts: [(.filePath, "/etc/shadow"), (.eventError, .uint(13))],
      line: "sh(12) deploy|opened|/etc/shadow|not permitted", tone: .failed),
    Case(
      kind: .fileRename, facts: [(.filePath, "/tmp/a"), (.fileTarget, "/tmp/b")],
      line: "sh(12) deploy|renamed|/tmp/a to /tmp/b|ok"),
    Case(
      kind: .fileMode, facts: [(.filePath, "/tmp/a"), (.fileMode, .uint(0o104755))],
      line: "sh(12) deploy|chmod|/tmp/a|rwsr-xr-x"),
    Case(
      kind: .fileRepeats, facts: [(.filePath, "/tmp/a"), (.eventCount, .uint(1204))],
      line: "sh(12) deploy|repeated|/tmp/a|1,204 times more"),
    Case(
      kind: .networkConnect,
      facts: [
        (.networkTransport, "tcp"), (.destinationAddress, .address(Address("192.0.2.7")!)),
        (.destinationPort, .uint(443)),
        (.networkLatency, .uint(12_400_000)),
      ],
      line: "sh(12) deploy|connect|192.0.2.7:443|ok in 12 ms"),
    Case(
      kind: .networkConnect,
      facts: [
        (.networkTransport, "tcp"), (.destinationAddress, .address(Address("2001:db8::1")!)),
        (.destinationPort, .uint(1)),
        (.eventError, .uint(111)),
      ],
      line: "sh(12) deploy|connect|[2001:db8::1]:1|refused", tone: .failed),
    Case(
      kind: .networkClose,
      facts: [
        (.networkTransport, "tcp"), (.destinationAddress, .address(Address("192.0.2.7")!)),
        (.destinationPort, .uint(443)),
        (.networkBytesSent, .uint(10)), (.networkBytesReceived, .uint(4200)), (.networkDuration, .uint(61_000_000_000)),
      ],
      line: "sh(12) deploy|closed|192.0.2.7:443|10 B out, 4.1 KB in, 1 min 1 s"),
    Case(
      kind: .dnsAnswer,
      facts: [
        (.dnsName, "pkg.example"), (.dnsType, "A"), (.dnsCode, "NOERROR"), (.dnsAddresses, .texts(["192.0.2.7"])),
        (.dnsLatency, .uint(3_100_000)),
      ],
      line: "sh(12) deploy|learned|pkg.example A|192.0.2.7 in 3.1 ms"),
    Case(
      kind: .dnsAnswer, facts: [(.dnsName, "no.example"), (.dnsType, "A"), (.dnsCode, "NXDOMAIN")],
      line: "sh(12) deploy|learned|no.example A|no such name", tone: .failed),
    Case(
      kind: .agentLoss, facts: [(.eventCount, .uint(3)), (.lossClass, "file")],
      line: "merops|lost|3 events of class file|", tone: .failed),
    Case(
      kind: .policyDecision,
      facts: [
        (.policyName, "web"), (.policyRule, "no"), (.policyAction, "deny"), (.policyAct, "network.connect"),
        (.destinationAddress, .address(Address(ipv4: 0xc000_0207))), (.destinationPort, .uint(443)),
        (.policyIsUncertain, .bool(true)), (.policyMessage, "not there"),
      ],
      line: "sh(12) deploy|denied|network.connect 192.0.2.7:443|by web/no, not all was known: not there", tone: .failed),
    Case(
      kind: .policyDecision,
      facts: [(.policyName, "w"), (.policyRule, "r"), (.policyAction, "audit"), (.policyAct, "process.exec")],
      line: "sh(12) deploy|told|process.exec|by w/r", tone: .notable),
    Case(
      kind: .policyChange,
      facts: [(.policyChange, "apply web.yaml"), (.policyAuthor, "uid 0, pid 7"), (.policyVersion, .uint(3))],
      line: "uid 0, pid 7|changed|policies: apply web.yaml|version 3", tone: .notable),
    // A name that would clear the screen.
    Case(
      kind: .fileOpen, facts: [(.filePath, "/tmp/\u{1b}[2J\n")], line: "sh(12) deploy|opened|/tmp/\\u001b[2J\\n|ok"),
  ]

  @Test(arguments: cases) func eachEventIsASentence(_ expected: Case) {
    var users = noUsers
    let exec = expected.kind == .processExec
    let line = EventLine(
      sample(expected.kind, exec ? [] : expected.facts, process: exec ? expected.facts : []), users: &users)
    #expect([line.who, line.did, line.what, line.outcome].joined(separator: "|") == expected.line)
    #expect(line.tone == expected.tone)
  }

  /// Whatever a sensor sends, each kind has something to say.
  @Test(arguments: EventKind.allCases) func noKindIsEmpty(_ kind: EventKind) {
    var users = noUsers
    let line = EventLine(sample(kind), users: &users)
    #expect(!line.who.isEmpty && !line.did.isEmpty)
  }

  @Test func columnsDoNotJump() {
    var users = noUsers
    let events = Self.cases.map { sample($0.kind, $0.facts, process: $0.facts) }
    for width in [60, 80, 100, 120, 200] {
      let layout = LineLayout(width: width, offset: { _ in 0 })
      let heading = layout.heading
      let places = ["WHO", "DID", "WHAT"].map {
        heading.distance(from: heading.startIndex, to: heading.firstRange(of: $0)!.lowerBound)
      }
      for event in events {
        let line = EventLine(event, users: &users)
        let text = layout.text(line, depth: 2)
        #expect(text.count < width)
        #expect(text.hasPrefix("00:00:00"))
        for place in places { #expect(Array(text)[place - 1] == " ") }
        #expect(Array(text)[places[1]...].starts(with: line.did))
      }
    }
  }

  @Test func colorOnlyAdds() {
    var users = noUsers
    for each in Self.cases {
      let line = EventLine(sample(each.kind, each.facts, process: each.facts), users: &users)
      let plain = LineLayout(width: 100, offset: { _ in 0 }).text(line)
      let colored = LineLayout(width: 100, isColored: true, offset: { _ in 0 }).text(line)
      #expect(colored == (line.tone == .plain ? plain : "\u{1b}[\(line.tone == .failed ? 31 : 33)m\(plain)\u{1b}[0m"))
    }
  }

  @Test func childrenAreMarked() {
    var lineage = Lineage(limit: 2)
    // bash runs a program, sh; what sh does stands below it.
    #expect(lineage.depth(of: sample(.processExec)) == 0)
    #expect(lineage.depth(of: sample(.fileOpen)) == 1)
  }
}
