// SPDX-License-Identifier: Apache-2.0

import BTF

/// A Swift file under way. Swift takes declarations in any order, so types that are needed wait in a queue.
struct SwiftDefinitions {
  let types: BTFTypes
  let style: SwiftStyle
  var text = ""
  var assertions: [Assertion] = []
  var usesRawAccess = false
  var usesText = false
  var usesZero = false

  private var scope: SwiftNames
  /// The Swift names of types that have one, nested ones with what they are nested in.
  private var names: [TypeID: String] = [:]
  private var queue: [TypeID] = []
  private var layouts: [TypeID: SwiftLayout] = [:]
  private var entered: Set<TypeID> = []

  static let depthLimit = 96
  static let memberLimit = 1 << 16

  /// Something that must hold for a layout to be the kernel's.
  struct Assertion {
    var condition: String
    /// The type or member.
    var subject: String
  }

  init(_ types: BTFTypes, _ style: SwiftStyle) {
    self.types = types
    self.style = style
    scope = SwiftNames(reserving: SwiftNames.standard.union(style.reserved), style)
  }

  var access: String { style.access.modifier }
  /// How deep definitions are indented.
  var level: Int { style.container == nil ? 0 : 1 }

  // MARK: Queue

  /// A type that is asked for by itself.
  mutating func root(_ id: TypeID, depth: Int = 0) throws(BTFError) {
    guard depth < Self.depthLimit else { throw endless(id) }
    switch try types.type(id) {
    case .typedef(let name, let target):
      let end = try types.resolved(target)
      if types.name(end).isEmpty, isDeclared(end) {
        if names[end] == nil { enqueue(end, named: name) }
        if names[end] == SwiftNames.escaped(name) { return }
      }
      if types.name(end) == name, isDeclared(end) { return enqueue(end, named: name) }
      let spelling = try self.spelling(target, nestedAs: nil).name
      text += "\(access)typealias \(scope.claim(style.typeName(name))) = \(spelling)\n\n"
    case .structure(let composite), .union(let composite):
      enqueue(id, named: composite.name.isEmpty ? "anonymous_\(id.rawValue)" : composite.name)
    case .enumeration(let enumeration) where enumeration.name.isEmpty:
      for value in enumeration.values {
        text +=
          "\(access)let \(scope.claim(value.name)): \(Self.rawType(enumeration)) = \(Self.number(value, enumeration))\n"
      }
      text += "\n"
    case .enumeration(let enumeration): enqueue(id, named: enumeration.name)
    case .const(let target), .volatile(let target), .restrict(let target): try root(target, depth: depth + 1)
    default: text += "// \(Self.oneLine(types.declaration(of: id, named: types.name(id))))\n\n"
    }
  }

  mutating func finish() throws(BTFError) {
    var next = 0
    while next < queue.count {
      try define(queue[next], level: level)
      text += "\n"
      next += 1
    }
    if text.hasSuffix("\n\n"), level > 0 { text.removeLast() }
  }

  /// A type as a property has it; one without a name of its own gets this one.
  mutating func use(_ id: TypeID, named name: String) throws(BTFError) -> Spelling {
    var end = try types.resolved(id)
    for _ in 0..<Self.depthLimit {
      guard case .array(let array) = try types.type(end) else { break }
      end = try types.resolved(array.element)
    }
    // A typedef's name comes first: it is what the author calls it.
    if types.name(end).isEmpty, isDeclared(end), try typedefName(id) == nil { enqueue(end, named: name) }
    return try spelling(id, nestedAs: nil)
  }

  /// The innermost typedef on the way to a type.
  private func typedefName(_ id: TypeID) throws(BTFError) -> String? {
    var (id, name) = (id, nil as String?)
    for _ in 0..<Self.depthLimit {
      switch try types.type(id) {
      case .typedef(let found, let target): (id, name) = (target, found)
      case .const(let target), .volatile(let target), .restrict(let target): id = target
      case .typeTag(let tag): id = tag.type
      case .array(let array): id = array.element
      default: return name
      }
    }
    return name
  }

  private mutating func enqueue(_ id: TypeID, named name: String) {
    guard names[id] == nil else { return }
    let claimed = scope.claim(style.typeName(name))
    names[id] = style.container.map { "\($0).\(claimed)" } ?? claimed
    queue.append(id)
  }

  /// Whether a type is declared in Swift under a name of its own.
  private func isDeclared(_ id: TypeID) -> Bool {
    let kind = types.kind(id)
    return kind?.isComposite ?? false || kind?.isEnumeration ?? false
  }

  /// Names an anonymous type at its first use, inside the type that uses it.
  mutating func name(nested id: TypeID, _ name: String) { names[id] = name }
  func name(of id: TypeID) -> String? { names[id] }

  static func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
  }

  func endless(_ id: TypeID) -> BTFError {
    BTFError(.endless, at: types.record(id)?.offset ?? 0, "type \(id) contains itself, or nests too deep")
  }

  // MARK: Types

  /// A type as Swift spells it, and an expression for its zero.
  struct Spelling {
    var name: String
    var zero: String
    var isBool = false
    /// For enumerations, the integer behind it.
    var raw: String?
    /// Whether it is an array of `char`.
    var isText = false
  }

  private mutating func substitute(_ name: String, for id: TypeID) -> Spelling? {
    let size = try? types.size(of: id)
    guard let known = style.substitutes[name], known.size == nil || size == known.size else { return nil }
    if known.zero == "btfZero()" { usesZero = true }
    return Spelling(name: known.name, zero: known.zero)
  }

  private func isCharacter(_ id: TypeID) throws(BTFError) -> Bool {
    let id = try types.resolved(id)
    guard case .int(let integer) = try types.type(id) else { return false }
    return integer.size == 1 && integer.name == "char"
  }

  /// - Parameter nestedAs: gives an anonymous type its name.
  mutating func spelling(
    _ id: TypeID, nestedAs: ((TypeID) -> String)?, depth: Int = 0
  ) throws(BTFError) -> Spelling {
    guard depth < Self.depthLimit else { throw endless(id) }
    switch try types.type(id) {
    case .int(let integer):
      if integer.isBool, integer.size == 1 { return Spelling(name: "UInt8", zero: "0", isBool: true) }
      guard [1, 2, 4, 8, 16].contains(integer.size) else { return bytes(integer.size) }
      return Spelling(name: "\(integer.isSigned ? "" : "U")Int\(integer.size * 8)", zero: "0")
    case .float(_, 4): return Spelling(name: "Float", zero: "0")
    case .float(_, 8): return Spelling(name: "Double", zero: "0")
    case .float(_, let size): return bytes(size)
    case .pointer: return Spelling(name: "UInt64", zero: "0")
    case .array(let array):
      if style.hasText, try isCharacter(array.element) {
        return Spelling(name: "InlineArray<\(array.count), UInt8>", zero: ".init(repeating: 0)", isText: true)
      }
      let element = try spelling(array.element, nestedAs: nestedAs, depth: depth + 1)
      return Spelling(name: "InlineArray<\(array.count), \(element.name)>", zero: ".init(repeating: \(element.zero))")
    case .enumeration(let enumeration):
      return Spelling(
        name: name(id, enumeration.name, nestedAs), zero: ".init(rawValue: 0)", raw: Self.rawType(enumeration))
    case .structure(let composite), .union(let composite):
      if let known = substitute("struct \(composite.name)", for: id) { return known }
      return Spelling(name: name(id, composite.name, nestedAs), zero: ".init()")
    case .typedef(let name, let target):
      if let known = substitute(name, for: id) { return known }
      if isDeclared(target), types.name(target).isEmpty { enqueue(target, named: name) }
      return try spelling(target, nestedAs: nestedAs, depth: depth + 1)
    case .const(let target), .volatile(let target), .restrict(let target):
      return try spelling(target, nestedAs: nestedAs, depth: depth + 1)
    case .typeTag(let tag): return try spelling(tag.type, nestedAs: nestedAs, depth: depth + 1)
    case .variable(let variable): return try spelling(variable.type, nestedAs: nestedAs, depth: depth + 1)
    case .void, .forward, .function, .functionPrototype, .dataSection, .declTag, .unknown:
      return Spelling(name: "Void", zero: "()")
    }
  }

  private func bytes(_ size: Int) -> Spelling {
    Spelling(name: "InlineArray<\(size), UInt8>", zero: ".init(repeating: 0)")
  }

  private mutating func name(_ id: TypeID, _ name: String, _ nestedAs: ((TypeID) -> String)?) -> String {
    if let known = names[id] { return known }
    if name.isEmpty, let nestedAs { return nestedAs(id) }
    enqueue(id, named: name.isEmpty ? "anonymous_\(id.rawValue)" : name)
    return names[id] ?? "Never"
  }

  static func rawType(_ enumeration: BTFEnumeration) -> String {
    let size = [1, 2, 8].contains(enumeration.size) ? enumeration.size : 4
    return "\(enumeration.isSigned ? "" : "U")Int\(size * 8)"
  }

  static func number(_ value: BTFEnumeration.Value, _ enumeration: BTFEnumeration) -> String {
    enumeration.isSigned ? "\(value.signed)" : "\(value.unsigned)"
  }

  // MARK: Layout

  func measure(_ id: TypeID) throws(BTFError) -> Int {
    // What has no size takes no room: nothing can be said of it.
    do { return try types.size(of: id) } catch { if error.code == .noSize { return 0 } else { throw error } }
  }

  private mutating func alignment(_ id: TypeID, depth: Int) throws(BTFError) -> Int {
    guard depth < Self.depthLimit else { throw endless(id) }
    switch try types.type(id) {
    case .int(let integer): return [1, 2, 4, 8, 16].contains(integer.size) ? integer.size : 1
    case .float(_, let size): return size == 4 || size == 8 ? size : 1
    case .pointer: return 8
    case .enumeration(let enumeration): return [1, 2, 8].contains(enumeration.size) ? enumeration.size : 4
    case .array(let array): return try alignment(array.element, depth: depth + 1)
    case .structure, .union: return try layout(id, depth: depth + 1).alignment
    case .typedef(_, let target), .const(let target), .volatile(let target), .restrict(let target):
      return try alignment(target, depth: depth + 1)
    case .typeTag(let tag): return try alignment(tag.type, depth: depth + 1)
    default: return 1
    }
  }

  mutating func layout(_ id: TypeID, depth: Int = 0) throws(BTFError) -> SwiftLayout {
    if let layout = layouts[id] { return layout }
    guard depth < Self.depthLimit, entered.insert(id).inserted else { throw endless(id) }
    let size = try types.type(id).size ?? 0
    var count = 0
    let items = try items(id, at: 0, depth: depth, &count)
    let layout = SwiftLayout(items, size: size, isUnion: types.kind(id) == .union)
    layouts[id] = layout
    entered.remove(id)
    return layout
  }

  /// The members of a struct or union, unnamed structs in it opened.
  private mutating func items(
    _ id: TypeID, at base: Int, depth: Int, _ count: inout Int
  ) throws(BTFError) -> [SwiftLayout.Item] {
    guard depth < Self.depthLimit else { throw endless(id) }
    guard let composite = try types.type(id).composite else { return [] }
    var items: [SwiftLayout.Item] = []
    for member in composite.members {
      count += 1
      guard count < Self.memberLimit else { throw endless(id) }
      let target = try types.resolved(member.type)
      let offset = base + member.bitOffset
      if member.name.isEmpty, types.kind(target)?.isComposite ?? false {
        let inner = try self.items(target, at: offset, depth: depth + 1, &count)
        if types.kind(target) == .structure {
          items += inner
        } else {
          let range = offset / 8..<offset / 8 + (try measure(target))
          items.append(
            .union(range, alignment: try layout(target, depth: depth + 1).alignment, views: Self.fields(inner)))
        }
        continue
      }
      if member.name.isEmpty { continue }
      var (place, width) = (offset, member.bitSize)
      if width == 0, case .int(let integer) = try types.type(target), integer.bits < integer.size * 8 {
        (place, width) = (offset + integer.bitOffset, integer.bits)
      }
      items.append(
        .field(
          SwiftLayout.Field(
            name: member.name, type: member.type, bitOffset: place, bitSize: width, size: try measure(member.type),
            alignment: try alignment(member.type, depth: depth + 1))))
    }
    return items
  }

  private static func fields(_ items: [SwiftLayout.Item]) -> [SwiftLayout.Field] {
    items.flatMap { item -> [SwiftLayout.Field] in
      switch item {
      case .field(let field): [field]
      case .union(_, _, let views): views
      }
    }
  }
}
