// SPDX-License-Identifier: Apache-2.0

/// How a compiler laid out the structs of a module: names and lines from its debug information, bytes from its types.
struct StructLayouts {
  struct Field: Equatable {
    var name: String
    /// As IR names it: the same on both sides.
    var type: String
    /// Bytes.
    var offset: Int
    var size: Int
  }

  struct Layout {
    var name: String
    var location: SourceLocation
    /// Bytes, without padding at the end.
    var size: Int
    var fields: [Field]
  }

  /// By mangled name.
  private(set) var layouts: [String: Layout] = [:]
  /// `T5probe5EventV`: what stands behind `type`.
  private var definitions: [String: Substring] = [:]
  private let module: IRModule

  /// - Parameter files: those whose structs are asked for, as they were named to the compiler.
  /// - Throws: `CompileError` for a struct whose layout the compiler does not describe.
  init(_ ir: String, files: [String]) throws(CompileError) {
    module = try IRModule(ir)
    for line in module.preamble where line.hasPrefix("%") {
      var rest = line.utf8.dropFirst()
      guard let name = IRText.takeName(&rest), Substring(rest).hasPrefix(" = type ") else { continue }
      definitions[name] = Substring(rest).dropFirst(" = type ".count)
    }
    var locations = SourceLocations(authorFiles: files)
    for number in module.metadata.numbers.sorted() where module.metadata.isKind(number, "DICompositeType") {
      guard let node = module.metadata[number], node["tag"] == "DW_TAG_structure_type",
        let identifier = node.string("identifier"), identifier.hasSuffix("VD"), node.reference("elements") != nil,
        let name = node.string("name"), let place = locations.location(of: number, in: module.metadata),
        place.line > 0, files.contains(place.file)
      else { continue }
      // `$s5probe5EventVD`, and `$e` for Embedded Swift.
      let mangled = String(identifier.dropFirst(2).dropLast())
      layouts[mangled] = try layout(mangled, name, node, place)
    }
  }

  /// The alignment of a global variable whose name starts so, in bytes.
  func alignment(ofVariable prefix: String) -> Int? {
    guard let global = module.globals.first(where: { $0.name.range(ofText: prefix) != nil }),
      let align = global.definition.range(ofText: ", align ")
    else { return nil }
    return Int(Substring(global.definition[align.upperBound...].utf8.prefix { (48...57).contains($0) }))
  }

  private func layout(
    _ mangled: String, _ name: String, _ node: MetadataNode, _ place: SourceLocation
  ) throws(CompileError) -> Layout {
    // Fields without bytes have no part in the type.
    let members = node.reference("elements").map { module.metadata.elements($0) } ?? []
    let names = members.compactMap { $0.flatMap { module.metadata[$0] } }
      .filter { ($0.number("size") ?? 0) > 0 }.map { $0.string("name") ?? "?" }
    var layout = Layout(name: name, location: place, size: 0, fields: [])
    guard let definition = definitions["T\(mangled)"], let parts = Self.parts(definition) else {
      if names.isEmpty { return layout }
      throw CompileError([Diagnostic(at: place, "the compiler does not describe how \(name) lies in memory")])
    }
    for part in parts {
      guard let size = size(of: part) else {
        let message = "the compiler does not describe the bytes of a field of \(name): \(part)"
        throw CompileError([Diagnostic(at: place, message)])
      }
      // Arrays of bytes stand between fields; fields are types with names, or tuples.
      if !part.hasPrefix("[") {
        let index = layout.fields.count
        let field = index < names.count ? names[index] : "field \(index + 1)"
        layout.fields.append(Field(name: field, type: String(part), offset: layout.size, size: size))
      }
      layout.size += size
    }
    return layout
  }

  /// The elements of a packed struct `<{ ... }>`.
  private static func parts(_ type: Substring) -> [Substring]? {
    guard type.hasPrefix("<{"), type.hasSuffix("}>") else { return nil }
    return IRText.commaSeparated(type.dropFirst(2).dropLast(2))
  }

  private func size(of type: Substring, depth: Int = 0) -> Int? {
    guard depth < 64 else { return nil }
    if let parts = Self.parts(type) {
      var sum = 0
      for part in parts {
        guard let size = size(of: part, depth: depth + 1) else { return nil }
        sum += size
      }
      return sum
    }
    if type.hasPrefix("%") {
      var rest = type.utf8.dropFirst()
      return IRText.takeName(&rest).flatMap { definitions[$0] }.flatMap { size(of: $0, depth: depth + 1) }
    }
    if type.hasPrefix("["), type.hasSuffix("]"), let x = type.range(ofText: " x ") {
      guard let count = Int(type[..<x.lowerBound].dropFirst()),
        let element = size(of: type[x.upperBound...].dropLast(), depth: depth + 1),
        case (let bytes, false) = element.multipliedReportingOverflow(by: count)
      else { return nil }
      return bytes
    }
    switch type {
    case "ptr", "double": return 8
    case "float": return 4
    case "half": return 2
    default: return type.hasPrefix("i") ? Int(type.dropFirst()).map { ($0 + 7) / 8 } : nil
    }
  }
}
