// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFObject
import BTF
import BTFText

/// A skeleton's text under way.
struct SkeletonWriter {
  let source: SkeletonSource
  var types: SwiftTypes?
  /// Names of properties, of programs and maps alike.
  var names: MemberNames
  /// The sizes that types of both sides have in the object.
  private var sharedSizes: [String: Int] = [:]

  init(_ source: SkeletonSource) {
    self.source = source
    types = source.spec.types.map { SwiftTypes($0, style: source.style) }
    names = MemberNames(reserving: [
      "collection", "globals", "layout", "object", "open", "load", "attachAll", "detachAll", "close", "checkLayouts",
      "openGlobals",
    ])
  }

  var access: String { source.access.modifier }

  mutating func write() throws(BTFError) -> String {
    let programs = programs()
    let maps = try maps()
    let globals = try globals()
    let (definitions, helpers) = try types?.finish() ?? ("", "")
    let isEmbedded = if case .absent = source.object { false } else { true }

    var text = """
      // Made by merops from \(Self.oneLine(source.origin)): do not edit.
      \(access)import BPF

      /// The object `\(Self.oneLine(source.spec.name))`: its programs, maps and global variables.
      \(access)struct \(source.typeName): BPF.\(isEmbedded ? "SkeletonSupport.Embedded" : "Skeleton") {
        /// The object, for what has no property here.
        \(access)let collection: BPF.BPFCollection
        /// The global variables that other files may see. Reading and writing them makes no system call.
        \(access)let globals: Globals<BPF.SkeletonSupport.Running>

      """
    for map in maps where !map.isComputed {
      text += "\n  /// \(map.comment)\n  \(access)let \(map.name): \(map.type)\n"
    }
    for map in maps where map.isComputed {
      text += "\n  /// \(map.comment)\n  \(access)var \(map.name): \(map.type) { \(map.value) }\n"
    }
    for program in programs {
      text += "\n  /// \(program.comment)\n  \(access)var \(program.name): \(program.type) { \(program.value) }\n"
    }
    text += """

        \(access)init(loaded collection: BPF.BPFCollection, _ sections: [BPF.SkeletonSupport.Section]) throws(BPF.BPFError) {
          self.collection = collection
          globals = Globals(sections: sections)

      """
    for map in maps where !map.isComputed { text += "    \(map.name) = \(map.value)\n" }
    text += "  }\n}\n\n"
    text += globals
    text += layouts(isEmbedded)
    if !definitions.isEmpty { text += "\nextension \(source.typeName) {\n\(definitions)}\n" }
    if !helpers.isEmpty { text += "\n" + helpers }
    while text.hasSuffix("\n") { text.removeLast() }
    return text + "\n"
  }

  /// What the runtime asks for: checks and the object.
  private func layouts(_ isEmbedded: Bool) -> String {
    var text = """

      extension \(source.typeName) {
        \(access)static func checkLayouts() throws(BPF.BPFError) {

      """
    for assertion in types?.assertions ?? [] {
      text += "    try BPF.SkeletonSupport.Layout.require(\(assertion.condition), \"\(assertion.subject)\")\n"
    }
    for (name, size) in sharedSizes.sorted(by: { $0.key < $1.key }) {
      text += "    try BPF.SkeletonSupport.Layout.require("
      text += "MemoryLayout<\(name)>.size == \(size) || MemoryLayout<\(name)>.stride == \(size), \"\(name)\")\n"
    }
    text += "  }\n"
    switch source.object {
    case .absent: break
    case .expression(let expression): text += "\n  \(access)static var object: [UInt8] { \(expression) }\n"
    case .embedded(let bytes):
      let bytes = (try? ELFFile(bytes: bytes).stripped()) ?? bytes
      text += "\n  \(access)static var object: [UInt8] { BPF.SkeletonSupport.decode(\"\(Base64.encode(bytes))\") }\n"
    }
    return text + "}\n"
  }

  /// A type of the object in Swift, if it has the size that is wanted; otherwise an integer or bytes.
  mutating func type(_ id: TypeID?, size: Int, named name: String) throws(BTFError) -> SwiftTypes.Use {
    if let id, let use = try types?.use(id, named: name), use.size == size, size > 0 {
      note(use)
      return use
    }
    return SwiftTypes.Use(
      name: [1, 2, 4, 8].contains(size) ? "UInt\(size * 8)" : "InlineArray<\(size), UInt8>", size: size)
  }

  /// Remembers what a type of both sides is checked against.
  mutating func note(_ use: SwiftTypes.Use) {
    if source.sharedTypes.contains(use.name) { sharedSizes[use.name] = use.size }
  }

  static func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
  }

  /// A string literal.
  static func quoted(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": literal += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: literal += "\\u{\(String(scalar.value, radix: 16))}"
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }
}

/// A property of the skeleton.
struct SkeletonProperty {
  var name: String
  var type: String
  var value: String
  var comment: String
  /// Whether it costs nothing to make when it is asked for.
  var isComputed = true
}

extension SwiftTypes.Use {
  /// The type where a whole value is one element of a map.
  var element: String { isBool ? "BPF.ByteBool" : name }
}
