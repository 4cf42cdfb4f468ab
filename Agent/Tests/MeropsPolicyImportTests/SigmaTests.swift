// SPDX-License-Identifier: Apache-2.0

import MeropsPolicyImport
import Testing

struct SigmaTests {
  private static func rule(_ detection: String, category: String = "process_creation", more: String = "") -> String {
    """
    title: One
    logsource: {product: linux, category: \(category)}
    level: high
    tags: [attack.execution, attack.t1059.004]
    falsepositives: [Unknown, 'A "backup", it''s said']
    \(more)
    detection:
    \(detection.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    """
  }

  private static let program = "process.executable.path.lowerAscii()"
  private static let line = #"process.command_args.join(" ").lowerAscii()"#

  /// What a detection becomes.
  @Test(arguments: [
    ("selection: {Image|endswith: /NC}\ncondition: selection", "\(program).endsWith(\"/nc\")"),
    (
      "selection: {Image: [/bin/a, /bin/b]}\ncondition: selection",
      "\(program) == \"/bin/a\" || \(program) == \"/bin/b\""
    ),
    (
      "selection: {CommandLine|contains|all: [' -e ', b]}\ncondition: selection",
      "\(line).contains(\" -e \") && \(line).contains(\"b\")"
    ),
    (
      "selection: {CommandLine|startswith|cased: 'A*b'}\ncondition: selection",
      #"process.command_args.join(" ").glob("A**b**")"#
    ),
    ("selection: {CommandLine: '*x\\*y'}\ncondition: selection", "\(line).endsWith(\"x*y\")"),
    ("selection: {User: root}\ncondition: selection", "process.user.id == 0u"),
    (
      "a_1: {Image: /x}\na_2: {Image: /y}\ncondition: 1 of a_*", "\(program) == \"/x\" || \(program) == \"/y\""
    ),
    ("a: {Image: /x}\nb: {User: root}\ncondition: all of them", "\(program) == \"/x\" && process.user.id == 0u"),
    (
      "a: {Image: /x}\nf: {CurrentDirectory: /y}\ncondition: a and not f",
      "\(program) == \"/x\" && !((has(process.working_directory) && process.working_directory.lowerAscii() == \"/y\"))"
    ),
    (
      "a: {Image: /x}\nb: {CurrentDirectory: null}\ncondition: a or b",
      "\(program) == \"/x\" || !(has(process.working_directory))"
    ),
    (
      "a: {ParentImage|endswith: [/p, /q]}\ncondition: a",
      #"process.ancestors.exists(p, p.pid == process.parent_pid && (p.executable.path.lowerAscii().endsWith("/p") || p.executable.path.lowerAscii().endsWith("/q")))"#
    ),
    (
      "a:\n  - Image: /x\n  - User: root\n    Image: /y\ncondition: a",
      "\(program) == \"/x\" || (process.user.id == 0u && \(program) == \"/y\")"
    ),
  ]) func detectionsAreTranslated(_ detection: String, _ expected: String) throws {
    #expect(try conditions(Self.rule(detection), .sigma) == [expected])
  }

  @Test func otherCategories() throws {
    #expect(
      try conditions(
        Self.rule(
          "s: {DestinationIp|cidr: 10.0.0.0/8, DestinationPort: [80, 443], Initiated: 'true'}\ncondition: s",
          category: "network_connection"), .sigma)
        == [#"destination.address in "10.0.0.0/8" && (destination.port == 80u || destination.port == 443u)"#])
    #expect(
      try conditions(Self.rule("s: {QueryName|endswith: .Onion}\ncondition: s", category: "dns_query"), .sigma)
        == [#"dns.question.name.lowerAscii().endsWith(".onion")"#])
    let files = try imported(
      Self.rule("s: {TargetFilename|startswith: /etc/cron}\ncondition: s", category: "file_event"), .sigma)
    #expect(
      files.text.contains("on: [file.create, file.write]") && files.text.contains("math.bitAnd(file.flags, 0x200u)"))
  }

  @Test func whatIsKnownOfARuleIsKept() throws {
    let result = try imported(Self.rule("s: {Image: /x}\ncondition: s"), .sigma)
    for line in [
      "mode: audit", "severity: high", "attack: {technique: T1059.004, tactic: 'execution'}", "message: 'One'",
      #"falsePositives: 'A "backup", it''s said'"#,
    ] { #expect(result.text.contains(line)) }
    #expect(result.imported.map(\.ids) == [["one"]])
  }

  /// What cannot be said whole is refused, with its reason.
  @Test(arguments: [
    ("s: {Image|re: '.*x'}\ncondition: s", "regular expressions"), ("s: {Hashes: x}\ncondition: s", "field Hashes"),
    ("s: {Image|base64: x}\ncondition: s", "modifier base64"), ("s: {User: www-data}\ncondition: s", "field User"),
    ("s: [word, other]\ncondition: s", "keywords"), ("s: {Image: /x?}\ncondition: s", "wildcards"),
    ("s: {Image: /Ä}\ncondition: s", "letters"), ("s: {Image: /x}\ncondition: s | count() > 3", "aggregation"),
    ("s: {Image: /x}\ncondition: 2 of s*", "aggregation"), ("s: {Image: /x}\ncondition: s and t", "form"),
    ("s: {Image: /x}\ncondition: s and (", "form"), ("s: {Image: /x}\ncondition: not", "form"),
    ("s: {Image: /x}\ntimeframe: 5m\ncondition: s", "aggregation"), ("s: {Image: {a: b}}\ncondition: s", "form"),
    ("s: {Image: /x}", "form"),
  ]) func whatCannotBeSaidIsRefused(_ detection: String, _ cause: String) throws {
    let result = try imported(Self.rule(detection), .sigma)
    #expect(result.refused.map(\.cause) == [cause] && result.text.isEmpty, "\(result.refused)")
  }

  @Test func otherLogsAreRefused() throws {
    for source in [
      "{product: windows, category: process_creation}", "{product: linux, service: auditd}",
      "{product: linux, category: x}",
    ] {
      let text = "title: a\nlogsource: \(source)\ndetection: {s: {Image: /x}, condition: s}"
      #expect(try imported(text, .sigma).refused.map(\.cause) == ["log source"])
    }
  }
}
