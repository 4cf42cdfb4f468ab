// SPDX-License-Identifier: Apache-2.0
import BPFCompiler
import Glibc

/// One `.bpf.c` or `.bpf.swift` on its way to an object and then to a Swift file.
struct Compilation {
  private var options: [String: String] = [:]
  /// Swift files that both sides compile.
  private var shared: [String] = []
  private var source = ""
  private var output = ""

  init(_ arguments: [String]) throws {
    var files: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        files.append(argument)
        continue
      }
      let value = rest.popFirst()
      if argument == "--shared" { shared += value.map { [$0] } ?? [] } else { options[argument] = value }
    }
    guard files.count == 2 else { throw Failure("usage: bpf-build compile [OPTIONS] SOURCE OUTPUT") }
    (source, output) = (files[0], files[1])
  }

  func run() throws {
    let isSwift = source.hasSuffix(".swift")
    let object = try isSwift ? compileSwift() : compileC()
    let name = source.lastComponent.dropSuffix(isSwift ? ".bpf.swift" : ".bpf.c")
    let text = try swiftSource(
      name: name, object: object, shared: isSwift ? shared : [], withSkeleton: options["--skeleton"] == "yes")
    try writeFile(output, Array(text.utf8))
  }

  private func compileSwift() throws -> [UInt8] {
    guard let swiftc = options["--swiftc"], let kernelSide = options["--kernel-side"], let cache = options["--cache"]
    else {
      throw Failure("usage: bpf-build compile --swiftc PATH --kernel-side DIR --cache DIR SOURCE.bpf.swift OUTPUT")
    }
    let compiler = ProbeCompiler(
      toolchain: Toolchain(swiftc: swiftc, clang: options["--clang"] ?? "clang"), kernelSide: kernelSide, cache: cache)
    do {
      return try compiler.compile(source, shared: shared, root: options["--root"] ?? ".")
    } catch {
      throw Failure("\(error)")
    }
  }

  private func compileC() throws -> [UInt8] {
    // Everything is named relative to the package's root, or its absolute path would end up in the line info: the
    // same sources give the same object in any folder.
    let root = options["--root"] ?? "."
    guard chdir(root) == 0 else { throw Failure("bpf-build: cannot enter \(root)") }
    let clang = options["--clang"] ?? "clang"
    let object = output.dropSuffix(".swift") + ".o"
    let relative = source.hasPrefix(root + "/") ? String(source.dropFirst(root.utf8.count + 1)) : source

    var arguments = [
      "-target", "bpfel", "-mcpu=v2", "-O2", "-g", "-Wall", "-std=gnu11",
      "-fno-ident", "-fdebug-compilation-dir=.", "-ffile-prefix-map=\(root)=.",
      "-fdiagnostics-absolute-paths", "-D__TARGET_ARCH_\(Machine.targetArchitecture)",
    ]
    if let include = options["--include"] {
      let prefix = root + "/"
      arguments += ["-I", include.hasPrefix(prefix) ? String(include.dropFirst(prefix.utf8.count)) : include]
    }
    arguments += Machine.includeFolders.flatMap { ["-idirafter", $0] }
    arguments += ["-c", relative, "-o", object]
    guard try spawn(clang, arguments) == 0 else { throw Failure(advice(clang)) }

    // -g leaves DWARF as well; the kernel and CO-RE need only .BTF and .BTF.ext, which are not "debug" sections.
    if let objcopy = options["--objcopy"], try spawn(objcopy, ["--strip-debug", object]) != 0 {
      throw Failure("bpf-build: \(objcopy) --strip-debug \(object) failed")
    }
    return try readFile(object)
  }

  /// What a failed compilation may need that its own messages do not say.
  private func advice(_ clang: String) -> String {
    let probe = try? spawn(clang, ["-target", "bpfel", "-x", "c", "-c", "/dev/null", "-o", "/dev/null"])
    if probe != 0 {
      return "error: \(clang) cannot compile for BPF. Set MEROPS_CLANG to a clang that can "
        + "(`clang --print-targets` lists bpfel)."
    }
    if access("/usr/include/bpf/bpf_helpers.h", R_OK) != 0 {
      return "error: <bpf/bpf_helpers.h> is missing. Install libbpf-dev (Debian) or libbpf-devel (Fedora)."
    }
    return "error: \(source) did not compile"
  }
}

/// Where this machine keeps the headers that a kernel program includes.
enum Machine {
  /// The name that `<bpf/bpf_tracing.h>` gives to this machine.
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
    return ["/usr/include/\(machine)-linux-gnu", "/usr/include"].filter { access($0, R_OK) == 0 }
  }
}
