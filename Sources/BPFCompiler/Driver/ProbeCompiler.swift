// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Compiles a probe written in Swift to a standard BPF object.
///
/// The stages are Swift's front end and optimiser, our rewriting of its IR, and clang's BPF back end; ``Stage`` names what
/// can be looked at in between.
public struct ProbeCompiler: Sendable {
  public var toolchain: Toolchain
  /// The folder that holds the sources of `BPFKernel` and `CBPFKernel`.
  public var kernelSide: String
  /// Where the compiled kernel-side module is kept from one probe to the next.
  public var cache: String
  /// BTF of a kernel that has the types that probes name. Where their fields lie in it does not matter: CO-RE finds them
  /// on the kernel that loads the program. Beside a file `vmlinux` lie the types of modules, as in `/sys/kernel/btf`; a
  /// probe can name those of one module.
  public var kernelTypes = Self.typesOfRunningKernel
  /// Absent on a kernel without types.
  private static let typesOfRunningKernel = "/sys/kernel/btf/vmlinux"
  /// Instruction set: `v1`, `v2`, `v3` or `v4`. 5.10 refuses what v3 makes of atomics.
  public var cpu = "v2"

  public init(toolchain: Toolchain, kernelSide: String, cache: String) {
    self.toolchain = toolchain
    self.kernelSide = kernelSide
    self.cache = cache
  }

  /// What comes out.
  public enum Stage: String, Sendable, CaseIterable {
    /// The finished ELF object.
    case object
    /// BPF assembly.
    case assembly = "asm"
    /// IR as clang gets it.
    case ir
    /// IR as Swift's compiler wrote it.
    case swiftIR = "swift-ir"
  }

  /// Compiles one probe.
  ///
  /// - Parameters:
  ///   - source: the probe, `NAME.bpf.swift`.
  ///   - parts: more Swift files of the probe, which only the kernel side compiles.
  ///   - shared: Swift files that both sides compile, such as the one that declares an event. That both see the same
  ///     layout of their structs is checked.
  ///   - root: the folder that paths in the object are relative to, such as the package's. The object is the same
  ///     whatever this folder is called.
  ///   - stage: what is asked for: the object, or what leads to it.
  /// - Throws: `CompileError` with the places that are wrong.
  public func compile(
    _ source: String, parts: [String] = [], shared: [String] = [], root: String, stage: Stage = .object
  ) throws(CompileError) -> [UInt8] {
    let root = try Files.root(root)
    guard kernelTypes == Self.typesOfRunningKernel || Files.exists(kernelTypes) else {
      throw CompileError("the kernel types \(kernelTypes): \(Files.reason)")
    }
    let files = [source] + parts + shared
    for file in files { _ = try Files.read(file) }
    // Swift's driver takes the `./` from `./-probe.bpf.swift`: such a name is given with its folders.
    let relative = files.map { file in
      let path = Files.resolved(file)
      let name = Files.relative(path, to: root)
      return Files.argument(name) == name ? name : path
    }
    let kernelSide = try KernelSide(sources: Files.resolved(kernelSide), cache: cache, toolchain: toolchain)
    let work = try Files.temporaryFolder()
    defer { Files.remove(work) }
    let place = try Self.isTooLong(root) ? copies(of: relative, from: root, in: work) : root
    do {
      return try compile(
        relative, shared: Array(relative.suffix(shared.count)), root: place, work: work, kernelSide: kernelSide,
        stage: stage)
    } catch {
      var error = error.absolute(root: root)
      if place != root { error.compilerOutput = error.compilerOutput.replacing(place, with: root) }
      throw error
    }
  }

  /// Whether Swift's driver would crash in this folder: it has room for a third of the longest path.
  private static func isTooLong(_ folder: String) -> Bool { folder.utf8.count > 1000 }

  /// A folder with a short path that holds the sources by the same names.
  private func copies(of files: [String], from root: String, in work: String) throws(CompileError) -> String {
    let folder = "\(work)/sources"
    for file in files where !file.hasPrefix("/") {
      let copy = "\(folder)/\(file)"
      try Files.makeFolder(Files.folder(of: copy))
      try Files.write(copy, try Files.read(Files.absolute(file, in: root)))
    }
    return Files.resolved(folder)
  }

  private func compile(
    _ files: [String], shared: [String], root: String, work: String, kernelSide: KernelSide, stage: Stage
  ) throws(CompileError) -> [UInt8] {
    let types = try ProbeTypes(
      files, root: root, types: kernelTypes, work: work, kernelSide: kernelSide, toolchain: toolchain)
    let swiftIR = "\(work)/swift.ll"
    try SwiftFrontend.emitIR(
      files + (types.swift.map { [$0] } ?? []), module: Self.moduleName(files[0]), to: swiftIR, kernelSide: kernelSide,
      includes: types.includes, kernelTypes: kernelTypes, root: root, toolchain: toolchain)
    guard Files.exists(swiftIR) else {
      throw CompileError("\(toolchain.swiftc) wrote nothing: it is not a Swift compiler: name one in MEROPS_SWIFTC")
    }
    if stage == .swiftIR { return try Files.read(swiftIR) }
    if !shared.isEmpty {
      try SharedLayoutCheck.run(
        shared, types: types, root: root, work: work, kernelSide: kernelSide, toolchain: toolchain)
    }

    var sources: [String] = []
    for file in files { sources.append(try Files.text(Files.absolute(file, in: root))) }
    var probe = try ProbeModule(
      try Files.text(swiftIR), files: files, sources: sources, tables: types.tables, hasRecord: types.hasRecord)
    try ToolchainCheck.check(swift: probe.module.dataLayout, clang: kernelSide.dataLayout())
    if let warning = ToolchainCheck.warning(producer: probe.producer) { CompilerOutput.show(warning + "\n") }
    try probe.computeInitialValues { ir throws(CompileError) in
      try Clang.optimize(ir, in: work, root: root, toolchain: toolchain)
    }
    let ir = try probe.convert(root: root)
    if stage == .ir { return Array(ir.utf8) }
    let path = "\(work)/probe.ll"
    try Files.write(path, ir.utf8)

    let output = "\(work)/output"
    try Clang.compile(
      ir: path, bitcode: kernelSide.bitcode + types.bitcode, to: output, cpu: cpu,
      product: stage == .assembly ? .assembly : .object,
      root: root, toolchain: toolchain)
    let bytes = try Files.read(output)
    if stage == .assembly { return bytes }
    let object = try ObjectFinisher(bytes, language: .swift).finish()
    try probe.declared.check(object)
    return object
  }

  /// `exec_tracker.bpf.swift` is the module `exec_tracker_bpf`.
  private static func moduleName(_ path: String) -> String {
    let file = path.split(separator: "/").last ?? "probe"
    let name = file.hasSuffix(".swift") ? file.dropLast(6) : file
    let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return (plain.first?.isNumber ?? true ? "_" : "") + String(plain)
  }

}
