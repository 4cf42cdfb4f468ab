// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsModel
import MeropsPolicy
import Testing

/// Policies in the running kernel, in cgroups that the test makes.
@Suite(.serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"))
struct KernelTests {
  static func set(_ rules: String, name: String = "test") throws -> PolicySet {
    let text = """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: \(name)}
      spec:
        rules:
      \(rules.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
      """
    return try PolicySet(try PolicyFile.read(text, name: "test.yaml"))
  }

  private static func verdicts(_ enforcement: Enforcement, _ count: Int) throws -> [PolicyVerdict] {
    var verdicts: [PolicyVerdict] = []
    while verdicts.count < count {
      guard try enforcement.readVerdicts(timeout: .seconds(60), { verdicts.append($0) }) > 0 else { break }
    }
    return verdicts
  }

  @Test func aRuleDeniesOneProgramInOneCgroup() throws {
    let (group, other) = (try OwnCgroup(), try OwnCgroup())
    let folder = try OwnFolder()
    let copy = folder.url.appending(path: "other")
    try FileManager.default.copyItem(at: Connector.path, to: copy)
    let enforcement = try Enforcement(cgroup: group.path)
    let everything = [
      "127.0.0.66/9/udp", "127.0.0.66/9/send", "::1/9/udp", "::ffff:127.0.0.66/9/udp", "127.0.0.1/1/tcp",
    ]
    func connect(_ program: URL = Connector.path, in group: OwnCgroup) throws -> [Int32] {
      try Connector.connect(
        in: group, everything[0], everything[1], everything[2], everything[3], everything[4], program: program)
    }
    let free: [Int32] = [0, 0, 0, 0, ECONNREFUSED]
    #expect(try connect(in: group) == free)
    let applied = try enforcement.apply(
      Self.set(
        """
        - id: no-connect
          on: network.connect
          subject: {executable: "\(Connector.path.path)", cgroup: \(group.name)}
          action: deny
        """))
    #expect(applied.ruleCount == 1)
    #expect(try connect(in: group) == [EPERM, EPERM, EPERM, EPERM, EPERM])
    #expect(try connect(in: other) == free)
    #expect(try connect(copy, in: group) == free)
    let verdicts = try Self.verdicts(enforcement, 5)
    #expect(verdicts.map { $0.rule?.name } == Array(repeating: "test/no-connect", count: 5))
    #expect(verdicts.map(\.hook) == [.connect4, .send4, .connect6, .connect6, .connect4])
    #expect(verdicts.map(\.address.description) == ["127.0.0.66", "127.0.0.66", "::1", "127.0.0.66", "127.0.0.1"])
    #expect(verdicts.map(\.port) == [9, 9, 9, 9, 1])
    #expect(verdicts.map(\.transport) == [17, 17, 17, 17, 6])
    #expect(verdicts.allSatisfy { $0.generation == applied.generation && !$0.isUnknown && !$0.isAudit })
    #expect(verdicts.allSatisfy { $0.command == Text("merops-connecto") })
    let counts = try enforcement.counts()
    #expect(counts.applied == ["test/no-connect": 5] && counts.lost == 0 && counts.unknownProcesses == 0)
    try enforcement.apply(PolicySet([]))
    #expect(try connect(in: group) == free)
  }

  /// Addresses that mean this machine, and what stands before it in the precedence.
  @Test func whatIsAskedIsWhatTheKernelWillDo() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(
      Self.set(
        """
        - id: loopback
          on: network.connect
          match: destination.address == "127.0.0.1"
          action: deny
        - id: ports
          on: network.connect
          match: destination.address in "127.0.0.64/26" && destination.port in [1, 2]
          action: deny
        - id: but
          on: network.connect
          match: destination.port == 2 && network.transport == "udp"
          action: allow
          priority: 101
        - id: bound
          on: network.bind
          match: source.port == 4242 && process.user.id == 0 && process.real_user.id == 0
          action: deny
        """))
    #expect(
      try Connector.connect(
        in: group, "0.0.0.0/9/udp", "0.0.0.0/9/send", "::ffff:0.0.0.0/9/udp", "127.0.0.1/9/fast", "127.0.0.2/9/udp",
        "127.0.0.66/1/udp",
        "127.0.0.66/2/udp", "127.0.0.66/2/tcp", "127.0.0.66/3/udp", "127.0.0.1/4242/bind", "::1/4242/bind",
        "127.0.0.1/4243/bind")
        == [EPERM, EPERM, EPERM, EPERM, 0, EPERM, 0, EPERM, 0, EPERM, EPERM, 0])
  }

  @Test func auditTellsAndDeniesNothing() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(
      Self.set(
        """
        - {id: would, on: network.connect, action: deny, mode: audit, match: destination.port == 9}
        - {id: tell, on: network.connect, action: audit}
        - {id: never, on: network.connect, action: deny, mode: "off"}
        """))
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", "127.0.0.66/8/udp") == [0, 0])
    let verdicts = try Self.verdicts(enforcement, 3)
    #expect(verdicts.map { $0.rule?.id } == ["tell", "would", "tell"])
    #expect(verdicts.allSatisfy { $0.isAudit })
  }

  /// A set that cannot be compiled, or that the kernel refuses, changes nothing.
  @Test func whatIsRefusedChangesNothing() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    let first = try enforcement.apply(Self.set("- {id: all, on: network.connect, action: deny}"))
    for rule in [
      "- {id: x, on: network.connect, action: allow, priority: 900, subject: {cgroup: /merops-none}}",
      "- {id: x, on: network.connect, action: allow, priority: 900, match: process.executable.path.contains('a')}",
      "- {id: x, on: network.connect, action: allow, priority: 900, match: source.port == 1}",
      "- {id: x, on: network.connect, action: allow, priority: 900, match: process.name == 'a'}",
      "- {id: x, on: network.connect, action: deny, require: kill}",
      "- {id: x, on: network.connect, action: kill}",
      "- {id: x, on: process.exec, action: deny}",
    ] {
      let set = try Self.set(rule)
      let error = #expect(throws: PolicyProblem.self) { try enforcement.apply(set) }
      #expect(error?.place?.line == 6 && error?.message.contains("test/x") == true)
    }
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp") == [EPERM])
    #expect(try enforcement.counts().generation == first.generation)
  }

  /// Processes that were there before, that fork without exec, and whose program has a long path.
  @Test func programsOfAllProcessesAreKnown() throws {
    let group = try OwnCgroup()
    let loop = try DeedLoop(in: group, denied: "127.0.0.66", allowed: "127.0.0.1")
    while try loop.counts().leaked == 0 { usleep(1000) }
    let enforcement = try Enforcement(cgroup: group.path)
    let text = """
      - {id: mine, on: network.connect, match: 'destination.address == "127.0.0.66"', action: deny,
         subject: {executable: "\(Connector.path.path)"}}
      """
    try enforcement.apply(Self.set(text))
    let before = try loop.counts()
    while try loop.counts().refused < before.refused + 1000 { usleep(1000) }
    let counts = try loop.end()
    // Each of the loop's processes may have been between an act under the set before and its count.
    let processes = UInt64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    #expect(counts.leaked <= before.leaked + processes && counts.wronged == 0, "\(before) \(counts)")
    // What the loop was told may fill the ring: the next verdict has to find room.
    while try enforcement.readVerdicts(timeout: .zero, { _ in }) > 0 {}

    let folder = try OwnFolder()
    var deep = folder.url
    for _ in 0..<30 { deep = deep.appending(path: "directory") }
    try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
    let program = deep.appending(path: "connector")
    try FileManager.default.copyItem(at: Connector.path, to: program)
    // What the kernel has not all of is denied by a rule that it could meet, and by no other.
    try enforcement.apply(Self.set("- {id: x, on: network.connect, action: deny, subject: {executable: /usr/}}"))
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", program: program) == [EPERM])
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp") == [0])
    var told: [Bool] = []
    while told.count < 1 {
      try enforcement.readVerdicts(timeout: .seconds(60)) { if $0.rule?.id == "x" { told.append($0.isUnknown) } }
    }
    #expect(told == [true])
    try enforcement.apply(
      Self.set("- {id: x, on: network.connect, action: deny, subject: {executable: /usr/bin/curl}}"))
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", program: program) == [0])
  }

  /// A program that may not run has run no instruction; others have, and so has the same one elsewhere.
  @Test func aForbiddenProgramIsKilledBeforeItBegins() throws {
    let (group, other) = (try OwnCgroup(), try OwnCgroup())
    let folder = try OwnFolder()
    let forbidden = folder.url.appending(path: "forbidden").path
    try FileManager.default.copyItem(
      atPath: URL(filePath: "/bin/echo").resolvingSymlinksInPath().path, toPath: forbidden)
    func run(_ program: String, in group: OwnCgroup) throws -> String {
      let script = "echo 0 > \"$1/cgroup.procs\"; \"$2\" ran; echo $?"
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", script, "sh", group.path, program]
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      defer { process.waitUntilExit() }
      return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
    let enforcement = try Enforcement(cgroup: group.path)
    #expect(try run(forbidden, in: group) == "ran\n0\n")
    try enforcement.apply(
      Self.set("- {id: no, on: process.exec, action: kill, require: kill, subject: {executable: \(forbidden)}}"))
    for _ in 0..<20 { #expect(try run(forbidden, in: group) == "137\n") }
    #expect(try run("/bin/echo", in: group) == "ran\n0\n")
    #expect(try run(forbidden, in: other) == "ran\n0\n")
    let verdicts = try Self.verdicts(enforcement, 20)
    #expect(verdicts.count == 20 && verdicts.allSatisfy { $0.hook == .exec && $0.command == "forbidden" })
    #expect(try enforcement.counts().applied == ["test/no": 20])
  }

  /// Other ways to the same program; and those that lead to another one, as docs/policies.md says.
  @Test func aProgramIsKnownByItsPathWhateverItIsCalled() throws {
    let group = try OwnCgroup()
    let folder = try OwnFolder()
    let forbidden = folder.url.appending(path: "forbidden").path
    try FileManager.default.copyItem(
      atPath: URL(filePath: "/bin/true").resolvingSymlinksInPath().path, toPath: forbidden)
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(
      Self.set("- {id: no, on: process.exec, action: kill, subject: {executable: \(forbidden)}}"))
    for (way, status) in [
      ("$f", 137), ("ln -s $f link; ./link", 137), ("./forbidden", 137), ("/proc/self/root$f", 137),
      ("exec 3<$f; /proc/self/fd/3", 137), ("printf '#!%s' $f > s; chmod +x s; ./s", 137),
      ("sh -c 'exec ./forbidden'", 137), ("ln $f hard; ./hard", 0), ("cp $f copy; ./copy", 0),
    ] as [(String, Int32)] {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/bash")
      process.currentDirectoryURL = folder.url
      process.arguments = [
        "-c", "echo 0 > \"$1/cgroup.procs\"; f=\(forbidden); (\(way); exit $?) 2>/dev/null; exit $?", "bash",
        group.path,
      ]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == status, "\(way)")
    }
  }

  /// A thousand rules, and a rule with ten thousand addresses: the verifier takes them, and the last one decides.
  @Test func aThousandRulesAreTaken() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    var rules = ""
    for number in 0..<999 {
      rules += "- {id: r\(number), on: network.connect, action: deny, subject: {executable: /opt/program-\(number)}, "
      rules += "match: destination.port != \(number)}\n"
    }
    rules += "- {id: last, on: network.connect, action: deny, priority: 1, match: destination.port == 9}"
    let applied = try enforcement.apply(Self.set(rules))
    #expect(applied.ruleCount == 1000)
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", "127.0.0.66/8/udp", "::1/9/udp") == [EPERM, 0, EPERM])

    let many = (0..<10_000).map { "10.\($0 >> 8).\($0 & 255).0/24" } + ["127.0.0.64/30"]
    let text = """
      apiVersion: merops/v1
      kind: Policy
      metadata: {name: many}
      spec:
        lists: {many: [\(many.joined(separator: ", "))]}
        rules:
          - {id: x, on: network.connect, action: deny, match: destination.address in many}
      """
    let filled = try enforcement.apply(PolicySet(try PolicyFile.read(text, name: "many.yaml")))
    #expect(try Connector.connect(in: group, "127.0.0.66/9/udp", "127.0.0.68/9/udp") == [EPERM, 0])
    if ProcessInfo.processInfo.environment["MEROPS_SWAPS"] != nil {
      print(
        "1,000 rules: \(applied.instructions), loaded in \(applied.loading), flip \(applied.flip), grace \(applied.grace)"
      )
      print("10,001 blocks: loaded in \(filled.loading)")
    }
  }

  /// How many random sets the kernel is asked about.
  private static let sets = ProcessInfo.processInfo.environment["MEROPS_SETS"].flatMap { Int($0) } ?? 60

  /// The third judge. What is asked is what one process can do: it connects to every address.
  @Test func theKernelDecidesAsTheReferenceDoes() throws {
    var random = SeededRandom(seed: 91)
    let scope = try OwnCgroup()
    let (first, second) = (try OwnCgroup(in: scope), try OwnCgroup(in: scope))
    let groups = ["/a": first, "/b": second]
    let enforcement = try Enforcement(cgroup: scope.path)
    var (denied, allowed) = (0, 0)
    for _ in 0..<Self.sets {
      var policies = (0..<3).map { Made.policy("p\($0)", &random) }
      // Those two cgroups alone, and what the program does there.
      for policy in policies.indices {
        policies[policy].rules.removeAll { $0.acts.contains(.processExec) }
        for rule in policies[policy].rules.indices where policies[policy].rules[rule].cgroups.isEmpty {
          policies[policy].rules[rule].cgroups = ["/a", "/b"]
        }
      }
      let set = try PolicySet(policies)
      for policy in policies.indices {
        for rule in policies[policy].rules.indices {
          policies[policy].rules[rule].cgroups = policies[policy].rules[rule].cgroups.compactMap { groups[$0]?.name }
        }
      }
      try enforcement.apply(PolicySet(policies))
      for (name, group) in groups {
        let acts = Made.addresses.flatMap { text -> [Act] in
          guard let address = Address(text) else { return [] }
          return ["udp", "send"].map { kind in
            let isIPv6 = text.contains(":")
            let hook: PolicyHook = kind == "udp" ? (isIPv6 ? .connect6 : .connect4) : isIPv6 ? .send6 : .send4
            return Act(
              hook: hook, address: address, port: Made.ports.randomElement(using: &random) ?? 1, transport: 17,
              path: Connector.path.path, user: 0, cgroup: name)
          }
        }
        let texts = acts.enumerated().map { index, act in
          "\(Made.addresses[index / 2])/\(act.port)/\(index % 2 == 0 ? "udp" : "send")"
        }
        let errors = try Connector.connect(in: group, all: texts)
        for (act, error) in zip(acts, errors) {
          let expected = Reference.denial(of: act, by: set)
          #expect((error == EPERM) == (expected != nil), "\(act) by \(expected?.name ?? "nothing"): \(error)")
          if error == EPERM { denied += 1 } else { allowed += 1 }
        }
      }
    }
    #expect(denied > Self.sets * 4 && allowed > Self.sets * 4)
  }
}
