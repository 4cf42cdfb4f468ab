// SPDX-License-Identifier: Apache-2.0

import BTF

/// What stands between a type's braces.
extension SwiftDefinitions {
  private mutating func line(_ level: Int, _ line: String) {
    text += String(repeating: "  ", count: level) + line + "\n"
  }

  mutating func define(_ id: TypeID, level: Int) throws(BTFError) {
    guard level < Self.depthLimit else { throw endless(id) }
    switch try types.type(id) {
    case .enumeration(let enumeration): define(id, enumeration, level: level)
    case .structure(let composite), .union(let composite): try define(id, composite, level: level)
    default: break
    }
  }

  /// The name after `struct`: what a nested type's path ends with.
  private func simpleName(_ id: TypeID) -> String {
    let path = name(of: id) ?? "Never"
    return path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
  }

  private mutating func define(_ id: TypeID, _ enumeration: BTFEnumeration, level: Int) {
    let raw = Self.rawType(enumeration)
    let isFlags = style.convertsNames && Self.isFlags(enumeration)
    if !enumeration.name.isEmpty { line(level, "/// `enum \(Self.oneLine(enumeration.name))`") }
    let form = isFlags ? "OptionSet" : "RawRepresentable"
    line(level, "\(access)struct \(simpleName(id)): \(form), Hashable, Sendable, BitwiseCopyable {")
    line(level + 1, "\(access)var rawValue: \(raw)")
    line(level + 1, "\(access)init(rawValue: \(raw)) { self.rawValue = rawValue }")
    var names = SwiftNames(reserving: ["rawValue", "init"], style)
    if isFlags { for name in Self.optionSetMembers { _ = names.claim(name) } }
    let prefix = style.convertsNames ? SwiftStyle.sharedPrefix(enumeration.values.map(\.name)) : 0
    for value in enumeration.values {
      let name = names.claim(style.memberName(String(value.name.dropFirst(prefix))))
      line(level + 1, "\(access)static var \(name): Self { Self(rawValue: \(Self.number(value, enumeration))) }")
    }
    line(level, "}")
  }

  /// Whether every constant is one bit or zero, and there are so many that this cannot be an accident.
  private static func isFlags(_ enumeration: BTFEnumeration) -> Bool {
    !enumeration.isSigned && enumeration.values.allSatisfy { $0.bits & ($0.bits &- 1) == 0 }
      && Set(enumeration.values.map(\.bits)).subtracting([0]).count >= 3
  }

  private static let optionSetMembers = [
    "isEmpty", "contains", "union", "intersection", "insert", "remove", "update", "subtract", "subtracting",
  ]

  private mutating func define(_ id: TypeID, _ composite: BTFComposite, level: Int) throws(BTFError) {
    let layout = try layout(id)
    let path = name(of: id) ?? "Never"
    let declaration = Self.oneLine(types.declaration(of: id))
    line(level, "/// `\(declaration)`, \(composite.size) bytes")
    let tail = style.flexibleProtocol == nil ? nil : try tail(of: layout)
    let conformance = tail == nil ? "" : style.flexibleProtocol.map { ", \($0)" } ?? ""
    line(level, "\(access)struct \(simpleName(id)): Sendable, BitwiseCopyable\(conformance) {")
    var body = SwiftBody(path: path, style)
    if tail != nil { for name in ["Tail", "tailOffset"] { _ = body.names.claim(name) } }
    for storage in layout.storage {
      switch storage {
      case .field(let field): try property(field, &body, level: level + 1)
      case .padding(let range):
        let name = body.names.claim("_padding\(range.lowerBound)")
        line(level + 1, "private var \(name): InlineArray<\(range.count), UInt8> = .init(repeating: 0)")
      case .raw(let range, let unit):
        let name = body.names.claim("_bytes\(range.lowerBound)")
        let (type, count) = ("UInt\(unit * 8)", range.count / unit)
        line(
          level + 1,
          count == 1
            ? "private var \(name): \(type) = 0"
            : "private var \(name): InlineArray<\(count), \(type)> = .init(repeating: 0)")
      }
    }
    line(level + 1, "\(access)init() {}")
    for field in layout.accessors { try accessor(field, &body, level: level + 1) }
    if let tail {
      try flexible(tail, level: level + 1)
    } else {
      for field in layout.empty { try flexible(field, in: layout, &body, level: level + 1) }
    }
    for nested in body.nested {
      text += "\n"
      try define(nested, level: level + 1)
    }
    line(level, "}")
    let size = "MemoryLayout<\(path)>.size == \(composite.size)"
    let stride = composite.size == 0 ? "" : " && MemoryLayout<\(path)>.stride == \(composite.size)"
    assertions.append(Assertion(condition: size + stride, subject: path))
    for (name, offset) in body.offsets {
      assertions.append(
        Assertion(condition: "MemoryLayout<\(path)>.offset(of: \\.\(name)) == \(offset)", subject: "\(path).\(name)"))
    }
  }

  // MARK: Members

  /// A member's type; an anonymous one is declared inside, as the member's name with `_t`.
  private mutating func spelling(
    _ field: SwiftLayout.Field, _ body: inout SwiftBody
  ) throws(BTFError) -> Spelling {
    var found: TypeID?
    var scope = body.names
    let path = body.path
    var nestedName = ""
    let style = style
    let spelling = try spelling(
      field.type,
      nestedAs: { id in
        found = id
        nestedName = path + "." + scope.claim(style.convertsNames ? style.typeName(field.name) : field.name + "_t")
        return nestedName
      })
    if let found {
      body.names = scope
      body.nested.append(found)
      name(nested: found, nestedName)
    }
    return spelling
  }

  private mutating func property(
    _ field: SwiftLayout.Field, _ body: inout SwiftBody, level: Int
  ) throws(BTFError) {
    let type = try spelling(field, &body)
    let name = body.names.claim(style.memberName(field.name))
    comment(field, level: level)
    if type.isBool {
      let stored = body.names.claim("_" + style.memberName(field.name))
      line(level, "fileprivate var \(stored): UInt8 = 0")
      line(level, "\(access)var \(name): Bool { get { \(stored) != 0 } set { \(stored) = newValue ? 1 : 0 } }")
      body.offsets.append((stored, field.bitOffset / 8))
    } else {
      line(level, "\(access)var \(name): \(type.name) = \(type.zero)")
      body.offsets.append((name, field.bitOffset / 8))
      if type.isText { text(field, of: name, &body, level: level) }
    }
  }

  /// The string that an array of `char` holds.
  private mutating func text(_ field: SwiftLayout.Field, of name: String, _ body: inout SwiftBody, level: Int) {
    usesText = true
    let claimed = body.names.claim(style.memberName(field.name) + "Text")
    line(level, "/// The text in `\(Self.oneLine(field.name))`, up to its first zero byte.")
    line(level, "\(access)var \(claimed): String { get { btfText(\(name)) } set { \(name) = btfBytes(newValue) } }")
  }

  /// What a Swift type does not say: where a pointer points.
  private mutating func comment(_ field: SwiftLayout.Field, level: Int) {
    var id = field.type
    for _ in 0..<Self.depthLimit {
      guard let kind = types.kind(id) else { return }
      if kind == .pointer || kind == .typedef { break }
      guard kind.isModifier || kind == .array else { return }
      id = kind == .array ? TypeID(rawValue: types.record(id)?.word(0) ?? 0) : types.record(id)?.type ?? .void
    }
    guard let end = try? types.resolved(id), types.kind(end) == .pointer else { return }
    line(level, "/// `\(Self.oneLine(types.declaration(of: field.type)))`")
  }

  private mutating func accessor(
    _ field: SwiftLayout.Field, _ body: inout SwiftBody, level: Int
  ) throws(BTFError) {
    if field.bitSize > 0 { return try bitField(field, &body, level: level) }
    usesRawAccess = true
    let type = try spelling(field, &body)
    let name = body.names.claim(style.memberName(field.name))
    let offset = field.bitOffset / 8
    comment(field, level: level)
    line(level, "\(access)var \(name): \(type.isBool ? "Bool" : type.name) {")
    line(level + 1, "get { \(type.isBool ? "(btfLoad(self, \(offset)) as UInt8) != 0" : "btfLoad(self, \(offset))") }")
    line(level + 1, "set { btfStore(\(type.isBool ? "UInt8(newValue ? 1 : 0)" : "newValue"), \(offset), in: &self) }")
    line(level, "}")
    if type.isText { text(field, of: name, &body, level: level) }
  }

  private mutating func bitField(
    _ field: SwiftLayout.Field, _ body: inout SwiftBody, level: Int
  ) throws(BTFError) {
    let (offset, width) = (field.bitOffset, field.bitSize)
    guard width <= 64 else { return line(level, "// \(field.name): \(width) bits at bit \(offset)") }
    usesRawAccess = true
    let type = try spelling(field, &body)
    let name = body.names.claim(style.memberName(field.name))
    let isBool = type.isBool || type.name == "UInt8" && width == 1 && isBoolean(field.type)
    let raw = type.raw ?? type.name
    let bits = "btfLoadBits(self, \(offset), \(width))"
    let value =
      raw.hasPrefix("U")
      ? "\(raw)(truncatingIfNeeded: \(bits))"
      : "\(raw)(truncatingIfNeeded: btfExtended(\(bits), \(width)))"
    let new = type.raw == nil ? "newValue" : "newValue.rawValue"
    line(level, "/// \(width) \(width == 1 ? "bit" : "bits") at bit \(offset)")
    line(level, "\(access)var \(name): \(isBool ? "Bool" : type.name) {")
    line(
      level + 1,
      isBool ? "get { \(bits) != 0 }" : type.raw == nil ? "get { \(value) }" : "get { .init(rawValue: \(value)) }")
    let stored = isBool ? "newValue ? 1 : 0" : "UInt64(truncatingIfNeeded: \(new))"
    line(level + 1, "set { btfStoreBits(\(stored), \(offset), \(width), in: &self) }")
    line(level, "}")
  }

  private func isBoolean(_ id: TypeID) -> Bool {
    guard let end = try? types.resolved(id), case .int(let integer)? = try? types.type(end) else { return false }
    return integer.isBool
  }

  /// The flexible array of a struct.
  func tail(of layout: SwiftLayout) throws(BTFError) -> SwiftLayout.Field? {
    for field in layout.empty.reversed() where try flexibleElement(field, in: layout) != nil { return field }
    return nil
  }

  /// What an array without elements is made of, if it follows all other members.
  func flexibleElement(_ field: SwiftLayout.Field, in layout: SwiftLayout) throws(BTFError) -> TypeID? {
    var end = layout.accessors.map { ($0.bitOffset + ($0.bitSize > 0 ? $0.bitSize : $0.size * 8) + 7) / 8 }.max() ?? 0
    for case .field(let field) in layout.storage { end = max(end, field.bitOffset / 8 + field.size) }
    guard let target = try? types.resolved(field.type), case .array(let array)? = try? types.type(target),
      field.bitOffset / 8 >= end, try measure(array.element) > 0
    else { return nil }
    return array.element
  }

  /// What the protocol for flexible arrays asks for.
  private mutating func flexible(_ field: SwiftLayout.Field, level: Int) throws(BTFError) {
    guard case .array(let array) = try types.type(try types.resolved(field.type)) else { return }
    var type = try use(array.element, named: field.name)
    if case .int(let integer) = try types.type(try types.resolved(array.element)), integer.name == "char" {
      type.name = "UInt8"
    }
    line(level, "/// What `\(Self.oneLine(field.name))` is made of, which follows a value in memory.")
    line(level, "\(access)typealias Tail = \(type.name)")
    line(level, "\(access)static var tailOffset: Int { \(field.bitOffset / 8) }")
  }

  private mutating func flexible(
    _ field: SwiftLayout.Field, in layout: SwiftLayout, _ body: inout SwiftBody, level: Int
  ) throws(BTFError) {
    guard let target = try flexibleElement(field, in: layout) else { return }
    var element = field
    element.type = target
    let type = try spelling(element, &body)
    let name = body.names.claim(style.memberName(field.name))
    line(level, "/// `\(Self.oneLine(types.declaration(of: target)))` elements that follow a value in memory.")
    line(
      level,
      "\(access)static func \(name)(after value: UnsafeRawPointer, count: Int) -> UnsafeBufferPointer<\(type.name)> {")
    line(
      level + 1,
      "UnsafeBufferPointer(start: UnsafePointer<\(type.name)>(OpaquePointer(value + \(field.bitOffset / 8))), count: count)"
    )
    line(level, "}")
  }
}

/// A struct's scope while its body is printed.
struct SwiftBody {
  /// The type with all that it is nested in.
  var path: String
  var names: SwiftNames
  /// Anonymous types that its members use.
  var nested: [TypeID] = []
  /// Stored properties and where C has them.
  var offsets: [(name: String, offset: Int)] = []

  init(path: String, _ style: SwiftStyle) {
    self.path = path
    // A nested type must not hide what the definitions are in.
    names = SwiftNames(reserving: SwiftNames.standard.union(style.reserved), style)
  }
}
