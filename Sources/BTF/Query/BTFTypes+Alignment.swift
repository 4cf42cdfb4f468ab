// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// The alignment in bytes that C gives the type; 1 for a packed struct or union.
  ///
  /// BTF does not record packing: a struct is packed if a member lies, or the whole ends, off its natural alignment.
  ///
  /// - Throws: `BTFError` for types without alignment (`void`, functions) and for types that contain themselves.
  public func alignment(of id: TypeID) throws(BTFError) -> Int {
    var known: [TypeID: Int] = [:]
    return try alignment(of: id, &known, depth: 0)
  }

  /// `known` makes every struct be looked at once, however often it occurs inside others.
  private func alignment(of id: TypeID, _ known: inout [TypeID: Int], depth: Int) throws(BTFError) -> Int {
    if let alignment = known[id] { return alignment }
    let record = try requireRecord(id)
    guard depth < Self.depthLimit else { throw Self.endless(record, id) }
    switch record.kind {
    case .int, .float, .enumeration, .enumeration64: return max(1, min(Self.pointerSize, Int(record.sizeOrType)))
    case .pointer: return Self.pointerSize
    case .typedef, .const, .volatile, .restrict, .typeTag, .variable:
      return try alignment(of: record.type, &known, depth: depth + 1)
    case .array: return try alignment(of: TypeID(rawValue: record.word(0)), &known, depth: depth + 1)
    case .structure, .union:
      var largest = 1
      var isPacked = false
      for index in 0..<record.count {
        let alignment = try alignment(of: TypeID(rawValue: record.word(3 * index + 1)), &known, depth: depth + 1)
        let place = record.word(3 * index + 2)
        largest = max(largest, alignment)
        let isBitField = record.flag && place >> 24 != 0
        if !isBitField, Int(record.flag ? place & 0xff_ffff : place) % (8 * alignment) != 0 { isPacked = true }
      }
      let alignment = isPacked || Int(record.sizeOrType) % largest != 0 ? 1 : largest
      known[id] = alignment
      return alignment
    case .forward, .function, .functionPrototype, .dataSection, .declTag, nil:
      throw BTFError(.noSize, at: record.offset, "type \(id) has no alignment")
    }
  }
}
