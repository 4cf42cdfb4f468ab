// SPDX-License-Identifier: Apache-2.0

import BTF

/// Compares types of two BTFs: named ones by name where they are referred to, by content where they are asked about.
struct BTFComparison {
  private let old: BTFTypes
  private let new: BTFTypes
  /// Pairs of references that have been compared, or are being compared and so far agree.
  private var known: [Pair: Bool] = [:]

  private struct Pair: Hashable {
    var old: TypeID
    var new: TypeID
  }

  static let depthLimit = 256
  static let memberLimit = 1 << 16

  init(_ old: BTFTypes, _ new: BTFTypes) {
    self.old = old
    self.new = new
  }

  // MARK: References

  /// Whether two references mean the same type.
  private mutating func refersToSame(_ a: TypeID, _ b: TypeID, depth: Int = 0) throws(BTFError) -> Bool {
    if a.isVoid || b.isVoid { return a == b }
    let pair = Pair(old: a, new: b)
    if let answer = known[pair] { return answer }
    guard depth < Self.depthLimit else { throw BTFError(.endless, at: 0, "types nest too deep at \(a)") }
    known[pair] = true
    let answer = try compareReferences(a, b, depth: depth)
    known[pair] = answer
    return answer
  }

  private mutating func compareReferences(_ a: TypeID, _ b: TypeID, depth: Int) throws(BTFError) -> Bool {
    let (left, right) = (try old.requireRecord(a), try new.requireRecord(b))
    // A struct that one side only declares is still that struct.
    if let tag = Tag(left), let other = Tag(right), left.name != 0 || right.name != 0 {
      return tag == other && Self.areEqual(left.name, of: left, right.name, of: right)
    }
    guard left.kind == right.kind else { return false }
    if left.kind == .typedef { return Self.areEqual(left.name, of: left, right.name, of: right) }
    return try haveSameContent(a, left, b, right, depth: depth)
  }

  /// The keyword before a type's name.
  private enum Tag {
    case structure, union, enumeration

    init?(_ record: TypeRecord) {
      switch record.kind {
      case .structure: self = .structure
      case .union: self = .union
      case .enumeration, .enumeration64: self = .enumeration
      case .forward: self = record.flag ? .union : .structure
      default: return nil
      }
    }
  }

  // MARK: Content

  /// Whether two types of one name are the same in all that a program can see.
  mutating func areEqual(_ a: TypeID, _ b: TypeID) throws(BTFError) -> Bool {
    try haveSameContent(a, try old.requireRecord(a), b, try new.requireRecord(b), depth: 0)
  }

  /// Whether two names are the same bytes: most types of two kernels are equal, and comparing them makes no strings.
  private static func areEqual(_ a: UInt32, of left: TypeRecord, _ b: UInt32, of right: TypeRecord) -> Bool {
    let (x, y) = (left.home.utf8(at: a), right.home.utf8(at: b))
    guard let x, let y else { return x?.isEmpty ?? true && y?.isEmpty ?? true }
    return x.count == y.count && x.elementsEqual(y)
  }

  private mutating func haveSameContent(
    _ a: TypeID, _ left: TypeRecord, _ b: TypeID, _ right: TypeRecord, depth: Int
  ) throws(BTFError) -> Bool {
    switch (left.kind, right.kind) {
    case (.pointer, .pointer), (.const, .const), (.volatile, .volatile), (.restrict, .restrict), (.typedef, .typedef),
      (.function, .function), (.variable, .variable):
      return try refersToSame(left.type, right.type, depth: depth + 1)
    case (.typeTag, .typeTag):
      guard Self.areEqual(left.name, of: left, right.name, of: right) else { return false }
      return try refersToSame(left.type, right.type, depth: depth + 1)
    case (.array, .array):
      guard left.word(2) == right.word(2) else { return false }
      return try refersToSame(
        TypeID(rawValue: left.word(0)), TypeID(rawValue: right.word(0)), depth: depth + 1)
    case (.functionPrototype, .functionPrototype):
      guard left.count == right.count, Self.isVariadic(left) == Self.isVariadic(right),
        try refersToSame(left.type, right.type, depth: depth + 1)
      else { return false }
      for index in 0..<left.count {
        let (x, y) = (TypeID(rawValue: left.word(2 * index + 1)), TypeID(rawValue: right.word(2 * index + 1)))
        guard try refersToSame(x, y, depth: depth + 1) else { return false }
      }
      return true
    case (.structure, .structure), (.union, .union):
      guard left.sizeOrType == right.sizeOrType, left.count == right.count else { return false }
      for index in 0..<left.count {
        guard Self.place(index, of: left) == Self.place(index, of: right),
          Self.areEqual(left.word(3 * index), of: left, right.word(3 * index), of: right)
        else { return false }
        let (x, y) = (TypeID(rawValue: left.word(3 * index + 1)), TypeID(rawValue: right.word(3 * index + 1)))
        guard try refersToSame(x, y, depth: depth + 1) else { return false }
      }
      return true
    default: return haveSameValue(try old.type(a), try new.type(b))
    }
  }

  /// Where a member lies: its offset in bits, and its width if it is a bit field.
  private static func place(_ index: Int, of record: TypeRecord) -> UInt64 {
    let place = record.word(3 * index + 2)
    return record.flag ? UInt64(place & 0xff_ffff) | UInt64(place >> 24) << 32 : UInt64(place)
  }

  private static func isVariadic(_ prototype: TypeRecord) -> Bool {
    guard prototype.count > 0 else { return false }
    let last = 2 * (prototype.count - 1)
    return prototype.word(last) == 0 && prototype.word(last + 1) == 0
  }

  /// Types that refer to no other.
  private func haveSameValue(_ before: BTFType, _ after: BTFType) -> Bool {
    guard case .enumeration(let left) = before, case .enumeration(let right) = after else { return before == after }
    return left.size == right.size && left.values.count == right.values.count
      && zip(left.values, right.values).allSatisfy {
        $0.name == $1.name && Self.number($0, left) == Self.number($1, right)
      }
  }

  private static func number(_ value: BTFEnumeration.Value, _ enumeration: BTFEnumeration) -> Int128 {
    enumeration.isSigned ? Int128(value.signed) : Int128(value.unsigned)
  }

  // MARK: Details

  /// What differs between two types of one name and kind: nothing, if only members without names were regrouped.
  mutating func details(_ a: TypeID, _ b: TypeID) throws(BTFError) -> [BTFDiff.Detail] {
    let (left, right) = (try old.type(a), try new.type(b))
    var details: [BTFDiff.Detail] = []
    if let from = left.size, let to = right.size, from != to { details.append(.size(from: from, to: to)) }
    switch (left, right) {
    case (.structure, .structure), (.union, .union): details += try members(a, b)
    case (.enumeration(let left), .enumeration(let right)): details += Self.values(left, right)
    case (.typedef(_, let left), .typedef(_, let right)): details.append(type(left, right))
    case (.function, .function), (.variable, .variable): details.append(type(a, b))
    case (.int(let left), .int(let right)) where left.encoding != right.encoding || left.bits != right.bits:
      let (from, to) = (CDefinitions.spelling(of: left), CDefinitions.spelling(of: right))
      if from != to || details.isEmpty { details.append(.type(from: from, to: to)) }
    default: break
    }
    return details
  }

  private func type(_ a: TypeID, _ b: TypeID) -> BTFDiff.Detail {
    .type(from: old.declaration(of: a), to: new.declaration(of: b))
  }

  private struct Member {
    var name: String
    var type: TypeID
    var bitOffset: Int
    var bitSize: Int

    func declaration(_ types: BTFTypes) -> String {
      types.declaration(of: type) + (bitSize == 0 ? "" : ": \(bitSize)")
    }
  }

  private mutating func members(_ a: TypeID, _ b: TypeID) throws(BTFError) -> [BTFDiff.Detail] {
    var before: [Member] = []
    var after: [Member] = []
    var budget = Self.memberLimit
    try Self.collect(a, at: 0, old, &before, depth: 0, &budget)
    budget = Self.memberLimit
    try Self.collect(b, at: 0, new, &after, depth: 0, &budget)
    var places = Dictionary(after.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    var details: [BTFDiff.Detail] = []
    var moves: [BTFDiff.Detail] = []
    for member in before {
      guard let place = places.removeValue(forKey: member.name) else {
        let type = member.declaration(old)
        details.append(.memberRemoved(name: member.name, type: type, bitOffset: member.bitOffset))
        continue
      }
      let other = after[place]
      let isSameType = try refersToSame(member.type, other.type)
      if member.bitSize != other.bitSize || !isSameType {
        details.append(
          .memberType(name: member.name, from: member.declaration(old), to: other.declaration(new)))
      }
      if member.bitOffset != other.bitOffset {
        moves.append(.memberMoved(name: member.name, from: member.bitOffset, to: other.bitOffset))
      }
    }
    for member in after where places[member.name] != nil {
      details.append(
        .memberAdded(name: member.name, type: member.declaration(new), bitOffset: member.bitOffset))
    }
    return details + moves
  }

  /// The members with names, those of unnamed members among them: a program names them alike.
  private static func collect(
    _ id: TypeID, at base: Int, _ types: BTFTypes, _ members: inout [Member], depth: Int, _ budget: inout Int
  ) throws(BTFError) {
    guard let composite = try types.type(try types.resolved(id)).composite else { return }
    budget -= composite.members.count
    guard depth < depthLimit, budget >= 0 else {
      throw BTFError(.endless, at: 0, "unnamed members nest beyond any real program's in \(id)")
    }
    for member in composite.members {
      let offset = base + member.bitOffset
      if member.name.isEmpty {
        try collect(member.type, at: offset, types, &members, depth: depth + 1, &budget)
      } else {
        members.append(Member(name: member.name, type: member.type, bitOffset: offset, bitSize: member.bitSize))
      }
    }
  }

  private static func values(_ left: BTFEnumeration, _ right: BTFEnumeration) -> [BTFDiff.Detail] {
    var places = Dictionary(right.values.map { ($0.name, number($0, right)) }, uniquingKeysWith: { first, _ in first })
    var details: [BTFDiff.Detail] = []
    for value in left.values {
      let from = number(value, left)
      guard let to = places.removeValue(forKey: value.name) else {
        details.append(.valueRemoved(name: value.name, value: from))
        continue
      }
      if from != to { details.append(.valueChanged(name: value.name, from: from, to: to)) }
    }
    for value in right.values where places[value.name] != nil {
      details.append(.valueAdded(name: value.name, value: number(value, right)))
    }
    return details
  }
}
