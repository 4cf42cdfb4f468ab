// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsExpression
import MeropsModel
import MeropsPolicy
import Testing

/// What is said of decisions afterwards, and what policies would have done to what has happened.
@Suite struct ExplanationTests {
  static func set(_ rules: String...) throws -> PolicySet {
    let head =
      "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: web}\nspec:\n  lists: {databases: [10.1.0.7, 10.1.0.8]}\n  rules:\n"
    return try PolicySet(PolicyFile.read(head + rules.map { "    - {\($0)}\n" }.joined(), name: "web.yaml"))
  }

  static func event(
    _ kind: EventKind = .networkConnect, _ address: String = "192.0.2.1", _ port: UInt64 = 443,
    program: String? = "/usr/bin/curl", cgroup: String = "/system.slice/nginx.service/worker",
    _ more: [Field: String] = [:]
  ) throws -> Event {
    var process = Facts()
    if let program { process.append(.processExecutable, .text(Text(program))) }
    process.append(.processCgroupPath, .text(Text(cgroup)))
    process.append(.processUser, UInt64(33))
    var facts = Facts()
    facts.append(.networkTransport, .text("tcp"))
    if let address = Address(address) { facts.append(.destinationAddress, .address(address)) }
    facts.append(.destinationPort, port)
    for (field, text) in more { facts.append(field, .text(Text(text))) }
    var builder = EventBatchBuilder()
    builder.append(
      kind, id: EventID(rawValue: 1 << 40), time: 5,
      by: MeropsModel.Process(key: ProcessKey(start: 1, pid: 77), generation: 0, parent: nil, facts: process), facts)
    return builder.finish()[0]
  }

  private static func decision(_ rule: String, _ action: String = "deny") throws -> Event {
    try event(
      .policyDecision, "192.0.2.1", 443,
      [.policyName: "web", .policyRule: rule, .policyAction: action, .policyAct: "network.connect"])
  }

  private static let database =
    "id: database, on: network.connect, subject: {cgroup: /system.slice/nginx.service}, match: 'destination.address in databases && destination.port == 443', action: allow"
  private static let nobody =
    "id: nobody, on: network.connect, subject: {cgroup: /system.slice/nginx.service}, match: 'destination.port == 443 || destination.port == 80', action: deny, priority: 10"

  @Test func aDenialSaysWhatMatchedAndWhatWouldAllowIt() throws {
    let set = try Self.set(Self.database, Self.nobody)
    let explanation = try #require(try PolicyExplanation(Self.decision("nobody"), set))
    #expect(explanation.outcome == "deny" && explanation.rule?.name == "web/nobody")
    #expect(explanation.matched.map { "\($0.part)" } == ["destination.port == 443"])
    #expect(explanation.matched.first?.values.first?.value == .uint(443))
    #expect(explanation.cgroup == "/system.slice/nginx.service")
    // The rule that would have allowed it, but for the address.
    #expect(explanation.near.map(\.rule.name) == ["web/database"])
    #expect(explanation.near.first?.failed.first?.values.first?.value == .address(try #require(Address("192.0.2.1"))))
    // What would allow it does, and allows nothing else.
    let allowing = try #require(explanation.allowing)
    let head = "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: more}\nspec:\n  rules:\n"
    let lines = allowing.split(separator: "\n").map { "    \($0)\n" }.joined()
    let more = try PolicyFile.read(head + lines, name: "more")
    let interpreter = try PolicyInterpreter(PolicySet(set.policies + more))
    func action(_ event: Event) throws -> Action { try interpreter.decide(try #require(PolicyAct(event))).action }
    #expect(try action(Self.event()) == .allow)
    for other in [
      try Self.event(.networkConnect, "192.0.2.2"), try Self.event(.networkConnect, "192.0.2.1", 80),
      try Self.event(program: "/usr/bin/wget"),
    ] { #expect(try action(other) == .deny) }
  }

  /// Where a rule has the highest priority, no other one helps: it says so.
  @Test func whatNothingAllowsIsSaid() throws {
    let set = try Self.set("id: never, on: network.connect, action: deny, priority: 1000")
    let explanation = try #require(try PolicyExplanation(Self.decision("never"), set))
    #expect(explanation.outcome == "deny" && explanation.allowing == nil && explanation.matched.isEmpty)
  }

  @Test func whatWentOnSaysWhichRulesCameClose() throws {
    let set = try Self.set(
      "id: ports, on: network.connect, match: 'destination.port == 25 && process.user.id == 33', action: deny",
      "id: far, on: network.connect, match: 'destination.port == 25 && process.user.id == 1 && process.executable.path == \"/x\"', action: deny",
      "id: other, on: network.bind, action: deny")
    let explanation = try #require(try PolicyExplanation(Self.event(), set))
    #expect(explanation.outcome == "allow" && explanation.rule == nil && explanation.allowing == nil)
    #expect(explanation.near.map(\.rule.id) == ["ports"])
    #expect(explanation.near.first?.failed.map { "\($0.part)" } == ["destination.port == 25"])
    #expect(try PolicyExplanation(Self.event(.processFork), set) == nil)
  }

  @Test func newlyDeniedAndAllowedAreTold() throws {
    let before = try Self.set("id: old, on: network.connect, match: destination.port == 25, action: deny")
    let after = try Self.set(
      "id: new, on: network.connect, match: destination.port == 443, action: deny",
      "id: told, on: network.connect, match: destination.port == 80, action: audit",
      "id: user, on: network.connect, match: process.group.id == 1, action: deny, subject: {executable: /usr/bin/wget}")
    var backtest = try PolicyBacktest(after, before: before)
    for _ in 0..<3 { try backtest.take(Self.event()) }
    // One that the policies before denied: it is known by the decision.
    try backtest.take(
      Self.event(
        .policyDecision, "192.0.2.1", 25,
        [.policyName: "web", .policyRule: "old", .policyAction: "deny", .policyAct: "network.connect"]))
    try backtest.take(Self.event(.networkConnect, "192.0.2.1", 80))
    // The event does not tell the group.
    try backtest.take(Self.event(.networkConnect, "192.0.2.1", 8080, program: "/usr/bin/wget"))
    try backtest.take(Self.event(.networkConnect, "192.0.2.1", 8080))
    // What was told has an event of its own.
    try backtest.take(
      Self.event(
        .policyDecision, "192.0.2.1", 443,
        [.policyName: "web", .policyRule: "x", .policyAction: "audit", .policyAct: "network.connect"]))
    try backtest.take(Self.event(.processFork))
    try backtest.take(Self.event(.networkConnect, "none"))
    #expect(backtest.events == 10 && backtest.acts == 7 && backtest.unreadable == 1 && backtest.unchanged == 1)
    let groups = backtest.results
    #expect(groups.map(\.outcome) == [.newlyDenied, .newlyAllowed, .newlyTold, .unknown])
    #expect(groups.map(\.rule) == ["web/new", "web/old", "web/told", "web/user"])
    #expect(groups.map(\.count) == [3, 1, 1, 1] && groups[0].examples.count == 3)
    #expect(groups[0].place == "192.0.2.1:443" && groups[0].executable == "/usr/bin/curl")
    #expect(groups[3].missing == ["process.group.id"])
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]) func contentsHaveTheirHash(_ text: String, _ hash: String) { #expect(ContentHash.text(text.utf8) == hash) }

  /// As sha256sum has it, for lengths around those of a block.
  @Test func hashesAreThoseOfOthers() throws {
    for count in [1, 54, 55, 56, 63, 64, 65, 119, 1000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let folder = try OwnFolder()
      let file = folder.url.appending(path: "x")
      try Data(bytes).write(to: file)
      let process = Foundation.Process()
      let output = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/sha256sum")
      process.arguments = [file.path]
      process.standardOutput = output
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(text.hasPrefix(ContentHash.text(bytes) + " "), "\(count)")
    }
  }
}
