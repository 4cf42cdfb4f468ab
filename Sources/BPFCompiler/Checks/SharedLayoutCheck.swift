// SPDX-License-Identifier: Apache-2.0

/// The proof that a probe and user space see the same bytes in the structs of the files that both compile.
///
/// The files are compiled by themselves, once as a probe is and once as user space is, and the layouts are compared.
/// What makes them differ is `#if`, and a machine that aligns otherwise than BPF.
enum SharedLayoutCheck {
  /// - Parameters:
  ///   - files: the shared files, relative to `root`.
  ///   - types: the kernel's types that the files name, where only a probe has them.
  ///   - work: a folder for what is made.
  /// - Throws: `CompileError` with the structs that differ, at their lines.
  static func run(
    _ files: [String], types: ProbeTypes, root: String, work: String, kernelSide: KernelSide, toolchain: Toolchain
  ) throws(CompileError) {
    var names: [String] = []
    var needsKernelSide = false
    for file in files {
      let text = try Files.text(Files.absolute(file, in: root))
      names += SharedStructs.names(in: text)
      if text.range(ofText: "import BPFKernel") != nil || text.range(ofText: "import BPFValues") != nil {
        needsKernelSide = true
      }
    }
    guard !names.isEmpty else { return }
    // A variable of each type, so that the compiler tells how it lies in memory.
    let variables = "\(work)/layouts.swift"
    let text = names.enumerated().map { "var layout\($0)_: `\($1)`?\n" }.joined()
    try Files.write(variables, text.utf8)

    let compilation = Compilation(
      files: files, arguments: ["-module-name", "shared", "-emit-ir"] + files + [variables], root: root,
      toolchain: toolchain)
    let probe = try compilation.layouts(
      SwiftFrontend.flags + SwiftFrontend.modules(kernelSide: kernelSide, includes: types.includes)
        + (types.swift.map { [$0] } ?? []), output: "\(work)/shared-bpf.ll")
    var flags = HostFrontend.flags
    if needsKernelSide { flags += ["-I", try kernelSide.hostModule(toolchain), "-I", kernelSide.headers] }
    let host = try compilation.layouts(flags, output: "\(work)/shared-host.ll")

    var diagnostics: [Diagnostic] = []
    for (mangled, layout) in probe.layouts {
      guard let other = host.layouts[mangled], let difference = difference(layout, other) else { continue }
      diagnostics.append(Diagnostic(at: layout.location, message(layout.name, difference)))
    }
    if diagnostics.isEmpty {
      for (index, name) in names.enumerated() {
        let mine = probe.alignment(ofVariable: "layout\(index)_")
        let other = host.alignment(ofVariable: "layout\(index)_")
        guard mine != other, let mine, let other else { continue }
        let place = probe.layouts.values.first { $0.name == name }?.location
        let text = "it is aligned to \(mine) bytes in the BPF program and to \(other) in user space"
        diagnostics.append(Diagnostic(at: place, message(name, text)))
      }
    }
    guard !diagnostics.isEmpty else { return }
    throw CompileError(diagnostics.inOrder())
  }

  private static func message(_ name: String, _ difference: String) -> String {
    "the BPF program and user space do not see the same `\(name)`: \(difference); declare its fields without `#if`, with "
      + "types of one size on all machines"
  }

  /// The first thing that differs.
  private static func difference(_ mine: StructLayouts.Layout, _ other: StructLayouts.Layout) -> String? {
    for (field, twin) in zip(mine.fields, other.fields) where field != twin {
      if field.name != twin.name {
        return "`\(field.name)` is at offset \(field.offset) in the BPF program, and `\(twin.name)` at offset "
          + "\(twin.offset) in user space"
      }
      if field.offset == twin.offset, field.size == twin.size {
        return "`\(field.name)` at offset \(field.offset) has one type in the BPF program and another in user space"
      }
      return "`\(field.name)` is at offset \(field.offset) (\(field.size) bytes) in the BPF program and at offset "
        + "\(twin.offset) (\(twin.size) bytes) in user space"
    }
    let count = min(mine.fields.count, other.fields.count)
    if let field = mine.fields.dropFirst(count).first {
      return "`\(field.name)` at offset \(field.offset) is there only in the BPF program"
    }
    if let field = other.fields.dropFirst(count).first {
      return "`\(field.name)` at offset \(field.offset) is there only in user space"
    }
    return mine.size == other.size
      ? nil : "it has \(mine.size) bytes in the BPF program and \(other.size) in user space"
  }

  /// What both compilations have in common.
  private struct Compilation {
    let files: [String]
    let arguments: [String]
    let root: String
    let toolchain: Toolchain

    func layouts(_ flags: [String], output: String) throws(CompileError) -> StructLayouts {
      let (status, text) = try Subprocess.run(toolchain.swiftc, flags + arguments + ["-o", output], in: root)
      guard status == 0 else {
        throw CompileError(
          [
            Diagnostic(
              at: files.first.map { SourceLocation(file: $0, line: 1) },
              "a file that both sides share is also compiled by itself, to compare them: it can use other `*.shared.swift` "
                + "files, BPFKernel, BPFValues and the standard library")
          ], compilerOutput: CompilerOutput.absolute(text, root: root))
      }
      return try StructLayouts(try Files.text(output), files: files)
    }
  }
}

/// Swift source to IR as user space has it.
enum HostFrontend {
  static let flags = [
    "-wmo", "-Onone", "-parse-as-library", "-swift-version", "5", "-enable-experimental-feature", "Lifetimes",
    // Debug information that tells the fields of structs.
    "-g", "-gdwarf-types",
  ]
}
