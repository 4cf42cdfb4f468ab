// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the toolchain's clang does for us: C to bitcode that is linked into a probe, IR to an object.
enum Clang {
  /// Compiles C for BPF into bitcode beside `text` (`x.ll` gives `x.bc`).
  ///
  /// Its functions lose their places in the source, so that code inlined from them has the place of the call.
  static func emitLinkable(
    _ source: String, to text: String, include: String, toolchain: Toolchain
  ) throws(CompileError) {
    let compile = [
      "-target", "bpfel", "-ffreestanding", "-O2", "-g", "-Wall", "-fno-ident",
      "-fdebug-compilation-dir=.", "-I", include, "-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes", source, "-o",
      text,
    ]
    try run(compile, in: ".", toolchain)
    var module = try IRModule(try Files.text(text))
    for index in module.functions.indices where module.functions[index].body != nil {
      module.functions[index].dropPlaces()
    }
    try Files.write(text, module.text.utf8)
    let bitcode = text.dropLast(3) + ".bc"
    try run(
      [
        "-target", "bpfel", "-x", "ir", "-emit-llvm", "-c", "-Xclang", "-disable-llvm-passes", text, "-o", "\(bitcode)",
      ],
      in: ".", toolchain)
  }

  /// Runs a clang that writes BPF instructions, so that each function stays in one piece and in its section.
  ///
  /// Left alone, Swift's clang moves what it takes for cold into functions `NAME.cold.N` beside a program, which loaders
  /// take for programs of their own, and every clang moves cold functions to `.text.unlikely.`.
  static func generate(
    _ clang: String, _ arguments: [String], in folder: String
  ) throws(CompileError) -> (status: Int32, output: String) {
    let arguments = ["-mllvm", "-profile-guided-section-prefix=false"] + arguments
    let ofSwiftsClang = "-fno-split-cold-code"
    let result = try Subprocess.run(clang, ["-Xclang", ofSwiftsClang] + arguments, in: folder)
    // Other clangs do not split unasked, and do not know the option.
    guard result.status != 0, result.output.range(ofText: "unknown argument: '\(ofSwiftsClang)'") != nil else {
      return result
    }
    return try Subprocess.run(clang, arguments, in: folder)
  }

  /// What is made of IR.
  enum Product: String {
    case object = "-c"
    case assembly = "-S"
  }

  /// Optimises a module, with the bitcode it calls, and writes it as an object or assembly text.
  static func compile(
    ir: String, bitcode: [String], to output: String, cpu: String, product: Product, root: String, toolchain: Toolchain
  ) throws(CompileError) {
    var arguments = [
      "-target", "bpfel", "-mcpu=\(cpu)", "-O2", "-g", "-Wno-override-module", product.rawValue, "-x", "ir", ir, "-o",
      output,
    ]
    for file in bitcode { arguments += ["-Xclang", "-mlink-builtin-bitcode", "-Xclang", file] }
    try check(try generate(toolchain.clang, arguments, in: root), in: root, toolchain)
  }

  /// What LLVM's optimizer makes of a module.
  static func optimize(
    _ ir: String, in folder: String, root: String, toolchain: Toolchain
  ) throws(CompileError) -> String {
    let input = "\(folder)/unoptimized.ll"
    let output = "\(folder)/optimized.ll"
    try Files.write(input, ir.utf8)
    // -O2 unrolls no loop of 16 rounds and more.
    let arguments = [
      "-target", "bpfel", "-O3", "-Wno-override-module", "-S", "-emit-llvm", "-x", "ir", input, "-o", output,
    ]
    try check(try Subprocess.run(toolchain.clang, arguments, in: root), in: root, toolchain)
    return try Files.text(output)
  }

  private static func run(_ arguments: [String], in folder: String, _ toolchain: Toolchain) throws(CompileError) {
    try check(try Subprocess.run(toolchain.clang, arguments, in: folder), in: folder, toolchain)
  }

  private static func check(
    _ result: (status: Int32, output: String), in folder: String, _ toolchain: Toolchain
  ) throws(CompileError) {
    let (status, output) = result
    guard status == 0 else {
      throw CompilerOutput.error(output, status: status, root: folder, clang: toolchain.clang)
    }
  }
}
