// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
import BTFText

extension SkeletonWriter {
  /// A global variable with its accessors.
  private struct Variable {
    var section: Int
    var name: String
    var spec: VariableSpec
    var use: SwiftTypes.Use
    /// For arrays, what they are made of, and how many.
    var element: (use: SwiftTypes.Use, count: Int)?
    var isConstant: Bool
    /// Filled by the kernel, and nobody else.
    var isKconfig: Bool

    /// Structs are changed in place, for which they have to be aligned.
    var isStruct: Bool { element == nil && (isShared || use.name.contains(".") && !use.name.hasPrefix("BPF.")) }
    var isShared: Bool
  }

  /// The type `Globals`, its accessors, and the table that says where the variables are.
  mutating func globals() throws(BTFError) -> String {
    var sections: [String] = []
    var variables: [Variable] = []
    var names = MemberNames(reserving: ["sections"])
    for map in source.spec.maps where map.section.isData {
      // String literals and the like have no variables; what is static is no other file's to see.
      let visible = map.variables.filter { $0.isGlobal && $0.size > 0 && !isUnused($0) }
      guard map.flags.contains(.memoryMappable), !visible.isEmpty else { continue }
      for spec in visible {
        let (use, element) = try form(spec)
        variables.append(
          Variable(
            section: sections.count, name: names.claim(spec.name, suffix: "Variable"), spec: spec, use: use,
            element: element, isConstant: map.section.isFrozen, isKconfig: map.section == .kconfig,
            isShared: source.sharedTypes.contains(use.name)))
      }
      sections.append(map.sectionName)
    }

    let name = source.typeName
    var text = """
      extension \(name) {
        \(access)typealias OpenGlobals = Globals<BPF.SkeletonSupport.Open>

        /// The global variables, before the load (`Open`) or in the kernel (`Running`).
        \(access)struct Globals<Phase: BPF.SkeletonSupport.Phase>: Sendable {
          fileprivate let sections: [BPF.SkeletonSupport.Section]

      """
    for variable in variables where !variable.isConstant {
      text += "\n" + accessors(variable, names: &names, level: 2)
    }
    text += """
        }

        \(access)static func openGlobals(_ sections: [BPF.SkeletonSupport.Section]) -> OpenGlobals {
          OpenGlobals(sections: sections)
        }

        \(access)static var layout: BPF.SkeletonSupport.Layout {
          BPF.SkeletonSupport.Layout(
            \(Self.quoted(source.spec.name)), sections: [\(sections.map(Self.quoted).joined(separator: ", "))],
            variables: [

      """
    for variable in variables {
      let alignment = variable.isStruct ? ", alignment: MemoryLayout<\(variable.use.name)>.alignment" : ""
      text += "        .init(\(variable.section), \(Self.quoted(variable.spec.name)), offset: \(variable.spec.offset), "
      text += "size: \(variable.spec.size)\(alignment)),\n"
    }
    text += "      ])\n  }\n}\n"

    let constants = variables.filter(\.isConstant)
    guard !constants.isEmpty else { return text }
    var (before, after) = (names, names)
    text +=
      "\n// Constants: to be set before the load.\nextension \(name).Globals where Phase == BPF.SkeletonSupport.Open {\n"
    for variable in constants where !variable.isKconfig { text += accessors(variable, names: &before, level: 1) }
    text +=
      "}\n\n// Constants: what programs were loaded with.\nextension \(name).Globals where Phase == BPF.SkeletonSupport.Running {\n"
    for variable in constants { text += accessors(variable, names: &after, level: 1, isReadOnly: true) }
    return text + "}\n"
  }

  /// Whether a variable is a pointer that exists only to keep a type in the object.
  private func isUnused(_ spec: VariableSpec) -> Bool {
    guard spec.name.contains("unused"), let id = spec.type, let types = source.spec.types else { return false }
    return (try? types.resolved(id)).flatMap { types.kind($0) } == .pointer
  }

  /// A variable's type; of an array, its elements'.
  private mutating func form(
    _ spec: VariableSpec
  ) throws(BTFError) -> (use: SwiftTypes.Use, element: (use: SwiftTypes.Use, count: Int)?) {
    if let id = spec.type, let btf = source.spec.types, let end = try? btf.resolved(id),
      case .array(let array)? = try? btf.type(end), (try? btf.size(of: id)) == spec.size
    {
      let use = try type(id, size: spec.size, named: spec.name)
      if use.isText { return (use, (SwiftTypes.Use(name: "UInt8", size: 1), spec.size)) }
      if array.count > 0 {
        let element = try type(array.element, size: spec.size / array.count, named: spec.name)
        return (use, (element, array.count))
      }
    }
    let use = try type(spec.type, size: spec.size, named: spec.name)
    // No type of that size: bytes.
    if use.name.hasPrefix("InlineArray<") { return (use, (SwiftTypes.Use(name: "UInt8", size: 1), spec.size)) }
    return (use, nil)
  }

  private func accessors(
    _ variable: Variable, names: inout MemberNames, level: Int, isReadOnly: Bool = false
  ) -> String {
    let indent = String(repeating: "  ", count: level)
    let (name, offset) = (variable.name, variable.spec.offset)
    let section = "sections[\(variable.section)]"
    var text = "\(indent)/// `\(declaration(variable.spec))`\n"
    func property(_ name: String, _ type: String, get: String, set: String?, form: String = "nonmutating set") {
      guard let set, !isReadOnly else {
        text += "\(indent)\(access)var \(name): \(type) { \(get) }\n"
        return
      }
      text += "\(indent)\(access)var \(name): \(type) {\n\(indent)  get { \(get) }\n"
      text += "\(indent)  \(form) { \(set) }\n\(indent)}\n"
    }
    if let element = variable.element {
      let array = isReadOnly ? "BPF.SkeletonSupport.ConstantArray" : "BPF.SkeletonSupport.GlobalArray"
      property(
        name, "\(array)<\(element.use.element)>", get: ".init(\(section), \(offset), count: \(element.count))", set: nil
      )
      guard variable.use.isText else { return text }
      text += "\(indent)/// The text in `\(Self.oneLine(variable.spec.name))`, up to its first zero byte.\n"
      property(
        names.claim(variable.spec.name + "_text", suffix: ""), "String",
        get: "\(section).text(\(offset), count: \(element.count))",
        set: "\(section).setText(newValue, \(offset), count: \(element.count))")
    } else if variable.use.isBool {
      property(
        name, "Bool", get: "\(section).load(\(offset), as: UInt8.self) != 0",
        set: "\(section).store(newValue ? 1 : 0 as UInt8, \(offset))")
    } else if variable.isStruct {
      property(
        name, variable.use.name, get: "\(section).load(\(offset))", set: "yield &\(section).pointer(\(offset)).pointee",
        form: "nonmutating _modify")
    } else {
      property(
        name, variable.use.name, get: "\(section).load(\(offset))", set: "\(section).store(newValue, \(offset))")
    }
    return text
  }

  private func declaration(_ spec: VariableSpec) -> String {
    guard let types = source.spec.types, let type = spec.type else { return Self.oneLine(spec.name) }
    return Self.oneLine(types.declaration(of: type, named: spec.name))
  }
}
