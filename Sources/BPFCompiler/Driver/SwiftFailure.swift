// SPDX-License-Identifier: Apache-2.0

/// The errors of Swift's compiler, with advice for the author of the probe.
enum SwiftFailure {
  /// The error of a front end that failed.
  ///
  /// - Parameters:
  ///   - files: the author's, relative to `root`.
  ///   - kernelTypes: a kernel's BTF, only read if a field is missing.
  static func error(
    _ text: String, status: Int32, files: [String], root: String, kernelTypes: String
  ) -> CompileError {
    if let crash = crash(text, root: root) { return crash }
    guard text.contains("error:") else {
      let output = CompilerOutput.absolute(text, root: root)
      return CompileError([Diagnostic("the Swift compiler failed (status \(status))")], compilerOutput: output)
    }
    var output = CompilerOutput.absolute(text, root: root)
    for note in notes(output) + constantNotes(output) + MemberAdvice.notes(output, kernelTypes: kernelTypes) {
      output += (output.hasSuffix("\n") ? "" : "\n") + note
    }
    var diagnostics: [Diagnostic] = []
    if text.contains(" in scope"), let first = files.first,
      !files.contains(where: { imports(Files.absolute($0, in: root)) })
    {
      diagnostics.append(
        Diagnostic(
          at: SourceLocation(file: first, line: 1),
          "the types of probes are in the kernel-side module: `import BPFKernel`"))
    }
    return CompileError(diagnostics, compilerOutput: output)
  }

  /// What to do about an error, by what the compiler's message holds.
  private static let advice: [(text: String, advice: String)] = [
    ("'any Error' in embedded Swift", "say what is thrown, as in `throws(Problem)`, or return an optional or a number"),
    (
      "a value of protocol type",
      "BPF has no types at run time: use a generic parameter (`<R: Rule>`) or an enumeration in place of `any`"
    ),
    ("cannot use key path", "BPF has no key paths: name the field, or pass a closure"),
    ("dynamic casting", "BPF has no types at run time: use generics, or an enumeration"),
    ("to protocol 'BitwiseCopyable'", bytes),
    ("protocol 'BitwiseCopyable'", bytes),
    ("cannot find 'Task' in scope", "BPF has no concurrency: a program runs from its start to its end"),
    ("no such module", "a probe can import only BPFKernel"),
  ]

  private static let bytes =
    "maps and rings hold bytes: numbers, structs of numbers, InlineArray, FixedString; no String, Array or class"

  /// What to do about a member that changes a `let`: a map, or a value such as a packet's cursor.
  private static func constantNotes(_ output: String) -> [String] {
    var notes: [String] = []
    var sources: [String: [SourceToken]] = [:]
    for line in output.split(separator: "\n") {
      guard !line.hasPrefix(" "), let error = line.range(ofText: ": error: "),
        let end = line.range(ofText: "' is a 'let' constant"),
        let quote = line[..<end.lowerBound].utf8.lastIndex(of: UInt8(ascii: "'"))
      else { continue }
      let name = String(line[line.utf8.index(after: quote)..<end.lowerBound])
      let place = line[..<error.lowerBound]
      guard let file = place.range(ofText: ".swift:").map({ String(place[..<$0.upperBound].dropLast()) }) else {
        continue
      }
      let tokens = sources[file] ?? (try? SourceTokens.of(Files.text(file))) ?? []
      sources[file] = tokens
      let note = "\(place): note: \(constantAdvice(name, tokens))"
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  private static func constantAdvice(_ name: String, _ tokens: [SourceToken]) -> String {
    let declaration = tokens.indices.first { index in
      index > 0 && tokens[index].text == name && tokens[index - 1].text == "let"
    }
    guard let declaration, declaration + 2 < tokens.count, [":", "="].contains(tokens[declaration + 1].text) else {
      return "this member changes `\(name)`: copy it into a variable first, as in `var copy = \(name)`"
    }
    let words = tokens[(declaration + 2)...].prefix { $0.line == tokens[declaration].line }
    if tokens[declaration].depth == 0, words.first?.text.first?.isUppercase ?? false {
      return "declare a map with `var`: its methods use its address"
    }
    if words.contains(where: { $0.text == "packet" }) {
      return "reading moves a packet's cursor: declare it with `var`, as in `var \(name) = context.packet`"
    }
    return "this member changes `\(name)`: declare it with `var`"
  }

  /// `file:line:column: note: ...` for each error that there is advice for.
  private static func notes(_ output: String) -> [String] {
    var notes: [String] = []
    for line in output.split(separator: "\n") {
      guard !line.hasPrefix(" "), let error = line.range(ofText: ": error: ") else { continue }
      let message = line[error.upperBound...]
      guard let found = advice.first(where: { message.range(ofText: $0.text) != nil }) else { continue }
      let note = "\(line[..<error.lowerBound]): note: \(found.advice)"
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  /// The error of a crash, at the function that the compiler was compiling.
  private static func crash(_ text: String, root: String) -> CompileError? {
    guard let dump = text.range(ofText: "Stack dump:") else { return nil }
    var place: SourceLocation?
    if let start = text[dump.upperBound...].range(ofText: "(at ") {
      let parts = text[start.upperBound...].prefix { $0 != ")" && $0 != "\n" }.split(separator: ":")
      if parts.count >= 3, let line = Int(parts[parts.count - 2]), let column = Int(parts[parts.count - 1]) {
        let file = parts.dropLast(2).joined(separator: ":")
        place = SourceLocation(file: file, line: line, column: column)
      }
    }
    var isAsync = false
    if let symbol = text[dump.upperBound...].range(ofText: "SIL function \"@") {
      let name = text[symbol.upperBound...].prefix { $0 != "\"" }
      // `Ya` at the end of a function's mangled type stands for `async`.
      isAsync = ["YaF", "YaKF", "YaYb"].contains(where: name.contains)
    }
    let message =
      isAsync
      ? "an async function, which BPF does not have: a program runs from its start to its end"
      : "the Swift compiler crashed at this function, which uses something that it cannot compile for BPF: no "
        + "concurrency, no reflection, no existentials; write it with structs, enumerations and generics"
    let errors = text[..<dump.lowerBound].split(separator: "\n").filter { $0.range(ofText: ": error: ") != nil }
    return CompileError(
      [Diagnostic(at: place, message)],
      compilerOutput: CompilerOutput.absolute(errors.joined(separator: "\n"), root: root))
  }

  /// Whether a file imports the kernel-side module.
  private static func imports(_ path: String) -> Bool {
    guard let text = try? Files.text(path) else { return false }
    return text.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.count >= 2 && words[words.count - 2] == "import" && words[words.count - 1].hasPrefix("BPFKernel")
    }
  }
}
