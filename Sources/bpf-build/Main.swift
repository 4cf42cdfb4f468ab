// SPDX-License-Identifier: Apache-2.0
import BPFCompiler
import Glibc

/// The tool behind `BPFPlugin`: compiles one kernel program and writes it as Swift source.
///
///     bpf-build compile --clang PATH --root DIR --include DIR [--cpu V] SOURCE.bpf.c OUTPUT.swift
///     bpf-build compile --clang PATH --swiftc PATH --kernel-side DIR --cache DIR --root DIR [--cpu V] [--btf FILE]
///       [--part FILE]... [--shared FILE]... SOURCE.bpf.swift OUTPUT.swift
///     bpf-build list OUTPUT.swift NAME...
@main struct Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    Leftovers.removeOnSignals()
    do {
      switch arguments.first {
      case "compile": try Compilation(Array(arguments.dropFirst())).run()
      case "list" where arguments.count >= 2:
        try Files.write(arguments[1], listSource(Array(arguments.dropFirst(2))).utf8)
      default: throw CompileError("usage: bpf-build compile|list ...")
      }
    } catch {
      let message = Array("\(error)\n".utf8)
      _ = write(STDERR_FILENO, message, message.count)
      exit(1)
    }
  }
}
