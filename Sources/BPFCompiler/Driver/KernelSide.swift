// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The modules that probes import, compiled: `BPFKernel` and the `BPFValues` that it shares with user space, the C headers,
/// and the C that is linked into probes.
///
/// They are compiled from source with the compiler that compiles the probe, once for each state of the sources.
struct KernelSide {
  /// Where the modules and the bitcode lie.
  let folder: String
  /// The headers of `CBPFKernel`, with their module map.
  let headers: String
  /// Bitcode of the C that is compiled for BPF.
  let bitcode: [String]
  private let modules: [(name: String, files: [String])]

  /// - Parameters:
  ///   - sources: the folder that holds `BPFKernel`, `BPFValues` and `CBPFKernel`.
  ///   - cache: where compiled modules are kept.
  init(sources: String, cache: String, toolchain: Toolchain) throws(CompileError) {
    headers = "\(sources)/CBPFKernel/include"
    // In the order in which they are compiled: each may import those before it.
    modules = ["BPFValues", "BPFKernel"].map { ($0, Files.list("\(sources)/\($0)", suffix: ".swift")) }
    let c = Files.list("\(sources)/CBPFKernel/bpf", suffix: ".c")
    if let missing = modules.first(where: \.files.isEmpty) {
      throw CompileError(
        "\(sources)/\(missing.name): the kernel-side module's sources are missing: name their "
          + "folder in MEROPS_KERNEL_SIDE")
    }
    var hash = Hash()
    hash.add(Array(toolchain.swiftc.utf8))
    hash.add(Array("\(Files.modificationTime(toolchain.swiftc))".utf8))
    hash.add(Array(toolchain.clang.utf8))
    hash.add(Array("\(Files.modificationTime(toolchain.clang)) \(SwiftFrontend.flags) \(HostFrontend.flags)".utf8))
    for path in modules.flatMap(\.files) + c + Files.list(headers, suffix: "") {
      hash.add(Array(path.utf8))
      hash.add(try Files.read(path))
    }
    let folder = Files.absolute("\(cache)/BPFKernel-\(hash.text)", in: Files.resolved("."))
    self.folder = folder
    bitcode = c.map { "\(folder)/\(Self.baseName($0)).bc" }
    // Its time tells when it was last used.
    if utimensat(AT_FDCWD, "\(folder)/done", nil, 0) == 0 || Files.exists("\(folder)/done") { return }
    // Two builds at a time make it twice, and the first to be ready is used. What a killed build leaves is not used.
    let work: String
    do {
      try Files.makeFolder(cache)
      work = try Files.temporaryFolder(in: cache, "BPFKernel")
    } catch {
      throw CompileError(
        "the compiled kernel-side module cannot be kept in \(cache): \(error.diagnostics[0].message); name another "
          + "folder in XDG_CACHE_HOME")
    }
    defer { Files.remove(work) }
    try emitModules(SwiftFrontend.flags, to: work, toolchain) { Self.failure($1, status: $0, toolchain) }
    for path in c {
      let text = "\(work)/\(Self.baseName(path)).ll"
      try Clang.emitLinkable(path, to: text, include: headers, toolchain: toolchain)
    }
    try Files.write("\(work)/done", [])
    rename(work, folder)
    guard Files.exists("\(folder)/done") else {
      throw CompileError("\(folder) is in the way of the compiled kernel-side module: remove it")
    }
    Self.removeUnused(from: cache)
  }

  /// How clang lays out data for BPF: as the IR of the module's C states.
  func dataLayout() throws(CompileError) -> String? {
    guard let first = bitcode.first else { return nil }
    return try IRModule(try Files.text(first.dropLast(3) + ".ll")).dataLayout
  }

  /// Removes what no build has used for a month: of other versions, and of builds that were killed.
  private static func removeUnused(from cache: String) {
    let monthAgo = time(nil) - 30 * 24 * 3600
    for path in Files.folders(cache, prefix: "BPFKernel-") {
      let used = max(Files.modificationTime(path), Files.modificationTime("\(path)/done"))
      if used < monthAgo { Files.remove(path) }
    }
  }

  /// Compiles the modules with the flags of one side.
  private func emitModules(
    _ flags: [String], to folder: String, _ toolchain: Toolchain,
    _ failure: (_ status: Int32, _ output: String) -> CompileError
  ) throws(CompileError) {
    for module in modules {
      let path = "\(folder)/\(module.name).swiftmodule"
      let arguments =
        flags + ["-I", headers, "-I", folder, "-module-name", module.name, "-emit-module", "-emit-module-path", path]
      let (status, output) = try Subprocess.run(toolchain.swiftc, arguments + module.files, in: ".")
      guard status == 0 else { throw failure(status, output) }
      guard Files.exists(path) else {
        throw CompileError("\(toolchain.swiftc) made no module: it is not a Swift compiler: name one in MEROPS_SWIFTC")
      }
    }
  }

  /// The folder of the modules as user space imports them, compiled when it is first asked for.
  func hostModule(_ toolchain: Toolchain) throws(CompileError) -> String {
    let host = "\(folder)/host"
    if Files.exists("\(host)/BPFKernel.swiftmodule") { return host }
    let work = try Files.temporaryFolder(in: folder, "host")
    defer { Files.remove(work) }
    var arguments = HostFrontend.flags
    for feature in ["InternalImportsByDefault", "MemberImportVisibility", "ExistentialAny"] {
      arguments += ["-enable-upcoming-feature", feature]
    }
    try emitModules(arguments, to: work, toolchain) { status, output in
      CompileError(
        [Diagnostic("\(toolchain.swiftc) cannot compile the kernel-side module for user space (status \(status))")],
        compilerOutput: output)
    }
    // Of two builds at a time the first to be ready is used.
    rename(work, host)
    guard Files.exists("\(host)/BPFKernel.swiftmodule") else {
      throw CompileError("\(host) is in the way of the compiled kernel-side module: remove it")
    }
    return host
  }

  /// The kernel-side module does not compile: not with this compiler.
  private static func failure(_ output: String, status: Int32, _ toolchain: Toolchain) -> CompileError {
    let why =
      output.contains("unable to load standard library") || output.contains("embedded")
      ? "has no Embedded Swift for riscv64, with which probes are compiled"
      : "cannot compile the kernel-side module (status \(status))"
    return CompileError(
      [Diagnostic("\(toolchain.swiftc) \(why): use a toolchain of swift.org, 6.3 or later (MEROPS_SWIFTC names it)")],
      compilerOutput: output)
  }

  private static func baseName(_ path: String) -> String {
    let name = path.split(separator: "/").last.map { String($0) } ?? path
    return String(name.prefix { $0 != "." })
  }
}

/// FNV-1a over 64 bits: tells states of the sources apart.
struct Hash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: [UInt8]) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = (state ^ UInt64(bytes.count)) &* 0x100_0000_01b3
  }

  var text: String { String(state, radix: 16) }
}

extension Files {
  fileprivate static func modificationTime(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mtim.tv_sec : 0
  }
}
