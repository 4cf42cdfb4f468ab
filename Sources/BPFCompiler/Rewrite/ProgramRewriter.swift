// SPDX-License-Identifier: Apache-2.0

import BTF

extension ProbeModule {
  /// Makes BPF functions of the Swift functions that are reached: programs with their section, subprograms for what the
  /// author keeps from being inlined, everything else inlined.
  mutating func rewriteFunctions(_ reached: Set<String>, _ variables: Variables) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    var names = variables.names
    var taken = Set(variables.roots)
    let sections = Set(module.functions.compactMap(\.section))
    let made = module.functions.indices.filter { index in
      reached.contains(module.functions[index].name) && module.functions[index].body != nil
    }
    // Programs first: their names are what loaders ask for, and a subprogram's are not.
    let roles = made.map { (index: $0, role: role(of: module.functions[$0])) }
    for (index, role) in roles.filter({ $0.role == .program }) + roles.filter({ $0.role != .program }) {
      if role != .inlined {
        let mangled = module.functions[index].name
        let swiftName = sourceName(of: module.functions[index]) ?? callbackName(module.functions[index]) ?? mangled
        let plain = CIdentifier.encoded(swiftName)
        var name = plain
        var number = 2
        while !taken.insert(name).inserted {
          if role == .program, number == 2 {
            diagnostics.append(
              Diagnostic(
                at: location(of: module.functions[index]),
                "`\(swiftName)` is also the name of another program or variable, and a program is loaded by its name: "
                  + "choose another one"))
          }
          name = "\(plain)_\(number)"
          number += 1
        }
        names[mangled] = name
        if role == .program { declared.programs[name] = module.functions[index].section }
        do throws(LayoutError) {
          if sections.contains(name) { throw LayoutError("has the name of a section: choose another name") }
          try rewriteSignature(index, name: name, role: role)
        } catch {
          let place = location(of: module.functions[index])
          diagnostics.append(Diagnostic(at: place, "`\(swiftName)` \(error.message)"))
        }
      }
      rewriteHeader(index, role: role)
    }
    module.functions.removeAll { !reached.contains($0.name) }
    renameSymbols(names, variables.tunables)
    return diagnostics
  }

  enum Role {
    case program
    /// A function of its own that the verifier checks with each caller.
    case subprogram
    case inlined
  }

  /// What becomes of a function.
  mutating func role(of function: IRFunction) -> Role {
    if function.section != nil { return .program }
    if Self.isCallback(function) { return .subprogram }
    guard let node = function.debugNode, locations.isAuthor(node, in: module.metadata),
      function.attributeGroups.contains(where: { module.attributes[$0]?.range(ofText: " noinline ") != nil }),
      function.name.hasSuffix("F") || function.name.hasSuffix("FZ") || function.name.contains("Tf")
    else { return .inlined }
    return .subprogram
  }

  /// Whether Swift made the function for a C function pointer: of a closure that captures nothing, or of a function.
  private static func isCallback(_ function: IRFunction) -> Bool {
    function.name.hasSuffix("To") && function.debugNode != nil
  }

  /// A callback has no name in the source: that of the function around it, and what it is.
  private func callbackName(_ function: IRFunction) -> String? {
    guard Self.isCallback(function) else { return nil }
    let scope = function.debugNode.flatMap { module.metadata[$0]?.reference("scope") }.flatMap { module.metadata[$0] }
    guard let scope, scope.kind == "DISubprogram", let name = scope.string("name") else { return "callback" }
    return name.prefix { $0 != "(" } + "_callback"
  }

  private mutating func rewriteHeader(_ index: Int, role: Role) {
    var function = module.functions[index]
    let isInlined = role == .inlined
    let dropped: Set<Substring> = [
      "protected", "hidden", "weak_odr", "linkonce_odr", "internal", "private", "external", "dso_local", "swiftcc",
      "fastcc", "weak", "noundef", "signext", "zeroext",
    ]
    let kept = function.result.split(separator: " ").filter { !dropped.contains($0) }.joined(separator: " ")
    function.result = Substring(role == .program ? "dso_local \(kept)" : "internal \(kept)")
    if isInlined { function.suffix = "alwaysinline " + function.suffix }
    if role == .subprogram { function.suffix = "noinline " + function.suffix }
    // Inlined code of ours takes the place of the call: it must have none of its own.
    let isAuthors = function.debugNode.map { locations.isAuthor($0, in: module.metadata) } ?? false
    if isAuthors || !isInlined {
      function.body = function.body?.filter { !IRText.trimmed($0).hasPrefix("#dbg_") }
    } else {
      function.dropPlaces()
    }
    module.functions[index] = function
  }

  /// Replaces the Swift types of a function by what C would call them, and checks that BPF can call it.
  private mutating func rewriteSignature(_ index: Int, name: String, role: Role) throws(LayoutError) {
    let function = module.functions[index]
    let result = function.resultType
    let isProgram = role == .program
    // The operations of a kernel structure return what the kernel's own would.
    let isOperation = function.section?.contains("struct_ops") ?? false
    if isProgram, result != "i32", result != "i64", !isOperation {
      throw LayoutError("is a program: it must return Int32, or the type of its hook's verdict, such as XDPAction")
    }
    guard ["i32", "i64", "i16", "i8", "i1", "ptr", "void"].contains(result) else {
      throw LayoutError(
        "returns more than a register, which is all that BPF functions return: make it `@inline(__always)`")
    }
    if isProgram, function.parameters.count > 1 || function.parameters.contains(where: { !$0.hasPrefix("ptr") }) {
      throw LayoutError("is a program: it must have one parameter, the context of its hook, such as XDPContext")
    }
    if function.parameters.count > 5 {
      throw LayoutError(
        "needs \(function.parameters.count) registers for its arguments, and BPF has five: pass a pointer, or make it `@inline(__always)`"
      )
    }
    guard let number = function.debugNode, var node = module.metadata[number] else { return }
    let context = isProgram ? contextType(node) : nil
    let parameters = function.parameters.map { parameter in
      context ?? types.node(Self.type(parameter.prefix { $0 != " " }), in: &module.metadata)
    }
    let resultNode = result == "void" ? nil : types.node(Self.type(result), in: &module.metadata)
    let type = types.function(result: resultNode, parameters: parameters, in: &module.metadata)
    node["name"] = "\"\(name)\""
    for field in ["linkageName", "declaration", "templateParams", "retainedNodes", "thrownTypes"] { node[field] = nil }
    if Self.isCallback(function), let scope = node.reference("scope").flatMap({ module.metadata[$0] }) {
      node["file"] = scope["file"] ?? node["file"]
      node["line"] = scope["line"] ?? node["line"]
    }
    node["scope"] = node["file"]
    node["type"] = "!\(type)"
    node["retainedNodes"] = "!\(parameterNodes(number, file: node["file"] ?? "null", count: parameters.count))"
    if !isProgram { node["spFlags"] = "DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized" }
    module.metadata.replace(number, with: node.text)
  }

  /// The parameters with their names, which the kernel insists on.
  private mutating func parameterNodes(_ subprogram: Int, file: Substring, count: Int) -> Int {
    var names: [Int: String] = [:]
    for number in module.metadata.numbers where module.metadata.isKind(number, "DILocalVariable") {
      guard let variable = module.metadata[number], variable.reference("scope") == subprogram,
        let position = variable.number("arg"), let name = variable.string("name")
      else { continue }
      names[position] = CIdentifier.encoded(name)
    }
    let void = types.node(.pointer(nil), in: &module.metadata)
    let nodes = (0..<count).map { index in
      module.metadata.append(
        "!DILocalVariable(name: \"\(names[index + 1] ?? "argument\(index)")\", arg: \(index + 1), "
          + "scope: !\(subprogram), file: \(file), line: 1, type: !\(void))")
    }
    return module.metadata.append("!{\(nodes.map { "!\($0)" }.joined(separator: ", "))}")
  }

  /// The context of a program: the struct that its one argument points to, as far as it is known.
  private mutating func contextType(_ subprogram: MetadataNode) -> Int? {
    guard let type = subprogram.reference("type"), let list = module.metadata[type]?.reference("types"),
      let parameter = module.metadata.elements(list).dropFirst().first ?? nil,
      let layout = try? reader.type(parameter)
    else { return nil }
    var context = layout
    while case .structure(_, let fields, _) = context, fields.count == 1 { context = fields[0].type }
    guard case .pointer = context else { return nil }
    return types.node(context, in: &module.metadata)
  }

  private static func type(_ name: Substring) -> SwiftType {
    switch name {
    case "ptr": .pointer(nil)
    case "i64": .integer(name: "unsigned long long", size: 8, encoding: "DW_ATE_unsigned")
    case "i16": .integer(name: "unsigned short", size: 2, encoding: "DW_ATE_unsigned")
    case "i8", "i1": .integer(name: "unsigned char", size: 1, encoding: "DW_ATE_unsigned_char")
    default: .int
    }
  }

  private mutating func renameSymbols(_ names: [String: String], _ tunables: [String: String]) {
    func rename(_ name: String) -> String? { names[name] }
    func renameInBody(_ name: String) -> String? { tunables[name] ?? names[name] }
    for index in module.functions.indices {
      if let name = names[module.functions[index].name] { module.functions[index].name = name }
      module.functions[index].body = module.functions[index].body?.map { line in
        guard line.utf8.contains(UInt8(ascii: "@")) else { return line }
        return Substring(IRText.renaming(line, renameInBody))
      }
    }
    for index in module.globals.indices {
      if let name = names[module.globals[index].name] { module.globals[index].name = name }
      module.globals[index].definition = Substring(IRText.renaming(module.globals[index].definition, rename))
    }
  }
}
