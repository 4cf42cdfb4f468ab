// SPDX-License-Identifier: Apache-2.0

/// Swift source to IR that only Swift's own optimiser has seen.
///
/// There is no Embedded standard library for a BPF triple, but there is one for riscv64, whose data layout is BPF's.
enum SwiftFrontend {
  static let flags = [
    "-target", "riscv64-none-none-eabi", "-enable-experimental-feature", "Embedded", "-enable-experimental-feature",
    "Lifetimes", "-enable-experimental-feature", "RawLayout", "-wmo", "-g", "-parse-as-library", "-swift-version", "5",
    // Arithmetic wraps and nothing traps: BPF has no way to stop half-way.
    "-Ounchecked",
    // Maps are used through their address, which exclusive access would have to track.
    "-enforce-exclusivity=unchecked",
    "-Xfrontend", "-disable-stack-protector",
    // LLVM's optimiser runs once, for BPF.
    "-Xfrontend", "-disable-llvm-optzns",
    // Keeps functions and variables that nothing in Swift uses: the kernel does.
    "-enable-testing",
  ]

  /// Compiles the files of a probe.
  static func emitIR(
    _ files: [String], module: String, to output: String, kernelSide: KernelSide, includes: [String],
    kernelTypes: String,
    root: String, toolchain: Toolchain
  ) throws(CompileError) {
    let arguments =
      flags + ["-module-name", module, "-emit-ir", "-o", output] + modules(kernelSide: kernelSide, includes: includes)
    let (status, text) = try Subprocess.run(toolchain.swiftc, arguments + files, in: root)
    guard status == 0 else {
      throw SwiftFailure.error(text, status: status, files: files, root: root, kernelTypes: kernelTypes)
    }
    if !text.isEmpty { CompilerOutput.show(CompilerOutput.absolute(text, root: root)) }
  }

  /// Where the modules are that a probe imports.
  ///
  /// - Parameter includes: the folders of the types that it names.
  static func modules(kernelSide: KernelSide, includes: [String]) -> [String] {
    let folders = ([kernelSide.folder, kernelSide.headers] + includes).flatMap { ["-I", $0] }
    // The module of the types that this probe names is of no use to any other.
    return folders + (includes.first.map { ["-module-cache-path", "\($0)/modules"] } ?? [])
  }
}
