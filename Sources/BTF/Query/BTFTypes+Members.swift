// SPDX-License-Identifier: Apache-2.0

/// A member, found by name in a struct or in the anonymous structs and unions inside it.
public struct BTFMemberPath: Hashable, Sendable {
  /// The member as its own struct states it.
  public var member: BTFComposite.Member
  /// Bits from the start of the outermost struct.
  public var bitOffset: Int
  /// The member's number in each struct on the way, outermost first.
  public var indexes: [Int]
}

extension BTFTypes {
  /// Finds a member of a struct or union, looking through typedefs and qualifiers and into anonymous members, as C does.
  ///
  /// - Returns: nil if the type has no such member or is not a struct or union.
  /// - Throws: `BTFError` for ids that no type has and for types nested without end.
  public func member(named name: String, in id: TypeID) throws(BTFError) -> BTFMemberPath? {
    var searched: Set<TypeID> = []
    return try member(Array(name.utf8), in: id, &searched, depth: 0)
  }

  /// `searched` keeps types that occur many times inside each other from being searched each time.
  private func member(
    _ name: [UInt8], in id: TypeID, _ searched: inout Set<TypeID>, depth: Int
  ) throws(BTFError) -> BTFMemberPath? {
    let id = try resolved(id)
    guard let record = record(id), record.kind?.isComposite == true, searched.insert(id).inserted else { return nil }
    guard depth < Self.depthLimit else { throw Self.endless(record, id) }
    for index in 0..<record.count {
      let text = record.word(3 * index)
      let type = TypeID(rawValue: record.word(3 * index + 1))
      let place = record.word(3 * index + 2)
      let bitOffset = Int(record.flag ? place & 0xff_ffff : place)
      if text == 0 {
        guard var path = try member(name, in: type, &searched, depth: depth + 1) else { continue }
        path.bitOffset += bitOffset
        path.indexes.insert(index, at: 0)
        return path
      }
      guard let utf8 = record.home.utf8(at: text), utf8.elementsEqual(name) else { continue }
      let member = BTFComposite.Member(
        name: String(decoding: name, as: UTF8.self), type: type, bitOffset: bitOffset,
        bitSize: record.flag ? Int(place >> 24) : 0)
      return BTFMemberPath(member: member, bitOffset: bitOffset, indexes: [index])
    }
    return nil
  }
}
