// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The module that probes import, compiled: `BPFKernel`, its C headers, and the C that is linked into probes.
///
/// It is compiled from source with the compiler that compiles the probe, once for each state of the sources.
struct KernelSide {
  /// Where `BPFKernel.swiftmodule` and the bitcode lie.
  let folder: String
  /// The headers of `CBPFKernel`, with their module map.
  let headers: String
  /// Bitcode of the C that is compiled for BPF.
  let bitcode: [String]

  /// - Parameters:
  ///   - sources: the folder that holds `BPFKernel` and `CBPFKernel`.
  ///   - cache: where compiled modules are kept.
  init(sources: String, cache: String, toolchain: Toolchain) throws(CompileError) {
    headers = "\(sources)/CBPFKernel/include"
    let swift = Files.list("\(sources)/BPFKernel", suffix: ".swift")
    let c = Files.list("\(sources)/CBPFKernel/bpf", suffix: ".c")
    guard !swift.isEmpty else {
      throw CompileError("\(sources)/BPFKernel: the kernel-side module's sources are not there")
    }
    var hash = Hash()
    hash.add(Array(toolchain.swiftc.utf8))
    hash.add(Array("\(Files.modificationTime(toolchain.swiftc))".utf8))
    for path in swift + c + Files.list(headers, suffix: "") {
      hash.add(Array(path.utf8))
      hash.add(try Files.read(path))
    }
    folder = "\(cache)/BPFKernel-\(hash.text)"
    let folder = folder
    bitcode = c.map { "\(folder)/\(Self.baseName($0)).bc" }
    if Files.exists("\(folder)/done") { return }
    try Files.makeFolder(cache)
    // Two builds at a time make it twice, and the first to be ready is used.
    let work = "\(folder).\(getpid())"
    try Files.makeFolder(work)
    let arguments =
      SwiftFrontend.flags + [
        "-I", headers, "-module-name", "BPFKernel", "-emit-module", "-emit-module-path",
        "\(work)/BPFKernel.swiftmodule",
      ]
    let (status, output) = try Subprocess.run(toolchain.swiftc, arguments + swift, in: ".")
    guard status == 0 else { throw CompileError([], compilerOutput: output) }
    for path in c {
      let text = "\(work)/\(Self.baseName(path)).ll"
      try Clang.emitLinkable(path, to: text, include: headers, toolchain: toolchain)
    }
    try Files.write("\(work)/done", [])
    if rename(work, folder) != 0 { Files.remove(work) }
    guard Files.exists("\(folder)/done") else { throw CompileError("\(folder): \(Files.reason)") }
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
