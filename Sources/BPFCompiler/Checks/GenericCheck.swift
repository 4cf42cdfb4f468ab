// SPDX-License-Identifier: Apache-2.0

/// Programs that are generic: Swift compiles a generic function only where something calls it, and the kernel calls
/// functions of one type only. Such a program would be missing from the object.
enum GenericCheck {
  /// A diagnostic for each, in sources with the names of their files.
  static func diagnostics(_ files: some Sequence<(String, String)>) -> [Diagnostic] {
    files.flatMap { file, source in
      let tokens = SourceTokens.of(source)
      return tokens.indices.compactMap { index -> Diagnostic? in
        guard let name = program(tokens, at: index), isGeneric(tokens, after: name) else { return nil }
        return Diagnostic(
          at: SourceLocation(file: file, line: tokens[name].line, column: tokens[name].column),
          "program `\(tokens[name].text)` is generic, so Swift does not compile it: give its argument the type of the "
            + "hook's context, such as `XDPContext`")
      }
    }
  }

  /// The place of the function's name behind `@section(...)`; nil for anything else, such as a variable.
  private static func program(_ tokens: [SourceToken], at index: Int) -> Int? {
    guard tokens[index].text == "section", index > 0, tokens[index - 1].text == "@" else { return nil }
    let rest = tokens[index...].prefix { $0.depth == tokens[index].depth && $0.text != "{" }
    guard let keyword = rest.firstIndex(where: { $0.kind == .word && ["func", "var", "let"].contains($0.text) }),
      tokens[keyword].text == "func", keyword + 1 < tokens.endIndex
    else { return nil }
    return keyword + 1
  }

  /// `NAME<T>(...)`, or a parameter of type `some P`.
  private static func isGeneric(_ tokens: [SourceToken], after name: Int) -> Bool {
    guard name + 1 < tokens.endIndex, tokens[name + 1].text != "<" else { return name + 1 < tokens.endIndex }
    return tokens[(name + 1)...].prefix { $0.text != "{" }.contains { $0.kind == .word && $0.text == "some" }
  }
}
