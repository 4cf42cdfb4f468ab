// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Testing

@Suite struct CaseTests {
  static let policy = """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: web}
    spec:
      lists: {databases: [10.1.0.7, 10.1.0.8]}
      rules:
        - id: database
          on: network.connect
          subject: {cgroup: /system.slice/nginx.service}
          match: destination.address in databases && destination.port == 5432
          action: allow
        - id: nobody-else
          on: network.connect
          subject: {cgroup: /system.slice/nginx.service}
          action: deny
          priority: 10
        - {id: watch, on: [network.connect, network.bind], action: audit, match: process.user.id == 0}
        - {id: no-port, on: network.bind, action: deny, match: 'source.port == 22 && process.user.id != 0'}
        - {id: no-shell, on: process.exec, action: kill, subject: {executable: /bin/sh}}
        - {id: no-caps, on: process.exec, action: kill, match: 'math.bitAnd(process.capabilities, 0x8000000000u) != 0u'}
        - {id: never, on: process.exec, action: kill, mode: "off"}
    """

  static let cases = """
    apiVersion: merops/v1
    kind: PolicyTest
    cases:
      - name: the database is reached
        on: network.connect
        cgroup: /system.slice/nginx.service
        given: {destination.address: 10.1.0.7, destination.port: 5432, process.user.id: 33}
        expect: allow
        rule: web/database
        told: []
      - name: nobody else is, from a cgroup below and by UDP
        on: network.connect
        cgroup: /system.slice/nginx.service/worker/1
        given: {destination.address: "::ffff:10.1.0.7", destination.port: 53, network.transport: udp, process.user.id: 0}
        expect: deny
        rule: web/nobody-else
        told: web/watch
      - name: others may
        on: network.connect
        cgroup: /system.slice/nginx.service2
        given: {destination.address: "2001:db8::1", destination.port: 443}
        expect: allow
        rule: none
      - name: a port is bound
        on: network.bind
        given: {source.address: "::", source.port: 22, process.user.id: 33}
        expect: deny
        rule: web/no-port
      - name: a port is bound by a user who is not known
        on: network.bind
        given: {source.address: 0.0.0.0, source.port: 22}
        expect: deny
        rule: web/no-port
        uncertain: true
      - name: no shell is started
        on: process.exec
        given: {process.executable.path: /bin/sh, process.capabilities: 0}
        expect: kill
        rule: web/no-shell
      - name: a capability that needs more than 32 bits
        on: process.exec
        given: {process.executable.path: /bin/true, process.capabilities: 0x8000000000}
        expect: kill
        rule: web/no-caps
    """

  private static func run(_ cases: String, _ policy: String = Self.policy) throws -> CaseRun {
    let folder = try OwnFolder()
    try Data(policy.utf8).write(to: folder.url.appending(path: "web.yaml"))
    var texts = PolicySources()
    return try CaseRun((folder.url.path + "/web.test.yaml", cases), &texts)
  }

  @Test func casesPass() throws {
    let run = try Self.run(Self.cases)
    #expect(run.results.count == 7)
    for result in run.results { #expect(result.isPassed, "\(result.policyCase.name): \(result.description)") }
    #expect(run.unreached.isEmpty)
  }

  /// What makes a case fail, by what is put in place of what.
  static let failures: [(text: String, replacement: String, name: String, message: String)] = [
    (
      "rule: web/nobody-else", "rule: web/database", "nobody else is, from a cgroup below and by UDP",
      "expected deny by web/database, told by web/watch; got deny by web/nobody-else, told by web/watch"
    ),
    (
      "expect: allow\n    rule: none", "expect: deny", "others may",
      "expected deny; got allow by no rule"
    ),
    ("rule: none", "rule: web/nobody-else", "others may", "expected allow by web/nobody-else; got allow by no rule"),
    (
      "process.user.id: 33}\n    expect: deny", "process.parent_pid: 1}\n    expect: deny", "a port is bound",
      "expected deny by web/no-port; got deny by web/no-port, uncertain (the case does not give process.user.id)"
    ),
    (
      "told: []", "told: web/watch", "the database is reached",
      "expected allow by web/database, told by web/watch; got allow by web/database, told by none"
    ),
    (
      ", process.capabilities: 0}", ", process.capabilities: 0x8000000000}", "no shell is started",
      "expected kill by web/no-shell; got kill by web/no-caps"
    ),
  ]

  @Test(arguments: failures.indices) func aCaseFails(_ index: Int) throws {
    let (text, replacement, name, message) = Self.failures[index]
    #expect(Self.cases.contains(text))
    let range = try #require(Self.cases.range(of: text))
    let failed = try Self.run(Self.cases.replacingCharacters(in: range, with: replacement)).results.filter {
      !$0.isPassed
    }
    #expect(failed.map(\.policyCase.name) == [name] && failed.map(\.description) == [message], "\(failed)")
  }

  @Test func rulesWithoutACaseAreTold() throws {
    let end = try #require(Self.cases.range(of: "  - name: a port is bound\n"))
    #expect(
      try Self.run(String(Self.cases[..<end.lowerBound])).unreached == ["web/no-caps", "web/no-port", "web/no-shell"])
  }

  /// Rules that events are asked about have cases, too: of acts that no hook decides, and by fields that no hook knows.
  @Test func casesAskRulesThatOnlyTell() throws {
    let policy = """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: told}
      spec:
        rules:
          - {id: dash-e, on: process.exec, action: audit, match: 'process.command_args.exists(a, a == "-e")'}
          - {id: listens, on: network.listen, action: audit, subject: {cgroup: /a}, match: source.port == 4444u}
          - {id: miners, on: dns.query, action: audit, match: 'dns.question.name.endsWith(".pool.example")'}
      """
    let cases = """
      apiVersion: merops/v1
      kind: PolicyTest
      cases:
        - name: an argument
          on: process.exec
          given: {process.executable.path: /usr/bin/nc, process.command_args: [nc, -e, sh]}
          expect: allow
          told: told/dash-e
        - name: no argument
          on: process.exec
          given: {process.command_args: []}
          expect: allow
          told: []
        - name: a listener below
          on: network.listen
          cgroup: /a/b
          given: {source.address: 0.0.0.0, source.port: 4444}
          expect: allow
          told: told/listens
        - name: a listener elsewhere
          on: network.listen
          given: {source.port: 4444}
          expect: allow
          told: []
        - name: a miner
          on: dns.query
          given: {dns.question.name: eu.pool.example}
          expect: allow
          rule: none
          told: told/miners
      """
    let run = try Self.run(cases, policy)
    #expect(run.results.count == 5 && run.unreached.isEmpty)
    for result in run.results { #expect(result.isPassed, "\(result.policyCase.name): \(result.description)") }
    for (text, replacement, message) in [
      ("[nc, -e, sh]", "{a: b}", "`given.process.command_args` has to be one value"),
      ("dns.question.name: eu", "dns.question.nam: eu", "no field of `dns.query`; did you mean `dns.question.name`?"),
      ("on: network.listen", "on: network.listem", "did you mean `network.listen`?"),
    ] {
      let wrong = cases.replacingOccurrences(of: text, with: replacement)
      let error = #expect(throws: PolicyProblem.self) { try Self.run(wrong, policy) }
      #expect(error?.described(in: wrong).contains(message) == true, "\(error?.described(in: wrong) ?? "")")
    }
  }

  /// A compiler's fault would show in a case: another policy makes the same cases fail.
  @Test func casesAskThePolicy() throws {
    let run = try Self.run(Self.cases, Self.policy.replacingOccurrences(of: "== 5432", with: "== 5433"))
    #expect(run.results.map(\.isPassed) == [false, true, true, true, true, true, true])
    #expect(run.results[0].decision.rule == "web/nobody-else")
  }

  static let mistakes: [(text: String, replacement: String, message: String)] = [
    ("merops/v1", "merops/v2", ":1:13: `apiVersion` has to be `merops/v1`, not `merops/v2`."),
    ("kind: PolicyTest", "kind: PolicyTests", ":2:7: `kind` has to be `PolicyTest`, not `PolicyTests`."),
    ("kind: PolicyTest", "kind: Policy", ":1:1: the file is a policy, and has no cases."),
    ("    rule: none", "    rul: none", "there is no key `rul`; did you mean `rule`?"),
    ("expect: kill", "expect: kil", "`expect` cannot be `kil`; did you mean `kill`?"),
    ("expect: kill", "expect: audit", "`expect` cannot be `audit`"),
    ("rule: web/database", "rule: web/databse", ":9:11: there is no rule `web/databse`; did you mean `web/database`?"),
    ("told: web/watch", "told: web/wach", "there is no rule `web/wach`; did you mean `web/watch`?"),
    (
      "destination.address: 10.1.0.7", "destination.adress: 10.1.0.7",
      ":7:13: `destination.adress` is no field of `network.connect`; did you mean `destination.address`?"
    ),
    ("destination.address: 10.1.0.7", "destination.address: nginx", "has to be an address, not `nginx`"),
    ("destination.address: 10.1.0.7, ", "", "`given` has to have `destination.address` in a case on `network.connect`"),
    ("destination.port: 5432", "destination.port: 65536", "has to be a number from 0 to 65535, not `65536`"),
    ("network.transport: udp", "network.transport: upd", "cannot be `upd`; did you mean `udp`?"),
    ("process.executable.path: /bin/sh", "process.executable.path: sh", "has to be an absolute path"),
    ("process.executable.path: /bin/sh", "process.executable.inode: 7", "without `process.executable.path`"),
    ("on: process.exec", "on: process.exce", "did you mean `process.exec`?"),
    ("cgroup: /system.slice/nginx.service2", "cgroup: nginx", "has to be a directory below the root of cgroup v2"),
    ("uncertain: true", "uncertain: maybe", "`uncertain` has to be `true` or `false`"),
    ("  - name: others may\n    on", "  - on", "the key `name` is missing"),
    ("cases:", "policies: other.yaml\ncases:", "other.yaml cannot be read"),
    ("cases:", "policies: []\ncases:", ":3:11: `policies` has to have one value at least"),
    ("cases:", "case:", "there is no key `case`; did you mean `cases`?"),
    ("cases:", "\tcases:", ":3:1: while scanning"),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsShownWhereItIs(_ index: Int) throws {
    let (part, replacement, message) = Self.mistakes[index]
    let text = try #require(
      Self.cases.range(of: part).map { Self.cases.replacingCharacters(in: $0, with: replacement) })
    let error = #expect(throws: PolicyProblem.self) { try Self.run(text) }
    #expect(error?.described(in: text).contains(message) == true, "\(error?.described(in: text) ?? "no error")")
  }

  @Test(arguments: ["", "# nothing", "[]", "a", "{}", "\u{0}", "a: &a [*a]", "kind: PolicyTest\n---\nkind: PolicyTest"])
  func whatIsNoCaseIsAnError(_ text: String) { #expect(throws: PolicyProblem.self) { try Self.run(text) } }

  @Test func casesAreNoPolicy() {
    let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(Self.cases, name: "web.test.yaml") }
    #expect(error?.description.hasPrefix("web.test.yaml:1:1: the file has cases, and no policy.") == true)
  }

  /// What the reader knows the schema knows, and the other way round.
  @Test func theSchemaHasTheReadersKeys() throws {
    let schema = try #require(try JSONSerialization.jsonObject(with: Data(PolicySchema.cases.utf8)) as? [String: Any])
    let properties = try #require(schema["properties"] as? [String: Any])
    let branches = (properties["cases"] as? [String: Any])?["anyOf"] as? [[String: Any]]
    let ofCase = try #require(branches?.first?["properties"] as? [String: Any])
    for (text, replacement, keys) in [
      ("kind: PolicyTest", "kind: PolicyTest\nzzzzzzzz: 1", properties.keys),
      ("    told: []", "    told: []\n    zzzzzzzz: 1", ofCase.keys),
    ] {
      let range = try #require(Self.cases.range(of: text))
      let error = #expect(throws: PolicyProblem.self) {
        try Self.run(Self.cases.replacingCharacters(in: range, with: replacement))
      }
      let known = error?.hint?.replacingOccurrences(of: "Known: ", with: "").components(separatedBy: ", ") ?? []
      #expect(!known.isEmpty && Set(known) == Set(keys))
    }
  }

  /// A directory of policies may have cases beside them.
  @Test func casesLieBesidePolicies() throws {
    let folder = try OwnFolder()
    for (name, text) in [("web.yaml", Self.policy), ("web.test.yaml", Self.cases)] {
      try Data(text.utf8).write(to: folder.url.appending(path: name))
    }
    var (policies, cases) = (PolicySources(), PolicySources())
    try policies.add(path: folder.url.path)
    try cases.add(path: folder.url.path, cases: true)
    #expect(try policies.set().policies.map(\.name) == ["web"])
    #expect(cases.texts.map(\.text) == [Self.cases])
  }
}
