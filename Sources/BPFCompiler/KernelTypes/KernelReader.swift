// SPDX-License-Identifier: Apache-2.0

import BTF

/// The kernel's types, asked for as a probe names them.
struct KernelReader {
  let types: BTFTypes

  init(_ types: BTFTypes) { self.types = types }

  /// A struct or union that has fields to read.
  struct Composite {
    var key: LocalKey
    var id: TypeID
  }

  /// The first struct or else union of a name.
  func composite(named name: String) -> Composite? {
    if let id = types.id(named: name, kind: .structure) {
      return Composite(key: LocalKey(isUnion: false, name: name), id: id)
    }
    return types.id(named: name, kind: .union).map { Composite(key: LocalKey(isUnion: true, name: name), id: $0) }
  }

  func enumeration(named name: String) throws(BTFError) -> BTFEnumeration? {
    guard let id = types.id(named: name, kind: .enumeration) ?? types.id(named: name, kind: .enumeration64),
      case .enumeration(let enumeration) = try types.type(id)
    else { return nil }
    return enumeration
  }

  /// The members of a struct or union, those of anonymous ones inside it as its own.
  func members(of id: TypeID) throws(BTFError) -> [BTFComposite.Member] {
    try members(of: id, depth: 0)
  }

  private func members(of id: TypeID, depth: Int) throws(BTFError) -> [BTFComposite.Member] {
    guard depth < 16, let composite = try types.type(try types.resolved(id)).composite else { return [] }
    var all: [BTFComposite.Member] = []
    for member in composite.members {
      if member.name.isEmpty {
        all += try members(of: member.type, depth: depth + 1)
      } else {
        all.append(member)
      }
    }
    return all
  }

  /// The prototype of a function, or of what a pointer or typedef leads to.
  func prototype(_ id: TypeID) throws(BTFError) -> BTFPrototype? {
    var id = id
    for _ in 0..<8 {
      id = try types.resolved(id)
      switch try types.type(id) {
      case .functionPrototype(let prototype): return prototype
      case .pointer(let target): id = target
      case .function(let function): id = function.type
      default: return nil
      }
    }
    return nil
  }

  func function(named name: String) throws(BTFError) -> BTFPrototype? {
    guard let id = types.id(named: name, kind: .function) else { return nil }
    return try prototype(id)
  }

  /// Whether a pointer's target carries a tag that keeps programs from reading it as the kernel's own memory.
  func isForeign(_ target: TypeID) throws(BTFError) -> Bool {
    var id = target
    for _ in 0..<8 {
      switch try types.type(id) {
      case .typeTag(let tag):
        if tag.name == "user" || tag.name == "percpu" { return true }
        id = tag.type
      case .const(let next), .volatile(let next), .restrict(let next): id = next
      default: return false
      }
    }
    return false
  }

  /// An integer or enumeration; nil for every other type, and for integers of 16 bytes.
  func scalar(_ id: TypeID) throws(BTFError) -> KernelScalar? {
    switch try types.type(try types.resolved(id)) {
    case .int(let integer):
      guard [1, 2, 4, 8].contains(integer.size) else { return nil }
      return KernelScalar(bytes: integer.size, isSigned: integer.isSigned, isBool: integer.isBool)
    case .enumeration(let enumeration):
      guard [1, 2, 4, 8].contains(enumeration.size) else { return nil }
      return KernelScalar(
        bytes: enumeration.size, isSigned: enumeration.isSigned,
        enumeration: enumeration.name.isEmpty
          ? "unnamed_\(enumeration.isSigned ? "int" : "uint")\(enumeration.size * 8)" : enumeration.name)
    default: return nil
    }
  }
}
