// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPFCompiler

struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Compile a kernel program written in Swift or C.",
    discussion: """
      The object is a standard one: bpftool and libbpf load it too. merops uses the compilers of the Swift toolchain; \
      MEROPS_SWIFTC and MEROPS_CLANG name others.

      EXAMPLES
        merops build probe.bpf.swift                  writes probe.bpf.o
        merops build probe.bpf.swift Paths.swift Event.shared.swift -o out/probe.bpf.o
        merops build probe.bpf.swift --emit asm       print BPF assembly
        merops build probe.bpf.swift --emit btf       print the object's types as C
        merops build probe.bpf.c -I headers           a program in C
      """)

  @Argument(
    help: "The program, then its other Swift files; those called *.shared.swift are user space's, too.",
    completion: .file(extensions: ["swift", "c"]))
  var sources: [String]

  @Option(name: .shortAndLong, help: "The file to write; - for standard output.", completion: .file())
  var output: String?

  @Option(help: "What to make: object, asm, ir, swift-ir or btf.")
  var emit: Product = .object

  @Option(help: "The instruction set: v1, v2, v3 or v4. Linux 5.10 needs v2 or less.")
  var cpu: String = "v2"

  @Option(
    help: "A BTF file with the kernel types that the program names. (default: those of the running kernel)",
    completion: .file())
  var btf: String?

  @Option(
    name: [.customShort("I"), .long], help: "A directory of headers for a program in C; may be repeated.",
    completion: .directory)
  var include: [String] = []

  @Option(help: "The directory that paths in the object are relative to.", completion: .directory)
  var root: String = "."

  enum Product: String, ExpressibleByArgument, CaseIterable {
    case object, asm, ir
    case swiftIR = "swift-ir"
    case btf
  }

  func validate() throws {
    guard ["v1", "v2", "v3", "v4"].contains(cpu) else { throw ValidationError("--cpu must be v1, v2, v3 or v4") }
    guard isC else {
      guard include.isEmpty else { throw ValidationError("--include is for programs in C") }
      return
    }
    guard sources.count == 1 else {
      throw ValidationError("a program in C is one file; --include names the directories of its headers")
    }
    guard emit != .swiftIR, btf == nil else {
      throw ValidationError("\(emit == .swiftIR ? "--emit swift-ir" : "--btf") is for programs in Swift")
    }
  }

  private var isC: Bool { sources[0].hasSuffix(".c") }

  func run() throws {
    Leftovers.removeOnSignals()
    do {
      if let path { try Files.check(path, isNoneOf: sources) }
      let bytes = try isC ? compileC() : compileSwift()
      if emit == .btf {
        try Output.text(ObjectTypes.text(of: bytes))
      } else {
        try write(bytes)
      }
    } catch let error as CompileError {
      Output.note("\(error)")
      throw ExitCode.failure
    }
  }

  private func compileC() throws -> [UInt8] {
    var compiler = CCompiler(clang: try Toolchain.findClang())
    compiler.cpu = cpu
    compiler.includes = include
    return try compiler.compile(sources[0], root: root, stage: CCompiler.Stage(rawValue: emit.rawValue) ?? .object)
  }

  private func compileSwift() throws -> [UInt8] {
    var compiler = ProbeCompiler(
      toolchain: try Toolchain.find(), kernelSide: try KernelSideSources.find(), cache: try KernelSideSources.cache())
    compiler.cpu = cpu
    if let btf { compiler.kernelTypes = btf }
    // The types are read from the object.
    let stage = ProbeCompiler.Stage(rawValue: emit.rawValue) ?? .object
    let others = sources.dropFirst()
    return try compiler.compile(
      sources[0], parts: others.filter { !$0.hasSuffix(".shared.swift") },
      shared: others.filter { $0.hasSuffix(".shared.swift") }, root: root, stage: stage)
  }

  private func write(_ bytes: [UInt8]) throws {
    guard let path else { return Output.bytes(bytes) }
    try Files.write(path, bytes)
    Output.note("\(path): \(bytes.count) bytes")
  }

  /// Where the result goes; nil for standard output.
  private var path: String? {
    let path = output ?? (emit == .object ? objectName : "-")
    return path == "-" ? nil : path
  }

  /// `dir/probe.bpf.swift` makes `probe.bpf.o` in the current directory.
  private var objectName: String {
    let file = sources[0].split(separator: "/").last ?? "probe"
    let suffix = [".swift", ".c"].first { file.hasSuffix($0) } ?? ""
    return file.dropLast(suffix.count) + ".o"
  }
}
