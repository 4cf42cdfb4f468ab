// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Testing

/// What conditions use by name: macros, and lists of a policy, of files, and of all policies.
@Suite struct NameTests {
  static let policy = """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: web}
    spec:
      lists:
        bad: {file: lists/bad.txt}
        admins: [0, 1000]
      macros:
        isAdmin: process.user.id in admins
        isForeign: "!isAdmin && (destination.address in bad || destination.address in partners)"
      rules:
        - {id: no, on: network.connect, action: deny, match: isForeign && destination.port == 443}
    """
  static let lists = """
    apiVersion: merops/v1
    kind: Lists
    metadata: {name: company}
    spec:
      lists:
        partners: [192.0.2.0/24]
    """
  static let bad = """
    # What nobody should reach.
    198.51.100.7
      203.0.113.0/24   # a network

    2001:db8::/32\r
    """

  private static func sources(
    _ policy: String = Self.policy, lists: String? = Self.lists, bad: String = Self.bad
  ) -> PolicySources {
    var sources = PolicySources()
    sources.add(name: "web.yaml", text: policy, lists: ["lists/bad.txt": bad])
    if let lists { sources.add(name: "lists.yaml", text: lists) }
    return sources
  }

  @Test func namesMeanWhatTheyStandFor() throws {
    let interpreter = try PolicyInterpreter(try Self.sources().set())
    for (address, port, user, action) in [
      ("198.51.100.7", 443, 7, .deny), ("198.51.100.7", 80, 7, .allow), ("198.51.100.7", 443, 1000, .allow),
      ("198.51.100.8", 443, 7, .allow), ("203.0.113.9", 443, 7, .deny), ("2001:db8::9", 443, 7, .deny),
      ("192.0.2.200", 443, 7, .deny),
    ] as [(String, UInt16, UInt64, Action)] {
      var act = PolicyAct(.networkConnect)
      (act.address, act.port, act.numbers) = (try #require(Address(address)), port, [.processUser: user])
      #expect(try interpreter.decide(act).action == action, "\(address):\(port) by \(user)")
    }
  }

  static let mistakes: [(text: String, replacement: String, message: String)] = [
    (
      "process.user.id in admins", "process.user.id in admin",
      "web.yaml:9:33: there is no field `admin`"
    ),
    (
      "process.user.id in admins", "process.usr.id in admins",
      "web.yaml:9:14: there is no field `process.usr.id`; did you mean `process.user.id`?"
    ),
    ("isAdmin: process", "isForeign: process", "the key `isForeign` stands twice"),
    (
      "isAdmin: process.user.id in admins", "isAdmin: '!isForeign'",
      "the macro uses itself: `isAdmin`, which uses `isForeign`"
    ),
    ("isAdmin: process.user.id in admins", "isAdmin: 1 + 1", "a condition is wanted here"),
    ("match: isForeign", "match: isForein", "did you mean `isForeign`?"),
    ("isAdmin: process", "admins: process", "a list and a macro are named `admins`"),
    ("isAdmin: process", "process: process", "a macro cannot be named `process`"),
    ("{file: lists/bad.txt}", "{file: /etc/shadow}", "has to be a path below the policy's directory"),
    ("{file: lists/bad.txt}", "{file: ../bad.txt}", "has to be a path below the policy's directory"),
    ("{file: lists/bad.txt}", "{file: lists/god.txt}", "names lists/god.txt, which did not come with the policy"),
    ("{file: lists/bad.txt}", "{fil: lists/bad.txt}", "did you mean `file`?"),
    (
      "on: network.connect", "on: process.exec",
      "web.yaml:10:30: process.exec has no `destination.address`"
    ),
    ("in partners", "in partner", "did you mean `partners`?"),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsShownWhereItIs(_ index: Int) throws {
    let (part, replacement, message) = Self.mistakes[index]
    let text = try #require(
      Self.policy.range(of: part).map { Self.policy.replacingCharacters(in: $0, with: replacement) })
    let sources = Self.sources(text)
    let error = try #require(#expect(throws: PolicyProblem.self) { try sources.set() })
    #expect(sources.described(error).contains(message), "\(sources.described(error))")
  }

  /// In the macro, and there where it is used.
  @Test func anErrorIsShownInTheMacroAndAtItsUse() throws {
    let text = Self.policy.replacingOccurrences(of: "on: network.connect", with: "on: process.exec")
    let error = try #require(#expect(throws: PolicyProblem.self) { try Self.sources(text).set() })
    let lines = Self.sources(text).described(error).split(separator: "\n")
    #expect(
      lines.contains { $0.hasPrefix("web.yaml:12:") && $0.hasSuffix("the macro `isForeign` is used here") }, "\(lines)")
  }

  @Test func whatIsWrongInAListIsShownThere() throws {
    var sources = Self.sources(bad: "198.51.100.7\n\nnginx\n")
    var error = try #require(#expect(throws: PolicyProblem.self) { try sources.set() })
    #expect(sources.described(error).contains("lists/bad.txt:3: \"nginx\" is not an address"), "\(error)")
    sources = Self.sources(bad: "# nothing\n")
    error = try #require(#expect(throws: PolicyProblem.self) { try sources.set() })
    #expect(sources.described(error) == "lists/bad.txt:1:1: the list has no member.")
    sources = Self.sources(lists: Self.lists + "\n---\n" + Self.lists)
    error = try #require(#expect(throws: PolicyProblem.self) { try sources.set() })
    #expect(sources.described(error).contains("lists.yaml:13:5: two lists are named `partners`"), "\(error)")
    sources = Self.sources(lists: nil)
    error = try #require(#expect(throws: PolicyProblem.self) { try sources.set() })
    #expect(sources.described(error).contains("there is no field `partners`"), "\(error)")
  }

  /// Macros that use macros twice are small to read, and stand for more than a kernel may be asked.
  @Test func macrosStandForSoMuch() throws {
    var text =
      "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  macros:\n    m0: process.user.id == 0\n"
    for number in 1..<30 { text += "    m\(number): m\(number - 1) || m\(number - 1)\n" }
    text += "  rules:\n    - {id: r, on: network.connect, action: deny, match: m29}\n"
    let error = #expect(throws: PolicyProblem.self) { try PolicyFile.read(text, name: "p.yaml") }
    #expect(error?.message.contains("stands for too much") == true)
  }

  /// Lists are read beside the file that names them.
  @Test func listsAreReadBesideTheirPolicy() throws {
    let folder = try OwnFolder()
    try FileManager.default.createDirectory(at: folder.url.appending(path: "lists"), withIntermediateDirectories: false)
    for (name, text) in [("web.yaml", Self.policy), ("shared.yml", Self.lists), ("lists/bad.txt", Self.bad)] {
      try Data(text.utf8).write(to: folder.url.appending(path: name))
    }
    var sources = PolicySources()
    try sources.add(path: folder.url.path)
    #expect(try sources.set().rules.count == 1)
    #expect(sources.lists[folder.url.path + "/web.yaml"] == ["lists/bad.txt": Self.bad])
    try FileManager.default.removeItem(at: folder.url.appending(path: "lists/bad.txt"))
    var others = PolicySources()
    let error = #expect(throws: PolicyProblem.self) { try others.add(path: folder.url.path) }
    #expect(error?.message.contains("lists/bad.txt cannot be read") == true)
  }
}
