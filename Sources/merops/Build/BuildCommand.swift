// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPFCompiler
import CommandSupport
import Glibc

struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Compile a kernel program that is written in Swift.",
    discussion: """
      The object is a standard one: bpftool and libbpf load it too. The compiler is the Swift toolchain's own; \
      MEROPS_SWIFTC and MEROPS_CLANG name others.

      EXAMPLES
        merops build probe.bpf.swift                       writes probe.bpf.o
        merops build probe.bpf.swift Event.shared.swift -o out/probe.bpf.o
        merops build probe.bpf.swift --emit asm            BPF assembly
        merops build probe.bpf.swift --emit btf            the types of the object, as C
      """)

  @Argument(help: "The probe, then the Swift files that both sides compile.", completion: .file(extensions: ["swift"]))
  var sources: [String]

  @Option(name: .shortAndLong, help: "Where to write; - for standard output.", completion: .file())
  var output: String?

  @Option(help: "What to make: object, asm, ir, swift-ir or btf.")
  var emit: Product = .object

  @Option(help: "The instruction set: v1, v2, v3 or v4. Linux 5.10 needs v2 or less.")
  var cpu: String = "v2"

  @Option(help: "The kernel types that the probe may name: a BTF file.", completion: .file())
  var btf: String?

  @Option(help: "The folder that paths in the object are relative to.", completion: .directory)
  var root: String = "."

  enum Product: String, ExpressibleByArgument, CaseIterable {
    case object, asm, ir
    case swiftIR = "swift-ir"
    case btf
  }

  func validate() throws {
    guard ["v1", "v2", "v3", "v4"].contains(cpu) else { throw ValidationError("--cpu takes v1, v2, v3 or v4") }
  }

  func run() throws {
    var compiler = ProbeCompiler(
      toolchain: try Toolchain.find(), kernelSide: try KernelSideSources.find(), cache: KernelSideSources.cache)
    compiler.cpu = cpu
    if let btf { compiler.kernelTypes = btf }
    let stage: ProbeCompiler.Stage =
      switch emit {
      case .object, .btf: .object
      case .asm: .assembly
      case .ir: .ir
      case .swiftIR: .swiftIR
      }
    do {
      let bytes = try compiler.compile(sources[0], shared: Array(sources.dropFirst()), root: root, stage: stage)
      if emit == .btf {
        try Output.line(ObjectTypes.text(of: bytes))
      } else {
        try write(bytes)
      }
    } catch let error as CompileError {
      Output.note("\(error)")
      throw ExitCode.failure
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    let isText = emit != .object
    let path = output ?? (isText ? "-" : objectName)
    guard path != "-" else {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { throw ValidationError("standard output: \(String(cString: strerror(errno)))") }
        rest = rest.dropFirst(count)
      }
      return
    }
    guard let file = fopen(path, "wb") else { throw ValidationError("\(path): \(String(cString: strerror(errno)))") }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw ValidationError("\(path): \(String(cString: strerror(errno)))")
    }
    Output.note("\(path): \(bytes.count) bytes")
  }

  /// `dir/probe.bpf.swift` makes `probe.bpf.o` in the current folder.
  private var objectName: String {
    let file = sources[0].split(separator: "/").last.map { String($0) } ?? "probe"
    return (file.hasSuffix(".swift") ? String(file.dropLast(6)) : file) + ".o"
  }
}
