// SPDX-License-Identifier: Apache-2.0

/// The IR of a Swift probe on its way to BPF: what the author wrote, and what of it the programs reach.
struct ProbeModule {
  var module: IRModule
  var locations: SourceLocations
  var types = DebugTypes()
  /// Functions that have a section: the programs, by mangled name.
  let programs: [String]
  /// The kernel structures of operations that the probe registers.
  let tables: [OperationsTable]
  /// Whether the kernel describes the record of a tracepoint by the tracepoint's own name.
  let hasRecord: (String) -> Bool
  /// What the sources show before anything is compiled.
  let sourceDiagnostics: [Diagnostic]
  private let functionIndex: [String: Int]
  private let enumerations: [SourceLocation: RawEnumeration]
  /// What the source declares, of which the object must have each.
  var declared = DeclaredObject()

  /// - Parameters:
  ///   - files: the author's files, as they were named to the compiler.
  ///   - sources: what is in them.
  /// - Throws: `CompileError` for IR of an unknown form.
  init(
    _ text: String, files: [String], sources: [String] = [], tables: [OperationsTable] = [],
    hasRecord: @escaping (String) -> Bool = { _ in false }
  ) throws(CompileError) {
    module = try IRModule(text)
    self.tables = tables
    self.hasRecord = hasRecord
    sourceDiagnostics =
      CursorCheck.diagnostics(zip(files, sources)) + GenericCheck.diagnostics(zip(files, sources))
    enumerations = RawEnumeration.all(in: zip(files, sources))
    locations = SourceLocations(authorFiles: files)
    programs = module.functions.filter { $0.body != nil && $0.section != nil }.map(\.name)
    functionIndex = Dictionary(
      module.functions.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What the compiler calls itself.
  var producer: String? {
    module.metadata.numbers.lazy.filter { module.metadata.isKind($0, "DICompileUnit") }
      .compactMap { module.metadata[$0] }.first { $0["language"] == "DW_LANG_Swift" }?.string("producer")
  }

  var reader: SwiftTypeReader { SwiftTypeReader(module.metadata, enumerations: enumerations) }

  func function(_ name: String) -> IRFunction? { functionIndex[name].map { module.functions[$0] } }

  /// The functions and variables that the roots reach, roots included.
  func reachable(from roots: [String]) -> Set<String> {
    let globals = Dictionary(module.globals.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var seen = Set(roots)
    var rest = roots
    while let name = rest.popLast() {
      var names: [String] = []
      if let body = function(name)?.body {
        for line in body { names += IRText.globalNames(in: line) }
      } else if let global = globals[name] {
        names = IRText.globalNames(in: global.definition)
      }
      for name in names where seen.insert(name).inserted { rest.append(name) }
    }
    return seen
  }

  /// The debug information of a variable: the number of its `DIGlobalVariable`.
  func variableNode(_ global: IRGlobal) -> Int? {
    guard let expression = global.debugNode, let node = module.metadata[expression] else { return nil }
    return node.kind == "DIGlobalVariable" ? expression : node.reference("var")
  }

  /// The variables that the author wrote, with their debug information.
  mutating func authorVariables() -> [(index: Int, node: Int)] {
    var result: [(index: Int, node: Int)] = []
    for (index, global) in module.globals.enumerated() {
      guard let node = variableNode(global), locations.isAuthor(node, in: module.metadata) else { continue }
      result.append((index, node))
    }
    return result
  }

  /// Where a function was declared.
  mutating func location(of function: IRFunction) -> SourceLocation? {
    function.debugNode.flatMap { locations.location(of: $0, in: module.metadata) }
  }

  /// The name that the author gave to a function.
  func sourceName(of function: IRFunction) -> String? {
    function.debugNode.flatMap { module.metadata[$0]?.string("name") }.map { name in
      String(name.prefix { $0 != "(" })
    }
  }
}
