// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// What is left out by who does it, and by how much of it there is.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct FilterTests {
  /// A folder with a copy of the shell, called `left`.
  private final class Folder {
    let path = NSTemporaryDirectory() + "merops-filter-\(UUID().uuidString)"
    var program: String { path + "/left" }

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: Shell.path, toPath: program)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private struct Told {
    let run: FileSensorTests.Acts
    init(_ script: String, _ change: (inout SensorOptions) -> Void) throws {
      run = try FileSensorTests.Acts(script, change)
    }

    /// Of the script's process and those below.
    private var events: [Event] {
      return run.allEvents.filter {
        $0.process.key.pid == run.pid || $0.process.ancestors.contains { $0.key.pid == run.pid }
      }
    }

    /// The names of the files that were created in the folder, whoever did it.
    var created: [String] {
      events.filter { $0.kind == .fileCreate }.compactMap { "\($0[.filePath] ?? .text(""))".split(separator: "/").last }
        .map { String($0.filter { $0.isLetter || $0.isNumber }) }
    }

    func programs(_ kind: EventKind) -> [String] {
      events.filter { $0.kind == kind }.map { event in
        guard case .text(let path)? = event.process.facts[.processExecutable] else { return "" }
        return String(path.description.split(separator: "/").last ?? "")
      }
    }

    /// The program of whoever started the process that did an act.
    func parent(ofCreating name: String) -> String? {
      let event = events.first { $0.kind == .fileCreate && "\($0[.filePath] ?? .text(""))".contains(name) }
      guard case .text(let path)? = event?.process.parent?.facts[.processExecutable] else { return nil }
      return String(path.description.split(separator: "/").last ?? "")
    }
  }

  /// Those that a program starts are left out, too, until they run another one; and that one has its ancestors.
  @Test func programs() throws {
    let folder = try Folder()
    let told = try Told(
      """
      import subprocess
      subprocess.run(['\(folder.program)', '-c', ': > hidden; (: > below); /bin/sh -c ": > shown"; : > more'], check=True)
      open('own', 'w').close()
      """
    ) { $0.filters.programs = [folder.program, "/no/such/program"] }
    #expect(told.created == ["shown", "own"])
    #expect(!told.programs(.processExec).contains("left") && !told.programs(.processExit).contains("left"))
    #expect(told.programs(.processExec).contains(String(Shell.path.split(separator: "/").last ?? "")))
    #expect(told.parent(ofCreating: "shown") == "left")
  }

  /// A program that ran before the sensors, and one whose file was replaced.
  @Test func programsBeforeTheSensorsAndAfterAnUpdate() throws {
    let folder = try Folder()
    let early = Foundation.Process()
    early.executableURL = URL(filePath: folder.program)
    early.arguments = ["-c", "read line; : > \(folder.path)/hidden"]
    let input = Pipe()
    early.standardInput = input
    try early.run()
    var options = SensorOptions()
    options.filters.programs = [folder.program]
    let watch = try Watch(options)
    try input.fileHandleForWriting.close()
    early.waitUntilExit()
    let old = try #require(FileIdentity(of: folder.program))
    try FileManager.default.copyItem(atPath: Shell.path, toPath: folder.program + ".new")
    rename(folder.program + ".new", folder.program)
    let new = try #require(FileIdentity(of: folder.program))
    while watch.sensors.filters.programFiles != [new] { usleep(10_000) }
    #expect(new != old)
    let late = try Foundation.Process.run(URL(filePath: folder.program), arguments: ["-c", ": > \(folder.path)/late"])
    late.waitUntilExit()
    let events = try watch.finish()
    let pids = [early, late].map { UInt32(bitPattern: $0.processIdentifier) }
    #expect(!events.contains { pids.contains($0.process.key.pid) && $0.kind != .processFork })
  }

  @Test func users() throws {
    let told = try Told(
      """
      os.chmod('.', 0o777)
      child = os.fork()
      if child == 0:
        os.seteuid(4321)
        open('hidden', 'w').close()
        grandchild = os.fork()
        if grandchild == 0:
          os.seteuid(0)
          open('shown', 'w').close()
          os._exit(0)
        os.waitpid(grandchild, 0)
        os._exit(0)
      os.waitpid(child, 0)
      open('own', 'w').close()
      """
    ) { $0.filters.users = [4321] }
    #expect(told.created == ["shown", "own"])
    // Only the grandchild had other rights at its end.
    #expect(told.programs(.processExit).count == 2)
  }

  @Test(.enabled(if: CgroupTable.mountPoint() != nil, "no cgroup v2 is mounted")) func cgroups() throws {
    let root = try #require(CgroupTable.mountPoint())
    let name = "merops-filter-\(UUID().uuidString)"
    for path in [name, name + "/below", name + "-not"] { try #require(mkdir("\(root)/\(path)", 0o755) == 0) }
    defer { for path in [name + "/below", name + "/late", name, name + "-not"] { rmdir("\(root)/\(path)") } }
    var options = SensorOptions()
    options.filters.cgroups = ["/" + name]
    let watch = try Watch(options)
    try #require(mkdir("\(root)/\(name)/late", 0o755) == 0)
    var status = stat()
    try #require(stat("\(root)/\(name)/late", &status) == 0)
    while try !watch.sensors.filters.isLeftOut(cgroup: UInt64(status.st_ino)) { usleep(1000) }
    let folder = try Folder()
    var pids: [String: UInt32] = [:]
    for (file, path) in [("in", name), ("below", name + "/below"), ("late", name + "/late"), ("not", name + "-not")] {
      let process = try Shell.start(
        "echo $$ > \(root)/\(path)/cgroup.procs && : > \(folder.path)/\(file) && /bin/true; echo $$ > \(root)/cgroup.procs"
      )
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      pids[file] = UInt32(bitPattern: process.processIdentifier)
    }
    let events = try watch.finish()
    let created = events.filter { $0.kind == .fileCreate && pids.values.contains($0.process.key.pid) }
    #expect(
      created.map { $0[.filePath] } == [.text(Text(URL(filePath: folder.path).resolvingSymlinksInPath().path + "/not"))]
    )
    let children = events.filter { $0.kind == .processExec && pids.values.contains($0.process.parent?.key.pid ?? 0) }
    #expect(children.map { $0.process.parent?.key.pid } == [pids["not"]])
  }

  @Test(arguments: [
    (
      EventClass.process,
      "for i in range(500):\n  child = os.fork()\n  if child == 0: os._exit(0)\n  os.waitpid(child, 0)", 1000
    ),
    (.file, "for i in range(1000): os.chmod('.', 0o700)", 1000),
    (
      .network,
      """
      import socket
      for i in range(1000):
        s = socket.socket(); s.bind(('127.0.0.1', 0)); s.close()
      """, 1000
    ),
    (
      .dns,
      """
      import socket
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(1000):
        try: s.sendto(bytes([i & 255, i >> 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]), ('127.0.0.1', 53))
        except OSError: pass
      """, 1000
    ),
    (
      .kernel,
      """
      import struct, platform
      room = ctypes.create_string_buffer(struct.pack('<IIII', 2, 4, 4, 1) + bytes(112))
      for i in range(1000):
        os.close(libc.syscall(321 if platform.machine() == 'x86_64' else 280, 0, room, 128))
      """, 1000
    ),
  ]) func limits(_ eventClass: EventClass, _ script: String, _ done: Int) throws {
    let acts = try FileSensorTests.Acts(script) {
      $0.filters.limits[eventClass] = 3
      $0.files.repeatTime = .zero
    }
    let counts = acts.allCounts[eventClass]
    let pids = Set(
      acts.allEvents.filter { $0.process.key.pid == acts.pid || $0.process.parent?.key.pid == acts.pid }.map(
        \.process.key.pid))
    let told = acts.allEvents.filter { $0.kind.eventClass == eventClass && pids.contains($0.process.key.pid) }.count
    #expect(told < done && told + Int(counts.limited) >= done, "\(told) were told, \(counts)")
    #expect(counts.filtered >= counts.limited && counts.lost == 0)
  }

  /// Whoever is beyond the limit is known nevertheless.
  @Test func processesBeyondTheLimitAreKnown() throws {
    let acts = try FileSensorTests.Acts(
      """
      import subprocess
      for i in range(50): subprocess.run(['/bin/sh', '-c', f': > file{i}'], check=True)
      """
    ) { $0.filters.limits[.process] = 1 }
    let created = acts.allEvents.filter { $0.kind == .fileCreate && $0.process.parent?.key.pid == acts.pid }
    #expect(created.count == 50)
    #expect(created.allSatisfy { $0.process.facts[.processExecutable] == .text(Text(Shell.path)) })
  }
}

/// Secrets in arguments and in the environment.
struct RedactionTests {
  private func redacted(_ texts: [String], _ patterns: [String], isCut: Bool = false) throws -> [String] {
    var list: [UInt8] = []
    for text in texts { list += Array(text.utf8) + [0] }
    if isCut { list.removeLast() }
    let redaction = Redaction(try patterns.map { try RedactionPattern($0) })
    return redaction.withRedacted(list.span.bytes, isCut: isCut) { bytes in
      var found: [String] = []
      Packed.forEachText(bytes, isCut: isCut) { text, _ in
        found.append(String(decoding: Packed.copied(text), as: UTF8.self))
      }
      return found
    }
  }

  @Test(arguments: [
    (
      ["--password={}"], ["x", "--password=hunter2", "--PassWord=", "--passwords=a"],
      ["x", "--password=***", "--PassWord=***", "--passwords=a"]
    ),
    (["--password {}"], ["--password", "a", "b", "--password"], ["--password", "***", "b", "--password"]),
    (["-p{}"], ["mysql", "-psecret", "-u"], ["mysql", "-p***", "-u"]),
    (["*://*:{}@*"], ["http://u:p:w@host@x/a", "http://host/"], ["http://u:***@x/a", "http://host/"]),
    (["*_TOKEN={}"], ["API_TOKEN=abc", "TOKEN=abc", "a_token==="], ["API_TOKEN=***", "TOKEN=abc", "a_token=***"]),
    (["key={}", "{}-secret"], ["key=a-secret", "b-secret"], ["***", "***-secret"]),
    (["a{}c", "ab{}"], ["abxc", "abx"], ["a***", "ab***"]),
    (["--header {}", "-? {}"], ["--header", "x", "-?", "y", "-x", "z"], ["--header", "***", "-?", "***", "-x", "z"]),
    (["{}*"], ["a", ""], ["***", "***"]),
    ([], ["--password=x"], ["--password=x"]),
  ]) func secretsAreReplaced(_ patterns: [String], _ texts: [String], _ expected: [String]) throws {
    #expect(try redacted(texts, patterns) == expected)
  }

  /// What would show where a secret ends may be behind the cut.
  @Test func aCutHidesWhatMayBeASecret() throws {
    #expect(try redacted(["http://u:pa"], ["*://*:{}@*"], isCut: true) == ["http://u:***"])
    #expect(try redacted(["http://u:pa", "x"], ["*://*:{}@*"], isCut: true) == ["http://u:pa", "x"])
  }

  @Test(arguments: ["", "{}", "password", "a {} b", "{} a", "{}{}", "a b {}"]) func mistakes(_ text: String) {
    #expect(throws: RedactionPattern.Mistake.self) { try RedactionPattern(text) }
  }

  /// Of new processes, of those that were there before, and in what children inherit.
  @Test(.enabled(if: getuid() == 0, "loading programs into the kernel needs root")) func secretsLeaveNoEvent() throws {
    let mark = "hunter\(UInt32.random(in: 0...UInt32.max))"
    let early = Foundation.Process()
    early.executableURL = URL(filePath: "/bin/sh")
    early.arguments = ["-c", "read line; /bin/true; :", "sh", "--password", mark]
    let input = Pipe()
    early.standardInput = input
    try early.run()
    // Its arguments are its own once it runs the shell.
    while try !String(contentsOfFile: "/proc/\(early.processIdentifier)/cmdline", encoding: .utf8).contains(mark) {
      usleep(1000)
    }
    var options = SensorOptions()
    options.environmentNames = ["API_TOKEN", "TERM"]
    options.redactions = try ["--password={}", "--password {}", "*_TOKEN={}"].map { try RedactionPattern($0) }
    let watch = try Watch(options)
    try input.fileHandleForWriting.close()
    early.waitUntilExit()
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "/bin/true; (exit 3); :", "sh", "--password=\(mark)", "--password", mark, "end"]
    process.environment = ["API_TOKEN": mark, "TERM": "dumb"]
    try process.run()
    process.waitUntilExit()
    let events = try watch.finish()
    for event in events { #expect(!String(decoding: event.process.facts.bytes, as: UTF8.self).contains(mark)) }
    let exec = try #require(
      events.first { $0.kind == .processExec && $0.process.key.pid == UInt32(bitPattern: process.processIdentifier) })
    #expect(
      exec[.processArguments]
        == .texts(
          ["/bin/sh", "-c", "/bin/true; (exit 3); :", "sh", "--password=***", "--password", "***", "end"].map {
            Text($0)
          }))
    guard case .texts(let environment)? = exec[.processEnvironment] else {
      Issue.record("no environment")
      return
    }
    #expect(Set(environment) == ["API_TOKEN=***", "TERM=dumb"])
    let ofEarly = events.first { $0.process.key.pid == UInt32(bitPattern: early.processIdentifier) }
    #expect(
      ofEarly?.process.facts[.processArguments]
        == .texts(["/bin/sh", "-c", "read line; /bin/true; :", "sh", "--password", "***"].map { Text($0) }))
  }
}
