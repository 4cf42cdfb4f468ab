// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What compilers print, put so that an editor finds the place.
enum CompilerOutput {
  /// Names files absolutely: the compiler ran in the package's folder, the reader may be elsewhere.
  static func absolute(_ text: String, root: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard !line.hasPrefix("/"), !line.hasPrefix(" "), let colon = line.firstIndex(of: ":"),
        line[colon...].contains(": ")
      else { return String(line) }
      let path = "\(root)/\(line[..<colon])"
      return Files.exists(path) ? "\(root)/\(line)" : String(line)
    }.joined(separator: "\n")
  }

  /// The error of a back end that gave up.
  static func error(_ text: String, status: Int32, root: String) -> CompileError {
    var diagnostics: [Diagnostic] = []
    for line in text.split(separator: "\n") {
      // "error: ./bpf/probe.bpf.swift:12:3: in function filter i32 (ptr): Looks like the BPF stack limit is exceeded ..."
      guard let found = line.range(ofText: "error: ") else { continue }
      let rest = line[found.upperBound...]
      let parts = rest.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, let number = Int(parts[1]), let column = Int(parts[2]) else { continue }
      let file = parts[0].hasPrefix("./") ? parts[0].dropFirst(2) : parts[0]
      diagnostics.append(
        Diagnostic(at: SourceLocation(file: String(file), line: number, column: column), explained(parts[3])))
    }
    if diagnostics.isEmpty, text.contains("stack limit") || text.contains("stack arguments") {
      diagnostics.append(Diagnostic(explained(Substring(text.split(separator: "\n").first ?? ""))))
    }
    if diagnostics.isEmpty {
      return CompileError(
        [Diagnostic("the compiler's BPF back end failed (status \(status))")],
        compilerOutput: absolute(text, root: root))
    }
    return CompileError(diagnostics)
  }

  private static func explained(_ message: Substring) -> String {
    if message.range(ofText: "stack limit") != nil {
      return "more than 512 bytes of stack, all that a BPF program has: keep large values in a per-CPU array or in the "
        + "record of a ring"
    }
    if message.range(ofText: "too many args") != nil || message.range(ofText: "stack arguments") != nil {
      return "a function with more than five registers of arguments, all that BPF has: pass a pointer to a struct"
    }
    return String(IRText.trimmed(message))
  }

  /// Prints warnings.
  static func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
