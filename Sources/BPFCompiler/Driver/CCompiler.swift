// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Compiles a kernel program written in C to a standard BPF object.
public struct CCompiler: Sendable {
  /// A clang with a BPF back end.
  public var clang: String
  /// Folders of headers, besides the source's own and the system's.
  public var includes: [String] = []
  /// Instruction set: `v1`, `v2`, `v3` or `v4`. 5.10 refuses what v3 makes of atomics.
  public var cpu = "v2"

  public init(clang: String) { self.clang = clang }

  /// What comes out.
  public enum Stage: String, Sendable, CaseIterable {
    /// The finished ELF object.
    case object
    /// BPF assembly.
    case assembly = "asm"
    /// IR as clang's front end wrote it.
    case ir
  }

  /// Compiles one program.
  ///
  /// - Parameters:
  ///   - source: `NAME.bpf.c`.
  ///   - root: the folder that paths in the object are relative to, such as the package's. The object is the same
  ///     whatever this folder is called.
  ///   - stage: what is asked for: the object, or what leads to it.
  /// - Throws: `CompileError` with the places that are wrong.
  public func compile(_ source: String, root: String, stage: Stage = .object) throws(CompileError) -> [UInt8] {
    let root = try Files.root(root)
    let source = Files.resolved(source)
    _ = try Files.read(source)
    let work = try Files.temporaryFolder()
    defer { Files.remove(work) }
    let output = "\(work)/output"
    var arguments = [
      "-target", "bpfel", "-mcpu=\(cpu)", "-O2", "-g", "-Wall", "-std=gnu11",
      "-fno-ident", "-fdebug-compilation-dir=.", "-ffile-prefix-map=\(root)=.",
      "-fdiagnostics-absolute-paths", "-D__TARGET_ARCH_\(Machine.targetArchitecture)",
    ]
    for folder in [Files.folder(of: source)] + includes {
      arguments += ["-I", Files.relative(Files.resolved(folder), to: root)]
    }
    for folder in Machine.includeFolders { arguments += ["-idirafter", folder] }
    switch stage {
    case .object: arguments += ["-c"]
    case .assembly: arguments += ["-S"]
    case .ir: arguments += ["-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes"]
    }
    // Named relative to the root, or the absolute path would end up in the line info.
    arguments += [Files.argument(Files.relative(source, to: root)), "-o", output]
    let (status, text) = try Clang.generate(clang, arguments, in: root)
    guard status == 0 else { throw failure(text, status: status).absolute(root: root) }
    if !text.isEmpty { CompilerOutput.show(text) }
    let bytes = try Files.read(output)
    // Without the DWARF that -g leaves as well.
    guard stage == .object else { return bytes }
    do { return try ObjectFinisher(bytes, language: .c).finish() } catch { throw error.absolute(root: root) }
  }

  /// The error of a failed compilation, with advice that clang does not have.
  private func failure(_ output: String, status: Int32) -> CompileError {
    let refused = CompilerOutput.backEndDiagnostics(output, language: .c)
    if !refused.isEmpty { return CompileError(refused) }
    if let error = CompilerOutput.missingBackEnd(output, clang: clang) { return error }
    let advice: String? =
      if output.contains("'bpf/"), output.contains("file not found"), !Files.exists("/usr/include/bpf") {
        "libbpf's headers are missing: install libbpf-dev (Debian) or libbpf-devel (Fedora)"
      } else if output.contains("'vmlinux.h' file not found") {
        "vmlinux.h, the kernel's types, is made by `merops btf dump kernel > vmlinux.h` beside the program"
      } else if !output.contains("error:") {
        "\(clang) failed (status \(status))"
      } else {
        nil
      }
    return CompileError(
      advice.map { [Diagnostic($0)] } ?? [], compilerOutput: output.hasSuffix("\n") ? String(output.dropLast()) : output
    )
  }
}

/// Where this machine keeps the headers that a kernel program includes.
private enum Machine {
  /// This machine's name in `<bpf/bpf_tracing.h>`.
  static var targetArchitecture: String {
    #if arch(x86_64)
      "x86"
    #elseif arch(arm64)
      "arm64"
    #elseif arch(riscv64)
      "riscv"
    #elseif arch(s390x)
      "s390"
    #else
      "powerpc"
    #endif
  }

  /// `/usr/include`, and the multiarch folder where Debian keeps `<asm/types.h>`.
  static var includeFolders: [String] {
    var name = utsname()
    uname(&name)
    let machine = withUnsafeBytes(of: name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return ["/usr/include/\(machine)-linux-gnu", "/usr/include"].filter { Files.exists($0) }
  }
}
