// SPDX-License-Identifier: Apache-2.0

/// The kernel's names where Swift has its own use for them.
enum SwiftWord {
  /// The name, in backticks if it is a word of the language.
  static func escaped(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// The name of a property: with an underscore behind it if not even backticks help, or if the view has one of its own.
  static func property(_ name: String, besides own: Set<String>) -> String {
    meaningful.contains(name) || own.contains(name) ? name + "_" : name
  }

  private static let meaningful: Set<String> = ["self", "Self", "Type", "Protocol", "init"]

  private static let keywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
    "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "inout",
    "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat",
    "rethrows", "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while", "Any",
  ]
}
