// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsEnforcement
import MeropsModel
import MeropsPolicy
import Testing

/// Other ways to what a rule forbids: which of them it closes, and which another rule closes. docs/policies.md has the same table.
@Suite(
  .serialized, .enabled(if: geteuid() == 0 && OwnCgroup.mount != nil, "needs root and cgroup v2"),
  .enabled(
    if: PolicyHook.fileOpen.runningMethod.method != nil, "\(PolicyHook.fileOpen.runningMethod.refusal)"))
struct EscapeKernelTests {
  /// What a rule by path makes of each way, and what one by inode does.
  @Test func waysToAFile() throws {
    let group = try OwnCgroup()
    let folder = try OwnFolder()
    let path = folder.url.path
    let secret = path + "/secret"
    mkdir(path + "/sub", 0o755)
    let deep = path + String(repeating: "/directory", count: 60)
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
    let lines = path + "/two\nlines"
    func renew() throws {
      for name in ["hard", "moved", "secret", "soft"] { unlink("\(path)/\(name)") }
      for file in [secret, deep + "/secret", lines] { try Data("x".utf8).write(to: URL(filePath: file)) }
      link(secret, path + "/hard")
      symlink("secret", path + "/soft")
    }
    let enforcement = try Enforcement(cgroup: group.path)
    let (byPath, byInode, byName) = (
      "file.path == \"\(secret)\"",
      { () -> String in
        var facts = stat()
        stat(secret, &facts)
        return "file.inode == \(facts.st_ino)u && file.device == \(facts.st_dev)u"
      }, "file.path.endsWith(\"/secret\") || file.path.endsWith(\"/two\\nlines\")"
    )
    let ways: [(way: String, deed: Deeds.Deed, path: Int32?, inode: Int32, name: Int32?)] = [
      ("its name", ("open", secret, "-"), EPERM, EPERM, EPERM),
      ("symbolic link", ("open", path + "/soft", "-"), EPERM, EPERM, EPERM),
      ("relative path", ("relative", path, "sub/../secret"), EPERM, EPERM, EPERM),
      ("/proc/self/root", ("open", "/proc/self/root" + secret, "-"), EPERM, EPERM, EPERM),
      ("/proc/self/fd of an O_PATH", ("path", secret, "-"), EPERM, EPERM, EPERM),
      ("openat2", ("openat2", secret, "-"), EPERM, EPERM, EPERM),
      ("chroot", ("chroot", path, "/secret"), EPERM, EPERM, EPERM),
      // The kernel finds any of the file's names, or none.
      ("open_by_handle_at", ("handle", secret, "-"), nil, EPERM, nil),
      ("io_uring", ("ring", secret, "-"), EPERM, EPERM, EPERM),
      ("unlinked", ("unlinked", secret, "-"), EPERM, EPERM, EPERM),
      // By another name it is another file to a rule by path.
      ("hard link", ("open", path + "/hard", "-"), 0, EPERM, 0),
      ("bind mount", ("bound", secret, path + "/sub"), 0, EPERM, EPERM),
      ("a path that is too long", ("open", deep + "/secret", "-"), 0, 0, EPERM),
      ("a name of two lines", ("open", lines, "-"), 0, 0, EPERM),
    ]
    for way in ways {
      for (kind, expected) in [(byPath, way.path), ("inode", way.inode), (byName, way.name)] {
        guard let expected else { continue }
        try renew()
        let match = kind == "inode" ? byInode() : kind
        try enforcement.apply(KernelTests.set("- {id: no, on: file.open, action: deny, match: '\(match)'}"))
        let error = try Deeds.done(in: group, [way.deed])[0]
        // A kernel may be built without io_uring, or not let it be used.
        if way.deed.kind == "ring", error == ENOSYS { continue }
        #expect(error == expected, "\(way.way) by \(match)")
      }
    }
    // What is renamed has another name; that can be forbidden as well.
    try renew()
    try enforcement.apply(KernelTests.set("- {id: no, on: file.open, action: deny, match: '\(byPath)'}"))
    #expect(
      try Deeds.done(in: group, [("rename", secret, path + "/moved"), ("open", path + "/moved", "-")]) == [0, 0])
    try renew()
    try enforcement.apply(
      KernelTests.set("- {id: no, on: [file.open, file.rename, file.link], action: deny, match: '\(byPath)'}"))
    #expect(
      try Deeds.done(in: group, [("rename", secret, path + "/moved"), ("link", secret, path + "/link")])
        == [EPERM, EPERM])
  }

  /// What leads to a program whose start is denied: by that rule, or by one about its file.
  @Test func waysToAProgram() throws {
    let group = try OwnCgroup()
    let folder = try OwnFolder()
    let path = folder.url.path
    let (program, script) = (path + "/program", path + "/script")
    try FileManager.default.copyItem(
      atPath: URL(filePath: "/bin/true").resolvingSymlinksInPath().path, toPath: program)
    try Data("#!/bin/true\n".utf8).write(to: URL(filePath: script))
    chmod(script, 0o755)
    symlink("program", path + "/soft")
    link(program, path + "/hard")
    let loaders = try FileManager.default.contentsOfDirectory(atPath: "/lib64")
    let loader = try #require(loaders.first { $0.hasPrefix("ld-") })
    let enforcement = try Enforcement(cgroup: group.path)
    let ways: [(way: String, deed: Deeds.Deed, start: Int32, file: Int32)] = [
      ("its name", ("exec", program, "-"), EPERM, EPERM),
      ("symbolic link", ("exec", path + "/soft", "-"), EPERM, EPERM),
      ("execveat of an O_PATH", ("execat", program, "-"), EPERM, EPERM),
      ("script", ("exec", script, "-"), EPERM, EPERM),
      // Another program reads it: the rule about starting is about that one.
      ("interpreter", ("exec", "/bin/sh", script), 0, 2),
      ("ld.so FILE", ("exec", "/lib64/" + loader, program), 0, 127),
      ("a copy in memory", ("memory", program, "-"), 0, EPERM),
      ("hard link", ("exec", path + "/hard", "-"), 0, 0),
    ]
    for isStart in [true, false] {
      let (act, field) = isStart ? ("process.exec", "process.executable.path") : ("file.open", "file.path")
      let match = "\(field) in [\"\(program)\", \"\(script)\"]"
      try enforcement.apply(KernelTests.set("- {id: no, on: \(act), action: deny, match: '\(match)'}"))
      for way in ways {
        let error = try Deeds.done(in: group, [way.deed])[0]
        #expect(error == (isStart ? way.start : way.file), "\(way.way) by \(isStart ? "process.exec" : "file.open")")
      }
    }
    // What is run has to become memory that can be run.
    try enforcement.apply(
      KernelTests.set("- {id: no, on: file.mmap_exec, action: deny, match: 'file.path == \"\(program)\"'}"))
    #expect(try Deeds.done(in: group, "exec", "/lib64/" + loader, program) == 127)
  }
}
