// SPDX-License-Identifier: Apache-2.0

import BTF

extension ProbeModule {
  /// What the variables of a probe become.
  struct Variables {
    /// The symbols that stay even if no program uses them.
    var roots: [String] = []
    /// New names by mangled name.
    var names: [String: String] = [:]
    /// What programs call a variable that user space sets before the load, by mangled name.
    var tunables: [String: String] = [:]
    var diagnostics: [Diagnostic] = []
    var hasLicense = false
  }

  /// Makes maps, the license and global variables of what the author declared.
  mutating func rewriteVariables() -> Variables {
    var result = Variables()
    var records: [(map: String, type: Int)] = []
    let tables = tableNames()
    result.diagnostics = operationsWithoutTable(tables)
    for (index, node) in authorVariables() {
      let global = module.globals[index]
      guard let variable = module.metadata[node], let typeNode = variable.reference("type") else { continue }
      let reader = self.reader
      let name = variable.string("name") ?? global.name
      guard let type = reader.stripped(typeNode) else { continue }
      let isOurs = reader.module(type) == "BPFKernel"
      let isSpecifications = isOurs && Self.isMap(type, reader) && isUSDTSpecifications(type)
      let symbol = isSpecifications ? Self.usdtSpecifications : CIdentifier.encoded(name)
      do throws(LayoutError) {
        if isOurs, reader.name(type) == "License" {
          try rewriteLicense(index, variable: node, type: type)
          result.hasLicense = true
          result.names[global.name] = Self.licenseSymbol
          result.roots.append(Self.licenseSymbol)
          continue
        }
        if reader.operationPath(type)?.isTable ?? false {
          try rewriteTable(index, variable: node, name: name, symbol: symbol, tables)
        } else if isOurs, Self.isMap(type, reader) {
          for record in try rewriteMap(index, variable: node, type: type, name: symbol) {
            records.append((record.name, record.type))
          }
        } else if isOurs, reader.name(type) == "Tunable" {
          try rewriteTunable(index, variable: node, type: type, isConstant: isConstant(typeNode), name: symbol)
        } else if global.isConstant || isConstant(typeNode) {
          // A `let`: the optimiser knows its value. It stays if something takes its address.
          module.globals[index].definition = Substring("internal constant " + (global.initializer ?? ""))
          continue
        } else {
          if let problem = global.section.flatMap({ SectionCheck.problem(variable: $0) }) { throw LayoutError(problem) }
          try rewritePlain(index, variable: node, type: typeNode, section: global.section, name: symbol)
        }
        if result.roots.contains(symbol) {
          throw LayoutError(
            isSpecifications ? "the object has such a map already: one is for all USDT programs" : "its name is taken")
        }
        if reader.operationPath(type)?.isTable ?? false { declared.tables.insert(symbol) }
        result.names[global.name] = symbol
        result.roots.append(symbol)
        if Self.isTunable(module.globals[index].section) {
          let alias = addAlias(of: symbol)
          result.tunables[global.name] = alias
          result.roots.append(alias)
        }
      } catch {
        result.diagnostics.append(
          Diagnostic(at: locations.location(of: node, in: module.metadata), "`\(name)`: \(error.message)"))
      }
    }
    for (map, type) in records { result.roots.append(addRecord(of: map, type: type)) }
    return result
  }

  /// The map in which loaders look for where to write how a USDT's arguments are read: libbpf gave it its name.
  static let usdtSpecifications = "__bpf_usdt_specs"

  private func isUSDTSpecifications(_ type: MetadataNode) -> Bool {
    let reader = self.reader
    guard let element = reader.arguments(type).first.flatMap(reader.stripped) else { return false }
    return reader.module(element) == "BPFKernel" && reader.name(element) == "USDTSpecification"
  }

  private static func isMap(_ type: MetadataNode, _ reader: SwiftTypeReader) -> Bool {
    guard let holder = type.reference("specification").flatMap({ reader.metadata[$0] }) ?? Optional(type),
      let list = holder.reference("elements"), let first = reader.metadata.elements(list).first ?? nil,
      let base = reader.metadata[first]?.reference("baseType"), let definition = reader.metadata[base]
    else { return false }
    return reader.name(definition) == "MapDefinition"
  }

  /// Whether a variable is declared with `let`.
  private func isConstant(_ type: Int) -> Bool { module.metadata[type]?["tag"] == "DW_TAG_const_type" }

  /// A `Tunable<Value>` is a `Value` in `.rodata`.
  private mutating func rewriteTunable(
    _ index: Int, variable: Int, type: MetadataNode, isConstant: Bool, name: String
  ) throws(LayoutError) {
    guard !isConstant else {
      throw LayoutError("declare a tunable with `var`: Swift reads a `let` while it compiles the probe")
    }
    guard let value = reader.arguments(type).first else { throw LayoutError("a Tunable of unknown type") }
    try rewritePlain(index, variable: variable, type: value, section: ".rodata", name: name)
  }

  /// A counter, or in `.rodata` a value that user space sets before the load.
  private mutating func rewritePlain(
    _ index: Int, variable: Int, type: Int, section: String?, name: String
  ) throws(LayoutError) {
    let global = module.globals[index]
    let layout = try reader.type(type)
    rename(variable, to: name, type: types.node(layout, in: &module.metadata))
    declared.variables[name] = layout.bytes
    guard let initializer = global.initializer, let expression = global.debugNode else { return }
    let alignment = max(layout.layout.alignment, 1)
    var definition = "dso_local \(Self.isTunable(section) ? "constant" : "global") "
    // Swift leaves the padding at a struct's end to what follows; in C, and for the kernel, it belongs to the struct.
    let padding = layout.bytes - layout.layout.size
    if padding > 0, let type = IRText.separated(initializer, by: " ").first {
      definition += "<{ \(type), [\(padding) x i8] }> <{ \(initializer), [\(padding) x i8] zeroinitializer }>"
    } else {
      definition += initializer
    }
    if let section { definition += ", section \"\(section)\"" }
    module.globals[index] = IRGlobal(name: name, definition: "\(definition), align \(alignment), !dbg !\(expression)")
  }

  private static func isTunable(_ section: String?) -> Bool {
    section == ".rodata" || section?.hasPrefix(".rodata.") ?? false
  }

  /// A name of a tunable for programs, which LLVM does not see through: otherwise it would put the initial value in place of
  /// loads, also of those with an index and of those that it makes of a copy. The name goes when the object is finished.
  private mutating func addAlias(of symbol: String) -> String {
    let name = symbol + ObjectFinisher.tunableSuffix
    module.globals.append(IRGlobal(name: name, definition: "weak alias i8, ptr @\(IRText.quoted(symbol))"))
    return name
  }

  /// The license becomes the text that the kernel compares.
  private mutating func rewriteLicense(_ index: Int, variable: Int, type: MetadataNode) throws(LayoutError) {
    let global = module.globals[index]
    let cases = type.reference("elements").map { module.metadata.elements($0) } ?? []
    let value = global.initializer.flatMap { $0.split(separator: " ").last }.flatMap {
      $0 == "zeroinitializer" ? 0 : Int($0)
    }
    guard global.isConstant, let value, cases.indices.contains(value), let node = cases[value],
      let name = module.metadata[node]?.string("name"), let text = Self.licenses[name]
    else { throw LayoutError("write the license as one of License's cases, such as `let license = License.gpl`") }
    declared.license = text
    let count = text.utf8.count + 1
    let array = SwiftType.array(of: .character, count: count)
    rename(variable, to: Self.licenseSymbol, type: types.node(array, in: &module.metadata))
    let expression = global.debugNode ?? 0
    module.globals[index] = IRGlobal(
      name: Self.licenseSymbol,
      definition:
        "dso_local constant [\(count) x i8] c\"\(text)\\00\", section \"license\", align 1, !dbg !\(expression)")
  }

  /// Not `license`: no symbol may be called as a section is.
  private static let licenseSymbol = "LICENSE"

  /// The kernel's `license_is_gpl_compatible` knows these; others may not call helpers that are for GPL programs.
  private static let licenses = [
    "gpl": "GPL", "gplV2": "GPL v2", "gplAndAdditionalRights": "GPL and additional rights",
    "dualBSDGPL": "Dual BSD/GPL", "dualMITGPL": "Dual MIT/GPL", "dualMPLGPL": "Dual MPL/GPL",
    "proprietary": "Proprietary",
  ]

  /// A pointer to the type of a map's records. Nothing else would put that type among the object's; the variable itself
  /// goes when the object is finished.
  private mutating func addRecord(of map: String, type: Int) -> String {
    let name = ObjectFinisher.recordPrefix + map
    let pointer = types.pointer(to: type, in: &module.metadata)
    let unit = module.metadata.numbers.sorted().first { module.metadata.isKind($0, "DICompileUnit") } ?? 0
    let file = module.metadata[unit]?.reference("file") ?? 0
    let variable = module.metadata.append(
      "distinct !DIGlobalVariable(name: \"\(name)\", scope: !\(unit), file: !\(file), line: 1, type: !\(pointer), "
        + "isLocal: false, isDefinition: true)")
    let expression = module.metadata.append("!DIGlobalVariableExpression(var: !\(variable), expr: !DIExpression())")
    module.globals.append(
      IRGlobal(
        name: name,
        definition:
          "dso_local global ptr null, section \"\(ObjectFinisher.recordSection)\", align 8, !dbg !\(expression)"))
    return name
  }
}
