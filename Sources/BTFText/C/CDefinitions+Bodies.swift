// SPDX-License-Identifier: Apache-2.0

import BTF

/// Definitions: structs, unions, enumerations, typedefs.
extension CDefinitions {
  mutating func append(_ text: String) { self.text.append(contentsOf: text.utf8) }
  mutating func indent(_ level: Int) { text.append(contentsOf: repeatElement(UInt8(ascii: "\t"), count: level)) }

  mutating func declare(_ tag: String, isUnion: Bool) {
    append("\(isUnion ? "union" : "struct") \(tag);\n\n")
  }

  mutating func define(
    _ id: TypeID, _ composite: BTFComposite, _ layout: CLayout, isUnion: Bool
  ) throws(BTFError) {
    let head = "\(isUnion ? "union" : "struct") \(names.tag(id, named: composite.name))"
    // A definition declares its own tag: what only the type's own members asked for can go.
    let declaration = "\(head);\n\n"
    if text.suffix(declaration.utf8.count).elementsEqual(declaration.utf8) { text.removeLast(declaration.utf8.count) }
    append(head + " ")
    try body(composite, layout, isUnion: isUnion, level: 0)
    append(";\n\n")
  }

  /// An anonymous struct or union at its place of use.
  mutating func embed(_ id: TypeID, level: Int) throws(BTFError) {
    guard let composite = try types.type(id).composite else { return }
    let isUnion = types.kind(id) == .union
    append(isUnion ? "union " : "struct ")
    guard printsBodies else { return append("{...}") }
    guard level < Self.depthLimit else { throw endless(id) }
    try body(composite, try layout(of: composite, isUnion: isUnion), isUnion: isUnion, level: level)
  }

  private mutating func body(
    _ composite: BTFComposite, _ layout: CLayout, isUnion: Bool, level: Int
  ) throws(BTFError) {
    append(composite.members.isEmpty && layout.tail == nil ? "{" : "{\n")
    for (member, gap) in zip(composite.members, layout.gaps) {
      try checkLength()
      if let gap { fill(gap, layout, composite.size, level: level + 1) }
      try field(member, level: level + 1)
    }
    if let tail = layout.tail {
      if isUnion {
        indent(level + 1)
        append("struct {\n")
        fill(tail, layout, composite.size, level: level + 2)
        indent(level + 1)
        append("};\n")
      } else {
        fill(tail, layout, composite.size, level: level + 1)
      }
    }
    if !composite.members.isEmpty || layout.tail != nil { indent(level) }
    append("}")
    if layout.isPacked, !composite.members.isEmpty || layout.tail != nil { append(" __attribute__((packed))") }
  }

  private mutating func fill(_ gap: Range<Int>, _ layout: CLayout, _ size: Int, level: Int) {
    // One array stands for the words of a large gap: hostile types may have one of gigabytes.
    let words = (gap.lowerBound + 63) / 64 * 64..<max((gap.lowerBound + 63) / 64 * 64, gap.upperBound / 64 * 64)
    guard words.count > 64 * 64 else { return fields(layout.filling(gap, size: size), level: level) }
    fields(layout.filling(gap.lowerBound..<words.lowerBound, size: size), level: level)
    indent(level)
    append("char __gap_\(words.lowerBound / 8)[\(words.count / 8)];\n")
    fields(layout.filling(words.upperBound..<gap.upperBound, size: size), level: level)
  }

  private mutating func fields(_ unnamed: [(type: StaticString, width: Int)], level: Int) {
    for (type, width) in unnamed {
      indent(level)
      append("\(type): \(width);\n")
    }
  }

  private mutating func field(_ member: BTFComposite.Member, level: Int) throws(BTFError) {
    indent(level)
    if member.name.isEmpty, types.kind(member.type)?.isComposite ?? false {
      // Unnamed members may have a tag (-fms-extensions); their bodies mean the same without that option.
      try embed(member.type, level: level)
    } else {
      try declarator(member.type, member.name.isEmpty ? "" : CNames.sanitized(member.name), level: level)
    }
    let width = try bitWidth(member)
    append(width != 0 ? ": \(width);\n" : ";\n")
  }

  // MARK: Enumerations

  mutating func define(_ id: TypeID, _ enumeration: BTFEnumeration) throws(BTFError) {
    // Keywords since C23.
    let isBoolean = enumeration.name.isEmpty && enumeration.values.contains { $0.name == "true" || $0.name == "false" }
    if isBoolean { append(Self.beforeC23) }
    append("enum ")
    if !enumeration.name.isEmpty { append(names.tag(id, named: enumeration.name) + " ") }
    body(enumeration, level: 0)
    append(isBoolean ? ";\n#endif\n\n" : ";\n\n")
  }

  /// An anonymous enumeration at its place of use.
  mutating func embedEnumeration(_ id: TypeID, level: Int) throws(BTFError) {
    guard case .enumeration(let enumeration) = try types.type(id) else { return }
    append("enum ")
    guard printsBodies else { return append("{...}") }
    note(id, .written)
    body(enumeration, level: level)
  }

  private mutating func body(_ enumeration: BTFEnumeration, level: Int) {
    if enumeration.values.isEmpty {
      // C has no empty enumeration; without a body it is declared only.
      if text.last == UInt8(ascii: " ") { text.removeLast() }
      return
    }
    append("{\n")
    var needsWord = enumeration.size == 8
    for value in enumeration.values {
      indent(level + 1)
      let number = enumeration.isSigned ? "\(value.signed)" : "\(value.unsigned)"
      let suffix = !enumeration.is64Bit ? "" : enumeration.isSigned ? "LL" : "ULL"
      append(
        "\(names.enumerator(value.name)) = \(value.signed == .min ? "(-9223372036854775807LL - 1)" : number + suffix),\n"
      )
      if enumeration.isSigned ? Int32(exactly: value.signed) == nil : UInt32(exactly: value.unsigned) == nil {
        needsWord = false
      }
    }
    indent(level)
    append("}")
    switch enumeration.size {
    case 1: append(" __attribute__((mode(QI)))")
    case 2: append(" __attribute__((mode(HI)))")
    case 8 where needsWord: append(" __attribute__((mode(DI)))")
    default: break
    }
  }

  // MARK: Typedefs, functions, variables

  static let beforeC23 = "#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L\n"

  mutating func defineTypedef(_ id: TypeID, _ name: String, _ target: TypeID) throws(BTFError) {
    if isCompilersOwn(id) { return }
    if name == "bool" { append(Self.beforeC23) }
    append("typedef ")
    try declarator(target, names.identifier(id, named: name), level: 0)
    append(name == "bool" ? ";\n#endif\n\n" : ";\n\n")
  }

  /// A prototype or a variable's declaration.
  mutating func declareExtern(_ id: TypeID, _ name: String, _ type: TypeID, attributes: String = "") throws(BTFError) {
    append("extern ")
    try declarator(type, names.identifier(id, named: name), level: 0)
    append("\(attributes);\n")
  }
}
