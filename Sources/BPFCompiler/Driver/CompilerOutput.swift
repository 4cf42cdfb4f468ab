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
  static func error(_ text: String, status: Int32, root: String, clang: String) -> CompileError {
    let diagnostics = backEndDiagnostics(text, language: .swift)
    guard diagnostics.isEmpty else { return CompileError(diagnostics) }
    return missingBackEnd(text, clang: clang)
      ?? CompileError(
        [Diagnostic("the BPF back end of \(clang) failed (status \(status))")],
        compilerOutput: absolute(text, root: root))
  }

  /// What the back end refuses, explained; empty if it refuses nothing.
  static func backEndDiagnostics(_ text: String, language: SourceLanguage) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    var told: Set<SourceLocation> = []
    for line in text.split(separator: "\n") {
      // "error: ./bpf/probe.bpf.swift:12:3: in function filter i32 (ptr): Looks like the BPF stack limit is exceeded ..."
      guard let found = line.range(ofText: "error: ") else { continue }
      let rest = line[found.upperBound...]
      var parts = rest.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      // Of C, with the place in front: "/src/probe.bpf.c:3:69: error: unsupported signed division, ..."
      let front = line[..<found.lowerBound].split(separator: ":", omittingEmptySubsequences: false)
      if front.count == 4, front[3] == " ", advice(rest, language) != nil { parts = Array(front[..<3]) + [rest] }
      guard parts.count == 4, let number = Int(parts[1]), let column = Int(parts[2]) else { continue }
      let file = parts[0].hasPrefix("./") ? parts[0].dropFirst(2) : parts[0]
      guard told.insert(SourceLocation(file: String(file), line: number)).inserted else { continue }
      diagnostics.append(
        Diagnostic(at: SourceLocation(file: String(file), line: number, column: column), explained(parts[3], language)))
    }
    if diagnostics.isEmpty, text.contains("stack limit") || text.contains("stack arguments") {
      diagnostics.append(Diagnostic(explained(Substring(text.split(separator: "\n").first ?? ""), language)))
    }
    return diagnostics
  }

  /// The error of a clang that was built without BPF; nil for other failures.
  static func missingBackEnd(_ text: String, clang: String) -> CompileError? {
    let signs = ["unknown target triple", "No available targets", "unable to create target", "unrecognized command"]
    guard signs.contains(where: text.contains) else { return nil }
    return CompileError("\(clang) does not compile for BPF: name a clang that does in MEROPS_CLANG")
  }

  /// What a message of the back end means for the author; nil for a message that is not known.
  private static func advice(_ message: Substring, _ language: SourceLanguage) -> String? {
    if message.range(ofText: "stack limit") != nil {
      return
        "uses more than 512 bytes of stack, which is all that a BPF program has: keep large values in a per-CPU array or in the "
        + "record of a ring"
    }
    if message.range(ofText: "too many args") != nil || message.range(ofText: "stack arguments") != nil {
      return
        "the function needs more than five registers for its arguments, which is all that BPF has: pass a pointer to a struct"
    }
    if message.range(ofText: "unsupported signed division") != nil {
      return
        "a division of signed numbers needs v4 of the instruction set (Linux 6.6): divide \(language.unsignedNumbers), or "
        + instructionSet("v4")
    }
    if message.range(ofText: "unsupported atomic operation") != nil {
      return
        "an atomic operation on 32 bits, or one that returns the old value, needs v3 of the instruction set (Linux 5.12): "
        + instructionSet("v3")
    }
    if let quote = message.range(ofText: "built-in function '") {
      return ObjectCheck.message(missing: String(message[quote.upperBound...].prefix { $0 != "'" }), language)
    }
    return nil
  }

  private static func explained(_ message: Substring, _ language: SourceLanguage) -> String {
    if let advice = advice(message, language) { return advice }
    // "in function filter i32 (ptr): ..."
    let text = IRText.trimmed(message)
    guard text.hasPrefix("in function "), let end = text.range(ofText: "): ") else { return String(text) }
    return String(text[end.upperBound...])
  }

  /// How the instruction set is chosen.
  private static func instructionSet(_ name: String) -> String {
    "build with --cpu \(name), or in a package with { \"cpu\": \"\(name)\" } in the file bpf-build.json beside the program"
  }

  /// Prints warnings.
  static func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
