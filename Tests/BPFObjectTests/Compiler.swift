// SPDX-License-Identifier: Apache-2.0

import BPFObject
import Foundation
import TestSupport
import Testing

/// Compiles small kernel programs while tests run: for what no program of the corpus can say, as mistakes.
enum Compiler {
  static let clang: String? = {
    let named = ProcessInfo.processInfo.environment["MEROPS_CLANG"].flatMap { $0.isEmpty ? nil : $0 }
    let candidates = [named, toolchainPath("clang"), commandPath("clang")].compactMap { $0 }
    return candidates.first { path in
      (try? Shell.run([path, "-target", "bpfel", "-x", "c", "-c", "/dev/null", "-o", "/dev/null"]))?.status == 0
    }
  }()

  /// The object that clang makes of a source, behind the usual headers.
  static func compile(_ source: String, target: String = "bpfel", arguments: [String] = ["-g"]) throws -> [UInt8] {
    let path = NSTemporaryDirectory() + "merops-object-\(UUID().uuidString)"
    defer {
      try? FileManager.default.removeItem(atPath: path + ".c")
      try? FileManager.default.removeItem(atPath: path + ".o")
    }
    let prelude = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"
    try (prelude + source).write(toFile: path + ".c", atomically: true, encoding: .utf8)
    let result = try Shell.run(
      [try #require(clang), "-target", target, "-O2", "-w", "-I/usr/include/x86_64-linux-gnu"] + arguments
        + (target.hasPrefix("bpf") ? ["-mcpu=v2"] : [])
        + ["-c", path + ".c", "-o", path + ".o"])
    guard result.status == 0 else { throw Shell.Failed(description: result.output) }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".o")))
  }
}

extension Requirement {
  static let bpfCompiler = Requirement("needs a clang that compiles for BPF, and libbpf's headers") {
    Compiler.clang != nil && FileManager.default.fileExists(atPath: "/usr/include/bpf/bpf_helpers.h")
  }
}
