// SPDX-License-Identifier: Apache-2.0
import BTF
import TestSupport

/// A program's types as they really are, and compilation units that each know a part of them.
///
/// Type `n` of a unit is known to come from type `origins[n]` of the universe, which is what de-duplication has to
/// find out.
struct Universe {
  /// Each type once; the ids are those of `BTFBuilder`.
  let types: [BTFType]
  private let structs: [TypeID]

  /// Structs that point to each other in circles, by way of pointers, arrays, qualifiers, typedefs and functions.
  init(structs count: Int, using random: inout SeededRandom) {
    var types: [BTFType] = [
      .int(BTFInteger(name: "int", size: 4, encoding: .signed)), .int(BTFInteger(name: "char", size: 1)),
      .float(name: "double", size: 8),
      .enumeration(BTFEnumeration(name: "color", size: 4, values: [.init(name: "RED", bits: 0)])),
    ]
    let plain = types.count
    // All that a struct may need stands beside it: a pointer to it, and so on.
    let perStruct = 8
    let first = TypeID(UInt32(plain + 1))
    func place(_ index: Int, _ part: Int) -> TypeID { first.advanced(by: index * perStruct + part) }
    for index in 0..<count {
      let this = place(index, 0)
      var members = [BTFComposite.Member(name: "id\(index)", type: 1, bitOffset: 0)]
      for number in 0..<Int.random(in: 0...4, using: &random) {
        let target = Int.random(in: 0..<count, using: &random)
        // Whole structs are contained by those of lower number only, or they would contain themselves.
        let part = Int.random(in: 0..<(target > index ? perStruct : perStruct - 1), using: &random)
        members.append(
          .init(name: "m\(number)", type: place(target, perStruct - 1 - part), bitOffset: 64 * (number + 1)))
      }
      let scalar = TypeID(UInt32(Int.random(in: 1...plain, using: &random)))
      members.append(.init(name: "plain", type: scalar, bitOffset: 512))
      let composite = BTFComposite(name: "s\(index)", size: 128, members: members)
      let anonymous = BTFComposite(
        name: "", size: 8, members: [.init(name: "u\(index)", type: place(index, 1), bitOffset: 0)])
      types += [
        index % 5 == 4 ? .union(composite) : .structure(composite),
        .pointer(this), .const(place(index, 1)), .array(BTFArray(element: place(index, 1), index: 1, count: 3)),
        .functionPrototype(BTFPrototype(result: 1, parameters: [.init(name: "", type: place(index, 1))])),
        .pointer(place(index, 4)), .typedef(name: "t\(index)", type: place(index, 5)), .union(anonymous),
      ]
    }
    self.types = types
    structs = (0..<count).map { place($0, 0) }
  }

  func type(_ id: TypeID) -> BTFType { types[Int(id.rawValue) - 1] }

  /// One unit: some structs in full with what they reach, the others as forward declarations, in any order.
  func unit(using random: inout SeededRandom) -> (types: [BTFType], origins: [TypeID]) {
    let full = Set(structs.filter { _ in Bool.random(using: &random) })
    var reached: Set<TypeID> = []
    var open = Array(full.prefix(max(1, full.count / 2)))
    // What is contained must be known in full, whatever was drawn.
    var contained: Set<TypeID> = []
    func isForward(_ id: TypeID) -> Bool { structs.contains(id) && !full.contains(id) && !contained.contains(id) }
    func contains(_ id: TypeID) {
      for member in type(id).composite?.members ?? [] where structs.contains(member.type) {
        if contained.insert(member.type).inserted { contains(member.type) }
      }
    }
    for id in full { contains(id) }
    while let id = open.popLast() {
      guard !id.isVoid, reached.insert(id).inserted, !isForward(id) else { continue }
      open += type(id).references
    }
    let origins = reached.sorted().shuffled(using: &random)
    let ids = Dictionary(uniqueKeysWithValues: origins.enumerated().map { ($1, TypeID(UInt32($0 + 1))) })
    let types = origins.map { origin in
      isForward(origin)
        ? .forward(name: type(origin).name, isUnion: type(origin).kind == .union)
        : type(origin).mapped { ids[$0] ?? .void }
    }
    return (types, origins)
  }
}

extension BTFType {
  /// All that the type refers to.
  var references: [TypeID] {
    switch self {
    case .array(let a): [a.element, a.index]
    case .functionPrototype(let p): [p.result] + p.parameters.map(\.type)
    case .structure(let c), .union(let c): c.members.map(\.type)
    default: referenced.map { [$0] } ?? []
    }
  }

  /// The same type with other references.
  func mapped(_ transform: (TypeID) -> TypeID) -> BTFType {
    func composite(_ c: BTFComposite) -> BTFComposite {
      var c = c
      for index in c.members.indices { c.members[index].type = transform(c.members[index].type) }
      return c
    }
    switch self {
    case .pointer(let id): return .pointer(transform(id))
    case .const(let id): return .const(transform(id))
    case .typedef(let name, let id): return .typedef(name: name, type: transform(id))
    case .array(let a):
      return .array(BTFArray(element: transform(a.element), index: transform(a.index), count: a.count))
    case .functionPrototype(let p):
      return .functionPrototype(
        BTFPrototype(
          result: transform(p.result),
          parameters: p.parameters.map { .init(name: $0.name, type: transform($0.type)) }))
    case .structure(let c): return .structure(composite(c))
    case .union(let c): return .union(composite(c))
    default: return self
    }
  }
}
