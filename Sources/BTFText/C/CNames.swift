// SPDX-License-Identifier: Apache-2.0

import BTF

/// The names that types get in a C file.
///
/// BTF may hold several types of one name, from different source files. C has one name space for tags and one for
/// typedefs, enumerators and functions; the second type of a name becomes `name___2`, as bpftool writes it, which
/// CO-RE then treats as a flavor of the same type.
struct CNames {
  private var tags: Set<String> = []
  private var identifiers: Set<String> = []
  /// The number that the next type of a name gets.
  private var tagCounts: [String: Int] = [:]
  private var identifierCounts: [String: Int] = [:]
  private(set) var assigned: [TypeID: String] = [:]
  /// Names of types that are only declared, by keyword and name.
  private var forwards: [String: String] = [:]

  /// The tag of a struct, union or enumeration.
  mutating func tag(_ id: TypeID, named name: String) -> String {
    if let tag = assigned[id] { return tag }
    let tag = Self.unique(Self.sanitized(name), in: &tags, &tagCounts)
    assigned[id] = tag
    return tag
  }

  /// The tag of a struct or union that is declared and never defined.
  mutating func forwardTag(_ id: TypeID, named name: String, isUnion: Bool) -> String {
    if let tag = assigned[id] { return tag }
    let key = (isUnion ? "union " : "struct ") + name
    let tag = forwards[key] ?? Self.unique(Self.sanitized(name), in: &tags, &tagCounts)
    forwards[key] = tag
    assigned[id] = tag
    return tag
  }

  /// The name of a typedef, function or variable.
  mutating func identifier(_ id: TypeID, named name: String) -> String {
    if let identifier = assigned[id] { return identifier }
    let identifier = enumerator(name)
    assigned[id] = identifier
    return identifier
  }

  /// The name of an enumerator, new with each use.
  mutating func enumerator(_ name: String) -> String {
    Self.unique(Self.sanitized(name), in: &identifiers, &identifierCounts)
  }

  private static func unique(_ name: String, in used: inout Set<String>, _ counts: inout [String: Int]) -> String {
    if used.insert(name).inserted { return name }
    var number = counts[name] ?? 2
    while !used.insert("\(name)___\(number)").inserted { number += 1 }
    counts[name] = number + 1
    return "\(name)___\(number)"
  }

  /// The name as a C identifier: languages other than C put more into theirs.
  static func sanitized(_ name: String) -> String {
    if isIdentifier(name) { return keywords.contains(name) ? name + "_" : name }
    var text = ""
    for scalar in name.unicodeScalars {
      let isPart = scalar == "_" || scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      text.unicodeScalars.append(isPart ? scalar : "_")
    }
    return text.first.map { $0.isNumber } ?? false ? "_" + text : text
  }

  private static func isIdentifier(_ name: String) -> Bool {
    var isFirst = true
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
      case UInt8(ascii: "0")...UInt8(ascii: "9") where !isFirst: break
      default: return false
      }
      isFirst = false
    }
    return !isFirst
  }

  /// C11's keywords and GNU's without underscores. `bool`, `true` and `false` are names up to C17; see `CPrinter`.
  private static let keywords: Set<String> = [
    "asm", "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile", "while",
  ]
}
