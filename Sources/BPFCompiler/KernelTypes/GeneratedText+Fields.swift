// SPDX-License-Identifier: Apache-2.0

extension KernelView {
  /// The address, as the functions take it.
  var address: String {
    if case .part = role { return "UnsafeRawPointer(base)" }
    return "pointer"
  }

  /// A part holds the address of the whole.
  var partArgument: String {
    if case .part = role { return "base: base" }
    return "base: raw"
  }

  /// Names that the view has of its own.
  var ownNames: Set<String> { ["raw", "pointer", "base", "probed", "isNull", "word", "cookie", "functionAddress"] }
}

extension GeneratedText {
  static let probeRead = "((long (*)(void *, unsigned int, const void *))113)"

  /// One property, and the function that reads it.
  mutating func write(_ field: ViewField, of view: KernelView, isProbed: Bool) {
    let expression = Self.expression(view, field)
    let words = [(field.flavor ?? view.root).name] + view.path + [field.member]
    let name = SwiftWord.property(field.name, besides: view.ownNames)
    let pointees = Pointees(view, isProbed: isProbed, shadowing: contextNames)
    func type(_ name: String) -> String { pointees.type(name) }

    /// Calls the function that reads the field.
    func value(_ c: String, _ accessors: inout Accessors) -> String {
      let read =
        isProbed
        ? "if (&bpf_rdonly_cast) return \(Self.expression(view, field, of: Self.cast(view, field)));\n"
          + "  \(c) v; \(Self.probeRead)(&v, sizeof(v), &\(expression)); return v;"
        : "return \(expression);"
      return "\(accessors.add(c, isProbed ? words + ["probed"] : words, read))(\(view.address))"
    }
    /// Calls the function that returns the field's address.
    func address(_ accessors: inout Accessors) -> String {
      "\(accessors.add(Accessor.pointer, words + ["address"], "return &\(expression);"))(\(view.address))"
    }

    switch field.shape {
    case .text(let isRelative):
      let end = isRelative ? accessors.add("long", words + ["end"], "void", Self.end(view, field)) + "()" : "0"
      add(
        Self.property(
          name, "TracepointText", ".init(\(value("unsigned int", &accessors)), of: pointer, after: \(end))"))
    case .scalar(let scalar): add(Self.property(name, scalar.swift, value(scalar.c, &accessors)))
    case .bitField(let scalar, _):
      let body = Self.bitField(view, field, scalar, isProbed: isProbed)
      let function = accessors.add(scalar.c, isProbed ? words + ["probed"] : words, body)
      add(Self.property(name, scalar.swift, "\(function)(\(view.address))"))
    case .pointer(let target):
      add(Self.property(name, type(target), ".init(\(value(Accessor.pointer, &accessors)))"))
    case .pointerList(let target):
      add(
        Self.property(
          name, "KernelPointers<0, \(pointees.probed(target))>.Probed", ".init(\(value(Accessor.pointer, &accessors)))")
      )
    case .scalarList(let scalar):
      add(
        Self.property(
          name, "KernelArray<0, \(scalar.swift)>.Probed", ".init(\(value(Accessor.pointer, &accessors)))"))
    case .rawPointer: add(Self.property(name, "UnsafeRawPointer", value(Accessor.pointer, &accessors)))
    case .embedded(let part):
      add(Self.property(name, part + (isProbed ? ".Probed" : ""), ".init(\(view.partArgument))"))
    case .structure(let target): add(Self.property(name, type(target), ".init(\(address(&accessors)))"))
    case .scalars(let scalar, let count):
      let element = scalar.bytes == 1 ? "UInt8" : scalar.swift
      add(
        Self.property(
          name, "KernelArray<\(count), \(element)>\(pointees.suffix)", ".init(\(address(&accessors)))"))
    case .pointers(let target, let count):
      add(
        Self.property(
          name, "KernelPointers<\(count), \(type(target))>\(pointees.suffix)", ".init(\(address(&accessors)))"))
    case .structures(let target, let key, let count):
      let stride = "\(addSize(of: key))()"
      add(
        Self.property(
          name, "KernelStructs<\(count), \(type(target))>", ".init(\(address(&accessors)), stride: \(stride))"))
    case .address: add(Self.property(name, "UnsafeRawPointer", address(&accessors)))
    }
  }

  /// The object at `p` as one whose type the verifier knows. Reads of it fault safely, as those of the helper do, and cost a
  /// twentieth.
  private static func cast(_ view: KernelView, _ field: ViewField) -> String {
    "bpf_rdonly_cast(p, __builtin_btf_type_id(*(\((field.flavor ?? view.root).c) *)0, 1))"
  }

  /// Where the text of a `__rel_loc` field is counted from: the end of the field.
  private static func end(_ view: KernelView, _ field: ViewField) -> String {
    "return __builtin_preserve_field_info(\(expression(view, field, of: "0")), 0) + 4;"
  }

  /// Reads the storage unit that CO-RE finds the bits in, and shifts them down.
  private static func bitField(
    _ view: KernelView, _ field: ViewField, _ scalar: KernelScalar, isProbed: Bool
  ) -> String {
    let expression = expression(view, field)
    let offset = "__builtin_preserve_field_info(\(expression), 0)"
    let size = "__builtin_preserve_field_info(\(expression), 1)"
    // Without the barrier, clang would join the loads of the four sizes into one at a computed address.
    let direct = """
      at = (const char *)at + \(offset); asm volatile("" : "+r"(at));
        switch (\(size)) {
        case 1: v = *(const unsigned char *)at; break;
        case 2: v = *(const unsigned short *)at; break;
        case 4: v = *(const unsigned int *)at; break;
        case 8: v = *(const unsigned long long *)at; break;
        }
      """
    let read =
      isProbed
      ? """
      unsigned long long v = 0;
        if (&bpf_rdonly_cast) {
        const void *at = \(cast(view, field));
        \(direct)
        } else { \(probeRead)(&v, \(size), (const char *)p + \(offset)); }
      """
      : "unsigned long long v = 0; const void *at = p;\n  \(direct)"
    let shifted = "v << __builtin_preserve_field_info(\(expression), 4)"
    return """
      \(read)
        v = \(shifted);
        return \(scalar.isSigned ? "(long long)v" : "v") >> __builtin_preserve_field_info(\(expression), 5);
      """
  }
}

/// How the types of pointers out of a view are spelled in it.
private struct Pointees {
  /// Empty where the pointer can be followed directly.
  let suffix: String
  private let shadowed: Set<String>

  init(_ view: KernelView, isProbed: Bool, shadowing names: [String: Set<String>]) {
    // What a tracepoint's record points to, the verifier does not know.
    if case .context(let namespace) = view.role {
      suffix = namespace == "Tracepoint" ? ".Probed" : ""
      shadowed = names[namespace] ?? []
    } else {
      suffix = isProbed ? ".Probed" : ""
      shadowed = []
    }
  }

  func type(_ view: String) -> String { name(view) + suffix }
  func probed(_ view: String) -> String { name(view) + ".Probed" }

  private func name(_ view: String) -> String {
    shadowed.contains(view) ? GeneratedText.alias(of: view) : SwiftWord.escaped(view)
  }
}
