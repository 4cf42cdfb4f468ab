// SPDX-License-Identifier: Apache-2.0

import BTF

/// Fields that a type has on other kernels than the one whose types are at hand, as the probe declares them:
///
///     protocol task_struct___before514 { var state: Int64 { get } }
///
/// What follows the three underscores is a flavor, as CO-RE calls it, and no part of the type's name.
struct FlavorDeclaration {
  struct Field {
    var name: String
    /// The words and signs of its type.
    var type: [String]
    var place: ProbeNames.Place
  }

  /// With the flavor.
  var name: String
  var fields: [Field] = []

  /// The type's name and the flavor; nil if the name has no flavor.
  static func parts(of name: String) -> (type: String, flavor: String)? {
    let utf8 = Array(name.utf8)
    guard utf8.count > 4,
      let underscores = (1..<utf8.count - 3).first(where: { utf8[$0..<$0 + 3].allSatisfy { $0 == 95 } })
    else { return nil }
    return (
      String(decoding: utf8[..<underscores], as: UTF8.self), String(decoding: utf8[(underscores + 3)...], as: UTF8.self)
    )
  }

  /// Reads the declaration whose name is the token at `index`.
  init?(_ tokens: [SourceToken], at index: Int, source: Int) {
    name = tokens[index].text
    guard Self.parts(of: name) != nil, let open = tokens[index...].firstIndex(where: { $0.text == "{" }) else {
      return nil
    }
    var next = open + 1
    while next < tokens.count, tokens[next].depth > tokens[open].depth {
      guard tokens[next].text == "var", next + 2 < tokens.count, tokens[next + 2].text == ":" else {
        next += 1
        continue
      }
      let token = tokens[next + 1]
      var type: [String] = []
      next += 3
      while next < tokens.count, tokens[next].text != "{" {
        type.append(tokens[next].text)
        next += 1
      }
      let place = ProbeNames.Place(source: source, line: token.line, column: token.column)
      fields.append(Field(name: token.text, type: type, place: place))
    }
  }
}

extension TypeCollector {
  /// Gives the types that the probe declares flavors of a view each, if they have none.
  mutating func collectFlavored() {
    for declaration in names.flavors {
      guard let (name, _) = FlavorDeclaration.parts(of: declaration.name) else { continue }
      if let composite = kernel.composite(named: name) { _ = object(composite) } else { objectOfOtherKernels(name) }
    }
  }

  /// The fields that flavors add to a type.
  mutating func flavoredFields(of view: KernelView) throws -> [ViewField] {
    var fields: [ViewField] = []
    for declaration in names.flavors {
      guard let (name, flavor) = FlavorDeclaration.parts(of: declaration.name), name == view.root.name else { continue }
      let key = LocalKey(isUnion: view.root.isUnion, name: declaration.name)
      for field in declaration.fields {
        guard let (shape, local) = try shape(of: field) else {
          throw KernelTypesError(
            field.place,
            "'\(field.type.joined())' is not a type that a field can be declared with: use a fixed-width integer, Bool, "
              + "UnsafeRawPointer, KernelArray<count, integer>, or the name of a kernel type for a pointer to it")
        }
        // The same name with another type is told apart by the flavor.
        let isTaken = view.fields.contains { $0.name == field.name } || fields.contains { $0.name == field.name }
        result.local.add(field.name, local, to: key)
        fields.append(
          ViewField(
            name: isTaken ? "\(field.name)___\(flavor)" : field.name, member: field.name, shape: shape, flavor: key))
      }
    }
    return fields
  }

  private mutating func shape(of field: FlavorDeclaration.Field) throws -> (FieldShape, LocalField)? {
    if field.type.count == 6, field.type[0] == "KernelArray", let count = Int(field.type[2]),
      let scalar = KernelScalar(swift: field.type[4])
    {
      return (.scalars(scalar, count: count), .array(.scalar(scalar), count: count))
    }
    guard field.type.count == 1 else { return nil }
    if let scalar = KernelScalar(swift: field.type[0]) { return (.scalar(scalar), .scalar(scalar)) }
    if field.type[0] == "UnsafeRawPointer" { return (.rawPointer, .pointer("void")) }
    guard let composite = kernel.composite(named: field.type[0]) else { return nil }
    return (.pointer(view: object(composite)), .pointer(composite.key.c))
  }
}

extension KernelScalar {
  /// An integer by its Swift name.
  init?(swift name: String) {
    if name == "Bool" {
      self.init(bytes: 1, isSigned: false, isBool: true)
      return
    }
    let isSigned = name.hasPrefix("Int")
    guard isSigned || name.hasPrefix("UInt"), let bits = Int(name.dropFirst(isSigned ? 3 : 4)),
      [8, 16, 32, 64].contains(bits)
    else { return nil }
    self.init(bytes: bits / 8, isSigned: isSigned)
  }
}
