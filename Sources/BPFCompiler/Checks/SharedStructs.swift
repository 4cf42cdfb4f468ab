// SPDX-License-Identifier: Apache-2.0

/// The structs of a file that a probe and the program in user space both compile.
package enum SharedStructs {
  /// The names of the structs that a source declares outside of any type and that others can name.
  ///
  /// Generic structs have no layout of their own and are left out, and so are those that only one side declares.
  package static func names(in source: String) -> [String] {
    let tokens = SourceTokens.of(source)
    var declared: [(name: String, isConditional: Bool)] = []
    var conditions = 0
    for (index, token) in tokens.enumerated() {
      if token.text == "#", token.kind == .sign, index + 1 < tokens.count {
        if tokens[index + 1].text == "if" { conditions += 1 }
        if tokens[index + 1].text == "endif" { conditions -= 1 }
      }
      guard token.kind == .word, token.text == "struct", token.depth == 0, index + 2 < tokens.count,
        tokens[index + 1].kind == .word, tokens[index + 2].text != "<",
        !modifiers(tokens[..<index]).contains(where: { $0 == "private" || $0 == "fileprivate" })
      else { continue }
      declared.append((tokens[index + 1].text, conditions > 0))
    }
    let counts = Dictionary(declared.map { ($0.name, 1) }, uniquingKeysWith: +)
    var names: [String] = []
    for (name, isConditional) in declared where !isConditional || counts[name, default: 0] > 1 {
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The words before a declaration, on its line.
  private static func modifiers(_ tokens: ArraySlice<SourceToken>) -> [String] {
    guard let line = tokens.last?.line else { return [] }
    return tokens.reversed().prefix { $0.line == line && $0.kind == .word }.map(\.text)
  }
}
