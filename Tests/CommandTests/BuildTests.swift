// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `merops build`, as it is typed.
@Suite(.requires(.command("swiftc"))) struct BuildTests {
  /// Also by way of a link, and for skeletons.
  @Test(arguments: ["bpf.swift", "bpf.c"]) func inputIsNotReplaced(_ suffix: String) throws {
    let scratch = try Scratch()
    let text = suffix.hasSuffix("c") ? "int x;\n" : "import BPFKernel\n"
    let source = try scratch.file("self.\(suffix)", Array(text.utf8))
    let link = "\(scratch.path)/link.bpf.o"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: source)
    for output in [source, link] {
      for verb in [["build", source], ["build", source, "--emit", "asm"]] {
        let result = try Shell.run([Command.path("merops")] + verb + ["-o", output])
        #expect(result.status == 1 && result.output.contains("is the input itself"), "\(result.output)")
      }
    }
    let object = try scratch.object("globals")
    let result = try Command.merops("skeleton", object, "-o", object)
    #expect(result.status == 1 && result.output.contains("is the input itself"), "\(result.output)")
    #expect(try String(contentsOfFile: source, encoding: .utf8) == text)
  }

  /// Addresses and ports of a probe are set and printed as people write them.
  @Test(.requires(.root)) func ownTypesAreText() throws {
    let scratch = try Scratch()
    let pins = try TestBPFFS()
    let object = "\(scratch.path)/own_types.bpf.o"
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "BPFSkeletonTests/bpf/own_types.bpf.swift").path
    _ = try Command.text("build", source, "-o", object)
    let folder = "\(pins.path)/own"
    _ = try Command.text(
      "prog", "load", object, "--pin", folder, "--global", "service=address=10.0.0.1,port=53,isOpen=0", "--global",
      "port=8443", "--global", "router=2001:db8::1")
    let packet = try scratch.file("packet", [UInt8](repeating: 0, count: 64))
    _ = try Command.text("prog", "run", "\(folder)/tunables", "--data", packet)
    let services = try Command.text("map", "get", "\(folder)/services", "8443")
    for text in ["\"10.0.0.1\"", "53"] { #expect(services.contains(text), "\(services)") }
    #expect(try Command.text("map", "get", "\(folder)/routers", "2001:db8::1") == "7\n")
    _ = try Command.text("map", "set", "\(folder)/routers", "fe80::2", "9")
    let dump = try Command.text("map", "dump", "\(folder)/routers")
    #expect(dump.contains("fe80::2") && dump.contains("2001:db8::1"), "\(dump)")
  }

  @Test func typesThatNeverEnd() throws {
    let scratch = try Scratch()
    let source = try scratch.file(
      "task.bpf.swift",
      Array(
        """
        import BPFKernel

        let license = License.gpl
        @section("raw_tp/sys_enter")
        func entered(_ context: RawTracepoint) -> Int32 { task_struct.Probed.current.tgid }
        """.utf8))
    let result = try Command.merops("build", source, "--btf", "/dev/zero", "-o", "\(scratch.path)/task.bpf.o")
    #expect(result.status == 1 && !result.output.isEmpty, "\(result.output)")
  }

  /// The compilers that a build starts leave things behind; thousands of builds must not fill a disk.
  @Test func buildsLeaveNothing() throws {
    let scratch = try Scratch()
    let source = try scratch.file(
      "opened.bpf.swift",
      Array(
        """
        import BPFKernel

        let license = License.gpl
        var opened: UInt64 = 0
        @section("iter/task_file")
        func file(_ context: Iterator.task_file) -> Int32 {
          if !context.file.isNull { opened &+= context.file.f_inode.i_ino }
          return 0
        }
        """.utf8))
    let folders = ["cache", "temporary"].map { "\(scratch.path)/\($0)" }
    for folder in folders {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    var kept: [[String]] = []
    for _ in 0..<2 {
      try Shell.check([
        "env", "XDG_CACHE_HOME=\(folders[0])", "TMPDIR=\(folders[1])", Command.path("merops"), "build", source, "-o",
        "\(scratch.path)/opened.bpf.o",
      ])
      kept.append(try FileManager.default.subpathsOfDirectory(atPath: folders[0]).sorted())
      #expect(try FileManager.default.contentsOfDirectory(atPath: folders[1]).isEmpty)
    }
    #expect(!kept[0].isEmpty)
    #expect(kept[1] == kept[0])
  }

  private static let probe = """
    import BPFKernel

    let license = License.gpl
    @section("xdp") func pass(_ context: XDPContext) -> XDPAction { .pass }
    """

  /// A build in folders of its own, which is under way.
  private final class Running {
    let scratch: Scratch
    let folders: [String]
    let process = Process()

    /// - Parameter ignoring: a signal that whoever starts it has it ignore, as `nohup` does.
    init(ignoring signal: String? = nil) throws {
      scratch = try Scratch()
      let source = try scratch.file("pass.bpf.swift", Array(BuildTests.probe.utf8))
      folders = ["cache", "temporary"].map { [path = scratch.path] in "\(path)/\($0)" }
      for folder in folders {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      process.executableURL = URL(filePath: "/bin/sh")
      // Whoever runs the tests may have signals ignored, as a shell does for what runs in the background.
      let start = signal.map { "trap '' \($0); exec \"$@\"" } ?? "exec env --default-signal=INT,HUP,TERM \"$@\""
      process.arguments = ["-c", start, "sh", Command.path("merops"), "build", source, "-o", output]
      process.environment = ProcessInfo.processInfo.environment.merging([
        "XDG_CACHE_HOME": folders[0], "TMPDIR": folders[1],
      ]) { $1 }
      process.standardError = FileHandle.nullDevice
      try process.run()
      // The kernel-side module is compiled first, which takes seconds.
      #expect(eventually { !self.compilers.isEmpty })
    }

    var output: String { "\(scratch.path)/pass.bpf.o" }

    /// The processes that work in the temporary folder.
    var compilers: [String] {
      let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return all.filter { id in
        guard let variables = try? Data(contentsOf: URL(filePath: "/proc/\(id)/environ")) else { return false }
        return String(decoding: variables, as: UTF8.self).contains("TMPDIR=\(folders[1])/merops-")
      }
    }
  }

  /// A build that a signal ends leaves nothing where it worked, and no compiler that goes on.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func signalsLeaveNothing(_ signal: CInt) throws {
    let build = try Running()
    kill(build.process.processIdentifier, signal)
    build.process.waitUntilExit()
    #expect(build.process.terminationReason == .uncaughtSignal && build.process.terminationStatus == signal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: build.folders[1]).isEmpty)
    let kept = try FileManager.default.subpathsOfDirectory(atPath: build.folders[0])
    #expect(!kept.contains { $0.contains("BPFKernel-") }, "\(kept)")
    #expect(build.compilers.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: build.output))
  }

  @Test func anIgnoredSignalStaysIgnored() throws {
    let build = try Running(ignoring: "HUP")
    kill(build.process.processIdentifier, SIGHUP)
    build.process.waitUntilExit()
    #expect(build.process.terminationReason == .exit && build.process.terminationStatus == 0)
    #expect(FileManager.default.fileExists(atPath: build.output))
  }

  @Test func foldersAndCompilersThatAreNotThere() throws {
    let scratch = try Scratch()
    let sources = [
      try scratch.file("pass.bpf.swift", Array(Self.probe.utf8)), try scratch.file("x.bpf.c", Array("int x;\n".utf8)),
    ]
    func refused(_ environment: [String], _ words: [String], _ answer: String) throws {
      let result = try Shell.run(["env"] + environment + [Command.path("merops"), "build"] + words)
      #expect(result.status == 1 && result.output.contains(answer), "\(environment) \(words): \(result.output)")
    }
    for source in sources {
      try refused([], [source, "--root", "/nosuch"], "the root folder /nosuch: No such file or directory")
      try refused([], [source, "--root", source], "the root folder \(source) is not a directory")
      try refused(["MEROPS_CLANG=/nosuch"], [source], "MEROPS_CLANG names /nosuch: No such file or directory")
      try refused(["MEROPS_CLANG=/tmp"], [source], "MEROPS_CLANG names /tmp, which is not a program")
      try refused(["MEROPS_SWIFTC=/nosuch"], [source], "MEROPS_SWIFTC names /nosuch: No such file or directory")
      try refused(["MEROPS_SWIFTC=/tmp"], [source], "MEROPS_SWIFTC names /tmp, which is not a program")
      try refused(["TMPDIR=/nosuch"], [source], "TMPDIR names /nosuch: No such file or directory")
      let gone = "\(scratch.path)/gone"
      let result = try Shell.run([
        "sh", "-c", "mkdir \(gone) && cd \(gone) && rmdir \(gone) && \"$0\" build \(source) -o \(scratch.path)/x.o",
        Command.path("merops"),
      ])
      #expect(
        result.status == 1
          && result.output == "error: the current directory no longer exists: change to one that does\n",
        "\(result.output)")
    }
    try refused([], [sources[0], "--btf", "/nosuch"], "the kernel types /nosuch: No such file or directory")
  }

  /// A program is loaded by its name: two cannot share one.
  @Test func overloadedPrograms() throws {
    let scratch = try Scratch()
    let more = """

      @section("raw_tp/sys_enter")
      func pass(_ context: RawTracepoint) -> Int32 { 0 }
      """
    let source = try scratch.file("pass.bpf.swift", Array((Self.probe + more).utf8))
    let result = try Command.merops("build", source, "-o", "\(scratch.path)/pass.bpf.o")
    #expect(result.status == 1, "\(result.output)")
    #expect(
      result.output.contains("pass.bpf.swift:6")
        && result.output.contains("`pass` is also the name of another program"),
      "\(result.output)")
  }
}
