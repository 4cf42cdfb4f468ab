// SPDX-License-Identifier: Apache-2.0

/// Packet cursors that move in the rounds of `forEach`.
///
/// The verifier goes round such a loop until nothing new happens. A cursor that moves is new each time, until it is too
/// far from the packet's start for the verifier to compare it with the end.
enum CursorCheck {
  /// A diagnostic for each, in sources with the names of their files.
  static func diagnostics(_ files: some Sequence<(String, String)>) -> [Diagnostic] {
    files.flatMap { file, source in
      let tokens = SourceTokens.of(source)
      let cursors = Set(tokens.indices.filter { declaresCursor(tokens, at: $0) }.map { tokens[$0].text })
      return cursors.isEmpty
        ? []
        : tokens.indices.filter { tokens[$0].text == "forEach" && $0 > 0 }.flatMap { index in
          moves(of: cursors, in: body(tokens, after: index)).map { token in
            Diagnostic(
              at: SourceLocation(file: file, line: token.line, column: token.column),
              "the cursor `\(token.text)` moves in the rounds of `forEach`, which the verifier does not follow to their end: "
                + "count the bytes in a variable, and read at that place, as in "
                + "`\(token.text).peek(UInt8.self, at: offset & 63)`")
          }
        }
    }
  }

  /// `var NAME = CONTEXT.packet`
  private static func declaresCursor(_ tokens: [SourceToken], at index: Int) -> Bool {
    index > 0 && index + 4 < tokens.count && tokens[index - 1].text == "var"
      && tokens[(index + 1)...].prefix { $0.line == tokens[index].line }.map(\.text).suffix(2) == [".", "packet"]
  }

  /// The tokens of the closure that follows a call.
  private static func body(_ tokens: [SourceToken], after index: Int) -> ArraySlice<SourceToken> {
    guard let open = tokens[index...].firstIndex(where: { $0.kind == .sign && $0.text == "{" }),
      tokens[open].depth == tokens[index].depth
    else { return [] }
    let inside = tokens[(open + 1)...]
    return inside[..<(inside.firstIndex { $0.depth <= tokens[open].depth } ?? inside.endIndex)]
  }

  /// Where a cursor from outside is moved, or lent to a function that may.
  private static func moves(of cursors: Set<String>, in body: ArraySlice<SourceToken>) -> [SourceToken] {
    let inside = Set(
      body.indices.dropFirst().filter { ["var", "let"].contains(body[$0 - 1].text) }.map { body[$0].text })
    return body.indices.dropFirst().dropLast(2).filter { index in
      let token = body[index]
      guard token.kind == .word, cursors.contains(token.text), !inside.contains(token.text),
        body[index - 1].text != "."
      else { return false }
      if body[index - 1].text == "&" { return true }
      return body[index + 1].text == "." && !resting.contains(body[index + 2].text)
    }.map { body[$0] }
  }

  /// Members that leave the cursor where it is.
  private static let resting: Set<String> = ["peek", "has", "count", "mark", "modify"]
}
