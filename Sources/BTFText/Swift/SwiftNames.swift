// SPDX-License-Identifier: Apache-2.0

import BTF

/// Names of one scope in Swift: unique, and no words of the language.
public struct SwiftNames: Sendable {
  private var used: Set<String>
  /// What stands between a name that is taken and the number that tells the next one from it.
  private let separator: String

  public init(reserving names: Set<String> = [], separator: String) {
    used = names
    self.separator = separator
  }

  init(reserving names: Set<String> = [], _ style: SwiftStyle) {
    self.init(reserving: names, separator: style.convertsNames ? "_" : "___")
  }

  /// A name for a declaration, escaped where it is a word of the language.
  public mutating func claim(_ name: String) -> String {
    let base = Self.identifier(name)
    var unique = base
    var number = 2
    while !used.insert(unique).inserted {
      unique = "\(base)\(separator)\(number)"
      number += 1
    }
    return Self.escaped(unique)
  }

  /// The name with nothing but letters (those of other alphabets too), digits and underscores, and none that Swift gives a meaning after a dot.
  private static func identifier(_ name: String) -> String {
    let text = CIdentifier.decoded(CNames.sanitized(CIdentifier.encoded(name)))
    if text.utf8.allSatisfy({ $0 == UInt8(ascii: "_") }) { return text.isEmpty ? "__" : text + "_" }
    return meaningful.contains(text) ? text + "_" : text
  }

  /// The name, in backticks where it is a word of the language.
  public static func escaped(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// Words that mean something after a dot, even in backticks.
  package static let meaningful: Set<String> = ["self", "Self", "Type", "Protocol", "init"]

  /// Types that the printed text names itself, which no kernel type may shadow.
  public static let standard: Set<String> = [
    "Int", "Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "Float",
    "Double", "Bool", "InlineArray", "MemoryLayout", "BitwiseCopyable", "Sendable", "Hashable", "RawRepresentable",
    "String", "OptionSet", "CustomStringConvertible", "Void", "Never", "UTF8",
    "UnsafeRawPointer", "UnsafePointer", "UnsafeBufferPointer", "OpaquePointer", "btfLoad", "btfStore", "btfLoadBits",
    "btfStoreBits", "btfExtended", "btfText", "btfBytes", "btfZero", "Swift",
    "precondition", "withUnsafeBytes", "withUnsafeMutableBytes",
  ]

  private static let keywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
    "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "inout",
    "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat",
    "rethrows", "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while", "Any",
  ]
}
