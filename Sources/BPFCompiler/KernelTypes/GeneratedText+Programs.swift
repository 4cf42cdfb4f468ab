// SPDX-License-Identifier: Apache-2.0

extension GeneratedText {
  /// The contexts of each namespace, which hide types of the same name.
  var contextNames: [String: Set<String>] {
    var names: [String: Set<String>] = [:]
    for view in collected.views {
      if case .context(let namespace) = view.role { names[namespace, default: []].insert(view.name) }
    }
    for context in collected.contexts { names[context.namespace[0], default: []].insert(context.name) }
    return names
  }

  static func alias(of view: String) -> String { "view_\(view)" }

  /// Other names for types that a context of the same name hides.
  mutating func writeAliases() {
    let contexts = contextNames.values.reduce(into: Set()) { $0.formUnion($1) }
    for view in collected.views where view.role == .object && contexts.contains(view.name) {
      add("typealias \(Self.alias(of: view.name)) = \(SwiftWord.escaped(view.name))\n")
    }
  }

  /// A struct whose properties are the eight bytes of each argument.
  mutating func write(_ context: ProgramContext) {
    let shadowed = contextNames[context.namespace[0]] ?? []
    func type(_ view: String) -> String { shadowed.contains(view) ? Self.alias(of: view) : SwiftWord.escaped(view) }
    writeNamespace(context.namespace)
    add("\nextension \(context.namespace.map(SwiftWord.escaped).joined(separator: ".")) {\n")
    add("/// \(context.comment)\nstruct \(SwiftWord.escaped(context.name)): WordContext {\n")
    add("  let raw: OpaquePointer\n  @inline(__always) init(raw: OpaquePointer) { self.raw = raw }\n")
    let ownNames: Set<String> = ["raw", "pointer", "word", "cookie", "functionAddress"]
    for argument in context.arguments {
      let name = SwiftWord.property(argument.name, besides: ownNames)
      func word(_ c: String) -> String { "\(addArgument(c, argument.slot))(pointer)" }
      let address = word(Accessor.pointer)
      switch argument.shape {
      case .scalar(let scalar): add(Self.property(name, scalar.swift, word(scalar.c)))
      case .pointer(let view): add(Self.property(name, type(view), ".init(\(address))"))
      case .pointerList(let view):
        add(Self.property(name, "KernelPointers<0, \(type(view)).Probed>.Probed", ".init(\(address))"))
      case .scalarList(let scalar):
        add(Self.property(name, "KernelArray<0, \(scalar.swift)>.Probed", ".init(\(address))"))
      case .rawPointer: add(Self.property(name, "UnsafeRawPointer", address))
      // A small struct passed by value lies in the context itself.
      default: add(Self.property(name, "UnsafeRawPointer", "UnsafeRawPointer(raw) + \(8 * argument.slot)"))
      }
    }
    add("}\n}\n")
  }

  /// The enumeration inside another that contexts are in.
  mutating func writeNamespace(_ namespace: [String]) {
    guard namespace.count > 1, writtenNamespaces.insert(namespace).inserted else { return }
    add("\nextension \(namespace[0]) { enum \(SwiftWord.escaped(namespace[1])) {} }\n")
  }

  /// The function that reads one argument: the low bytes of its eight.
  ///
  /// `preserve_static_offset` keeps clang from adding to the context's address, which the verifier would refuse.
  private mutating func addArgument(_ type: String, _ slot: Int) -> String {
    let words = ["argument", "\(slot)", type.replacing("const void *", with: "pointer").replacing(" ", with: "_")]
    let structure =
      "struct arguments { struct { \(type) value; } __attribute__((aligned(8))) at[16]; } "
      + "__attribute__((preserve_static_offset))"
    return accessors.add(
      type, words, "\(structure); return ((const struct arguments *)p)->at[\(slot)].value;")
  }

  // MARK: Enumerations

  mutating func write(_ enumeration: NamedEnumeration) {
    let type = enumeration.scalar
    let name = SwiftWord.escaped(enumeration.name)
    add("\n/// `enum \(enumeration.type)`.\nenum \(name) {\n")
    if enumeration.asksIsPresent {
      let function = addInquiry(.isPresent, of: "enum \(enumeration.type)", enumeration.type)
      add("  static var isPresent: Bool { @inline(__always) get { \(function)() } }\n")
    }
    writeValues(
      "value", "The number that the kernel gives to a name.", enumeration.values, of: enumeration, type.swift, type.c, 1
    )
    writeValues(
      "exists", "Whether the kernel has a value of the name.", enumeration.existences, of: enumeration, "Bool", "_Bool",
      0
    )
    add("}\n")
  }

  private mutating func writeValues(
    _ what: String, _ comment: String, _ values: [String], of enumeration: NamedEnumeration, _ swift: String,
    _ c: String,
    _ number: Int
  ) {
    guard !values.isEmpty else { return }
    add("  /// \(comment)\n  static var \(what): ValuesFor_\(what) { @inline(__always) get { ValuesFor_\(what)() } }\n")
    add("  struct ValuesFor_\(what) {\n")
    for value in values {
      let function = accessors.add(
        c, [enumeration.type, value, what], "void",
        "return __builtin_preserve_enum_value(*(enum \(enumeration.type) *)\(value), \(number));")
      add("  " + Self.property(SwiftWord.property(value, besides: []), swift, "\(function)()"))
    }
    add("  }\n")
  }

  mutating func write(_ constant: EnumerationConstant) {
    add(
      "\nvar \(SwiftWord.escaped(constant.name)): \(constant.scalar.swift) { @inline(__always) get { \(constant.value) } }\n"
    )
  }
}
