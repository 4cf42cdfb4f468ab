// SPDX-License-Identifier: Apache-2.0

internal import BTF

// Whether a type of the object and one of the kernel may stand for each other.
extension COREMatcher {
  /// How deep types are compared: the limit of the kernel and libbpf.
  static let maximumLevel = 32

  /// For a field that is accessed: any two structs or unions, pointers, floats or integers fit; enumerations and forward
  /// declarations by name, unless one has none; arrays by their elements, whatever their length.
  ///
  /// Source: `bpf_core_fields_are_compat` in libbpf's `relo_core.c`.
  func fieldsAreCompatible(_ localID: TypeID, _ targetID: TypeID) throws(COREError.Reason) -> Bool {
    var (localID, targetID) = (localID, targetID)
    for _ in 0..<COREPath.maximumDepth {
      let own = try local.view.resolved(localID).type
      let other = try target.resolved(targetID).type
      if own.composite != nil, other.composite != nil { return true }
      guard let kind = own.kind, let otherKind = other.kind, kind.isCompatible(with: otherKind) else { return false }
      switch (own, other) {
      case (.pointer, _), (.float, _): return true
      case (.forward, _), (.enumeration, _):
        return own.name.isEmpty || other.name.isEmpty || COREName.match(own.name, other.name)
      case (.int(let a), .int(let b)): return a.bitOffset == 0 && b.bitOffset == 0
      case (.array(let a), .array(let b)): (localID, targetID) = (a.element, b.element)
      default: return false
      }
    }
    throw .tooComplex
  }

  /// For a type as a whole, whose name is known to fit: kinds must agree, behind pointers and in arrays too; what structs
  /// and enumerations hold is not compared.
  ///
  /// Source: `bpf_core_types_are_compat` in libbpf's `relo_core.c`.
  mutating func typesAreCompatible(
    _ localID: TypeID, _ targetID: TypeID, level: Int
  ) throws(COREError.Reason) -> Bool {
    var (localID, targetID) = (localID, targetID)
    guard local.view.types.kind(localID).isCompatible(with: target.types.kind(targetID)) else { return false }
    for _ in 0..<Self.maximumLevel {
      try spend()
      let own = try local.view.resolved(localID).type
      let other = try target.resolved(targetID).type
      guard own.kind.isCompatible(with: other.kind) else { return false }
      switch (own, other) {
      case (.void, .void), (.structure, _), (.union, _), (.enumeration, _), (.forward, _): return true
      case (.int(let a), .int(let b)): return a.bitOffset == 0 && b.bitOffset == 0
      case (.pointer(let a), .pointer(let b)): (localID, targetID) = (a, b)
      case (.array(let a), .array(let b)): (localID, targetID) = (a.element, b.element)
      case (.functionPrototype(let a), .functionPrototype(let b)):
        guard a.parameters.count == b.parameters.count else { return false }
        for (a, b) in zip(a.parameters, b.parameters) {
          guard level > 0 else { throw .tooComplex }
          let (a, b) = (try local.view.resolved(a.type).id, try target.resolved(b.type).id)
          guard try typesAreCompatible(a, b, level: level - 1) else { return false }
        }
        (localID, targetID) = (a.result, b.result)
      default: return false
      }
    }
    throw .tooComplex
  }

  /// For `bpf_core_type_matches()`: every member, enumerator and parameter of the object's type must be in the kernel's,
  /// by name, with a type that matches; behind pointers, only kinds and names are compared.
  ///
  /// Source: `__bpf_core_types_match` in libbpf's `relo_core.c`.
  mutating func typesMatch(
    _ localID: TypeID, _ targetID: TypeID, behindPointer: Bool, level: Int
  ) throws(COREError.Reason) -> Bool {
    guard level > 0 else { throw .tooComplex }
    var (localID, targetID, behindPointer) = (localID, targetID, behindPointer)
    for _ in 0..<Self.maximumLevel {
      try spend()
      let own = try local.view.resolved(localID).type
      let other = try target.resolved(targetID).type
      guard COREName.match(own.name, other.name) else { return false }
      switch (own, other) {
      case (.void, .void): return true
      case (.forward(_, let a), .forward(_, let b)): return a == b
      case (.forward(_, let isUnion), .structure): return behindPointer && !isUnion
      case (.forward(_, let isUnion), .union): return behindPointer && isUnion
      case (.structure, .forward(_, let isUnion)): return behindPointer && !isUnion
      case (.union, .forward(_, let isUnion)): return behindPointer && isUnion
      case (.structure(let a), .structure(let b)), (.union(let a), .union(let b)):
        return behindPointer ? true : try membersMatch(a, b, level: level)
      case (.enumeration(let a), .enumeration(let b)): return try enumeratorsMatch(a, b)
      case (.int(let a), .int(let b)): return a.size == b.size && a.isSigned == b.isSigned
      case (.pointer(let a), .pointer(let b)):
        behindPointer = true
        (localID, targetID) = (a, b)
      case (.array(let a), .array(let b)):
        guard a.count == b.count else { return false }
        (localID, targetID) = (a.element, b.element)
      case (.functionPrototype(let a), .functionPrototype(let b)):
        guard a.parameters.count == b.parameters.count else { return false }
        for (a, b) in zip(a.parameters, b.parameters) {
          guard try typesMatch(a.type, b.type, behindPointer: behindPointer, level: level - 1) else { return false }
        }
        (localID, targetID) = (a.result, b.result)
      default: return false
      }
    }
    throw .tooComplex
  }

  private mutating func membersMatch(
    _ own: BTFComposite, _ other: BTFComposite, level: Int
  ) throws(COREError.Reason) -> Bool {
    guard own.members.count <= other.members.count else { return false }
    for member in own.members {
      var isMatched = false
      for candidate in other.members {
        try spend()
        guard COREName.match(member.name, candidate.name) else { continue }
        isMatched = try typesMatch(member.type, candidate.type, behindPointer: false, level: level - 1)
        if isMatched { break }
      }
      guard isMatched else { return false }
    }
    return true
  }

  private mutating func enumeratorsMatch(
    _ own: BTFEnumeration, _ other: BTFEnumeration
  ) throws(COREError.Reason) -> Bool {
    guard own.size == other.size, own.values.count <= other.values.count else { return false }
    for value in own.values {
      try spend()
      guard other.values.contains(where: { COREName.match(value.name, $0.name) }) else { return false }
    }
    return true
  }
}

extension BTFKind? {
  /// As for kinds; void, which has none, is compatible with itself.
  fileprivate func isCompatible(with other: BTFKind?) -> Bool {
    switch (self, other) {
    case (let kind?, let other?): kind.isCompatible(with: other)
    case (nil, nil): true
    default: false
    }
  }
}
