// SPDX-License-Identifier: Apache-2.0

/// A field of a struct that the C text declares.
indirect enum LocalField: Hashable, Sendable {
  case scalar(KernelScalar)
  case bitField(KernelScalar, bits: Int)
  case pointer(String)
  case composite(LocalKey)
  /// A struct or union without name.
  case inline(isUnion: Bool, [String: LocalField])
  case array(LocalField, count: Int)

  /// The fields of both: what was noted of a struct without name grows as more of it is used.
  func merged(_ other: LocalField) -> LocalField {
    guard case .inline(let isUnion, let mine) = self, case .inline(_, let theirs) = other else { return self }
    return .inline(isUnion: isUnion, mine.merging(theirs) { $0.merged($1) })
  }
}

/// The structs, unions and enumerations that the C text declares, with the fields that are used and no others.
///
/// CO-RE finds fields by their names, so those that are not named need not be there, and the order is that of the names:
/// the text, and the object made of it, do not depend on the layout in the kernel that was asked.
struct LocalTypes {
  private(set) var composites: [LocalKey: [String: LocalField]] = [:]
  private(set) var enumerations: [String: LocalEnumeration] = [:]

  mutating func declare(_ key: LocalKey) { composites[key, default: [:]].merge([:]) { $0.merged($1) } }

  /// Notes a field of a struct, at a path of fields inside it that lead through structs without name.
  mutating func add(_ name: String, _ field: LocalField, to key: LocalKey, inside path: [(String, isUnion: Bool)] = [])
  {
    var name = name
    var field = field
    for (outer, isUnion) in path.reversed() {
      field = .inline(isUnion: isUnion, [name: field])
      name = outer
    }
    composites[key, default: [:]].merge([name: field]) { $0.merged($1) }
  }

  mutating func add(_ enumeration: LocalEnumeration) {
    if enumerations[enumeration.name] == nil { enumerations[enumeration.name] = enumeration }
  }

  mutating func add(value: LocalEnumeration.Value, to name: String) {
    enumerations[name]?.values.insert(value)
  }

  // MARK: As C

  var declarations: String {
    var text = ""
    for name in enumerations.keys.sorted() { text += enumerations[name]?.declaration ?? "" }
    var written: Set<LocalKey> = []
    let embedded = Set(composites.values.flatMap { $0.values.flatMap(Self.composites) })
    for key in composites.keys.sorted() { write(key, to: &text, embedded, &written) }
    return text
  }

  /// A struct after those that lie in it.
  private func write(
    _ key: LocalKey, to text: inout String, _ embedded: Set<LocalKey>, _ written: inout Set<LocalKey>
  ) {
    guard written.insert(key).inserted, let fields = composites[key] else { return }
    for inner in fields.values.flatMap(Self.composites) { write(inner, to: &text, embedded, &written) }
    // clang crashes over the address of a field whose type has no bytes.
    let body = fields.isEmpty && embedded.contains(key) ? "  \(Self.filler)\n" : Self.body(fields, indent: "  ")
    text += "\(key.c) {\n\(body)} __attribute__((preserve_access_index));\n"
  }

  private static let filler = "char unnamed;"

  private static func composites(in field: LocalField) -> [LocalKey] {
    switch field {
    case .composite(let key): [key]
    case .array(let element, _): composites(in: element)
    case .inline(_, let fields): fields.keys.sorted().flatMap { name in fields[name].map(composites) ?? [] }
    case .scalar, .bitField, .pointer: []
    }
  }

  private static func body(_ fields: [String: LocalField], indent: String) -> String {
    fields.keys.sorted().map { name in
      fields[name].map { "\(indent)\(declaration(of: $0, named: name, indent: indent));\n" } ?? ""
    }.joined()
  }

  private static func declaration(of field: LocalField, named name: String, indent: String) -> String {
    switch field {
    case .scalar(let scalar): "\(scalar.declared) \(name)"
    case .bitField(let scalar, let bits): "\(scalar.declared) \(name) : \(bits)"
    case .pointer(let pointee): "\(pointee) *\(name)"
    case .composite(let key): "\(key.c) \(name)"
    case .inline(let isUnion, let fields):
      "\(isUnion ? "union" : "struct") {\n"
        + (fields.isEmpty ? "\(indent)  \(filler)\n" : body(fields, indent: indent + "  ")) + "\(indent)} \(name)"
    case .array(let element, let count): declaration(of: element, named: "\(name)[\(count)]", indent: indent)
    }
  }
}

/// An enumeration that the C text declares, with the values that are used.
struct LocalEnumeration: Hashable, Sendable {
  struct Value: Hashable, Sendable {
    var name: String
    /// As C writes it.
    var value: String
  }

  var name: String
  var bytes: Int
  var isSigned: Bool
  var values: Set<Value> = []

  /// C has no enumeration without values, and takes its size from them.
  var declaration: String {
    var lines = values.map { "  \($0.name) = \($0.value),\n" }.sorted()
    if bytes == 8 {
      lines.append("  \(name)___size = 0x100000000LL,\n")
    } else if bytes == 2 || lines.isEmpty {
      lines.append("  \(name)___size = \(isSigned ? -1 : bytes == 2 ? 0x100 : 0),\n")
    }
    return "enum \(name) {\n\(lines.joined())}\(bytes < 4 ? " __attribute__((packed))" : "");\n"
  }
}

extension KernelScalar {
  /// Its type where it is declared as a field.
  var declared: String { enumeration.map { "enum \($0)" } ?? c }
}
