// SPDX-License-Identifier: Apache-2.0

/// Reads Swift types from debug metadata.
///
/// Sizes are taken from there and checked against Swift's layout rules; offsets are not, since the compiler's are wrong
/// after a field of a generic type.
struct SwiftTypeReader {
  let metadata: Metadata
  /// The enumerations with raw values that the author declared, by file and line.
  private let enumerations: [SourceLocation: RawEnumeration]
  private static let integers: [String: SwiftType] = [
    "Int8": .integer(name: "signed char", size: 1, encoding: "DW_ATE_signed_char"),
    "Int16": .integer(name: "short", size: 2, encoding: "DW_ATE_signed"),
    "Int32": .int,
    "Int64": .integer(name: "long long", size: 8, encoding: "DW_ATE_signed"),
    "Int": .integer(name: "long", size: 8, encoding: "DW_ATE_signed"),
    "UInt8": .integer(name: "unsigned char", size: 1, encoding: "DW_ATE_unsigned_char"),
    "UInt16": .integer(name: "unsigned short", size: 2, encoding: "DW_ATE_unsigned"),
    "UInt32": .unsignedInt,
    "UInt64": .integer(name: "unsigned long long", size: 8, encoding: "DW_ATE_unsigned"),
    "UInt": .integer(name: "unsigned long", size: 8, encoding: "DW_ATE_unsigned"),
    "Int128": .integer(name: "__int128", size: 16, encoding: "DW_ATE_signed"),
    "UInt128": .integer(name: "unsigned __int128", size: 16, encoding: "DW_ATE_unsigned"),
    "Bool": .integer(name: "_Bool", size: 1, encoding: "DW_ATE_boolean"),
  ]
  private static let pointers: Set<String> = [
    "UnsafePointer", "UnsafeMutablePointer", "UnsafeRawPointer", "UnsafeMutableRawPointer", "OpaquePointer",
  ]

  init(_ metadata: Metadata, enumerations: [SourceLocation: RawEnumeration] = [:]) {
    self.metadata = metadata
    self.enumerations = enumerations
  }

  /// What a generic parameter stands for, and what the parameters in that stand for.
  struct Argument {
    var node: Int
    var outer: [Argument]
  }

  /// The type of a metadata node.
  ///
  /// - Parameter arguments: what the generic parameters of the enclosing type stand for.
  /// - Throws: `LayoutError` if its layout is not known.
  func type(_ number: Int, arguments: [Argument] = [], depth: Int = 0) throws(LayoutError) -> SwiftType {
    guard depth < 32, let node = metadata[number] else { throw LayoutError("a type without end") }
    if node.kind == "DIBasicType" {
      return .integer(
        name: node.string("name") ?? "", size: (node.number("size") ?? 0) / 8,
        encoding: String(node["encoding"] ?? "DW_ATE_unsigned"))
    }
    if node.kind == "DIDerivedType" {
      if node["tag"] == "DW_TAG_pointer_type" { return .pointer(nil) }
      guard let base = node.reference("baseType") else { throw LayoutError("a type without a size") }
      return try type(base, arguments: arguments, depth: depth + 1)
    }
    guard node.kind == "DICompositeType" else { throw LayoutError("a type without a size") }
    if let parameter = parameterIndex(node), parameter < arguments.count {
      return try type(arguments[parameter].node, arguments: arguments[parameter].outer, depth: depth + 1)
    }
    return try composite(node, arguments, depth)
  }

  /// The name of a type, without its module and arguments: `HashMap`.
  func name(_ node: MetadataNode) -> String {
    node.string("name") ?? node.reference("specification").flatMap { metadata[$0]?.string("name") } ?? ""
  }

  /// Whether a type is of a module that probes have from Merops.
  func isKernelSide(_ node: MetadataNode) -> Bool { module(node).map(["BPFKernel", "BPFValues"].contains) ?? false }

  /// The module that declares a type.
  func module(_ node: MetadataNode) -> String? {
    node.reference("scope").flatMap { metadata[$0] }.flatMap { $0.kind == "DIModule" ? $0.string("name") : nil }
  }

  /// The names that lead to a type of the kernel-side modules: `["LSM", "file_open"]`; empty for other types.
  func kernelSidePath(_ node: MetadataNode) -> [String] {
    var names = [name(node)]
    var node = node
    while !isKernelSide(node) {
      guard names.count < 8, let scope = node.reference("scope").flatMap({ metadata[$0] }),
        scope.kind == "DICompositeType"
      else { return [] }
      names.insert(name(scope), at: 0)
      node = scope
    }
    return names
  }

  /// The arguments of a generic type, as nodes. The compiler puts them on the type itself, or on a declaration inside.
  func arguments(_ node: MetadataNode) -> [Int] {
    var holder = node
    if node.reference("templateParams").map({ metadata.elements($0).isEmpty }) ?? true,
      let inner = members(node).first?.reference("baseType").flatMap({ metadata[$0] })
    {
      holder = inner
    }
    guard let list = holder.reference("templateParams") else { return [] }
    return metadata.elements(list).compactMap { $0.flatMap { metadata[$0]?.reference("type") } }
  }

  /// The arguments of a generic type, of which some may be parameters of the type around it.
  private func bound(_ node: MetadataNode, _ outer: [Argument]) -> [Argument] {
    arguments(node).map { argument in
      if let index = metadata[argument].flatMap(parameterIndex), index < outer.count { return outer[index] }
      return Argument(node: argument, outer: outer)
    }
  }

  /// The number that an argument `<20>` is: `$e$19_D`, in which one less stands and nothing for 0.
  private func number(_ argument: Argument) -> Int? {
    guard let name = metadata[argument.node]?.string("name"), name.hasPrefix("$e$"), name.hasSuffix("_D") else {
      return nil
    }
    let digits = name.dropFirst(3).dropLast(2)
    return digits.isEmpty ? 0 : Int(digits).map { $0 &+ 1 }
  }

  /// Follows `const` and aliases.
  func stripped(_ number: Int) -> MetadataNode? {
    var node = metadata[number]
    for _ in 0..<8 {
      guard let derived = node, derived.kind == "DIDerivedType", derived["tag"] != "DW_TAG_pointer_type",
        let base = derived.reference("baseType")
      else { break }
      node = metadata[base]
    }
    return node
  }

  private func members(_ node: MetadataNode) -> [MetadataNode] {
    guard let list = node.reference("elements") else { return [] }
    return metadata.elements(list).compactMap { $0.flatMap { metadata[$0] } }
  }

  private func composite(
    _ node: MetadataNode, _ outer: [Argument], _ depth: Int
  ) throws(LayoutError) -> SwiftType {
    let name = name(node)
    let size = (node.number("size") ?? 0) / 8
    if node["tag"] == "DW_TAG_array_type" { return try array(node, outer, depth) }
    if module(node) == "Swift" {
      if let integer = Self.integers[name] { return integer }
      if Self.pointers.contains(name) {
        let pointee = bound(node, outer).first
        return .pointer(pointee.flatMap { try? type($0.node, arguments: $0.outer, depth: depth + 1) })
      }
      if name == "InlineArray" { return try inlineArray(node, outer, depth) }
      if name == "Optional" { return try optional(node, size, outer, depth) }
    }
    if node["tag"] == "DW_TAG_enumeration_type" {
      let cases = members(node).map { $0.string("name") ?? "" }
      try checkRawValues(node, name, size)
      return .enumeration(name: name, cases: cases, layout: SwiftType.Layout(size: size, alignment: max(size, 1)))
    }
    if let integer = try networkInteger(node, name, outer, depth) { return integer }
    if let capacity = textCapacity(node, name, size, outer) { return .array(of: .character, count: capacity) }
    guard node["tag"] == "DW_TAG_structure_type", node["flags"].map({ !$0.contains("DIFlagFwdDecl") }) ?? true else {
      throw LayoutError("\(name.isEmpty ? "a type" : name) has no layout in C")
    }
    let arguments = bound(node, outer)
    let isGeneric = node.reference("specification") != nil
    let holder = isGeneric ? node.reference("specification").flatMap { metadata[$0] } ?? node : node
    let members = members(holder)
    guard members.allSatisfy({ $0["tag"] == "DW_TAG_member" }) else {
      // An enumeration with associated values: its payload's alignment is not told, but its bytes are.
      return .opaque(name: name, layout: SwiftType.Layout(size: size, alignment: 1))
    }
    var fields: [(name: String, type: SwiftType)] = []
    for (index, member) in members.enumerated() {
      guard let base = member.reference("baseType") else { throw LayoutError("\(name) has a field without a type") }
      let type = try type(base, arguments: arguments, depth: depth + 1)
      fields.append((member.string("name") ?? "field\(index)", type))
    }
    let cName = name.hasPrefix("$") ? "" : name
    let result = SwiftType.structure(name: cName, fields: fields)
    // Inside a generic type no size is told: that of the type around is compared.
    guard result.layout.size == size || node["size"] == nil && isGeneric else {
      throw LayoutError("the layout of \(name) is not known: \(size) bytes, its fields take \(result.layout.size)")
    }
    return result
  }

  /// `BigEndian<UInt16>` as the kernel calls it, `__be16`: readers of the object's types know that name.
  private func networkInteger(
    _ node: MetadataNode, _ name: String, _ outer: [Argument], _ depth: Int
  ) throws(LayoutError) -> SwiftType? {
    guard isKernelSide(node), name == "BigEndian" || name.hasPrefix("$e9BPFValues9BigEndianVy"),
      let argument = bound(node, outer).first
    else { return nil }
    let value = try type(argument.node, arguments: argument.outer, depth: depth + 1)
    guard case .integer(_, let size, encoding: "DW_ATE_unsigned") = value, [2, 4, 8].contains(size) else { return nil }
    return .alias(name: "__be\(size * 8)", value)
  }

  /// The bytes of a `FixedString`: its size, or the number in its mangled name, which is one less.
  private func textCapacity(_ node: MetadataNode, _ name: String, _ size: Int, _ outer: [Argument]) -> Int? {
    guard let module = module(node), isKernelSide(node) else { return nil }
    if name == "FixedString", size > 0 { return size }
    let prefix = "$e9\(module)11FixedStringVy"
    guard name == "FixedString" || name.hasPrefix(prefix) else { return nil }
    if let count = bound(node, outer).first.flatMap(number) { return count }
    guard name.hasPrefix(prefix + "$"), name.hasSuffix("_GD") else { return nil }
    return Int(name.dropFirst(prefix.utf8.count + 1).dropLast(3)).map { $0 &+ 1 }
  }

  /// The compiler describes an array where it knows the count, and inside a generic type the type's arguments.
  private func inlineArray(_ node: MetadataNode, _ outer: [Argument], _ depth: Int) throws(LayoutError) -> SwiftType {
    let arguments = bound(node, outer)
    if let storage = members(node).first?.reference("baseType"), let array = metadata[storage],
      array["tag"] == "DW_TAG_array_type"
    {
      return try self.array(array, arguments, depth)
    }
    guard arguments.count == 2, let count = number(arguments[0]) else {
      throw LayoutError("an InlineArray of unknown size")
    }
    return try array(of: arguments[1].node, count: count, arguments[1].outer, depth)
  }

  private func array(_ node: MetadataNode, _ arguments: [Argument], _ depth: Int) throws(LayoutError) -> SwiftType {
    guard let base = node.reference("baseType"), let count = members(node).first?.number("count") else {
      throw LayoutError("an InlineArray of unknown size")
    }
    return try array(of: base, count: count, arguments, depth)
  }

  private func array(
    of base: Int, count: Int, _ arguments: [Argument], _ depth: Int
  ) throws(LayoutError) -> SwiftType {
    let element = try type(base, arguments: arguments, depth: depth + 1)
    guard count >= 0, case (let size, let overflow) = element.layout.stride.multipliedReportingOverflow(by: count),
      !overflow,
      size <= SwiftType.largest
    else { throw LayoutError("an InlineArray of \(count) elements is too large") }
    return .array(of: element, count: count)
  }

  /// A pointer whose null is nil, or a value with a byte behind it that is 1 for nil.
  private func optional(
    _ node: MetadataNode, _ size: Int, _ outer: [Argument], _ depth: Int
  ) throws(LayoutError) -> SwiftType {
    guard let argument = bound(node, outer).first else { throw LayoutError("an Optional of unknown size") }
    let wrapped = try type(argument.node, arguments: argument.outer, depth: depth + 1)
    if case .pointer = wrapped { return wrapped }
    if wrapped.layout.size + 1 == size {
      let flag = SwiftType.integer(name: "_Bool", size: 1, encoding: "DW_ATE_boolean")
      return .structure(name: "", fields: [("value", wrapped), ("isNil", flag)])
    }
    return .opaque(name: "", layout: SwiftType.Layout(size: size, alignment: wrapped.layout.alignment))
  }

  /// Swift keeps an enumeration as the number of its case: whoever else reads the bytes would take that for the raw value.
  private func checkRawValues(_ node: MetadataNode, _ name: String, _ size: Int) throws(LayoutError) {
    guard let raw = node.reference("baseType").flatMap({ metadata[$0] }), let bits = raw.number("size") else { return }
    let file = node.reference("file").flatMap { metadata[$0]?.string("filename") }
    let declared = file.flatMap { enumerations[SourceLocation(file: $0, line: node.number("line") ?? 0)] }
    guard bits / 8 != size || declared?.isNumberedInOrder == false else { return }
    throw LayoutError(
      "Swift keeps \(name) in \(size == 1 ? "one byte" : "\(size) bytes") as the number of its case, not as its raw "
        + "value of \(self.name(raw)): keep the `rawValue`, or make it a struct: `struct \(name): RawRepresentable, "
        + "BitwiseCopyable { var rawValue: \(self.name(raw)) }` with a `static var` for each value")
  }

  /// Generic parameters are called `$exD`, `$eq_D`, `$eq0_D`, ... in the compiler's mangling.
  private func parameterIndex(_ node: MetadataNode) -> Int? {
    guard let name = node.string("name"), name.hasPrefix("$e"), name.hasSuffix("D") else { return nil }
    let middle = name.dropFirst(2).dropLast()
    if middle == "x" { return 0 }
    if middle == "q_" { return 1 }
    guard middle.hasPrefix("q"), middle.hasSuffix("_") else { return nil }
    return Int(middle.dropFirst().dropLast()).map { $0 &+ 2 }
  }
}

/// Why a type cannot be described to the kernel.
struct LayoutError: Error {
  var message: String
  init(_ message: String) { self.message = message }
}
