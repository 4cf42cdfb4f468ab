// SPDX-License-Identifier: Apache-2.0
import BPFCompiler

/// One `.bpf.c` or `.bpf.swift` on its way to an object and then to a Swift file.
struct Compilation {
  private var options: [String: String] = [:]
  /// More Swift files of the program.
  private var parts: [String] = []
  /// Swift files that both sides compile.
  private var shared: [String] = []
  private var source = ""
  private var output = ""

  init(_ arguments: [String]) throws(CompileError) {
    var files: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        files.append(argument)
        continue
      }
      let value = rest.popFirst()
      switch argument {
      case "--part": parts += value.map { [$0] } ?? []
      case "--shared": shared += value.map { [$0] } ?? []
      default: options[argument] = value
      }
    }
    guard files.count == 2 else { throw CompileError("usage: bpf-build compile [OPTIONS] SOURCE OUTPUT") }
    (source, output) = (files[0], files[1])
  }

  func run() throws(CompileError) {
    let isSwift = source.hasSuffix(".swift")
    let object = try isSwift ? compileSwift() : compileC()
    let file = source.split(separator: "/").last ?? ""
    let text = try swiftSource(
      name: String(file.dropLast((isSwift ? ".bpf.swift" : ".bpf.c").count)), object: object,
      shared: isSwift ? shared : [], withSkeleton: options["--skeleton"] == "yes")
    try Files.write(output, text.utf8)
  }

  private func compileSwift() throws(CompileError) -> [UInt8] {
    let toolchain = Toolchain(swiftc: try option("--swiftc"), clang: try option("--clang"))
    var compiler = ProbeCompiler(
      toolchain: toolchain, kernelSide: try option("--kernel-side"), cache: try option("--cache"))
    if let cpu = options["--cpu"] { compiler.cpu = cpu }
    if let btf = options["--btf"] { compiler.kernelTypes = btf }
    return try compiler.compile(source, parts: parts, shared: shared, root: try option("--root"))
  }

  private func compileC() throws(CompileError) -> [UInt8] {
    var compiler = CCompiler(clang: try option("--clang"))
    compiler.includes = [try option("--include")]
    if let cpu = options["--cpu"] { compiler.cpu = cpu }
    return try compiler.compile(source, root: try option("--root"))
  }

  private func option(_ name: String) throws(CompileError) -> String {
    guard let value = options[name] else { throw CompileError("bpf-build compile \(source) needs \(name)") }
    return value
  }
}
