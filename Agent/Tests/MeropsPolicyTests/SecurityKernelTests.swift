// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsModel
import MeropsPolicy
import Testing

/// Every act that a hook of security modules decides about, done and denied.
@Suite(
  .serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"),
  .enabled(if: PolicyHook.fileOpen.runningMethod.method != nil, "\(PolicyHook.fileOpen.runningMethod.refusal)"))
struct SecurityKernelTests {
  /// An act at one hook: a rule denies it, and what is like it goes on.
  struct Case: Sendable {
    var hook: PolicyHook
    var match: String?
    var denied: (String, String, String)
    /// Another one, and what the kernel says to it.
    var other: (String, String, String)
    var answer: Int32 = 0
    /// What the verdict tells of it, besides the path.
    var told: [Field: UInt64] = [:]
  }

  /// `D` is a folder of the test's; `P` a process that does nothing.
  static let cases: [Case] = [
    Case(
      hook: .fileCreate, match: "file.path == 'D/new'", denied: ("create", "D/new", "-"),
      other: ("create", "D/other", "-")),
    Case(
      hook: .fileCreate, match: "file.path == 'D/pipe'", denied: ("mknod", "D/pipe", "-"),
      other: ("mknod", "D/pipe2", "-")),
    Case(
      hook: .directoryCreate, match: "file.path.endsWith('/dir')", denied: ("mkdir", "D/dir", "-"),
      other: ("mkdir", "D/dir2", "-")),
    Case(hook: .fileUnlink, match: "file.path == 'D/a'", denied: ("unlink", "D/a", "-"), other: ("unlink", "D/b", "-")),
    Case(
      hook: .directoryRemove, match: "file.path == 'D/full'", denied: ("rmdir", "D/full", "-"),
      other: ("rmdir", "D/empty", "-")),
    Case(
      hook: .fileRename, match: "file.target_path == 'D/taken'", denied: ("rename", "D/a", "D/taken"),
      other: ("rename", "D/b", "D/free")),
    Case(
      hook: .fileRename, match: "file.path == 'D/a'", denied: ("rename", "D/a", "D/free"),
      other: ("rename", "D/b", "D/free")),
    // Both change places: the second one is only the target.
    Case(
      hook: .fileRename, match: "file.path == 'D/b' || file.target_path == 'D/b'", denied: ("exchange", "D/a", "D/b"),
      other: ("exchange", "D/a", "D/c")),
    Case(
      hook: .fileLink, match: "file.path == 'D/a'", denied: ("link", "D/a", "D/hard"),
      other: ("link", "D/b", "D/hard2")),
    Case(
      hook: .fileSymlink, match: "file.path == 'D/soft'", denied: ("symlink", "/etc/passwd", "D/soft"),
      other: ("symlink", "/etc/passwd", "D/soft2")),
    Case(
      hook: .fileMode, match: "math.bitAnd(file.mode, 0x800u) != 0u", denied: ("chmod", "D/a", "4755"),
      other: ("chmod", "D/a", "755"), told: [.fileMode: 0o4755]),
    Case(
      hook: .fileOwner, match: "file.path == 'D/a' && file.uid == 1u", denied: ("chown", "D/a", "-"),
      other: ("chown", "D/b", "-"), told: [.fileOwner: 1]),
    Case(
      hook: .fileTruncate, match: "file.path == 'D/a'", denied: ("truncate", "D/a", "-"),
      other: ("truncate", "D/b", "-")),
    Case(hook: .fileMap, match: "file.path == 'D/a'", denied: ("map", "D/a", "-"), other: ("map", "D/b", "-")),
    Case(
      hook: .execCheck, match: "process.executable.path == 'D/program'", denied: ("exec", "D/program", "-"),
      other: ("exec", "D/program2", "-")),
    Case(
      hook: .mount, match: "file.path == 'D/full'", denied: ("mount", "tmpfs", "D/full"),
      other: ("mount", "tmpfs", "D/empty")),
    Case(
      hook: .unmount, match: "file.path == 'D/mounted'", denied: ("umount", "D/mounted", "-"),
      other: ("umount", "D/empty", "-"), answer: EINVAL),
    Case(
      hook: .signal, match: "signal.number == 10u", denied: ("signal", "P", "10"), other: ("signal", "P", "0"),
      told: [.signalNumber: 10]),
    Case(hook: .trace, match: "target.pid == Pu", denied: ("attach", "P", "-"), other: ("peek", "P", "-")),
    Case(
      hook: .trace, match: "target.pid == Pu", denied: ("descriptor", "P", "0"), other: ("attach", "1", "-")),
    Case(
      hook: .moduleBytes, match: nil, denied: ("modulebytes", "-", "-"), other: ("open", "D/a", "-")),
    Case(
      hook: .bpfLoad, match: "bpf.type == 1u", denied: ("program", "-", "-"), other: ("array", "-", "-"),
      told: [.bpfType: 1]),
  ]

  /// One after the other, by the same hooks: each one stays where it was attached.
  @Test func everyActIsDenied() throws {
    let group = try OwnCgroup()
    let enforcement = try Enforcement(cgroup: group.path)
    for each in Self.cases { try deny(each, group, enforcement) }
    // What was refused has left nothing that decides.
    #expect(try Deeds.done(in: group, "open", "/etc/passwd") == 0)
  }

  private func deny(_ each: Case, _ group: OwnCgroup, _ enforcement: Enforcement) throws {
    let folder = try OwnFolder()
    let path = folder.url.path
    for name in ["a", "b", "c", "taken"] { try Data("x".utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    for name in ["full", "empty", "mounted"] { mkdir("\(path)/\(name)", 0o755) }
    for name in ["program", "program2"] {
      try FileManager.default.copyItem(
        atPath: URL(filePath: "/bin/true").resolvingSymlinksInPath().path, toPath: "\(path)/\(name)")
    }
    let idle = Process()
    idle.executableURL = URL(filePath: "/bin/sleep")
    idle.arguments = ["600"]
    try idle.run()
    defer {
      kill(idle.processIdentifier, SIGKILL)
      umount2("\(path)/mounted", Int32(MNT_DETACH))
    }
    if each.hook == .unmount {
      try #require(mount("tmpfs", "\(path)/mounted", "tmpfs", 0, nil) == 0)
    }
    func filled(_ text: String) -> String {
      text == "P" ? "\(idle.processIdentifier)" : text.replacingOccurrences(of: "D/", with: path + "/")
    }
    func filled(_ deed: (String, String, String)) -> Deeds.Deed { (deed.0, filled(deed.1), filled(deed.2)) }
    let match = each.match.map {
      ", match: \"\(filled($0.replacingOccurrences(of: "Pu", with: "\(idle.processIdentifier)u")))\""
    }
    let rules = "- {id: no, on: \(each.hook.acts[0].name), action: deny, require: deny\(match ?? "")}"
    let (method, refusal) = each.hook.runningMethod
    guard let method else {
      let problem = #expect(throws: PolicyProblem.self) { try enforcement.apply(KernelTests.set(rules)) }
      #expect(!refusal.isEmpty && problem.map { "\($0)".contains(refusal) } == true)
      print("\(each.hook): not on this kernel: \(refusal)")
      return
    }
    try enforcement.apply(KernelTests.set(rules))
    print("\(each.hook): \(each.hook.place(method))")
    #expect(try Deeds.done(in: group, [filled(each.denied)]) == [EPERM], "\(each.hook)")
    let verdict = try #require(try FileKernelTests.verdicts(enforcement, 1).first)
    #expect(verdict.rule?.name == "test/no" && verdict.hook == each.hook && verdict.method == method)
    #expect(!verdict.isUnknown && !verdict.isAudit)
    for (field, value) in each.told { #expect(verdict.numbers[field] == value) }
    if let paths = each.hook.security?.paths, !paths.isEmpty {
      // What the act is about is one of the things that were said.
      let named = [filled(each.denied).first, filled(each.denied).second]
      let told = [verdict.path, verdict.target].compactMap { $0?.description }
      #expect(told.allSatisfy(named.contains), "\(told)")
      #expect(verdict.path != nil && (verdict.target != nil) == (paths.count == 2))
    }
    #expect(try Deeds.done(in: group, [filled(each.other)]) == [each.answer], "\(each.hook)")
    try enforcement.apply(PolicySet([]))
    // The module is none: the kernel says so.
    let free: Int32 = each.hook == .moduleBytes ? ENOEXEC : 0
    #expect(try Deeds.done(in: group, [filled(each.denied)]) == [free], "\(each.hook)")
  }

  /// Starting a program is denied, or who started it is killed: whichever rule comes first.
  @Test func denyingAndKillingHaveOneOrder() throws {
    let group = try OwnCgroup()
    let folder = try OwnFolder()
    let path = folder.url.path
    for name in ["denied", "killed", "spared"] {
      try FileManager.default.copyItem(
        atPath: URL(filePath: "/bin/true").resolvingSymlinksInPath().path, toPath: "\(path)/\(name)")
    }
    let enforcement = try Enforcement(cgroup: group.path)
    try enforcement.apply(
      KernelTests.set(
        """
        - {id: spare, on: process.exec, action: allow, priority: 300, match: 'process.executable.path == "\(path)/spared"'}
        - {id: kill, on: process.exec, action: kill, priority: 200, match: 'process.executable.path == "\(path)/killed"'}
        - {id: deny, on: process.exec, action: deny, priority: 100, match: 'process.executable.path.startsWith("\(path)/")'}
        """))
    let deeds: [Deeds.Deed] = ["denied", "killed", "spared"].map { ("exec", "\(path)/\($0)", "-") }
    #expect(try Deeds.done(in: group, deeds) == [EPERM, 128 + SIGKILL, 0])
    let counts = try enforcement.counts()
    #expect(counts.applied == ["test/spare": 1, "test/kill": 1, "test/deny": 1])
  }

  /// Rules leave out who enforces them: it would end itself.
  @Test func theAgentIsLeftOut() throws {
    let enforcement = try Enforcement(cgroup: OwnCgroup.mount ?? "")
    let folder = try OwnFolder()
    let path = folder.url.path + "/file"
    try Data("x".utf8).write(to: URL(filePath: path))
    try enforcement.apply(
      KernelTests.set(
        """
        - {id: open, on: file.open, action: deny, match: 'file.path == "\(path)"'}
        - {id: load, on: bpf.load, action: deny, subject: {executable: "\(CommandLine.arguments[0])"}}
        """))
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("x".utf8))
    let group = try OwnCgroup()
    #expect(try Deeds.done(in: group, "open", path) == EPERM)
    try enforcement.apply(PolicySet([]))
  }
}
