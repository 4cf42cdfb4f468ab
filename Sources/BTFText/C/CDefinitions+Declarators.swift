// SPDX-License-Identifier: Apache-2.0

import BTF

/// Declarators. C wraps a type around its name: pointers go before it, arrays and parameters behind.
extension CDefinitions {
  /// `const`, `volatile`, `restrict` and tags on their way to what they qualify.
  private struct Qualifiers {
    var isConst = false
    var isVolatile = false
    var isRestrict = false
    var attributes = ""
  }

  /// Writes the declaration of a name of the type; without name, the type itself.
  mutating func declarator(_ id: TypeID, _ name: String, level: Int) throws(BTFError) {
    try prefix(id, Qualifiers(), level: level, depth: 0)
    if !name.isEmpty {
      space()
      append(name)
    } else if types.kind(id) == .function || types.kind(id) == .functionPrototype {
      append(" ")
    }
    try suffix(id, level: level, depth: 0)
  }

  private mutating func space() {
    if let last = text.last, last != UInt8(ascii: "*"), last != UInt8(ascii: "(") { text.append(UInt8(ascii: " ")) }
  }

  private mutating func prefix(
    _ id: TypeID, _ qualifiers: Qualifiers, level: Int, depth: Int
  ) throws(BTFError) {
    guard depth < Self.depthLimit else { throw endless(id) }
    var qualifiers = qualifiers
    guard !id.isVoid else { return specifier("void", qualifiers) }
    let record = try types.requireRecord(id)
    switch record.kind {
    case .const, .volatile, .restrict:
      if record.kind == .const { qualifiers.isConst = true }
      if record.kind == .volatile { qualifiers.isVolatile = true }
      if record.kind == .restrict { qualifiers.isRestrict = true }
      try prefix(record.type, qualifiers, level: level, depth: depth + 1)
    case .typeTag:
      guard case .typeTag(let tag) = try types.type(id) else { return }
      qualifiers.attributes += Self.attribute(tag)
      try prefix(tag.type, qualifiers, level: level, depth: depth + 1)
    case .pointer:
      try prefix(record.type, Qualifiers(), level: level, depth: depth + 1)
      space()
      append(bindsTighter(record.type) ? "(*" : "*")
      append(qualifiers.attributes)
      if qualifiers.isConst { append(" const") }
      if qualifiers.isVolatile { append(" volatile") }
      if qualifiers.isRestrict { append(" restrict") }
    case .array: try prefix(TypeID(rawValue: record.word(0)), qualifiers, level: level, depth: depth + 1)
    case .functionPrototype: try prefix(record.type, Qualifiers(), level: level, depth: depth + 1)
    case .variable, .function: try prefix(record.type, qualifiers, level: level, depth: depth + 1)
    case .typedef where isCompilersOwn(id): try prefix(record.type, qualifiers, level: level, depth: depth + 1)
    default: try base(id, qualifiers, level: level)
    }
  }

  /// A tag's text comes from the file and must not end the string or parenthesis that it is put in.
  private static func attribute(_ tag: BTFTypeTag) -> String {
    let allowed = tag.name.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-.:,() ".unicodeScalars.contains($0))
    }
    guard allowed else { return "" }
    return " __attribute__((\(tag.isAttribute ? tag.name : "btf_type_tag(\"\(tag.name)\")")))"
  }

  private mutating func suffix(_ id: TypeID, level: Int, depth: Int) throws(BTFError) {
    guard depth < Self.depthLimit else { throw endless(id) }
    guard !id.isVoid else { return }
    let record = try types.requireRecord(id)
    switch record.kind {
    case .const, .volatile, .restrict, .typeTag, .variable, .function:
      try suffix(record.type, level: level, depth: depth + 1)
    case .typedef where isCompilersOwn(id): try suffix(record.type, level: level, depth: depth + 1)
    case .pointer:
      if bindsTighter(record.type) { append(")") }
      try suffix(record.type, level: level, depth: depth + 1)
    case .array:
      append("[\(record.word(2))]")
      try suffix(TypeID(rawValue: record.word(0)), level: level, depth: depth + 1)
    case .functionPrototype:
      guard case .functionPrototype(let prototype) = try types.type(id) else { return }
      try parameters(prototype, level: level, depth: depth)
      try suffix(prototype.result, level: level, depth: depth + 1)
    default: break
    }
  }

  private mutating func parameters(_ prototype: BTFPrototype, level: Int, depth: Int) throws(BTFError) {
    append(prototype.parameters.isEmpty ? "(void" : "(")
    for (index, parameter) in prototype.parameters.enumerated() {
      try checkLength()
      if index > 0 { append(", ") }
      if prototype.isVariadic, index == prototype.parameters.count - 1 {
        append("...")
        continue
      }
      try prefix(parameter.type, Qualifiers(), level: level, depth: depth + 1)
      if !parameter.name.isEmpty {
        space()
        append(CNames.sanitized(parameter.name))
      }
      try suffix(parameter.type, level: level, depth: depth + 1)
    }
    append(")")
  }

  /// Whether a pointer to the type needs parentheses: `(*name)[2]`, `(*name)(int)`.
  private func bindsTighter(_ id: TypeID) -> Bool {
    var id = id
    for _ in 0..<Self.depthLimit {
      switch types.kind(id) {
      case .const, .volatile, .restrict, .typeTag: id = types.record(id)?.type ?? .void
      case .typedef where isCompilersOwn(id): id = types.record(id)?.type ?? .void
      case .array, .functionPrototype: return true
      default: return false
      }
    }
    return false
  }

  /// A typedef that the compiler makes itself and does not let be defined: `__builtin_va_list`. It is passed over, for
  /// the kernel's compiler meant another type by it than the BPF target does.
  func isCompilersOwn(_ id: TypeID) -> Bool {
    guard let record = types.record(id), let name = record.home.utf8(at: record.name) else { return false }
    return name.count == Self.compilersOwn.utf8CodeUnitCount
      && name.elementsEqual(UnsafeBufferPointer(start: Self.compilersOwn.utf8Start, count: name.count))
  }

  private static let compilersOwn: StaticString = "__builtin_va_list"

  // MARK: What a declaration starts with

  private mutating func specifier(_ name: String, _ qualifiers: Qualifiers) {
    if qualifiers.isConst { append("const ") }
    if qualifiers.isVolatile { append("volatile ") }
    append(name)
    append(qualifiers.attributes)
  }

  private mutating func base(_ id: TypeID, _ qualifiers: Qualifiers, level: Int) throws(BTFError) {
    let kind = types.kind(id)
    let name = types.name(id)
    switch kind {
    case .int:
      guard case .int(let integer) = try types.type(id) else { return }
      specifier(Self.spelling(of: integer), qualifiers)
    case .float: specifier(Self.spelling(ofFloat: try types.requireRecord(id).sizeOrType), qualifiers)
    case .structure where !name.isEmpty: specifier("struct " + names.tag(id, named: name), qualifiers)
    case .union where !name.isEmpty: specifier("union " + names.tag(id, named: name), qualifiers)
    case .enumeration where !name.isEmpty, .enumeration64 where !name.isEmpty:
      specifier("enum " + names.tag(id, named: name), qualifiers)
    case .structure, .union:
      specifier("", qualifiers)
      try embed(id, level: level)
    case .enumeration, .enumeration64:
      specifier("", qualifiers)
      try embedEnumeration(id, level: level)
    case .forward:
      guard case .forward(_, let isUnion) = try types.type(id) else { return }
      specifier((isUnion ? "union " : "struct ") + forwardTag(id, named: name, isUnion: isUnion), qualifiers)
    case .typedef: specifier(names.identifier(id, named: name), qualifiers)
    default: specifier("void", qualifiers)
    }
  }

  /// An integer's name if C knows it; otherwise (Rust, Swift, a compiler's inner types) what C calls its like.
  static func spelling(of integer: BTFInteger) -> String {
    if commonIntegers.contains(integer.name) { return integer.name }
    if !integer.name.isEmpty, integer.name.split(separator: " ").allSatisfy(integerWords.contains) {
      return integer.name
    }
    if integer.isBool, integer.size == 1 { return "_Bool" }
    let sign = integer.isSigned ? "" : "unsigned "
    return switch integer.size {
    case 1: integer.isSigned ? "signed char" : "unsigned char"
    case 2: sign + "short"
    case 8: sign + "long long"
    case 16: sign + "__int128"
    default: sign + "int"
    }
  }

  private static let integerWords: Set<Substring> = [
    "signed", "unsigned", "char", "short", "int", "long", "_Bool", "__int128",
  ]
  /// As compilers write them into BTF, most of all uses.
  private static let commonIntegers: Set<String> = [
    "char", "signed char", "unsigned char", "short", "short int", "unsigned short", "short unsigned int", "int",
    "unsigned int", "long", "long int", "unsigned long", "long unsigned int", "long long", "long long int",
    "unsigned long long", "long long unsigned int", "_Bool",
  ]

  /// The BPF target has `float` and `double`; others become integers of their size.
  private static func spelling(ofFloat size: UInt32) -> String {
    switch size {
    case 2: "short"
    case 4: "float"
    case 8: "double"
    default: "__int128"
    }
  }
}
