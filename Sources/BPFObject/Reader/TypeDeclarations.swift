// SPDX-License-Identifier: Apache-2.0

import BTF

/// What an object's BTF declares by name at the top level: data sections, variables, functions, and tags on them.
struct TypeDeclarations {
  /// All `BTF_KIND_DATASEC`, by ascending id.
  var sections: [(id: TypeID, section: BTFDataSection)] = []
  private var sectionIndexes: [String: Int] = [:]
  /// The first variable or function of each name.
  var externs: [String: TypeID] = [:]
  /// The data section that lists a variable or function.
  var home: [TypeID: TypeID] = [:]
  /// The first global function of each name.
  var globalFunctions: [String: TypeID] = [:]
  /// Tags on whole declarations, with the declaration's id.
  var tags: [(tag: String, type: TypeID)] = []
  /// The first integer of 32 bits, which stands for externs when the kernel is told of them.
  var int32: TypeID?

  init() {}

  /// - Parameter limit: how many bytes the names may have together; names of hostile BTF may share their bytes.
  init(_ types: BTFTypes, limit: Int) throws(BTFError) {
    var left = limit
    for id in types.ids {
      guard let kind = types.kind(id) else { continue }
      switch kind {
      case .int where int32 == nil:
        if case .int(let integer) = try types.type(id), integer.bits == 32 { int32 = id }
      case .variable, .function, .declTag, .dataSection:
        let type = try types.type(id)
        left -= type.name.utf8.count
        guard left >= 0 else { throw BTFError(.tooLarge, at: 0, "names overlap so much that they exceed the BTF") }
        add(type, id)
      default: break
      }
    }
  }

  private mutating func add(_ type: BTFType, _ id: TypeID) {
    switch type {
    case .variable(let variable):
      if externs[variable.name] == nil { externs[variable.name] = id }
    case .function(let function):
      if externs[function.name] == nil { externs[function.name] = id }
      if function.linkage == .global, globalFunctions[function.name] == nil { globalFunctions[function.name] = id }
    case .declTag(let tag):
      if tag.component == nil { tags.append((tag.name, tag.type)) }
    case .dataSection(let section):
      if sectionIndexes[section.name] == nil { sectionIndexes[section.name] = sections.count }
      sections.append((id, section))
      for entry in section.entries where home[entry.type] == nil { home[entry.type] = id }
    default: break
    }
  }

  /// The first data section with this name.
  func section(named name: String) -> (id: TypeID, section: BTFDataSection)? {
    sectionIndexes[name].map { sections[$0] }
  }
}
