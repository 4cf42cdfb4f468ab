// SPDX-License-Identifier: Apache-2.0

/// What a struct_ops program or variable is for: `ssthresh` of `tcp_congestion_ops`.
struct OperationPath: Hashable {
  var type: String
  var name: String

  var isTable: Bool { name == OperationsTable.swiftName }
}

extension SwiftTypeReader {
  /// What a type inside `StructOps` stands for; nil for types elsewhere.
  func operationPath(_ node: MetadataNode) -> OperationPath? {
    guard let type = node.reference("scope").flatMap({ metadata[$0] }), type.kind == "DICompositeType",
      let space = type.reference("scope").flatMap({ metadata[$0] }), space.kind == "DICompositeType",
      name(space) == ContextNamespace.structOps.rawValue, module(space) == "BPFKernel"
    else { return nil }
    return OperationPath(type: name(type), name: name(node))
  }
}

extension ProbeModule {
  /// A program that the kernel calls as an operation.
  struct Operation {
    var path: OperationPath
    /// Of the function, mangled.
    var symbol: String
    /// What the section names behind the slash.
    var target: String
  }

  /// The programs of struct_ops sections whose context says which operation they are, in the order of their names.
  func operations() -> [Operation] {
    let reader = self.reader
    return programs.compactMap { symbol -> Operation? in
      guard let function = function(symbol), let section = function.section,
        let type = function.debugNode.flatMap({ module.metadata[$0]?.reference("type") }),
        let list = module.metadata[type]?.reference("types"),
        let context = module.metadata.elements(list).dropFirst().first ?? nil,
        let path = reader.stripped(context).flatMap({ reader.operationPath($0) }), !path.isTable
      else { return nil }
      let parts = section.split(separator: "/", maxSplits: 1)
      guard let head = parts.first, ["struct_ops", "struct_ops.s"].contains(head.drop { $0 == "?" }) else { return nil }
      return Operation(path: path, symbol: symbol, target: parts.count > 1 ? String(parts[1]) : "")
    }.sorted { ($0.path.name, $0.symbol) < ($1.path.name, $1.symbol) }
  }

  /// The tables that the author declared, by name.
  mutating func tableNames() -> [String: OperationPath] {
    var result: [String: OperationPath] = [:]
    for (index, node) in authorVariables() {
      let reader = self.reader
      guard let variable = module.metadata[node], let type = variable.reference("type").flatMap(reader.stripped),
        let path = reader.operationPath(type), path.isTable
      else { continue }
      result[variable.string("name") ?? module.globals[index].name] = path
    }
    return result
  }

  /// The operations of one table: those of its type, without those whose section names another table.
  private func operations(of table: String, _ tables: [String: OperationPath]) throws(LayoutError) -> [Operation] {
    let mine = operations().filter { operation in
      operation.path.type == tables[table]?.type && (tables[operation.target] == nil || operation.target == table)
    }
    guard !mine.isEmpty else {
      throw LayoutError(
        "no program is an operation of it: give one `@section(\"struct_ops\")` and the context "
          + "`StructOps.\(tables[table]?.type ?? "").OPERATION`")
    }
    for (first, second) in zip(mine, mine.dropFirst()) where first.path == second.path {
      throw LayoutError(
        "two programs are its `\(first.path.name)`: if there is another table, name it in one's section, such as "
          + "`struct_ops/\(table)`")
    }
    return mine
  }

  /// Programs that the kernel would never call.
  mutating func operationsWithoutTable(_ tables: [String: OperationPath]) -> [Diagnostic] {
    operations().filter { operation in !tables.values.contains { $0.type == operation.path.type } }.map { operation in
      let type = operation.path.type
      let function = function(operation.symbol)
      return Diagnostic(
        at: function.flatMap { location(of: $0) },
        "`\(function.flatMap { sourceName(of: $0) } ?? operation.symbol)` is an operation of \(type), but nothing "
          + "registers it: declare `var NAME = StructOps.\(type).\(OperationsTable.swiftName)()`")
    }
  }

  /// The kernel's structure, with this probe's functions, in place of a table: of its members those that are not zero,
  /// which loaders find in the kernel's by name.
  mutating func rewriteTable(
    _ index: Int, variable: Int, name: String, symbol: String, _ tables: [String: OperationPath]
  ) throws(LayoutError) {
    guard let path = tables[name], let table = self.tables.first(where: { $0.type == path.type }) else {
      throw LayoutError("the kernel's types do not describe it")
    }
    var members: [(name: String, type: Int, offset: Int, size: Int)] = []
    var parts: [(type: String, value: String)] = []
    let prototype = types.function(result: nil, parameters: [], in: &module.metadata)
    let pointer = types.pointer(to: prototype, in: &module.metadata)
    for operation in try operations(of: name, tables) {
      members.append((operation.path.name, pointer, members.count * 8, 8))
      parts.append(("ptr", "@\(IRText.quoted(operation.symbol))"))
    }
    var end = members.count * 8
    let constants = try Self.constants(module.globals[index].initializer, count: table.values.count)
    for ((member, value), constant) in zip(table.values, constants) {
      let type: SwiftType
      switch value {
      case .text(let capacity):
        guard let text = try text(constant, capacity: capacity, of: member) else { continue }
        type = .array(of: .character, count: capacity)
        parts.append(("[\(capacity) x i8]", text))
      case .scalar(let scalar):
        guard let number = Self.number(constant) else { throw Self.notConstant }
        if number == 0 { continue }
        type = .integer(
          name: scalar.c, size: scalar.bytes,
          encoding: scalar.isBool ? "DW_ATE_boolean" : scalar.isSigned ? "DW_ATE_signed" : "DW_ATE_unsigned")
        parts.append(("i\(scalar.bytes * 8)", "\(number)"))
      }
      let layout = type.layout
      end = (end + layout.alignment - 1) / layout.alignment * layout.alignment
      members.append((member, types.node(type, in: &module.metadata), end, layout.size))
      end += layout.size
    }
    let structure = types.structure(
      name: path.type, members: members, size: (end + 7) / 8 * 8, in: &module.metadata)
    rename(variable, to: symbol, type: structure)
    let type = parts.map(\.type).joined(separator: ", ")
    let value = parts.map { "\($0.type) \($0.value)" }.joined(separator: ", ")
    module.globals[index] = IRGlobal(
      name: module.globals[index].name,
      definition: "dso_local global { \(type) } { \(value) }, section \".struct_ops.link\", align 8, "
        + "!dbg !\(module.globals[index].debugNode ?? 0)")
  }

  // MARK: What the compiler folded

  private static let notConstant = LayoutError(
    "what a table holds must be known when the program is built: write literals")

  /// The fields of a struct's initial value.
  private static func constants(_ initializer: Substring?, count: Int) throws(LayoutError) -> [Substring] {
    guard let initializer, !initializer.hasSuffix(" undef") else { throw notConstant }
    guard let brace = initializer.utf8.firstIndex(of: UInt8(ascii: "{")),
      let (inside, _) = IRText.bracketed(initializer[brace...])
    else { return Array(repeating: "zeroinitializer", count: count) }
    let fields = IRText.commaSeparated(inside).filter { !$0.hasPrefix("[") }  // Without padding.
    guard fields.count == count else { throw notConstant }
    return fields
  }

  private static func number(_ constant: Substring) -> Int? {
    switch constant.split(whereSeparator: { " <>{}".contains($0) }).last {
    case "zeroinitializer", "false": 0
    case "true": 1
    case let word?: Int(word)
    case nil: nil
    }
  }

  /// The characters of a `StaticString` as an array; nil for none.
  private func text(_ constant: Substring, capacity: Int, of member: String) throws(LayoutError) -> String? {
    guard constant.range(ofText: "zeroinitializer") == nil else { return nil }
    guard let symbol = IRText.globalNames(in: constant).first,
      let literal = module.globals.first(where: { $0.name == symbol })?.initializer
    else { throw Self.notConstant }
    guard let start = literal.range(ofText: " c\""), literal.hasSuffix("\\00\"") else { return nil }
    let characters = literal[start.upperBound...].dropLast(4)
    // `\0A` is one byte, and so is `\\`.
    var rest = characters.utf8[...]
    var count = 0
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\") { rest = rest.dropFirst(rest.first == byte ? 1 : 2) }
      count += 1
    }
    guard count > 0 else { return nil }
    guard count < capacity else { throw LayoutError("`\(member)` has room for \(capacity - 1) bytes") }
    return "c\"\(characters)\(String(repeating: "\\00", count: capacity - count))\""
  }
}
