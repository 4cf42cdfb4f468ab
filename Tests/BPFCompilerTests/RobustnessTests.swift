// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BPFCompiler

/// What can be wrong around a build: each is one clear error, and leaves nothing that harms the next build.
@Suite struct RobustnessTests {
  private static let source = probe("var counts = HashMap<UInt32, UInt64>(maxEntries: 16)")

  /// Builds a probe with a compiler that something is wrong with.
  private func error(
    source: String = RobustnessTests.source, _ change: (inout ProbeCompiler, String) throws -> Void
  ) throws -> CompileError {
    try withTemporaryFolder { folder in
      try source.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      try change(&compiler, folder)
      return try #require(throws: CompileError.self) {
        try compiler.compile("\(folder)/probe.bpf.swift", root: folder)
      }
    }
  }

  private func script(_ text: String, _ path: String) throws -> String {
    try Shell.writeScript(text, at: path)
    return path
  }

  @Test func missingSource() throws {
    let error = try #require(throws: CompileError.self) {
      try Checkout.compiler().compile("/nowhere/probe.bpf.swift", root: "/")
    }
    #expect("\(error)" == "error: /nowhere/probe.bpf.swift: No such file or directory")
  }

  @Test func folderAsSource() throws {
    try withTemporaryFolder("probe.bpf.swift") { folder in
      let error = try #require(throws: CompileError.self) { try Checkout.compiler().compile(folder, root: folder) }
      #expect("\(error)".hasSuffix("probe.bpf.swift: Is a directory"))
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root reads everything")) func unreadableSource() throws {
    let error = try error { _, folder in chmod("\(folder)/probe.bpf.swift", 0) }
    #expect("\(error)".hasSuffix("probe.bpf.swift: Permission denied"))
  }

  @Test func emptySource() throws {
    let error = try error(source: "") { _, _ in }
    #expect("\(error)".contains("probe.bpf.swift:1: error: no program here"))
  }

  /// Swift leaves a generic function out unless something calls it: such a program would be missing in silence.
  @Test(
    arguments: ["func f<T>(_ c: T) -> XDPAction { .pass }", "func f(_ c: some Any) -> XDPAction { .pass }"],
    ["", "@section(\"xdp\") func whole(_ context: XDPContext) -> XDPAction { .pass }"])
  func genericProgram(_ program: String, _ other: String) throws {
    let source = "import BPFKernel\nlet license = License.gpl\n@section(\"xdp\")\n\(program)\n\(other)\n"
    let error = try error(source: source) { _, _ in }
    #expect("\(error)".contains("probe.bpf.swift:4:6: error: program `f` is generic"), "\(error)")
  }

  @Test func noKernelSide() throws {
    let error = try error { compiler, _ in compiler.kernelSide = "/nowhere" }
    #expect("\(error)".hasPrefix("error: /nowhere/BPFValues: the kernel-side module's sources are missing: "))
  }

  @Test(arguments: ["/proc/merops", "/dev/null/cache"]) func cacheThatCannotBeWritten(cache: String) throws {
    let error = try error { compiler, _ in compiler.cache = cache }
    let text = "\(error)"
    #expect(error.diagnostics.count == 1)
    #expect(text.contains("cannot be kept in \(cache): ") && text.hasSuffix("in XDG_CACHE_HOME"))
  }

  @Test func clangWithoutBPF() throws {
    let error = try error { compiler, folder in
      compiler.cache = "\(folder)/cache"
      compiler.toolchain.clang = try script(
        "echo 'error: unable to create target: No available targets are compatible with triple \"bpfel\"' >&2; exit 1",
        "\(folder)/clang")
    }
    #expect(error.diagnostics.count == 1)
    #expect("\(error)".hasSuffix("/clang does not compile for BPF: name a clang that does in MEROPS_CLANG"))
  }

  @Test func swiftcThatIsNone() throws {
    let error = try error { compiler, folder in
      compiler.cache = "\(folder)/cache"
      compiler.toolchain.swiftc = "/bin/true"
    }
    #expect("\(error)" == "error: /bin/true made no module: it is not a Swift compiler: name one in MEROPS_SWIFTC")
  }

  @Test func swiftcWithoutEmbeddedSwift() throws {
    let error = try error { compiler, folder in
      compiler.cache = "\(folder)/cache"
      compiler.toolchain.swiftc = try script(
        "echo \"<unknown>:0: error: unable to load standard library for target 'riscv64-none-none-eabi'\" >&2; exit 1",
        "\(folder)/swiftc")
    }
    #expect("\(error)".contains("has no Embedded Swift for riscv64") && "\(error)".contains("MEROPS_SWIFTC"))
  }

  @Test func compilerThatIsNotThere() throws {
    let error = try error { compiler, folder in
      compiler.cache = "\(folder)/cache"
      compiler.toolchain.swiftc = "\(folder)/none"
    }
    #expect("\(error)".contains("/none"))
  }

  @Test func compilerThatIsKilled() throws {
    try withTemporaryFolder { folder in
      try Self.source.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      compiler.cache = "\(folder)/cache"
      let swiftc = compiler.toolchain.swiftc
      compiler.toolchain.swiftc = try script("kill -9 $$", "\(folder)/swiftc")
      let error = try #require(throws: CompileError.self) {
        try compiler.compile("\(folder)/probe.bpf.swift", root: folder)
      }
      #expect("\(error)".contains("137"))
      // Nothing half-made is taken for the module.
      compiler.toolchain.swiftc = swiftc
      #expect(try compiler.compile("\(folder)/probe.bpf.swift", root: folder) == Built.object(Self.source))
    }
  }

  /// What a build needs meanwhile lies in folders inside folders.
  @Test func workIsRemoved() throws {
    let work = try Files.temporaryFolder()
    try Files.makeFolder("\(work)/types/more")
    for file in ["module", "types/header", "types/more/.hidden"] { try Files.write("\(work)/\(file)", [1]) }
    #expect(Files.list(work, suffix: "") == ["\(work)/module", "\(work)/types/header"])
    Files.remove(work)
    #expect(!Files.exists(work))
  }

  @Test func twoBuildsAtOnceWithAColdCache() throws {
    try withTemporaryFolder { folder in
      try Self.source.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      compiler.cache = "\(folder)/cache"
      let results = Mutex<[Result<[UInt8], any Error>]>([])
      let path = folder
      let shared = compiler
      DispatchQueue.concurrentPerform(iterations: 2) { _ in
        let result = Result { try shared.compile("\(path)/probe.bpf.swift", root: path) as [UInt8] }
        results.withLock { $0.append(result) }
      }
      let objects = try results.withLock { try $0.map { try $0.get() } }
      #expect(objects.count == 2 && objects[0] == objects[1])
      // One module, and nothing of the one that came second.
      #expect(try FileManager.default.contentsOfDirectory(atPath: compiler.cache).count == 1)
    }
  }
  /// Modules of other versions go when nobody has used them for a month.
  @Test func unusedModulesGo() throws {
    try withTemporaryFolder { folder in
      try Self.source.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      compiler.cache = "\(folder)/cache"
      for (name, days) in [("BPFKernel-old", 31), ("BPFKernel-killed", 31), ("BPFKernel-used", 29), ("peers", 99)] {
        let path = "\(compiler.cache)/\(name)"
        try Files.makeFolder(path)
        if name != "BPFKernel-killed" { try Files.write("\(path)/done", []) }
        for file in ["\(path)/done", path] where Files.exists(file) {
          try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: Double(-days * 24 * 3600))], ofItemAtPath: file)
        }
      }
      _ = try compiler.compile("\(folder)/probe.bpf.swift", root: folder) as [UInt8]
      let kept = try FileManager.default.contentsOfDirectory(atPath: compiler.cache).sorted()
      #expect(kept.count == 3 && kept.contains("BPFKernel-used") && kept.contains("peers"), "\(kept)")
      // One that is used is no longer old.
      let current = try #require(kept.first { $0.hasPrefix("BPFKernel-") && $0 != "BPFKernel-used" })
      let done = "\(compiler.cache)/\(current)/done"
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: done)
      _ = try compiler.compile("\(folder)/probe.bpf.swift", root: folder) as [UInt8]
      let date = try #require(try FileManager.default.attributesOfItem(atPath: done)[.modificationDate] as? Date)
      #expect(date.timeIntervalSinceNow > -3600)
    }
  }
}
