// SPDX-License-Identifier: Apache-2.0

import BTF

/// The kernel's types that a probe names, compiled: Swift that goes with the probe, a module it imports, and bitcode.
struct ProbeTypes {
  /// The Swift file; nil if the probe names no kernel type.
  private(set) var swift: String?
  /// Folders with module maps.
  private(set) var includes: [String] = []
  private(set) var bitcode: [String] = []
  private(set) var tables: [OperationsTable] = []
  private var kernel: BTFTypes?

  /// - Parameters:
  ///   - files: the probe's sources, in `root`.
  ///   - types: a kernel's BTF, as `/sys/kernel/btf/vmlinux` has it.
  ///   - work: a folder for what is made.
  init(
    _ files: [String], root: String, types: String, work: String, kernelSide: KernelSide, toolchain: Toolchain
  ) throws(CompileError) {
    var sources: [String] = []
    for file in files { sources.append(try Files.text(Files.absolute(file, in: root))) }
    let generated: GeneratedTypes
    do {
      let files = KernelTypesFiles(path: types)
      let kernel = try files.kernel()
      self.kernel = kernel
      generated = try KernelTypeGenerator.generate(
        sources: sources, kernel: kernel, modules: kernel.map(files.modules) ?? [],
        reserved: try kernelSide.functions())
    } catch let error as KernelTypesError {
      let place = error.source.map { SourceLocation(file: files[$0], line: error.line, column: error.column) }
      throw CompileError([Diagnostic(at: place, error.message)])
    } catch {
      throw error as? CompileError ?? CompileError("\(types): \(error)")
    }
    guard !generated.isEmpty else { return }
    let module = KernelTypeGenerator.defaultModule
    let folder = "\(work)/types"
    try Files.makeFolder(folder)
    try Files.write("\(folder)/\(module).h", generated.header.utf8)
    try Files.write("\(folder)/module.modulemap", "module \(module) { header \"\(module).h\" export * }\n".utf8)
    try Files.write("\(folder)/KernelTypes.swift", generated.swift.utf8)
    try Files.write("\(folder)/\(module).c", generated.c.utf8)
    try Clang.emitLinkable(
      "\(folder)/\(module).c", to: "\(folder)/\(module).ll", include: folder, toolchain: toolchain)
    swift = "\(folder)/KernelTypes.swift"
    tables = generated.tables
    includes = [folder]
    bitcode = ["\(folder)/\(module).bc"]
  }
}

extension ProbeTypes {
  /// Whether the kernel describes the record of a tracepoint by the tracepoint's own name.
  func hasRecord(_ tracepoint: String) -> Bool {
    kernel?.id(named: "trace_event_raw_\(tracepoint)", kind: .structure) != nil
  }
}

extension KernelSide {
  /// What the module's headers declare: functions of the kernel that need no declaration of their own.
  fileprivate func functions() throws(CompileError) -> Set<String> {
    var result: Set<String> = []
    for header in Files.list(headers, suffix: ".h") {
      let text = try Files.text(header)
      var word = ""
      for byte in text.utf8 {
        switch byte {
        case 48...57, 65...90, 97...122, 95: word.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: "(") where !word.isEmpty:
          result.insert(word)
          word = ""
        default: word = ""
        }
      }
    }
    return result
  }
}
