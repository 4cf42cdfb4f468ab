// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Testing

@Suite struct LanguageTests {
  @Test func aPolicyIsRead() throws {
    let policy = try #require(try PolicyFile.read(Self.whole, name: "p.yaml").first)
    #expect(policy.name == "no-scanners")
    #expect(policy.labels == ["team": "network"])
    let rule = try #require(policy.rules.first)
    #expect(rule.name == "no-scanners/deny-curl")
    #expect(rule.acts == [.networkConnect])
    #expect(rule.cgroups == ["/system.slice/web.service"])
    #expect(rule.conditions.count == 3)
    #expect(rule.action == .deny && rule.mode == .enforce && rule.priority == 200)
    #expect(rule.note.technique == "T1071.001" && rule.note.severity == .high)
    #expect(rule.place.file == "p.yaml" && rule.place.line == 12 && rule.place.column == 7)
    #expect(policy.rules[1].mode == .audit)
  }

  static let whole = """
    apiVersion: merops/v1
    kind: Policy
    metadata:
      name: no-scanners
      description: Scanners do not connect.
      labels: {team: network}
    spec:
      priority: 200
      lists:
        inner: [10.0.0.0/8, 192.168.0.0/16]
      rules:
        - id: deny-curl
          on: network.connect
          subject:
            executable: [/usr/bin/curl, /opt/tools/]
            uid: 1000
            cgroup: /system.slice/web.service
          match: destination.address in inner && destination.port != 443
          action: deny
          severity: high
          message: curl may not reach the inner network
          attack: {technique: T1071.001, tactic: command-and-control}
          falsePositives: Administrators who look for a fault.
        - id: watch
          on: [network.connect, network.bind]
          action: audit
          mode: audit
    """

  /// What is wrong with a policy, by what is put in place of what.
  static let mistakes: [(text: String, replacement: String, message: String)] = [
    ("merops/v1", "merops/v2", "p.yaml:1:13: `apiVersion` has to be `merops/v1`, not `merops/v2`."),
    ("kind: Policy", "kind: Polity", "p.yaml:2:7: `kind` has to be `Policy`"),
    ("  name: no-scanners", "  name: no scanners", "p.yaml:4:9: `metadata.name` has to consist of"),
    ("  name: no-scanners", "  nam: no-scanners", "there is no key `metadata.nam`; did you mean `name`?"),
    ("action: deny", "action: denny", "p.yaml:19:15: `action` cannot be `denny`; did you mean `deny`?"),
    ("on: network.connect", "on: network.conect", "there is no act `network.conect`; did you mean `network.connect`?"),
    ("on: network.connect", "on: dns.answer", "no rule can decide about `dns.answer` yet"),
    ("executable: [/usr/bin/curl, /opt/tools/]", "executable: curl", "has to be an absolute path, not `curl`"),
    ("uid: 1000", "uid: root", "`subject.uid` has to be a number from 0 to 4294967295"),
    (
      "destination.address in inner", "destination.addres in inner",
      "p.yaml:18:14: there is no field `destination.addres`"
    ),
    ("destination.port != 443", "destination.port", "a condition is wanted here"),
    ("in inner", "in outer", "there is no field `outer`"),
    ("cgroup: /system.slice", "cgroup: system.slice", "has to be a directory below the root of cgroup v2"),
    ("T1071.001", "curl", "has to be an id of MITRE ATT&CK"),
    ("id: watch", "id: deny-curl", "p.yaml:24:7: two rules of the policy have the id `deny-curl`."),
    ("priority: 200", "priority: 2000", "`spec.priority` has to be a number from 0 to 1000"),
    ("severity: high", "severity: high\n      severity: low", "the key `severity` stands twice"),
    ("  rules:", "\trules:", "p.yaml:11:1: while scanning"),
    ("[10.0.0.0/8, 192.168.0.0/16]", "[10.0.0.1/8]", "\"10.0.0.1/8\" is not an address or a block of addresses"),
    ("inner: [", "process: [", "a list cannot be named `process`"),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsShownWhereItIs(_ index: Int) throws {
    let (part, replacement, message) = Self.mistakes[index]
    let text = try #require(
      Self.whole.range(of: part).map { Self.whole.replacingCharacters(in: $0, with: replacement) })
    let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
    #expect(error?.described(in: text).contains(message) == true, "\(error?.described(in: text) ?? "no error")")
  }

  /// What the reader knows the schema knows, and the other way round.
  @Test func theSchemaHasTheReadersKeys() throws {
    let schema = try #require(try JSONSerialization.jsonObject(with: Data(PolicySchema.text.utf8)) as? [String: Any])
    func keys(_ path: String...) -> Set<String> {
      // `then` is what lists are.
      var node = schema["else"] as? [String: Any]
      for part in path {
        if let branches = node?["anyOf"] as? [[String: Any]] { node = branches.first }
        node = (node?["properties"] as? [String: Any])?[part] as? [String: Any]
      }
      if let branches = node?["anyOf"] as? [[String: Any]] { node = branches.first }
      return Set((node?["properties"] as? [String: Any] ?? [:]).keys)
    }
    // A key that there is not is an error that lists those there are.
    for (path, place) in [
      ([], "apiVersion: merops/v1"), (["metadata"], "  name: no-scanners"), (["spec"], "  priority: 200"),
      (["spec", "rules"], "      severity: high"), (["spec", "rules", "subject"], "        uid: 1000"),
    ] as [([String], String)] {
      let indent = place.prefix { $0 == " " }
      let text = Self.whole.replacingOccurrences(of: place, with: "\(place)\n\(indent)zzzzzzzz: 1")
      let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
      let known = error?.hint?.replacingOccurrences(of: "Known: ", with: "").components(separatedBy: ", ") ?? []
      let schemaKeys =
        switch path.count {
        case 0: keys()
        case 1: keys(path[0])
        case 2: keys(path[0], path[1])
        default: keys(path[0], path[1], path[2])
        }
      #expect(!known.isEmpty && Set(known) == schemaKeys, "\(path)")
    }
  }

  @Test func severalPoliciesLieInOneFile() throws {
    let second = Self.whole.replacingOccurrences(of: "no-scanners", with: "second")
    let policies = try PolicyFile.read(Self.whole + "\n---\n" + second + "\n---\n", name: "p.yaml")
    #expect(policies.map(\.name) == ["no-scanners", "second"])
    #expect(throws: PolicyProblem.self) { try PolicySet(policies + policies) }
  }

  @Test(arguments: ["", "# nothing", "[]", "- a", "a", "{}", "---\n---\n", "\u{0}", "a: &a [*a]"])
  func whatIsNoPolicyIsAnError(_ text: String) {
    #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
  }

  /// A file that grows when it is read, and one that is nested without end.
  @Test func hostileFilesAreErrors() {
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      bomb += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    for text in [
      bomb, bomb + "? *a30\n: x\n", String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
      String(repeating: "- ", count: 100_000), String(repeating: "x", count: 2 << 20),
    ] {
      #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
    }
  }

  /// An error is read by people, however long the line that it is about.
  @Test func errorsAreShort() {
    let long = String(repeating: "[", count: 900_000)
    for text in [
      long, "kind: \(long)", "apiVersion: '\(long)'",
      Self.whole.replacingOccurrences(of: "merops/v1", with: "'\(long)'"),
      Self.whole.replacingOccurrences(of: "id: watch", with: "id: '\(long)'"),
    ] {
      let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
      #expect((1..<2000).contains(error?.described(in: text).utf8.count ?? 0))
    }
    let line = String(repeating: "a", count: 500) + "!" + String(repeating: "b", count: 500)
    let shown = ShownLine.marked(line, before: 500)
    let mark = shown[1].utf8.count - 1
    #expect(shown[0].utf8.count < 200 && Array(shown[0].utf8)[mark] == UInt8(ascii: "!"), "\(shown)")
  }

  /// A rule about starting programs is asked at one of two hooks.
  @Test func aRuleIsAskedAtTheHookThatDecides() throws {
    let head = "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n"
    let kill = "    - {id: k, on: process.exec, action: kill}\n"
    let deny = "    - {id: d, on: process.exec, action: deny, match: process.user.id == 7}\n"
    func names(_ text: String) throws -> [PolicyHook: [String]] {
      let set = try PolicySet(try PolicyFile.read(head + text, name: "p.yaml"))
      let compiled = try PolicyCompiler.offline.compile(set, generation: 1)
      return compiled.hooks.mapValues { $0.rules.map { compiled.rules[$0].id } }
    }
    #expect(try names(kill) == [.exec: ["k"]])
    #expect(try names(deny) == [.execCheck: ["d"]])
    #expect(try names(deny + kill) == [.exec: ["k"], .execCheck: ["d"]])
  }

  @Test func theOrderOfFilesAndRulesNeverMatters() throws {
    var random = SeededRandom(seed: 9)
    for _ in 0..<200 {
      var policies = (0..<4).map { Made.policy("p\($0)", &random) }
      let first = try PolicySet(policies)
      for _ in 0..<5 {
        for index in policies.indices { policies[index].rules.shuffle(using: &random) }
        policies.shuffle(using: &random)
        #expect(try PolicySet(policies).rules.map(\.name) == first.rules.map(\.name))
      }
    }
  }
}
